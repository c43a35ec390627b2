use std::{error::Error, fmt, sync::Arc};

/// Why a call of a port failed: the driver's error, or a sentence. Cheap to clone, since
/// one failure often answers many callers.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// The error, and below it what led to it.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.0.as_ref()
    }

    /// What led to the error. Errors that print their cause return this as their source, so that no line of a
    /// report appears twice.
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Cause {
    fn from(error: E) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Two causes are the same if they read the same.
impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Cause {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{ChainError, QueueError, SignerError, StoreError};

    #[derive(Debug, thiserror::Error)]
    #[error("no route to host")]
    struct Network;

    #[derive(Debug, thiserror::Error)]
    #[error("the server is away")]
    struct Driver(#[source] Network);

    #[test]
    fn every_error_of_a_port_leads_to_what_caused_it_and_says_nothing_twice() {
        let cause = || Cause::from(Driver(Network));
        let errors: [Box<dyn Error>; 5] = [
            Box::new(StoreError::unavailable(cause())),
            Box::new(QueueError(cause())),
            Box::new(ChainError::Unreachable(cause())),
            Box::new(SignerError::Unreachable(cause())),
            Box::new(SignerError::Refused(cause())),
        ];
        for error in errors {
            assert!(error.to_string().ends_with("the server is away"), "{error}");
            assert_eq!(
                error.source().map(ToString::to_string).as_deref(),
                Some("no route to host"),
                "{error}"
            );
        }
    }
}
