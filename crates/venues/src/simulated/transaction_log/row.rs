//! An entry as a row of the SQL transaction logs.

use domain::{Amount, Failure, Fill, QuoteRequest, Signature, Timestamp, TokenAmount, amount::price};

use super::{Entry, LogError, Outcome};

/// The columns. Amounts are texts, because they need all 64 bits; times are microseconds since the
/// Unix epoch.
#[derive(Debug, Clone, sqlx::FromRow)]
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
}

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
        };
        match &entry.outcome {
            Outcome::Landed(fill) => {
                row.slot = Some(to_column(fill.slot)?);
                row.amount_in = Some(fill.amount_in.units.to_string());
                row.amount_out = Some(fill.amount_out.units.to_string());
                row.fee = Some(fill.fee.units.to_string());
            }
            Outcome::Reverted { slot, failure } => {
                row.slot = Some(to_column(*slot)?);
                row.failure = Some(serde_json::to_string(failure).map_err(|error| broken(&error))?);
            }
            Outcome::Expired => {}
        }
        Ok(row)
    }

    fn fill(&self, entry: &Entry) -> Result<Fill, LogError> {
        let swap = entry.swap().ok_or_else(|| broken(&"a fill without its transaction"))?;
        let amount = |text: &Option<String>, token| {
            let units = text.as_deref().unwrap_or_default().parse().map_err(|error| broken(&error))?;
            Ok::<_, LogError>(TokenAmount::new(token, Amount(units)))
        };
        let QuoteRequest { token_in, token_out, .. } = swap.request;
        let (amount_in, amount_out) =
            (amount(&self.amount_in, token_in)?, amount(&self.amount_out, token_out)?);
        Ok(Fill {
            venue: swap.venue,
            signature: entry.signature.clone(),
            slot: self.slot()?,
            amount_in,
            amount_out,
            fee: amount(&self.fee, token_in)?,
            executed_price: price(amount_in, amount_out).unwrap_or_default(),
        })
    }

    fn failure(&self) -> Result<Failure, LogError> {
        serde_json::from_str(self.failure.as_deref().unwrap_or_default()).map_err(|error| broken(&error))
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
            outcome: Outcome::Expired,
        };
        entry.outcome = match row.outcome.as_str() {
            "landed" => Outcome::Landed(row.fill(&entry)?),
            "reverted" => Outcome::Reverted { slot: row.slot()?, failure: row.failure()? },
            "expired" => Outcome::Expired,
            other => return Err(broken(&format_args!("outcome {other}"))),
        };
        Ok(entry)
    }
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Landed(_) => "landed",
        Outcome::Reverted { .. } => "reverted",
        Outcome::Expired => "expired",
    }
}

fn to_column(slot: u64) -> Result<i64, LogError> {
    i64::try_from(slot).map_err(|error| broken(&error))
}

fn broken(what: &dyn std::fmt::Display) -> LogError {
    LogError(format!("broken entry: {what}"))
}
