//! Packets that were sent, and how they were answered.

use crate::connectors::{Answers, Received};

/// RFC-0027's code of a packet that has too little time left for the next hop.
const INSUFFICIENT_TIMEOUT: &str = "R02";

/// How a packet was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// With a fulfillment.
    Fulfilled {
        /// Whether it fits the condition.
        fits: bool,
    },
    /// With a reject.
    Rejected {
        /// Its code.
        code: String,
        /// Its message.
        message: String,
    },
    /// Not at all, or with something else.
    Otherwise(String),
}

impl Answer {
    /// What is wrong with it, where a fulfillment is due.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        match self {
            Self::Fulfilled { .. } => None,
            Self::Rejected { code, message } => Some(format!("rejected with {code} {message}")),
            Self::Otherwise(what) => Some(what.clone()),
        }
    }
}

/// One packet sent for another home.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The home that sent, or the probe.
    pub from: String,
    /// The home it was for.
    pub to: String,
    /// Its destination. Unique per packet: by it the packet is found again.
    pub destination: String,
    /// The amount.
    pub amount: u64,
    /// The payload, base64. Unique per packet.
    pub payload: String,
    /// The answer.
    pub answer: Answer,
    /// How many connectors handed it on to another connector.
    pub hops: u32,
    /// When it was to expire as it was sent, in milliseconds since the Unix epoch: no earlier and
    /// no later than this. A connector makes the expiry some time after it is asked to send.
    pub expires_ms: (i64, i64),
    /// Every record of this destination at the home it was for.
    pub arrived: Vec<Received>,
    /// How often it arrived at any other home.
    pub arrived_elsewhere: usize,
}

/// Why a packet has to be rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nobody has its destination.
    NoRoute,
    /// It has expired.
    Expired,
    /// It has too little time left for the next hop.
    TooLittleTime,
    /// The home's server refuses it.
    Application,
}

impl Reason {
    /// The codes of which a connector owes one.
    #[must_use]
    pub fn codes(self, owes: &Answers) -> Vec<&'static str> {
        match self {
            Self::NoRoute => vec![owes.no_route],
            Self::Expired => vec![owes.expired],
            // contract#expiry: the closer code is as right.
            Self::TooLittleTime => vec![owes.expired, INSUFFICIENT_TIMEOUT],
            Self::Application => vec![owes.refused_by_server],
        }
    }

    /// The reason in words, for evidence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoRoute => "unknown destination",
            Self::Expired => "expired packet",
            Self::TooLittleTime => "too little time",
            Self::Application => "refusal by the server",
        }
    }
}

/// A packet that has to be rejected.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Why.
    pub reason: Reason,
    /// Who was asked, and by whom if not by the harness itself.
    pub asked: String,
    /// The reject's code, or what came instead.
    pub came: Result<String, String>,
    /// Whether a fulfillment came instead.
    pub fulfilled: bool,
}
