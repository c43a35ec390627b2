//! Wallets of the caller's account: which there are, what they are worth and what they have earned.

pub(crate) mod earnings;
pub(crate) mod known;
mod payments;
pub(crate) mod prices;
mod profit;
mod worth;

use domain::{
    AccountId, Amount, Token,
    books::{TransferId, Wallet, WalletId, WalletKind},
    ports::WalletOpening,
};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

pub(crate) use self::{
    payments::{InvalidBalance, deposits, read_amounts, read_balances, transfer_payments, unpriced},
    worth::record,
};
use crate::{
    problem::{Code, Problem, shown},
    state::{AppState, Inner},
};

/// The name of the default wallet.
pub(crate) const DEFAULT_NAME: &str = "default";

impl AppState {
    /// The default wallet, which is opened when it is first needed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn default_wallet(&self) -> Result<WalletId, Problem> {
        let id = WalletId::default_of(self.account);
        self.wallets.default.get_or_try_init(|| self.open_default(id)).await?;
        Ok(id)
    }

    async fn open_default(&self, id: WalletId) -> Result<(), Problem> {
        let opening = payments::openings(self, &self.opening_balances().await?).await;
        let wallet = self.new_wallet(id, DEFAULT_NAME.to_owned());
        if self.answer(self.store.open_wallet(wallet, opening)).await? == WalletOpening::Opened {
            tracing::info!(wallet = %id, "opened the default wallet");
        }
        Ok(())
    }

    /// `PAPER_BALANCES`, which was checked at the start.
    ///
    /// # Errors
    /// When a token of it has become unknown.
    pub(crate) async fn opening_balances(&self) -> Result<Vec<(Token, Amount)>, Problem> {
        let balances = read_balances(self.tokens.as_ref(), &self.limits.paper_balances).await;
        balances.map_err(|error: InvalidBalance| {
            tracing::error!(%error, "a wallet cannot have its opening balances");
            Problem::internal()
        })
    }

    /// The id of the account's wallet with an id or a name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn wallet_named(&self, name: &str) -> Result<WalletId, Problem> {
        self.default_wallet().await?;
        if let Some(id) = self.wallets.find(name) {
            return Ok(id);
        }
        self.all_wallets().await?;
        self.wallets.find(name).ok_or_else(|| no_wallet(name))
    }

    /// The account's wallet with an id or a name, as it is now.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn find_wallet(&self, name: &str) -> Result<Wallet, Problem> {
        let wallets = self.all_wallets().await?;
        let id = self.wallets.find(name).ok_or_else(|| no_wallet(name))?;
        wallets.into_iter().find(|wallet| wallet.id == id).ok_or_else(|| no_wallet(name))
    }

    /// The wallets of the account, oldest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn all_wallets(&self) -> Result<Vec<Wallet>, Problem> {
        self.default_wallet().await?;
        let wallets = self.answer(self.store.wallets(self.account)).await?;
        self.wallets.remember(&wallets);
        Ok(wallets)
    }
}

impl Inner {
    /// A paper wallet that begins now.
    pub(crate) fn new_wallet(&self, id: WalletId, name: String) -> Wallet {
        let now = self.clock.now();
        Wallet {
            id,
            account: self.account,
            name,
            kind: WalletKind::Paper,
            epoch: 0,
            created_at: now,
            epoch_began_at: now,
        }
    }

    /// The id of a new wallet.
    pub(crate) fn wallet_id(&self, key: Option<&str>) -> WalletId {
        WalletId(self.id_for("wallet", key))
    }

    /// The id of a new transfer.
    pub(crate) fn transfer_id(&self, key: Option<&str>) -> TransferId {
        TransferId(self.id_for("transfer", key))
    }

    /// The same for every request for the same thing with the same idempotency key.
    fn id_for(&self, what: &str, key: Option<&str>) -> Uuid {
        key.map_or_else(|| self.next_id(self.clock.now()).0, |key| id_of_key(what, self.account, key))
    }
}

fn id_of_key(what: &str, account: AccountId, key: &str) -> Uuid {
    let mut digest = Sha256::new();
    digest.update(what);
    digest.update(account.0);
    digest.update(key);
    let digest: [u8; 32] = digest.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_random_bytes(bytes).into_uuid()
}

fn no_wallet(name: &str) -> Problem {
    let name = if name.is_empty() { "\"\"".to_owned() } else { shown(name) };
    let detail = format!("no wallet has the id or the name {name}; see GET /api/wallets");
    Problem::new(Code::WalletNotFound, detail)
}
