//! The feed of all events: places in it are positions in the list of what was written.

use domain::{
    AccountId,
    ports::{FeedCursor, FeedEvent, FeedPage, FeedScope, PageEnd},
};

use super::state::State;

impl State {
    fn cursor(&self, index: usize) -> FeedCursor {
        let (order_id, seq) = self.feed[index];
        FeedCursor { position: u64::try_from(index + 1).unwrap_or(u64::MAX), order_id, seq }
    }

    /// How many events the feed shows.
    fn shown(&self) -> usize {
        self.feed_held_at.unwrap_or(self.feed.len())
    }

    /// The position of the first event that the feed does not show.
    pub(super) fn held_at(&self) -> Option<u64> {
        let shown = self.shown();
        (shown < self.feed.len()).then(|| u64::try_from(shown + 1).unwrap_or(u64::MAX))
    }

    pub(super) fn feed_end(&self) -> FeedCursor {
        self.shown().checked_sub(1).map_or(FeedCursor::START, |last| self.cursor(last))
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
        let begin = usize::try_from(after.position).unwrap_or(usize::MAX).min(self.shown());
        let beyond = if self.held_at().is_some() { PageEnd::Unsettled } else { PageEnd::Nothing };
        let mut page = FeedPage { events: Vec::new(), next: after, beyond };
        for index in begin..self.shown() {
            if page.events.len() == limit {
                page.beyond = PageEnd::More;
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
            page.events.extend(event.cloned().map(|event| FeedEvent { cursor, order_id, account, event }));
        }
        page
    }
}
