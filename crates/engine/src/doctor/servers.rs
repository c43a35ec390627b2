//! The servers and files that hold orders, jobs and events.

use std::path::Path;

use infra::{
    clock::SystemClock,
    config::BackendConfig,
    diagnosis::{self, Migrations, OpenTransaction, PostgresState},
};
use venues::simulated::transaction_log::PostgresLog;

use super::{Finding, Level};

const DATABASE: &str = "database";
const REDIS: &str = "redis";

/// The oldest versions the engine is tested with.
const OLDEST_POSTGRES: u32 = 15;
const OLDEST_REDIS: u32 = 7;
/// Connections to `PostgreSQL` that `DATABASE_MAX_CONNECTIONS` does not count: those of the simulated chain and of prices.
const OTHER_CONNECTIONS: u32 = PostgresLog::CONNECTIONS + infra::prices::POSTGRES_CONNECTIONS;
/// The difference between two clocks at which times of orders look wrong, microseconds.
const CLOCKS_APART_MICROS: u64 = 500_000;

/// The database, or the folder that stands in for it.
pub(super) async fn database(settings: &BackendConfig) -> Vec<Finding> {
    let Some(url) = &settings.database_url else { return vec![sqlite(&settings.data_dir).await] };
    match diagnosis::postgres(url, &SystemClock).await {
        Ok(found) => {
            let wanted = settings.database_max_connections + OTHER_CONNECTIONS;
            let mut findings = vec![postgres(&found, wanted), clock(&found)];
            findings.extend(found.holds_feed.as_ref().map(held_feed));
            findings
        }
        Err(error) => {
            let advice = "start it, or correct the host, port, user, password or name in DATABASE_URL";
            vec![Finding::problem(DATABASE, format!("PostgreSQL: {error:#}"), advice)]
        }
    }
}

fn postgres(found: &PostgresState, wanted_connections: u32) -> Finding {
    let PostgresState { place, version, .. } = found;
    let at = format!("PostgreSQL {version} at {place}");
    let tables = tables(&at, found.migrations);
    if tables.status > Level::Ok {
        tables
    } else if found.major < OLDEST_POSTGRES {
        let advice =
            format!("upgrade to {OLDEST_POSTGRES} or later, the versions that the engine is tested with");
        Finding::warning(DATABASE, at, advice)
    } else if wanted_connections >= found.max_connections {
        let found = format!("{at} allows {} connections", found.max_connections);
        let advice = format!(
            "lower DATABASE_MAX_CONNECTIONS or raise max_connections: it opens up to {wanted_connections}"
        );
        Finding::warning(DATABASE, found, advice)
    } else {
        tables
    }
}

fn tables(at: &str, migrations: Migrations) -> Finding {
    match migrations {
        Migrations::Broken(broken) => Finding::problem(
            DATABASE,
            format!("{at}: its tables are not those of this engine (migration {broken})"),
            "restore the database, or run the version of the engine that made it",
        ),
        Migrations::Newer(newer) => {
            let found = format!(
                "{at}: its tables are of a newer engine (migration {newer}), so this one will not start"
            );
            Finding::problem(DATABASE, found, "run the newer engine")
        }
        Migrations::Pending(_) => {
            Finding::ok(DATABASE, format!("{at}; the engine creates or updates its tables when it starts"))
        }
        Migrations::Current => Finding::ok(DATABASE, format!("{at}, tables up to date")),
    }
}

fn held_feed(transaction: &OpenTransaction) -> Finding {
    let (who, advice) = match &transaction.prepared {
        Some(name) => (
            format!("the prepared transaction {name}"),
            format!("run COMMIT PREPARED or ROLLBACK PREPARED '{name}' in {}", transaction.database),
        ),
        None => (
            format!("a transaction of process {}", transaction.pid),
            format!("end it, or run SELECT pg_terminate_backend({})", transaction.pid),
        ),
    };
    let OpenTransaction { user, database, .. } = transaction;
    let age = match transaction.open_for {
        Some(age) => format!("for {} s", age.as_secs()),
        None => "for an unknown time (pg_read_all_stats would show it)".to_owned(),
    };
    let idle = transaction.last_query.map(|ago| format!(", its last query {} s ago", ago.as_secs()));
    let found = format!(
        "{who} (user {user}, database {database}) has been open {age}{}: the stream of all orders is stalled",
        idle.unwrap_or_default()
    );
    Finding::warning("feed", found, advice)
}

fn clock(found: &PostgresState) -> Finding {
    let check = "clock";
    let apart = found.clock_ahead_micros.unsigned_abs();
    let millis = apart / 1_000;
    if apart < CLOCKS_APART_MICROS {
        return Finding::ok(check, format!("within {} ms of the database's", millis + 1));
    }
    let side = if found.clock_ahead_micros > 0 { "behind" } else { "ahead of" };
    let advice = "let NTP set both clocks: times of orders and waits between attempts are off by as much";
    Finding::warning(check, format!("{millis} ms {side} the database's"), advice)
}

async fn sqlite(folder: &Path) -> Finding {
    let can_write = writable(folder);
    if can_write.status > Level::Ok || !folder.exists() {
        return can_write;
    }
    match diagnosis::sqlite(folder).await {
        Ok(migrations) => tables(&can_write.found, migrations),
        Err(error) => {
            let advice = "restore the file from a copy, or choose another DATA_DIR";
            Finding::problem(DATABASE, format!("{error:#}"), advice)
        }
    }
}

fn writable(path: &Path) -> Finding {
    let shown = path.display();
    let Some(existing) = existing_part(path) else {
        return Finding::problem(DATABASE, format!("{shown} cannot be created"), "choose another DATA_DIR");
    };
    let to_make = if existing == path { "" } else { ", which will be created" };
    match tempfile::tempfile_in(existing) {
        Ok(_) => Finding::ok(DATABASE, format!("SQLite in {shown}{to_make}")),
        Err(error) => {
            let advice = "allow this user to write there, or choose another DATA_DIR";
            Finding::problem(
                DATABASE,
                format!("{} cannot be written to: {error}", existing.display()),
                advice,
            )
        }
    }
}

/// The folder, or its nearest existing parent.
fn existing_part(path: &Path) -> Option<&Path> {
    let named = path.ancestors().find(|part| part.exists());
    // what is above a relative path is the folder this runs in
    named.or_else(|| path.is_relative().then(|| Path::new(".")))
}

/// Redis, or that none is configured.
pub(super) async fn redis(settings: &BackendConfig) -> Finding {
    let Some(url) = &settings.redis_url else {
        return Finding::ok(REDIS, "not configured: queue and bus stay inside the process");
    };
    let found = match diagnosis::redis(url).await {
        Ok(found) => found,
        Err(error) => {
            let advice =
                "start it, or correct the host, port or password in REDIS_URL; without it orders start later";
            return Finding::problem(REDIS, format!("{error:#}"), advice);
        }
    };
    let at = format!("Redis {} at {}", found.version, found.place);
    match found.maxmemory_policy.as_deref() {
        Some("noeviction") if found.major >= OLDEST_REDIS => Finding::ok(REDIS, format!("{at}, noeviction")),
        Some("noeviction") => {
            let advice =
                format!("upgrade to {OLDEST_REDIS} or later, the versions that the engine is tested with");
            Finding::warning(REDIS, at, advice)
        }
        policy => {
            let policy = policy.unwrap_or("unknown");
            let advice = "set maxmemory-policy noeviction: an evicted queue entry delays its order";
            Finding::warning(REDIS, format!("{at}, maxmemory-policy {policy}"), advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> PostgresState {
        PostgresState {
            place: "db:5432".to_owned(),
            version: "15.1".to_owned(),
            major: 15,
            migrations: Migrations::Current,
            clock_ahead_micros: 0,
            max_connections: 100,
            holds_feed: None,
        }
    }

    #[test]
    fn a_database_is_judged_by_its_tables_its_age_and_its_room() {
        let judge = |change: &dyn Fn(&mut PostgresState)| {
            let mut state = state();
            change(&mut state);
            postgres(&state, 10).status
        };
        assert_eq!(tables("here", Migrations::Current).found, "here, tables up to date");
        let to_update = "here; the engine creates or updates its tables when it starts";
        assert_eq!(tables("here", Migrations::Pending(9)).found, to_update);
        assert_eq!(judge(&|_| {}), Level::Ok);
        assert_eq!(judge(&|state| state.migrations = Migrations::Pending(2)), Level::Ok);
        assert_eq!(judge(&|state| state.migrations = Migrations::Newer(9)), Level::Problem);
        assert_eq!(judge(&|state| state.migrations = Migrations::Broken(1)), Level::Problem);
        assert_eq!(judge(&|state| state.major = 14), Level::Warning);
        assert_eq!(judge(&|state| state.max_connections = 10), Level::Warning);
    }

    #[test]
    fn what_holds_the_feed_up_is_named_with_a_way_to_end_it() {
        let seconds = std::time::Duration::from_secs;
        let mut transaction = OpenTransaction {
            pid: 4711,
            prepared: None,
            user: "app".to_owned(),
            database: "other".to_owned(),
            open_for: Some(seconds(90)),
            last_query: Some(seconds(80)),
            id: "123".to_owned(),
        };
        let finding = held_feed(&transaction);
        assert_eq!(
            finding.found,
            "a transaction of process 4711 (user app, database other) has been open for 90 s, \
             its last query 80 s ago: the stream of all orders is stalled"
        );
        assert!(finding.advice.unwrap().contains("pg_terminate_backend(4711)"));
        (transaction.open_for, transaction.last_query) = (None, None);
        assert!(held_feed(&transaction).found.contains("pg_read_all_stats"));
        transaction.prepared = Some("gone".to_owned());
        assert!(held_feed(&transaction).advice.unwrap().contains("ROLLBACK PREPARED 'gone' in other"));
    }

    #[test]
    fn clocks_may_be_a_little_apart() {
        let judge = |ahead| clock(&PostgresState { clock_ahead_micros: ahead, ..state() });
        assert_eq!(judge(-20_000).status, Level::Ok);
        let found = judge(2_000_000);
        assert_eq!((found.status, found.found.as_str()), (Level::Warning, "2000 ms behind the database's"));
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_above() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("a/b");
        let found = writable(&path);
        assert_eq!(found.status, Level::Ok);
        assert!(found.found.ends_with(", which will be created"), "{found:?}");
        assert!(!path.exists(), "nothing is made");
        let file = above.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(writable(&file.join("c")).status, Level::Problem);
    }
}
