use super::Acceptance;
use crate::OrderEvent;

/// A further write that a new order or a transition causes. It is written in the transaction of the
/// acceptance or commit that carries it: both, or neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Another order, which must be new: if its id or one of its keys is taken, nothing at all is written.
    Accept(Box<Acceptance>),
}

impl Effect {
    /// The orders that effects accept, without those that these accept in turn.
    pub fn accepted(effects: &[Self]) -> impl Iterator<Item = &Acceptance> {
        effects.iter().map(|Self::Accept(acceptance)| acceptance.as_ref())
    }

    /// The orders that effects accept, and those that these accept in turn.
    pub fn all_accepted(effects: &[Self]) -> Vec<&Acceptance> {
        let accepted = Self::accepted(effects);
        accepted.flat_map(|asked| [vec![asked], Self::all_accepted(&asked.effects)].concat()).collect()
    }

    /// The events of effects, and of their effects, as they are announced once they are durable.
    pub fn announcements(effects: &[Self]) -> Vec<OrderEvent> {
        Self::accepted(effects).flat_map(Acceptance::announcements).collect()
    }
}
