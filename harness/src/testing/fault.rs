//! A fault that a test has made.

use super::error::TestError;
use super::keeper::Keeper;
use crate::run::Made;

/// A fault that was made. Dropped, it stays.
pub struct Broken<'t> {
    keeper: &'t Keeper,
    what: String,
    made: Made,
}

impl<'t> Broken<'t> {
    pub(super) const fn new(keeper: &'t Keeper, what: String, made: Made) -> Self {
        Self { keeper, what, made }
    }

    /// What was done, such as `kill relay-on-path for good`.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Undoes it, as far as it can be, and returns when that is done: what was killed runs again and does what it did,
    /// what was paused goes on. What stays dead, stays.
    ///
    /// # Errors
    ///
    /// [`TestError::Fault`] when it cannot be undone, and [`TestError::Ended`].
    pub async fn undo(self) -> Result<(), TestError> {
        let made = self.made;
        let asked = self
            .keeper
            .ask(move |live| Box::pin(async move { live.undo(made).await }));
        let what = format!("the end of \"{}\"", self.what);
        asked.await?.map_err(|why| TestError::Fault { what, why })
    }
}
