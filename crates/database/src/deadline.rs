use std::{future::Future, io, time::Duration};

/// Runs a database call for at most `limit`. The call is dropped when it takes longer, and with it
/// every [`Lease`](crate::Lease) it holds, whose connection is thereby closed.
///
/// # Errors
/// Those of the call, and `sqlx::Error::Io` of kind `TimedOut`: whether the call took effect is then
/// unknown.
pub async fn within<T>(limit: Duration, call: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
        let reason = format!("the database did not answer within {} ms", limit.as_millis());
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, reason)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[tokio::test(start_paused = true)]
    async fn a_call_that_never_returns_ends_at_its_deadline_and_its_outcome_is_unknown() {
        let never = std::future::pending::<sqlx::Result<()>>();
        let error = within(Duration::from_secs(1), never).await.unwrap_err();
        assert_eq!(Severity::of(&error), Severity::Lost, "{error}");
    }
}
