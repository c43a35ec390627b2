use std::time::Duration;

/// Pauses between reads of a store that does not answer: each twice as long as the one before, up to a limit.
#[derive(Debug)]
pub(crate) struct StorePause(Duration);

impl StorePause {
    const FIRST: Duration = Duration::from_millis(250);
    const LONGEST: Duration = Duration::from_secs(5);

    pub(crate) const fn new() -> Self {
        Self(Self::FIRST)
    }

    /// The next pause.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(Self::LONGEST);
        pause
    }

    /// The store has answered.
    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }
}
