//! Wallets: what is in them, and paper money that moves.

use anyhow::anyhow;
use domain::OrderId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{Client, Page, Unreachable, pages::ORDERS, refusal::Refused};

/// The list of wallets.
pub(crate) const WALLETS: &str = "/api/wallets";

/// The wallet that an order trades from unless it names another.
pub(crate) const DEFAULT_WALLET: &str = "default";

/// A request that moves paper money.
pub(crate) struct MoneyRequest {
    path: String,
    body: Value,
    /// Without one a repetition would move it again.
    key: String,
}

impl MoneyRequest {
    /// Opens a wallet that begins with some amounts.
    pub(crate) fn open(
        name: &str,
        amounts: &[(String, String)],
        key: Option<String>,
    ) -> anyhow::Result<Self> {
        let body = json!({ "name": name, "balances": object(amounts)? });
        Ok(Self { path: WALLETS.to_owned(), body, key: key.unwrap_or_else(new_key) })
    }

    /// A deposit or a withdrawal, as the API calls it.
    pub(crate) fn transfer(
        wallet: &str,
        action: &str,
        amounts: &[(String, String)],
        key: Option<String>,
    ) -> anyhow::Result<Self> {
        let body = json!({ "amounts": object(amounts)? });
        Ok(Self { path: of_wallet(wallet, action)?, body, key: key.unwrap_or_else(new_key) })
    }

    /// A reset, to what the engine is configured with if no amount is given.
    pub(crate) fn reset(
        wallet: &str,
        amounts: &[(String, String)],
        key: Option<String>,
    ) -> anyhow::Result<Self> {
        let body = if amounts.is_empty() { json!({}) } else { json!({ "balances": object(amounts)? }) };
        Ok(Self { path: of_wallet(wallet, "/reset")?, body, key: key.unwrap_or_else(new_key) })
    }
}

/// A name has any printable characters, also those that mean something in an address.
fn of_wallet(wallet: &str, rest: &str) -> anyhow::Result<String> {
    if ["", ".", ".."].contains(&wallet) {
        return Err(anyhow!("no wallet has the name {wallet:?}")); // as part of an address it would mean another page
    }
    Ok(format!("{WALLETS}/{}{rest}", utf8_percent_encode(wallet, NON_ALPHANUMERIC)))
}

fn object(amounts: &[(String, String)]) -> anyhow::Result<Value> {
    let mut object = Map::new();
    for (token, amount) in amounts {
        if object.insert(token.clone(), amount.as_str().into()).is_some() {
            return Err(anyhow!("{token} is given twice"));
        }
    }
    Ok(object.into())
}

fn new_key() -> String {
    format!("{:032x}", rand::random::<u128>())
}

impl Client {
    /// A wallet with its balances, as the API has it.
    ///
    /// # Errors
    /// When the engine cannot be reached, or there is no such wallet.
    pub(crate) async fn wallet(&self, wallet: &str) -> anyhow::Result<String> {
        self.read(&of_wallet(wallet, "")?, &[]).await
    }

    /// What a wallet has earned since its last reset.
    ///
    /// # Errors
    /// When the engine cannot be reached, or there is no such wallet.
    pub(crate) async fn earnings(&self, wallet: &str) -> anyhow::Result<String> {
        self.read(&of_wallet(wallet, "/pnl")?, &[]).await
    }

    /// Moves paper money; returns the wallet as it is then.
    ///
    /// # Errors
    /// When the engine refuses it, or gives no answer; the message then has the key with which to repeat it.
    pub(crate) async fn move_money(&self, request: &MoneyRequest) -> anyhow::Result<String> {
        let MoneyRequest { path, body, key } = request;
        let asked = self.http.post(self.endpoint.http(path)).header("idempotency-key", key).json(body);
        self.answered(asked.send().await).await.map_err(|error| {
            let is_told = error.is::<Refused>() || error.downcast_ref().is_some_and(Unreachable::is_nothing);
            if is_told {
                return error;
            }
            anyhow!("{error:#}. It may have been done: to do it once, repeat it with --idempotency-key {key}")
        })
    }

    /// The newest page of a wallet's books.
    ///
    /// # Errors
    /// When the engine cannot be reached, or there is no such wallet.
    pub(crate) async fn posting_pages(&self, wallet: &str, query: &[(&str, String)]) -> anyhow::Result<Page> {
        self.page(&of_wallet(wallet, "/postings")?, query).await
    }

    /// Calls `part` with each part of a wallet's books, as comma-separated values.
    ///
    /// # Errors
    /// When the engine cannot be reached, refuses or breaks off, or `part` fails.
    pub(crate) async fn export_postings(
        &self,
        wallet: &str,
        part: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.export(&of_wallet(wallet, "/postings/export")?, &[], part).await
    }

    /// What an order did to its wallet.
    ///
    /// # Errors
    /// When the engine cannot be reached or the order is unknown.
    pub(crate) async fn order_postings(&self, id: OrderId) -> anyhow::Result<String> {
        self.read(&format!("{ORDERS}/{id}/postings"), &[]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_part_of_an_address() {
        assert_eq!(of_wallet("a/b?c %", "/pnl").unwrap(), "/api/wallets/a%2Fb%3Fc%20%25/pnl");
        for name in ["", ".", ".."] {
            assert_eq!(
                of_wallet(name, "").unwrap_err().to_string(),
                format!("no wallet has the name {name:?}")
            );
        }
    }

    #[test]
    fn a_token_has_one_amount_and_every_request_a_key() {
        let pair = |token: &str| (token.to_owned(), "1".to_owned());
        let twice = MoneyRequest::transfer("default", "/deposit", &[pair("SOL"), pair("SOL")], None);
        assert_eq!(twice.err().unwrap().to_string(), "SOL is given twice");
        let keys = [None, None, Some("mine".to_owned())]
            .map(|key| MoneyRequest::reset("default", &[], key).unwrap().key);
        assert!(keys[0] != keys[1] && keys[0].len() == 32 && keys[2] == "mine", "{keys:?}");
    }
}
