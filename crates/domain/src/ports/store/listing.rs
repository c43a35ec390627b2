use std::collections::BTreeMap;

use crate::{OrderId, OrderStatus, Phase};

/// Which orders to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    pub phase: Option<Phase>,
    /// Only [parked](super::PARKED_AFTER) orders.
    pub parked: bool,
    pub tag: Option<String>,
    /// Only orders older than this one.
    pub before: Option<OrderId>,
    /// The most orders to return.
    pub limit: u32,
}

impl OrderFilter {
    /// The newest orders, whatever their status.
    pub fn newest(limit: u32) -> Self {
        Self { status: None, phase: None, parked: false, tag: None, before: None, limit }
    }
}

/// How many orders have not ended, by status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActiveOrders(pub BTreeMap<OrderStatus, u32>);

impl ActiveOrders {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.0.values().sum()
    }

    /// Those in one phase.
    pub fn in_phase(&self, phase: Phase) -> u32 {
        self.0.iter().filter(|(status, _)| status.phase() == phase).map(|(_, count)| count).sum()
    }

    /// Those in one status.
    pub fn with(&self, status: OrderStatus) -> u32 {
        self.0.get(&status).copied().unwrap_or_default()
    }
}

/// An order that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DueOrder {
    pub id: OrderId,
    /// What to do with it.
    pub action: DueAction,
}

/// What to do with a due order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DueAction {
    /// It is in flight: a worker executes it.
    Execute,
    /// It rests: the sweeper checks whether it has expired. That takes no worker's slot.
    Inspect,
}

impl DueAction {
    /// What to do with a due order in this status.
    pub fn of(status: OrderStatus) -> Self {
        match status.phase() {
            Phase::Resting => Self::Inspect,
            Phase::InFlight | Phase::Terminal => Self::Execute,
        }
    }
}
