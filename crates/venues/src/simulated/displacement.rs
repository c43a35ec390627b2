//! How far fills have moved pools from the market: a pure function of the fills, in integers only.
//!
//! A fill moves the reserves of its pool by what it trades. Arbitrage pulls them back: half of what is left is gone after
//! every half-life, and between two half-lives it shrinks evenly. Processes that know the same fills see the same pools.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::Duration,
};

use domain::{Address, Mint, Signature, Timestamp};

use super::{
    pool::Pool,
    program::pool_of,
    transaction_log::{Entry, LandingOutcome},
};

/// How long an earlier fill may still become known: other processes record theirs at the same time.
const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// How long a fill is known by its signature, longer than anybody reads it again.
const KNOWN_FOR: Duration = Duration::from_mins(2);

/// Base units, by the order of the mints.
type Moved = [i128; 2];

/// A fill: when it happened, and which one it was.
type Key = (Timestamp, Signature);

/// What fills have moved pools by.
pub(super) struct Displacements {
    half_life: Duration,
    pools: HashMap<Address, Displacement>,
    /// The fills of the last minutes, in the order in which they became known.
    known: HashSet<Signature>,
    order: VecDeque<Key>,
}

#[derive(Default)]
struct Displacement {
    /// What is left, at a time, of the fills that have settled.
    left: Moved,
    at: Timestamp,
    /// The fills after that, those of the future included.
    recent: BTreeMap<Key, Moved>,
}

impl Displacements {
    pub(super) fn new(half_life: Duration) -> Self {
        Self { half_life, pools: HashMap::new(), known: HashSet::new(), order: VecDeque::new() }
    }

    /// Takes a fill in, once. Anything that is not a fill moves nothing.
    pub(super) fn add(&mut self, entry: &Entry) {
        if self.known.contains(&entry.signature) {
            return; // before it is decoded: every read finds most of its fills known
        }
        let Some((pool, moved)) = fill(entry) else { return };
        self.known.insert(entry.signature.clone());
        let key = (entry.settles_at, entry.signature.clone());
        self.order.push_back(key.clone());
        let half_life = self.half_life;
        let displacement = self.pools.entry(pool).or_default();
        if entry.settles_at <= displacement.at {
            let late = decayed(moved, displacement.at.since(entry.settles_at), half_life);
            displacement.left = sum(displacement.left, late);
        } else {
            displacement.recent.insert(key, moved);
        }
    }

    /// Takes a fill out again that was not recorded after all.
    pub(super) fn remove(&mut self, entry: &Entry) {
        let Some((pool, _)) = fill(entry) else { return };
        self.known.remove(&entry.signature);
        if let Some(displacement) = self.pools.get_mut(&pool) {
            displacement.recent.remove(&(entry.settles_at, entry.signature.clone()));
        }
    }

    /// The pool at a time, as the fills until then have left it.
    pub(super) fn displaced(
        &self,
        pool: Pool,
        address: Address,
        [mint_in, mint_out]: [Mint; 2],
        at: Timestamp,
    ) -> Pool {
        let Some(displacement) = self.pools.get(&address) else { return pool };
        let [first, second] = displacement.left_at(at, self.half_life);
        let (moved_in, moved_out) = if mint_in < mint_out { (first, second) } else { (second, first) };
        let after = |reserve: u64, moved: i128| {
            u64::try_from((i128::from(reserve) + moved).max(1)).unwrap_or(u64::MAX)
        };
        let (reserve_in, reserve_out) =
            (after(pool.reserve_in, moved_in), after(pool.reserve_out, moved_out));
        Pool { reserve_in, reserve_out, ..pool }
    }

    /// Fills of a pool that are not summed up yet.
    #[cfg(test)]
    pub(super) fn recent(&self, address: Address) -> usize {
        self.pools.get(&address).map_or(0, |displacement| displacement.recent.len())
    }

    /// Sums up what is over, so that a busy pool costs no more than a quiet one.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let until = back(now, SETTLED_AFTER);
        for displacement in self.pools.values_mut() {
            displacement.settle(until, self.half_life);
        }
        self.pools.retain(|_, displacement| displacement.left != [0; 2] || !displacement.recent.is_empty());
        let forgotten = back(now, KNOWN_FOR);
        while let Some((at, signature)) = self.order.front() {
            if *at > forgotten {
                break;
            }
            self.known.remove(signature);
            self.order.pop_front();
        }
    }
}

impl Displacement {
    fn left_at(&self, at: Timestamp, half_life: Duration) -> Moved {
        let (mut left, mut since) = (self.left, self.at);
        for ((settled_at, _), moved) in &self.recent {
            if *settled_at > at {
                break;
            }
            left = sum(decayed(left, settled_at.since(since), half_life), *moved);
            since = *settled_at;
        }
        decayed(left, at.since(since), half_life)
    }

    fn settle(&mut self, until: Timestamp, half_life: Duration) {
        while let Some(first) = self.recent.first_entry() {
            let settled_at = first.key().0;
            if settled_at > until {
                break;
            }
            let moved = first.remove();
            self.left = sum(decayed(self.left, settled_at.since(self.at), half_life), moved);
            self.at = settled_at;
        }
        if self.recent.is_empty() && decayed(self.left, until.since(self.at), half_life) == [0; 2] {
            self.left = [0; 2];
        }
    }
}

/// The pool of a fill, and what it moved there.
fn fill(entry: &Entry) -> Option<(Address, Moved)> {
    let LandingOutcome::Landed(landed) = &entry.outcome else { return None };
    let swap = entry.swap()?;
    let (token_in, token_out) = (swap.request.token_in, swap.request.token_out);
    let pool = swap.pool.unwrap_or_else(|| pool_of(swap.venue, token_in, token_out)).address;
    let moved = |mint: Mint| {
        let of_mint = landed.pool_changes.iter().filter(|change| change.mint == mint);
        of_mint.map(|change| change.delta).sum()
    };
    let mut mints = [token_in.mint(), token_out.mint()];
    mints.sort_unstable();
    Some((pool, mints.map(moved)))
}

fn sum(one: Moved, other: Moved) -> Moved {
    [one[0] + other[0], one[1] + other[1]]
}

/// What is left after a time: `units · 2⁻ⁿ · (1 − f/2)` after `n + f` half-lives, rounded towards zero.
fn decayed(moved: Moved, elapsed: Duration, half_life: Duration) -> Moved {
    let (elapsed, half_life) = (elapsed.as_micros(), half_life.as_micros().max(1));
    let Ok(halvings) = u32::try_from(elapsed / half_life) else { return [0; 2] };
    if halvings >= 64 {
        return [0; 2];
    }
    let (rest, whole) = (elapsed % half_life, half_life.saturating_mul(2));
    let (rest, whole) = (rest.cast_signed(), whole.cast_signed());
    moved.map(|units| {
        let halved = units / (1i128 << halvings);
        halved - halved * rest / whole
    })
}

/// A time before another one.
pub(super) fn back(at: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(at.unix_micros().saturating_sub(micros))
}

#[cfg(test)]
mod tests;
