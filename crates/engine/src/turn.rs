//! A transfer's turn in an action, so that a fast peer starves nobody.

/// System calls that a turn may make.
pub(crate) const CALLS: u32 = 32;
/// A call that moves so many bytes counts once more.
const PIECE: usize = 64 * 1024;

/// What is left of the turn of the transfer that is being run.
///
/// It lasts while the application is asked and answers: whoever takes a body as fast as it comes
/// would otherwise keep an action going as long as its peer sends. Who still has something to do
/// when it is over goes to the back of the queue, for the next action.
pub(crate) struct Turn(u32);

impl Default for Turn {
    fn default() -> Self {
        Self(CALLS)
    }
}

impl Turn {
    /// Is nothing left of it?
    pub(crate) fn is_over(&self) -> bool {
        self.0 == 0
    }

    /// A call has moved so many bytes, which it gives back.
    pub(crate) fn spend(&mut self, moved: usize) -> usize {
        let cost = u32::try_from(1 + moved / PIECE).unwrap_or(u32::MAX);
        self.0 = self.0.saturating_sub(cost);
        moved
    }
}
