//! How long claims hold, in SQL that both databases understand: [`Claim::lease_of`].

use domain::ports::{LONGEST_PARKING, MAX_DOUBLINGS, PARKED_AFTER};

use super::row::micros;

/// The lease in microseconds of a claim that is asked for `lease`, when `lost_claims` claims were lost in a
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
