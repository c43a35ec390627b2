//! What can break, and a tally of what did.

use std::{collections::BTreeMap, fmt};

use clap::ValueEnum;

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Fault {
    /// `SIGKILL` of an API or a worker, which starts again.
    Kill,
    /// `SIGSTOP` of a worker past its lease, then `SIGCONT`: a zombie.
    Pause,
    /// `FLUSHALL`.
    FlushRedis,
    /// `SIGKILL` of Redis, which comes back empty.
    KillRedis,
    /// `SIGKILL` of Redis, which comes back as it was a little earlier: what was finished since is
    /// there again.
    RewindRedis,
    /// `SIGTERM` of an API or a worker, which starts again.
    Terminate,
    /// Writes are refused: Redis was demoted to a replica.
    DemoteRedis,
    /// An immediate stop of `PostgreSQL`, which recovers.
    CrashPostgres,
    /// The same after another client has used up transaction ids, which are then given out again.
    CrashBusyPostgres,
    /// Nothing can be written any more, not even `PostgreSQL`'s own log.
    FillDisk,
    /// Writes are refused: `PostgreSQL` is read-only.
    LockPostgres,
    /// Another client keeps a transaction open and rows locked.
    HoldRows,
    /// The wall clock of an API or a worker is wrong for a while.
    StepClock,
    /// Connections end.
    Cut,
    /// What goes through a connection comes late.
    Delay,
    /// What goes one way through a connection vanishes.
    HalfOpen,
    /// Open connections silently never carry anything again.
    Silence,
}

impl Fault {
    /// Everything but [`Fault::Kill`], which has a clock of its own.
    pub(super) fn others() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied().filter(|fault| *fault != Self::Kill)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "kill -9 of a living API or worker",
            Self::Pause => "worker paused beyond its lease, went on",
            Self::FlushRedis => "FLUSHALL",
            Self::KillRedis => "kill -9 of Redis, back empty",
            Self::RewindRedis => "kill -9 of Redis, back with its snapshot",
            Self::Terminate => "SIGTERM of an API or worker, which stopped",
            Self::DemoteRedis => "Redis demoted, refused writes",
            Self::CrashPostgres => "immediate stop of PostgreSQL",
            Self::CrashBusyPostgres => "the same after foreign transactions",
            Self::FillDisk => "disk of PostgreSQL full",
            Self::LockPostgres => "PostgreSQL read-only",
            Self::HoldRows => "foreign transaction held rows",
            Self::StepClock => "wall clock of a process stepped",
            Self::Cut => "open connections cut",
            Self::Delay => "traffic delayed",
            Self::HalfOpen => "traffic swallowed one way",
            Self::Silence => "open connections silent for ever",
        })
    }
}

/// What really happened. A fault that met nothing, such as the kill of a process that was dead
/// already, is not in it.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    counts: BTreeMap<Fault, u32>,
    /// Processes that gave up before they were ready, as they may, and were started again.
    pub gave_up_starting: u32,
    /// Processes that had been ready and ended on their own, and how.
    pub ended_working: Vec<String>,
}

impl Tally {
    pub(super) fn count(&mut self, fault: Fault) {
        *self.counts.entry(fault).or_default() += 1;
    }

    /// How often it happened.
    pub fn of(&self, fault: Fault) -> u32 {
        self.counts.get(&fault).copied().unwrap_or(0)
    }

    /// How often anything happened.
    pub(super) fn total(&self) -> u32 {
        self.counts.values().sum()
    }

    /// Every kind of fault and how often it happened.
    pub fn all(&self) -> impl Iterator<Item = (Fault, u32)> {
        Fault::value_variants().iter().map(|fault| (*fault, self.of(*fault)))
    }
}
