//! The feed of all events: places in it are positions in the list of what was written.

use domain::{
    AccountId,
    ports::{Beyond, FeedCursor, FeedEvent, FeedPage, FeedScope},
};

use super::state::State;

impl State {
    fn cursor(&self, index: usize) -> FeedCursor {
        let (order_id, seq) = self.feed[index];
        FeedCursor { position: u64::try_from(index + 1).unwrap_or(u64::MAX), order_id, seq }
    }

    pub(super) fn feed_end(&self) -> FeedCursor {
        self.feed.len().checked_sub(1).map_or(FeedCursor::START, |last| self.cursor(last))
    }

    pub(super) fn feed_has(&self, cursor: FeedCursor) -> bool {
        let index = cursor.position.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        cursor == FeedCursor::START
            || index.is_some_and(|index| index < self.feed.len() && self.cursor(index) == cursor)
    }

    pub(super) fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> FeedPage {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let begin = usize::try_from(after.position).unwrap_or(usize::MAX).min(self.feed.len());
        let mut page = FeedPage { events: Vec::new(), next: after, beyond: Beyond::Nothing };
        for index in begin..self.feed.len() {
            if page.events.len() == limit {
                page.beyond = Beyond::More;
                break;
            }
            let (cursor, (order_id, seq)) = (self.cursor(index), self.feed[index]);
            page.next = cursor;
            let is_named = match scope {
                FeedScope::All => true,
                FeedScope::Orders(ids) => ids.contains(&order_id),
            };
            let Some(record) = self.of(account, order_id).filter(|_| is_named) else { continue };
            let event = record.events.iter().find(|event| event.seq == seq);
            let request = record.order.spec.request;
            page.events.extend(event.cloned().map(|event| FeedEvent {
                cursor,
                order_id,
                account,
                request,
                event,
            }));
        }
        page
    }
}
