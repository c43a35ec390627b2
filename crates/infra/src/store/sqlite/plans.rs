//! Which index finds the orders of a listing. Nothing gathers statistics, so a plan never changes.

use domain::{AccountId, OrderStatus, Phase, books::WalletId, ports::OrderFilter};
use sqlx::{Connection, SqliteConnection, types::Uuid};

use super::{
    super::{
        listing,
        page::Page,
        reader::{Dialect, Reader, Select},
    },
    MIGRATIONS,
};

struct StepRow {
    detail: String,
}

database::from_row!(StepRow { detail });

#[tokio::test]
async fn a_listing_goes_by_the_index_that_has_the_fewest_of_its_orders() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    MIGRATIONS.run_direct(None, &mut connection, false).await.unwrap();
    let newest = || OrderFilter::newest(10);
    let wallet = Some(WalletId(Uuid::from_u128(7)));
    let default = Some(WalletId::default_of(AccountId::DEFAULT));
    let (tag, client_order_id) = (Some("desk".to_owned()), Some("mine".to_owned()));
    for (filter, index) in [
        (newest(), "orders_by_account"),
        (OrderFilter { tag: tag.clone(), ..newest() }, "orders_by_tag"),
        (OrderFilter { status: Some(OrderStatus::Failed), ..newest() }, "orders_by_phase"),
        (OrderFilter { status: Some(OrderStatus::Failed), tag: tag.clone(), ..newest() }, "orders_by_tag"),
        (OrderFilter { status: Some(OrderStatus::Pending), tag: tag.clone(), ..newest() }, "orders_by_phase"),
        (OrderFilter { phase: Some(Phase::Resting), tag: tag.clone(), ..newest() }, "orders_by_phase"),
        (OrderFilter { client_order_id: client_order_id.clone(), ..newest() }, "orders_client_order_id"),
        (
            OrderFilter { client_order_id, status: Some(OrderStatus::Failed), ..newest() },
            "orders_client_order_id",
        ),
        (OrderFilter { wallet, ..newest() }, "orders_by_wallet"),
        (OrderFilter { wallet, status: Some(OrderStatus::Failed), ..newest() }, "orders_by_wallet"),
        (OrderFilter { wallet, phase: Some(Phase::Terminal), ..newest() }, "orders_by_wallet"),
        (OrderFilter { wallet, status: Some(OrderStatus::Pending), ..newest() }, "orders_by_phase"),
        (OrderFilter { wallet, phase: Some(Phase::Resting), ..newest() }, "orders_by_phase"),
        (OrderFilter { wallet, tag: tag.clone(), ..newest() }, "orders_by_tag"),
        (OrderFilter { wallet: default, status: Some(OrderStatus::Failed), ..newest() }, "orders_by_phase"),
        (OrderFilter { wallet: default, ..newest() }, "orders_by_account"),
        (OrderFilter { parked: true, wallet, ..newest() }, "orders_parked"),
        (OrderFilter { parked: true, ..newest() }, "orders_parked"),
        (OrderFilter { parked: true, status: Some(OrderStatus::Pending), tag, ..newest() }, "orders_parked"),
    ] {
        let page = Page::new(&filter);
        let Select { sql, parameters } = listing::of(&filter, Dialect::Sqlite, AccountId::DEFAULT, &page);
        let explain = Select { sql: format!("EXPLAIN QUERY PLAN {sql}").into(), parameters };
        let plan: Vec<StepRow> = connection.rows(explain).await.unwrap();
        let steps = plan.iter().map(|step| step.detail.as_str()).collect::<Vec<_>>().join("; ");
        assert!(steps.contains(&format!("USING INDEX {index}")), "{filter:?}: {steps}");
        assert!(!steps.contains("TEMP B-TREE"), "{filter:?} is sorted: {steps}");
    }
}
