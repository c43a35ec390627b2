use std::{error::Error, fmt};

use crate::ports::Cause;

/// Why a call of the store failed, by what the caller may conclude from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The call never reached the database, or the database refused it: nothing was written.
    Unavailable(Cause),
    /// The connection was lost or missed its deadline after the call was sent: it may have been written.
    Unknown(Cause),
    /// A stored row that this version cannot read. Repeating the call does not help; an upgrade does.
    Unreadable(Cause),
}

impl StoreError {
    /// Nothing was written.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// It may have been written.
    pub fn unknown(cause: impl Into<Cause>) -> Self {
        Self::Unknown(cause.into())
    }

    /// The adapter's error.
    pub fn cause(&self) -> &Cause {
        match self {
            Self::Unavailable(cause) | Self::Unknown(cause) | Self::Unreadable(cause) => cause,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(cause) => write!(f, "store unavailable: {cause}"),
            Self::Unknown(cause) => write!(f, "store did not answer: {cause}"),
            Self::Unreadable(cause) => write!(f, "stored data cannot be read: {cause}"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().source()
    }
}
