/// What a database error means for the statement or transaction that reported it, and for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The statement is to blame, such as a violated constraint or a row that another session has locked.
    /// Nothing was written; other statements may succeed.
    Statement,
    /// Rolled back as a whole to end a conflict with another transaction. Nothing was written; the same
    /// transaction may be repeated at once.
    Conflict,
    /// The server or the file cannot work now: read-only, shutting down, full, too many
    /// connections. Nothing was written; other statements will fail too.
    Server,
    /// The connection broke or missed its deadline. Whether something was written is unknown.
    Lost,
}

impl Severity {
    /// Classifies an error.
    pub fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(reported) => match reported.code() {
                Some(code) if is_sqlite(error) => of_sqlite(&code),
                code => of_postgres(code.as_deref().unwrap_or_default()),
            },
            sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Self::Server,
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Self::Lost,
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::Configuration(_)
            | sqlx::Error::InvalidSavePointStatement
            | sqlx::Error::BeginFailed => Self::Server,
            _ => Self::Statement,
        }
    }
}

/// The error of a connection that was not opened or not used because it, or its server, is unfit for work.
pub fn unfit(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::ConnectionRefused, reason))
}

/// An error of opening a connection, which is never [`Severity::Lost`].
pub(crate) fn not_opened(error: sqlx::Error) -> sqlx::Error {
    match error {
        sqlx::Error::Io(error) => unfit(error),
        error if Severity::of(&error) == Severity::Lost => unfit(error),
        error => error,
    }
}

fn is_sqlite(error: &sqlx::Error) -> bool {
    let reported = error.as_database_error();
    reported.is_some_and(|it| it.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some())
}

/// By SQLSTATE.
fn of_postgres(code: &str) -> Severity {
    match code {
        "40001" | "40P01" => Severity::Conflict,
        // `statement_completion_unknown` and `transaction_resolution_unknown`
        "40003" | "08007" => Severity::Lost,
        // read-only, or in a failed transaction
        "25006" | "25P02"
        // shutting down, starting, dropped, idle for too long
        | "57P01" | "57P02" | "57P03" | "57P04" | "57P05"
        // prepared statements of another session: there is a pooler in between
        | "26000" | "42P05" => Severity::Server,
        // connection exceptions, insufficient resources, I/O errors, damaged data
        code if ["08", "53", "58", "XX"].iter().any(|class| code.starts_with(class)) => Severity::Server,
        _ => Severity::Statement,
    }
}

/// By result code; the primary one is the lowest byte of the extended one.
fn of_sqlite(code: &str) -> Severity {
    const INTERNAL: i32 = 2;
    const PERM: i32 = 3;
    const ABORT: i32 = 4;
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NOMEM: i32 = 7;
    const READONLY: i32 = 8;
    const INTERRUPT: i32 = 9;
    const IOERR: i32 = 10;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const CANTOPEN: i32 = 14;
    const PROTOCOL: i32 = 15;
    const NOTADB: i32 = 26;
    match code.parse::<i32>().map(|code| code & 0xff) {
        // The commit's frames may be in the log although they could not be synchronised.
        Ok(IOERR) => Severity::Lost,
        Ok(
            INTERNAL | PERM | ABORT | BUSY | LOCKED | NOMEM | READONLY | INTERRUPT | CORRUPT | FULL
            | CANTOPEN | PROTOCOL | NOTADB,
        ) => Severity::Server,
        _ => Severity::Statement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_answers_but_cannot_work_is_told_from_a_bad_statement() {
        let of = of_postgres;
        for server in
            ["25006", "25P02", "57P01", "57P02", "57P03", "53100", "53300", "08006", "58030", "XX001"]
        {
            assert_eq!(of(server), Severity::Server, "{server}");
        }
        for statement in ["23505", "22001", "42P01", "55P03", "57014"] {
            assert_eq!(of(statement), Severity::Statement, "{statement}");
        }
        assert_eq!(of("40P01"), Severity::Conflict);
        assert_eq!(of("08007"), Severity::Lost);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_from_a_bad_statement() {
        for (code, severity) in [
            ("13", Severity::Server),
            ("7", Severity::Server),
            ("9", Severity::Server),
            ("1032", Severity::Server),    // READONLY_DBMOVED
            ("778", Severity::Lost),       // IOERR_WRITE
            ("2067", Severity::Statement), // CONSTRAINT_UNIQUE
            ("1", Severity::Statement),
        ] {
            assert_eq!(of_sqlite(code), severity, "{code}");
        }
    }
}
