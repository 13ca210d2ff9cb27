//! One question, from when it is asked to its answer.

use std::error::Error;
use std::time::Instant;

use crate::causes::with_causes;

/// Who is asked. Each is a target of its own for `RUST_LOG`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// An engine, by its address: `ator_harness::engine`.
    Engine,
    /// An onion daemon, by its nickname, at its control port or directory port: `ator_harness::daemon`.
    Daemon,
    /// A connector or its business-logic server, by its home: `ator_harness::connector`.
    Connector,
}

/// A question that is not answered yet.
pub(crate) struct Question {
    party: Party,
    whom: String,
    what: String,
    begun: Instant,
    answered: bool,
}

impl Question {
    /// Begins one. `what` holds no secret and no onion address.
    pub(crate) fn new(party: Party, whom: impl ToString, what: impl ToString) -> Self {
        let question = Self {
            party,
            whom: whom.to_string(),
            what: what.to_string(),
            begun: Instant::now(),
            answered: false,
        };
        let (whom, what) = (question.whom.as_str(), question.what.as_str());
        match party {
            Party::Engine => tracing::trace!(target: "ator_harness::engine", whom, asked = what),
            Party::Daemon => tracing::trace!(target: "ator_harness::daemon", whom, asked = what),
            Party::Connector => {
                tracing::trace!(target: "ator_harness::connector", whom, asked = what);
            }
        }
        question
    }

    /// Tells what came of it. `outcome` holds no secret.
    pub(crate) fn answered(mut self, outcome: &str) {
        self.tell(outcome);
    }

    /// Tells of a result that a value says nothing more than yes.
    pub(crate) fn came<T, E: Error>(self, result: &Result<T, E>) {
        match result {
            Ok(_) => self.answered("ok"),
            Err(error) => self.answered(&with_causes(error).to_string()),
        }
    }

    fn tell(&mut self, outcome: &str) {
        self.answered = true;
        let (whom, what) = (self.whom.as_str(), self.what.as_str());
        let millis = self.begun.elapsed().as_secs_f64() * 1e3;
        let millis = format_args!("{millis:.1}");
        match self.party {
            Party::Engine => tracing::debug!(
                target: "ator_harness::engine", whom, asked = what, %millis, outcome
            ),
            Party::Daemon => tracing::debug!(
                target: "ator_harness::daemon", whom, asked = what, %millis, outcome
            ),
            Party::Connector => tracing::debug!(
                target: "ator_harness::connector", whom, asked = what, %millis, outcome
            ),
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if !self.answered {
            self.tell("nobody waits for the answer any more");
        }
    }
}

/// Asks, and tells how long it took and what came of it.
pub(crate) async fn ask<T, E: Error>(
    party: Party,
    whom: impl ToString,
    what: impl ToString,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let question = Question::new(party, whom, what);
    let result = call.await;
    question.came(&result);
    result
}
