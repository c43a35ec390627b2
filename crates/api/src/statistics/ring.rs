use std::collections::BTreeMap;

use domain::Timestamp;

use super::slot::Slot;

/// The last slots of one length, by the times of the events.
#[derive(Debug)]
pub(super) struct Ring<T = Slot> {
    seconds: i64,
    most: usize,
    slots: BTreeMap<i64, T>,
}

impl<T: Default> Ring<T> {
    /// Keeps `most` slots of so many seconds each.
    pub(super) fn new(seconds: i64, most: usize) -> Self {
        Self { seconds, most, slots: BTreeMap::new() }
    }

    /// The slot of a time, unless it is older than all that are kept.
    pub(super) fn at(&mut self, at: Timestamp) -> Option<&mut T> {
        let index = self.index(at);
        if self.slots.len() >= self.most && !self.slots.contains_key(&index) {
            let (first, _) = self.slots.first_key_value()?;
            if index < *first {
                return None;
            }
            self.slots.pop_first();
        }
        Some(self.slots.entry(index).or_default())
    }

    /// The slots from one time to another, both included, with the times at which they begin. Those in
    /// which nothing happened are left out.
    pub(super) fn between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, &T)> + use<'_, T> {
        let range = self.slots.range(self.index(from)..=self.index(to).max(self.index(from)));
        range.map(|(index, slot)| (self.start(*index), slot))
    }

    /// The beginning of the slot of a time.
    pub(super) fn start_of(&self, at: Timestamp) -> Timestamp {
        self.start(self.index(at))
    }

    fn index(&self, at: Timestamp) -> i64 {
        at.unix_millis().div_euclid(self.seconds * 1_000)
    }

    fn start(&self, index: i64) -> Timestamp {
        Timestamp::from_unix_millis(index * self.seconds * 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_millis(second * 1_000)
    }

    #[test]
    fn the_oldest_slots_go_and_do_not_come_back() {
        let mut ring = Ring::<u32>::new(60, 3);
        for minute in 0..5 {
            *ring.at(at(minute * 60 + 7)).unwrap() += 1;
        }
        assert!(ring.at(at(60)).is_none(), "older than what is kept");
        *ring.at(at(4 * 60)).unwrap() += 1;
        let kept: Vec<_> = ring.between(at(0), at(300)).collect();
        assert_eq!(kept, [(at(120), &1), (at(180), &1), (at(240), &2)]);
        assert_eq!(ring.between(at(185), at(200)).count(), 1, "the slot that began before counts");
        assert_eq!(ring.start_of(at(185)), at(180));
    }
}
