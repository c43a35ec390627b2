//! An entry as a row of the SQL transaction logs.

use domain::{
    Amount, Failure, Landed, ProgramError, QuoteRequest, Signature, Timestamp, Token, TokenAmount,
    swap::BalanceChange,
};
use serde::Deserialize;

use super::{Entry, LandingOutcome, LogError};
use crate::simulated::{fee::network_fee, program::program_of, transaction::Transaction};

/// The columns of a transaction, and what another table says of it. Amounts are texts, because they need all 64 bits; times are microseconds since the
/// Unix epoch.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) signature: String,
    pub(super) signed_bytes: Option<Vec<u8>>,
    pub(super) received_at: i64,
    pub(super) settles_at: i64,
    pub(super) outcome: String,
    pub(super) slot: Option<i64>,
    pub(super) amount_in: Option<String>,
    pub(super) amount_out: Option<String>,
    pub(super) fee: Option<String>,
    pub(super) failure: Option<String>,
    /// How many of its accounts it opened, as their own table has it.
    pub(super) opened: i64,
}

database::from_row!(Row {
    signature,
    signed_bytes,
    received_at,
    settles_at,
    outcome,
    slot,
    amount_in,
    amount_out,
    fee,
    failure,
    opened,
});

impl Row {
    pub(super) fn of(entry: &Entry) -> Result<Self, LogError> {
        let mut row = Self {
            signature: entry.signature.as_str().to_owned(),
            signed_bytes: entry.signed_bytes.clone(),
            received_at: entry.received_at.unix_micros(),
            settles_at: entry.settles_at.unix_micros(),
            outcome: name_of(&entry.outcome).to_owned(),
            slot: None,
            amount_in: None,
            amount_out: None,
            fee: None,
            failure: None,
            opened: 0,
        };
        match &entry.outcome {
            LandingOutcome::Landed(landed) => {
                let moved = |is_in: bool| {
                    let change = landed.pool_changes.iter().find(|change| (change.delta > 0) == is_in);
                    change.map(|change| change.delta.unsigned_abs().to_string())
                };
                row.slot = Some(to_column(landed.slot)?);
                row.amount_in = moved(true);
                row.amount_out = moved(false);
                row.fee = Some(landed.venue_fee.units.to_string());
            }
            LandingOutcome::Failed { slot, error } => {
                row.slot = Some(to_column(*slot)?);
                row.failure = Some(serde_json::to_string(error).map_err(|error| broken(&error))?);
            }
            LandingOutcome::Expired => {}
        }
        Ok(row)
    }

    fn landed(&self, transaction: &Transaction) -> Result<Landed, LogError> {
        let swap = transaction.swap.as_ref().map_err(|_| broken(&"a trade without its swap"))?;
        let units = |text: &Option<String>| -> Result<u64, LogError> {
            text.as_deref().unwrap_or_default().parse().map_err(|error| broken(&error))
        };
        let QuoteRequest { token_in, token_out, .. } = swap.request;
        let change = |token: Token, delta: i128| BalanceChange { mint: token.mint(), delta };
        Ok(Landed {
            slot: self.slot()?,
            network_fee: network_fee(transaction),
            pool_changes: vec![
                change(token_in, i128::from(units(&self.amount_in)?)),
                change(token_out, -i128::from(units(&self.amount_out)?)),
            ],
            venue_fee: TokenAmount::new(token_in, Amount(units(&self.fee)?)),
            rent: transaction.accounts.rent(u64::try_from(self.opened).map_err(|error| broken(&error))?),
        })
    }

    fn error(&self) -> Result<ProgramError, LogError> {
        /// Versions before 2026-12 stored the failure of the order.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stored {
            Error(ProgramError),
            Legacy(Failure),
        }
        let stored = serde_json::from_str(self.failure.as_deref().unwrap_or_default());
        Ok(match stored.map_err(|error| broken(&error))? {
            Stored::Error(error) => error,
            Stored::Legacy(failure) => ProgramError {
                program: program_of(failure.venue.ok_or_else(|| broken(&"a failure without its venue"))?),
                code: None,
                name: Some(failure.code.as_str().to_owned()),
                message: failure.message,
            },
        })
    }

    fn slot(&self) -> Result<u64, LogError> {
        self.slot.and_then(|slot| u64::try_from(slot).ok()).ok_or_else(|| broken(&"no slot"))
    }
}

impl TryFrom<Row> for Entry {
    type Error = LogError;

    fn try_from(mut row: Row) -> Result<Self, LogError> {
        let mut entry = Self {
            signature: Signature::from_base58(std::mem::take(&mut row.signature)),
            signed_bytes: row.signed_bytes.take(),
            received_at: Timestamp::from_unix_micros(row.received_at),
            settles_at: Timestamp::from_unix_micros(row.settles_at),
            outcome: LandingOutcome::Expired,
            accounts: Vec::new(),
        };
        entry.outcome = match row.outcome.as_str() {
            "landed" => {
                let transaction = entry.transaction().ok_or_else(|| broken(&"a trade without its swap"))?;
                entry.accounts = transaction.accounts.kept().to_vec();
                LandingOutcome::Landed(row.landed(&transaction)?)
            }
            "reverted" => LandingOutcome::Failed { slot: row.slot()?, error: row.error()? },
            "expired" => LandingOutcome::Expired,
            other => return Err(broken(&format_args!("outcome {other}"))),
        };
        Ok(entry)
    }
}

fn name_of(outcome: &LandingOutcome) -> &'static str {
    match outcome {
        LandingOutcome::Landed(_) => "landed",
        LandingOutcome::Failed { .. } => "reverted",
        LandingOutcome::Expired => "expired",
    }
}

fn to_column(slot: u64) -> Result<i64, LogError> {
    i64::try_from(slot).map_err(|error| broken(&error))
}

fn broken(what: &dyn std::fmt::Display) -> LogError {
    LogError::new(format!("broken entry: {what}"))
}
