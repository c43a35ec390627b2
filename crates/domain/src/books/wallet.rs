use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payment, Transfer, TransferId, TransferKind};
use crate::{AccountId, Timestamp};

/// Identifies a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WalletId(pub Uuid);

impl WalletId {
    /// The default wallet of an account, which orders trade from that name none.
    pub const fn default_of(account: AccountId) -> Self {
        Self(account.0)
    }
}

impl fmt::Display for WalletId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for WalletId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// Whose money a wallet holds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WalletKind {
    /// Paper money, kept in these books.
    Paper,
    /// Real money on the chain.
    Live,
}

/// A wallet, without its balances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    pub id: WalletId,
    pub account: AccountId,
    /// The owner's name for it: printable ASCII, unique within the account without regard to case.
    pub name: String,
    pub kind: WalletKind,
    /// How often it was reset. Value, profit and loss are counted from the last reset on.
    pub epoch: u32,
    pub created_at: Timestamp,
    /// When its epoch began.
    pub epoch_began_at: Timestamp,
}

impl Wallet {
    /// What of its name is unique within the account.
    pub fn name_key(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// The deposit of what a new wallet begins with.
    pub fn opening(&self, payments: Vec<Payment>) -> Transfer {
        let (id, kind) = (TransferId(self.id.0), TransferKind::Deposit);
        Transfer { id, wallet: self.id, kind, payments, at: self.created_at }
    }
}
