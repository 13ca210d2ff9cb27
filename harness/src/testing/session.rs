//! The harness's own BTP session with a home's connector.

use std::time::Duration;

use super::error::TestError;
use crate::causes::with_causes;
use crate::probe::{Outcome, Paid, Payment, Session};

/// A BTP session of the harness's own with a home's connector. Dropped, its connection ends.
pub struct PeerSession {
    session: Session,
    limit: Duration,
}

impl PeerSession {
    pub(super) const fn new(session: Session, limit: Duration) -> Self {
        Self { session, limit }
    }

    /// Sends an ILP packet over the session, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`TestError::Session`] when the destination is no ILP address, or there is no answer.
    pub async fn send(
        &self,
        destination: &str,
        amount: u64,
        data: &[u8],
    ) -> Result<Outcome, TestError> {
        Ok(self.pay(destination, amount, data).await?.outcome)
    }

    /// The same, with how long the answer took.
    ///
    /// # Errors
    ///
    /// As of [`send`](Self::send).
    pub async fn pay(
        &self,
        destination: &str,
        amount: u64,
        data: &[u8],
    ) -> Result<Paid, TestError> {
        let failed = |error: &(dyn std::error::Error + 'static)| TestError::Session {
            why: with_causes(error).to_string(),
        };
        let destination = wire::Address::new(destination).map_err(|error| failed(&error))?;
        let payment = Payment {
            destination,
            amount,
            data,
            lifetime: self.limit,
        };
        let paid = self.session.pay(&payment, self.limit).await;
        paid.map_err(|error| failed(&error))
    }

    /// The session itself, for what is sent frame by frame.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Closes it, and returns when the connection has ended.
    pub async fn close(self) {
        self.session.close().await;
    }
}
