use testkit::{BooksFault, Guards};

use super::plan::Plan;

/// A protection that is taken out, to see that its absence is noticed. It is always a port that
/// behaves as if the protection were missing: the product has no switch for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Writes are accepted from workers that have lost their claim.
    IgnoresFence,
    /// Writes are accepted whatever they follow.
    IgnoresSequence,
    /// Both.
    IgnoresFenceAndSequence,
    /// A claim does not bring the unresolved attempt with it.
    ForgetsUnresolved,
    /// The same, and nothing keeps a second unresolved attempt out.
    ForgetsUnresolvedAndAllowsTwo,
    /// A transaction goes out before its attempt is on record.
    SendsBeforeWriting,
    /// A new attempt is made although the last one may still land.
    RebuildsUnresolved,
    /// The node that takes a transaction for expired is asked again, instead of another one.
    AsksOneNode,
    /// A call that never returns is waited for.
    WaitsForEver,
    /// Leases and waits go by the wall clock, which steps.
    WaitsByWallClock,
    /// Due orders are never swept.
    NeverSweeps,
    /// Followed orders are never compared with the store.
    NeverChecksTails,
    /// An idempotency key means nothing.
    ForgetsKeys,
    /// An order is acknowledged before it is durable.
    AcknowledgesBeforeDurable,
    /// Events are announced before they are durable.
    AnnouncesBeforeCommit,
    /// A request to cancel an order keeps no attempt from being submitted.
    IgnoresCancel,
    /// An order is canceled although its transaction may still land.
    CancelsWhatMayLand,
    /// The chain does not know which token accounts are open.
    ForgetsAccounts,
    /// The books are kept wrongly.
    BreaksBooks(BooksFault),
}

impl Control {
    /// What a commit is still checked against.
    pub(super) fn guards(self) -> Guards {
        let is = |controls: &[Self]| controls.contains(&self);
        Guards {
            fence: !is(&[Self::IgnoresFence, Self::IgnoresFenceAndSequence]),
            sequence: !is(&[Self::IgnoresSequence, Self::IgnoresFenceAndSequence]),
            one_unresolved_attempt: !is(&[
                Self::IgnoresFenceAndSequence,
                Self::ForgetsUnresolvedAndAllowsTwo,
                Self::CancelsWhatMayLand,
            ]),
            cancel_request: !is(&[Self::IgnoresCancel]),
        }
    }

    /// How the books are kept wrongly.
    pub(super) fn books_fault(self) -> Option<BooksFault> {
        match self {
            Self::BreaksBooks(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether a claim hides the unresolved attempt.
    pub(super) fn forgets_unresolved(self) -> bool {
        matches!(self, Self::ForgetsUnresolved | Self::ForgetsUnresolvedAndAllowsTwo)
    }

    /// Makes the faults common that the protection is there for.
    pub(super) fn provoke(self, plan: &mut Plan) {
        match self {
            Self::IgnoresFence
            | Self::IgnoresSequence
            | Self::IgnoresFenceAndSequence
            | Self::BreaksBooks(BooksFault::PostsApart) => {
                plan.pauses = plan.pauses.max(200);
            }
            Self::ForgetsUnresolved | Self::ForgetsUnresolvedAndAllowsTwo => {
                plan.dies_after = plan.dies_after.max(200);
            }
            Self::SendsBeforeWriting => plan.dies_before = plan.dies_before.max(200),
            Self::RebuildsUnresolved => plan.conditions.drop_bps = 0,
            Self::AsksOneNode => plan.lags = plan.lags.max(2_000),
            Self::WaitsForEver => plan.hangs = plan.hangs.max(200),
            // it steps in every plan, and orders hold, release and open an account in every plan
            Self::WaitsByWallClock | Self::ForgetsAccounts | Self::BreaksBooks(_) => {}
            Self::NeverSweeps => plan.loses_hint = plan.loses_hint.max(2_000),
            Self::NeverChecksTails => plan.loses_message = plan.loses_message.max(2_000),
            Self::ForgetsKeys | Self::AcknowledgesBeforeDurable => {
                plan.fails_after = plan.fails_after.max(500);
            }
            Self::IgnoresCancel | Self::CancelsWhatMayLand => plan.cancels = 10_000,
            Self::AnnouncesBeforeCommit => plan.fails_before = plan.fails_before.max(500),
        }
    }
}
