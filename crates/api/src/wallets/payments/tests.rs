use venues::simulated::SimulatedTokens;

use super::*;

async fn read(balances: &[(&str, &str)]) -> Result<Vec<(Token, Amount)>, String> {
    let owned = balances.iter().map(|(token, amount)| ((*token).to_owned(), (*amount).to_owned()));
    let balances: Vec<_> = owned.collect();
    read_balances(&SimulatedTokens::default(), &balances).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn balances_are_read_by_symbol_or_mint() {
    let usdc = Token::USDC.mint().to_string();
    let balances = read(&[("sol", "9223372036.854775807"), (usdc.as_str(), "0.000001")]).await;
    assert_eq!(balances, Ok(vec![(Token::SOL, Amount(Balance::MAX)), (Token::USDC, Amount(1))]));
    assert_eq!(read(&[]).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_balance_that_cannot_be_deposited_is_named_with_the_setting() {
    for (wrong, reason) in [
        (("FOO", "1"), "FOO is an unknown token"),
        (("sol", "1"), "SOL is given twice"),
        (("USDC", "0.0000001"), "the amount has more than 6 decimal places"),
        (("USDC", "0"), "the amount must be greater than zero"),
        (
            ("USDC", "9223372036854.775808"),
            "the amount must not exceed 9223372036854.775807, the most a wallet can hold",
        ),
        (("USDC", "99999999999999"), "the amount is too large"),
    ] {
        let (token, amount) = wrong;
        let said = read(&[("SOL", "1"), wrong]).await.unwrap_err();
        assert_eq!(said, format!("PAPER_BALANCES={token}={amount}: {reason}"));
    }
}
