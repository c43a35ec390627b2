//! Exit statuses of the command line, besides 0 for success.

/// An order did not confirm, or was not canceled.
pub(crate) const ORDER_FAILED: u8 = 1;
/// A measurement found something lost, refused or incomplete.
pub(crate) const NOT_SOUND: u8 = 1;
/// A diagnosis found a problem.
pub(crate) const PROBLEM_FOUND: u8 = 1;
/// A command could not be carried out.
pub(crate) const NOT_DONE: u8 = 2;
/// A signal ended a command that follows orders or measures.
pub(crate) const INTERRUPTED: u8 = 130;
