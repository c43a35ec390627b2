//! The whole history of an order.

use domain::{
    AccountId, Event, OrderId,
    ports::{OrderReads, StoreError},
};

/// Events read at once.
const PAGE: u32 = 500;

/// All events of an order after a sequence number.
pub(crate) async fn events_after(
    store: &dyn OrderReads,
    account: AccountId,
    id: OrderId,
    after: u32,
) -> Result<Vec<Event>, StoreError> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let after = all.last().map_or(after, |event| event.seq);
        let page = store.events(account, id, after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}
