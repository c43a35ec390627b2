//! Wallets: balances, earnings and books.

use domain::{Timestamp, books::PostingKind};
use protocol::{EntryView, FeesView, PnlView, PostingView, WalletView, Word, words::EntryCause};
use rust_decimal::Decimal;

use super::{
    quotes::TEXT_AT,
    table::{Table, number, text},
    words::{ago, short_id, to_the_second, wrapped},
};

/// A wallet and its balances.
pub(crate) fn wallet_in_words(wallet: &WalletView<'_>, width: Option<usize>) -> String {
    let since = to_the_second(wallet.epoch_began_at);
    let kind: &str = wallet.kind.into();
    let head = format!("wallet {}, {kind} money, since {since}", wallet.name);
    let unpriced = if wallet.is_complete { "" } else { ", without what has no price now" };
    let value = format!("value      {} {}{unpriced}", money(wallet.value), wallet.quote_token);
    let balances = balance_table(wallet).text(width);
    format!("{}\n{balances}\n{}", wrapped(&head, 2, width), wrapped(&value, TEXT_AT, width))
}

fn balance_table(wallet: &WalletView<'_>) -> Table {
    let columns = vec![
        text("TOKEN", 0),
        number("TOTAL", 0),
        number("HELD", 1),
        number("FREE", 0),
        number(&format!("VALUE {}", wallet.quote_token), 2),
    ];
    let rows = wallet.balances.iter().map(|balance| {
        vec![
            balance.token.to_string(),
            balance.total.to_string(),
            balance.held.to_string(),
            balance.free.to_string(),
            balance.value.map_or_else(|| "-".to_owned(), money),
        ]
    });
    Table::new(columns, rows)
}

/// What an incomplete profit leaves out.
const INCOMPLETE: &str =
    "a balance has no price now, or a deposit had none and counts as 0: the profit is not exact";

/// What a wallet has earned since its last reset.
pub(crate) fn earnings_in_words(earnings: &PnlView<'_>, width: Option<usize>) -> String {
    let PnlView { deposited, realized, unrealized, fees, rent, is_complete, .. } = earnings;
    let net = money(realized + unrealized - fees.total);
    let earned = format!(
        "earned     {net} {}: {} realized, {} unrealized, less fees; {} deposited",
        earnings.quote_token,
        money(*realized),
        money(*unrealized),
        money(*deposited)
    );
    let mut lines = vec![earned, format!("fees       {}", fees_in_words(fees))];
    if !rent.amount.is_zero() {
        let cost = money(rent.cost);
        let quote = &earnings.quote_token;
        lines.push(format!("rent       {} SOL in token accounts, at a cost of {cost} {quote}", rent.amount));
    }
    if !is_complete {
        lines.push(format!("note       {INCOMPLETE}"));
    }
    let lines: Vec<String> = lines.iter().map(|line| wrapped(line, TEXT_AT, width)).collect();
    lines.join("\n")
}

/// What a wallet earned between two moments, and what that cost.
pub(crate) fn gain_in_words(before: &PnlView<'_>, after: &PnlView<'_>) -> String {
    let quote = &after.quote_token;
    let net = |earnings: &PnlView<'_>| earnings.realized + earnings.unrealized - earnings.fees.total;
    let gain = net(after) - net(before);
    let fees = FeesView {
        venues: after.fees.venues - before.fees.venues,
        network: after.fees.network - before.fees.network,
        total: after.fees.total - before.fees.total,
    };
    let rent = after.rent.cost - before.rent.cost;
    let rent =
        if rent.is_zero() { String::new() } else { format!("; {} went into token accounts", money(rent)) };
    let note =
        if before.is_complete && after.is_complete { "" } else { ". Not exact: some token had no price" };
    format!(
        "The wallet was worth {} {quote} before and {} {quote} after: {} {}, after fees of {}{rent}{note}",
        money(before.value),
        money(after.value),
        if gain < Decimal::ZERO { "it lost" } else { "it earned" },
        money(gain.abs()),
        fees_in_words(&fees)
    )
}

/// Fees by whom they were paid to.
fn fees_in_words(fees: &FeesView) -> String {
    let FeesView { venues, network, total } = fees;
    format!("{}: {} to venues, {} to the network", money(*total), money(*venues), money(*network))
}

/// An amount of money as people read it: to the cent, small amounts to two digits.
fn money(amount: Decimal) -> String {
    if amount.abs() < Decimal::ONE {
        amount.round_sf(2).unwrap_or(amount).normalize().to_string()
    } else {
        format!("{:.2}", amount.round_dp(2))
    }
}

/// Wallets side by side. A terminal's rows have ages.
pub(crate) fn wallet_table(wallets: &[WalletView<'_>], now: Timestamp, is_terminal: bool) -> Table {
    let quote = wallets.first().map_or("", |wallet| &wallet.quote_token);
    let columns = vec![
        text("NAME", 0),
        text("KIND", 3),
        number(&format!("VALUE {quote}"), 0),
        number("RESETS", 4),
        text("SINCE", 1),
        text("ID", 2),
    ];
    let rows = wallets.iter().map(|wallet| {
        vec![
            wallet.name.to_string(),
            <&str>::from(wallet.kind).to_owned(),
            money(wallet.value),
            wallet.epoch.to_string(),
            shown(wallet.epoch_began_at, now, is_terminal),
            wallet.id.to_string(),
        ]
    });
    Table::new(columns, rows)
}

/// A row for each posting, in the order given.
pub(crate) fn posting_table(entries: &[EntryView<'_>], now: Timestamp, is_terminal: bool) -> Table {
    let columns = vec![
        number("POSITION", 4),
        text("AT", 2),
        text("CAUSE", 1),
        text("KIND", 0),
        number("AMOUNT", 0),
        text("TOKEN", 0),
        text("FROM", 3),
        text("TO", 3),
    ];
    let rows = entries.iter().flat_map(|entry| {
        entry.postings.iter().map(move |posting| {
            vec![
                entry.position.to_string(),
                shown(entry.at, now, is_terminal),
                cause(entry, is_terminal),
                posting.kind.as_str().replace('_', " "),
                posting.amount.to_string(),
                posting.token.to_string(),
                posting.from.as_str().to_owned(),
                posting.to.as_str().to_owned(),
            ]
        })
    });
    Table::new(columns, rows)
}

fn shown(at: Timestamp, now: Timestamp, is_terminal: bool) -> String {
    if is_terminal { ago(at, now) } else { at.to_string() }
}

fn cause(entry: &EntryView<'_>, is_terminal: bool) -> String {
    match (entry.cause, entry.order_id) {
        (EntryCause::Order, Some(id)) if is_terminal => format!("order {}", short_id(id)),
        (EntryCause::Order, Some(id)) => format!("order {id}"),
        (EntryCause::Later, _) => "of a later version".to_owned(),
        (cause, _) => cause.to_string(),
    }
}

/// What an order did to its wallet, in one line.
pub(crate) fn moves_in_words(entries: &[EntryView<'_>], width: Option<usize>) -> String {
    let mut sums: Vec<(&str, &str, Decimal)> = Vec::new();
    for PostingView { kind, token, amount, .. } in entries.iter().flat_map(|entry| &entry.postings) {
        let what = match kind {
            Word::Known(kind) => what_moved(*kind),
            Word::Later(kind) => kind,
        };
        let is_back = matches!(kind, Word::Known(PostingKind::Release | PostingKind::RentRefund));
        let amount = if is_back { -amount } else { *amount };
        match sums.iter_mut().find(|sum| (sum.0, sum.1) == (what, token)) {
            Some(sum) => sum.2 += amount,
            None => sums.push((what, token, amount)),
        }
    }
    sums.retain(|(.., amount)| !amount.is_zero());
    let moved: Vec<String> = sums
        .into_iter()
        .map(|(what, token, amount)| format!("{what} {} {token}", amount.normalize()))
        .collect();
    let moved = if moved.is_empty() { "nothing was spent".to_owned() } else { moved.join(", ") };
    wrapped(&format!("wallet: {moved}"), 8, width)
}

fn what_moved(kind: PostingKind) -> &'static str {
    match kind {
        PostingKind::Hold | PostingKind::Release => "still held",
        PostingKind::SwapIn => "paid",
        PostingKind::SwapOut => "received",
        PostingKind::VenueFee => "venue fee",
        PostingKind::NetworkFee => "network fee",
        PostingKind::Tip => "tip",
        PostingKind::Rent | PostingKind::RentRefund => "rent",
        PostingKind::Deposit => "deposited",
        PostingKind::Withdrawal => "withdrawn",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn earnings(value: &str, realized: &str, venues: &str) -> PnlView<'static> {
        let pnl = json!({
            "quoteToken": "USDC", "since": "2026-11-21T08:00:00.000000Z", "value": value, "deposited": "1000",
            "realized": realized, "unrealized": "-0.5", "tokens": [], "isComplete": true,
            "fees": { "venues": venues, "network": "0.000706", "total": venues },
            "rent": { "amount": "0", "cost": "0" },
        });
        serde_json::from_value(pnl).unwrap()
    }

    #[test]
    fn money_is_shown_to_the_cent_and_little_money_to_two_digits() {
        let shown = ["6166407.638087", "-12.5", "1", "0.054712", "-0.000706", "0"]
            .map(|amount| money(amount.parse().unwrap()));
        assert_eq!(shown, ["6166407.64", "-12.50", "1.00", "0.055", "-0.00071", "0"]);
    }

    #[test]
    fn what_was_earned_or_lost_between_two_moments_is_without_fees() {
        let (before, after) = (earnings("1000", "0", "1"), earnings("1003", "5", "3"));
        let gain = "The wallet was worth 1000.00 USDC before and 1003.00 USDC after: it earned 3.00, \
                    after fees of 2.00: 2.00 to venues, 0 to the network";
        assert_eq!(gain_in_words(&before, &after), gain);
        assert!(gain_in_words(&after, &before).contains("it lost 3.00"));
        let shown = earnings_in_words(&after, None);
        assert!(
            shown.starts_with("earned     1.50 USDC: 5.00 realized, -0.5 unrealized, less fees"),
            "{shown}"
        );
    }

    #[test]
    fn rent_is_neither_earned_nor_lost_and_said_where_there_is_some() {
        let (before, mut after) = (earnings("1000", "0", "1"), earnings("1000", "0", "1"));
        assert!(!earnings_in_words(&after, None).contains("rent"));
        let (amount, cost) = ("0.00203928".parse().unwrap(), "0.281".parse().unwrap());
        after.rent = protocol::RentView { amount, cost };
        let shown = earnings_in_words(&after, None);
        let rent = "\nrent       0.00203928 SOL in token accounts, at a cost of 0.28 USDC";
        assert!(shown.ends_with(rent), "{shown}");
        let gain = gain_in_words(&before, &after);
        assert!(
            gain.contains("it earned 0, ") && gain.ends_with("; 0.28 went into token accounts"),
            "{gain}"
        );
    }

    #[test]
    fn a_profit_that_is_not_exact_says_so() {
        let exact = earnings("1000", "0", "1");
        let inexact = PnlView { is_complete: false, ..earnings("1000", "0", "1") };
        assert!(!earnings_in_words(&exact, None).contains("not exact"));
        let note = format!("\nnote       {INCOMPLETE}");
        assert!(earnings_in_words(&inexact, None).ends_with(&note));
        for (before, after) in [(&exact, &inexact), (&inexact, &exact)] {
            assert!(gain_in_words(before, after).ends_with(". Not exact: some token had no price"));
        }
    }

    fn moves(postings: &Value) -> String {
        let entry = json!({
            "position": 1, "walletId": "00000000-0000-0000-0000-000000000000", "cause": "order",
            "at": "2026-11-21T08:00:00.000000Z", "postings": postings,
        });
        moves_in_words(&[serde_json::from_value(entry).unwrap()], None)
    }

    #[test]
    fn the_moves_of_an_order_are_summed_by_what_they_were() {
        let posting = |kind: &str, amount: &str| {
            json!({
                "kind": kind, "token": "SOL", "mint": "So11111111111111111111111111111111111111112",
                "amount": amount, "from": "free", "to": "held",
            })
        };
        let reverted = [
            posting("hold", "1.00005"),
            posting("release", "0.000005"),
            posting("network_fee", "0.000005"),
            posting("release", "0.000005"),
            posting("network_fee", "0.000005"),
        ];
        assert_eq!(moves(&json!(reverted)), "wallet: still held 1.00004 SOL, network fee 0.00001 SOL");
        assert_eq!(moves(&json!([])), "wallet: nothing was spent");
        let opened = [posting("rent", "0.00407856"), posting("rent_refund", "0.00203928")];
        assert_eq!(moves(&json!(opened)), "wallet: rent 0.00203928 SOL");
        let known = [posting("network_fee", "1"), posting("rent", "3"), posting("rent_refund", "3")];
        assert_eq!(moves(&json!(known)), "wallet: network fee 1 SOL");
    }
}
