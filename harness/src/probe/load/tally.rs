//! Counting what became of the packets of a load.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::Serialize;
use wire::Condition;

use crate::probe::reply::{Answer, Reply, RequestError};

/// How many packets ended in which way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "outcomes", deny_unknown_fields)]
pub struct OutcomeCounts {
    /// Fulfilled with the right fulfillment.
    pub fulfilled: u64,
    /// Rejected, by error code.
    #[schemars(with = "BTreeMap<String, NonZeroU64>")]
    pub rejected: BTreeMap<String, u64>,
    /// Fulfilled with a fulfillment that does not fit the condition.
    pub wrong_fulfillment: u64,
    /// Answered with a BTP ERROR.
    pub btp_errors: u64,
    /// Answered with something that is no answer to a PREPARE.
    pub nonsense: u64,
    /// Not answered within the time limit.
    pub timed_out: u64,
    /// In flight, or about to be sent, when the connection ended.
    pub lost: u64,
    /// In flight when the load was told to stop.
    pub unfinished: u64,
}

impl OutcomeCounts {
    /// All packets together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.answered() + self.timed_out + self.lost + self.unfinished
    }

    /// Packets that were answered, by whatever answer.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.fulfilled
            + self.rejected.values().sum::<u64>()
            + self.wrong_fulfillment
            + self.btp_errors
            + self.nonsense
    }

    /// Packets rejected with `code`.
    #[must_use]
    pub fn rejected_with(&self, code: &str) -> u64 {
        self.rejected.get(code).copied().unwrap_or(0)
    }

    /// Counts one packet.
    pub(super) fn add(&mut self, result: &Result<Reply, RequestError>, condition: &Condition) {
        match result {
            Ok(reply) => self.add_answer(&reply.answer(), condition),
            Err(RequestError::TimedOut(_)) => self.timed_out += 1,
            Err(RequestError::Lost(_)) => self.lost += 1,
            // A packet that cannot be written is the caller's mistake and is returned as an error
            // before it gets here.
            Err(RequestError::Encode(_)) => self.nonsense += 1,
        }
    }

    fn add_answer(&mut self, answer: &Answer<'_>, condition: &Condition) {
        match answer {
            Answer::Fulfill(fulfill) if fulfill.fulfillment.fulfills(condition) => {
                self.fulfilled += 1;
            }
            Answer::Fulfill(_) => self.wrong_fulfillment += 1,
            Answer::Reject(reject) => {
                // Looked up before it is inserted, to allocate a key per code, not per packet.
                let code = reject.code.as_str();
                match self.rejected.get_mut(code) {
                    Some(count) => *count += 1,
                    None => {
                        self.rejected.insert(code.to_owned(), 1);
                    }
                }
            }
            Answer::BtpError(_) => self.btp_errors += 1,
            Answer::Prepare(_) | Answer::Empty | Answer::Undecodable(_) => self.nonsense += 1,
        }
    }
}
