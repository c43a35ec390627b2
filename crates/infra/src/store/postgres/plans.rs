//! Which rows listings look at. Each is planned once per connection, in the worst case while the tables are empty.

use std::str::FromStr;

use domain::{AccountId, OrderStatus, Phase, Token, books::WalletId, ports::OrderFilter};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions, types::Uuid};
use testkit::postgres::fresh_database;

use super::{
    super::{
        listing,
        page::Page,
        reader::{Dialect, Parameter, Select},
    },
    MIGRATIONS, READING,
};

/// Orders that have ended, all of one tag.
const ENDED: i64 = 20_000;
/// The most rows that a listing of ten orders may look at.
const FEW: u64 = 200;

/// The wallet of three orders among all of them; the others trade from the default wallet.
const RARE: u128 = 7;

/// Twenty orders in flight and a handful of each other kind, before all those that have confirmed since.
const FILL: &str =
    "INSERT INTO orders (id, account_id, client_order_id, fingerprint, spec, status, attempt, last_seq,
        created_at, updated_at, fill, wake_at, lost_claims)
    SELECT lpad(to_hex(i), 32, '0')::uuid, '00000000-0000-0000-0000-000000000000', 'client ' || i,
        decode(repeat('00', 32), 'hex'), jsonb_build_object('tag', 'desk', 'funding', jsonb_build_object('wallet',
            lpad(CASE WHEN i IN (5, 50, 5000) THEN '7' ELSE '' END, 32, '0')::uuid)), status, 1, 2, now(), now(),
        CASE WHEN status = 'confirmed' THEN '{}'::jsonb END,
        CASE WHEN status NOT IN ('confirmed', 'failed') THEN now() END,
        CASE WHEN i IN (3, 33) THEN 6 ELSE 0 END
    FROM (SELECT i, CASE WHEN i <= 20 THEN 'pending' WHEN i <= 30 THEN 'open' WHEN i <= 40 THEN 'failed'
                    ELSE 'confirmed' END AS status
          FROM generate_series(1, $1) AS i) AS new";

/// Rows that a plan looked at, over all its steps.
fn rows_read(plan: &Value) -> u64 {
    let count = |name: &str| plan[name].as_u64().unwrap_or(0) * plan["Actual Loops"].as_u64().unwrap_or(1);
    let steps = plan["Plans"].as_array().into_iter().flatten().map(rows_read).sum::<u64>();
    steps + count("Actual Rows") + count("Rows Removed by Filter")
}

fn statement(filter: &OrderFilter) -> Select {
    listing::of(filter, Dialect::Postgres, AccountId::DEFAULT, &Page::new(filter))
}

fn literals(parameters: &[Parameter]) -> String {
    let literals = parameters.iter().map(|parameter| match parameter {
        Parameter::Id(id) => format!("'{id}'"),
        Parameter::Ids(_) => unreachable!("a listing names no ids"),
        Parameter::Text(text) => format!("'{text}'"),
        Parameter::Int(int) => int.to_string(),
    });
    literals.collect::<Vec<_>>().join(", ")
}

async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// Prepares and plans every listing.
async fn prepare(connection: &mut PgConnection, listings: &[OrderFilter]) {
    for (number, filter) in listings.iter().enumerate() {
        let Select { sql, parameters } = statement(filter);
        run(connection, format!("PREPARE listing_{number} AS {sql}")).await;
        run(connection, format!("EXECUTE listing_{number} ({})", literals(&parameters))).await;
    }
}

async fn check(connection: &mut PgConnection, listings: &[OrderFilter], planned: &str) {
    for (number, filter) in listings.iter().enumerate() {
        let given = literals(&statement(filter).parameters);
        let sql = format!("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE listing_{number} ({given})");
        let plan: Value = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *connection).await.unwrap();
        let read = rows_read(&plan[0]["Plan"]);
        assert!(read <= FEW, "planned {planned}, {filter:?} looks at {read} rows: {plan:#}");
    }
}

fn listings() -> Vec<OrderFilter> {
    let newest = || OrderFilter::newest(10);
    let tag = || Some("desk".to_owned());
    let busy = Some(WalletId::default_of(AccountId::DEFAULT));
    let rare = Some(WalletId(Uuid::from_u128(RARE)));
    let client_order_id = || Some(format!("client {}", ENDED / 2));
    vec![
        newest(),
        OrderFilter { descending: false, ..newest() },
        OrderFilter { tag: tag(), ..newest() },
        OrderFilter { status: Some(OrderStatus::Failed), ..newest() },
        OrderFilter { status: Some(OrderStatus::Pending), ..newest() },
        OrderFilter { status: Some(OrderStatus::Pending), tag: tag(), ..newest() },
        OrderFilter { status: Some(OrderStatus::Open), tag: tag(), ..newest() },
        OrderFilter { status: Some(OrderStatus::Confirmed), tag: tag(), ..newest() },
        OrderFilter { phase: Some(Phase::InFlight), ..newest() },
        OrderFilter { phase: Some(Phase::InFlight), tag: tag(), ..newest() },
        OrderFilter { phase: Some(Phase::Resting), tag: tag(), ..newest() },
        OrderFilter { client_order_id: client_order_id(), ..newest() },
        OrderFilter { client_order_id: client_order_id(), status: Some(OrderStatus::Confirmed), ..newest() },
        OrderFilter { client_order_id: client_order_id(), tag: tag(), ..newest() },
        OrderFilter { wallet: busy, ..newest() },
        OrderFilter { wallet: rare, ..newest() },
        OrderFilter { wallet: rare, descending: false, ..newest() },
        OrderFilter { wallet: rare, status: Some(OrderStatus::Confirmed), ..newest() },
        OrderFilter { wallet: rare, phase: Some(Phase::Terminal), ..newest() },
        OrderFilter { wallet: rare, token: Some(Token::SOL), ..newest() },
        OrderFilter { wallet: busy, status: Some(OrderStatus::Failed), ..newest() },
        OrderFilter { wallet: busy, status: Some(OrderStatus::Pending), ..newest() },
        OrderFilter { wallet: busy, tag: tag(), ..newest() },
        OrderFilter { wallet: rare, phase: Some(Phase::InFlight), tag: tag(), ..newest() },
        OrderFilter { parked: true, wallet: busy, ..newest() },
        OrderFilter { parked: true, ..newest() },
        OrderFilter { parked: true, status: Some(OrderStatus::Pending), ..newest() },
        OrderFilter { parked: true, tag: tag(), ..newest() },
    ]
}

#[tokio::test]
async fn a_listing_looks_at_few_rows_whenever_it_was_planned() {
    let url = fresh_database().await;
    let mut database = PgConnection::connect(&url).await.unwrap();
    MIGRATIONS.run_direct(None, &mut database, false).await.unwrap();
    run(&mut database, "ALTER TABLE orders SET (autovacuum_enabled = off)".to_owned()).await;
    let options = PgConnectOptions::from_str(&url).unwrap();
    let listings = listings();
    let mut early = database::postgres::open(&options, READING).await.unwrap();
    prepare(&mut early, &listings).await;
    sqlx::query(FILL).bind(ENDED).execute(&mut database).await.unwrap();
    check(&mut early, &listings, "while the table was empty").await;

    let mut late = database::postgres::open(&options, READING).await.unwrap();
    prepare(&mut late, &listings).await;
    check(&mut late, &listings, "without statistics").await;

    run(&mut database, "ANALYZE orders".to_owned()).await;
    let mut informed = database::postgres::open(&options, READING).await.unwrap();
    prepare(&mut informed, &listings).await;
    check(&mut informed, &listings, "with statistics").await;
}
