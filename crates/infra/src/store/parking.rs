//! Lost claims and what follows from them, in SQL that both databases understand.

use domain::ports::{LONGEST_PARKING, MAX_DOUBLINGS, PARKED_AFTER};

use super::row::{ACTIVE, micros};

/// How many claims of an active order, `$1`, of an account, `$2`, were lost in a row before its last one, which is
/// counted as lost until its holder says otherwise.
pub(super) fn lost_claims() -> String {
    format!(
        "SELECT CASE WHEN lost_claims > 0 THEN lost_claims - 1 ELSE 0 END FROM orders
         WHERE id = $1 AND account_id = $2 AND {ACTIVE}"
    )
}

/// The condition of parked orders. The index `orders_parked` has nothing else.
pub(super) fn is_parked() -> String {
    const { assert!(PARKED_AFTER == 5, "the index orders_parked knows this number too") };
    format!("lost_claims > {PARKED_AFTER} AND wake_at IS NOT NULL")
}

/// [`Claim::lease_of`]: the lease in microseconds of a claim that is asked for `lease`, when `lost_claims` claims were lost in a
/// row, itself included. Both are expressions.
pub(super) fn lease(lease: &str, lost_claims: &str) -> String {
    let smaller = |a: &str, b: &str| format!("CASE WHEN {a} < {b} THEN {a} ELSE {b} END");
    let beyond = format!("({lost_claims} - {PARKED_AFTER})");
    let doublings =
        format!("(CASE WHEN {beyond} < 0 THEN 0 ELSE {} END)", smaller(&beyond, &MAX_DOUBLINGS.to_string()));
    let doubled = format!("({lease} * (1 << CAST({doublings} AS integer)))");
    let parked = format!("({})", smaller(&doubled, &micros(LONGEST_PARKING).to_string()));
    format!("(CASE WHEN {parked} < {lease} THEN {lease} ELSE {parked} END)")
}
