//! What happened while things were broken on purpose and packets flowed. Times are milliseconds since the packets
//! began to flow.

use std::time::Duration;

use super::home::Wire;
use crate::evidence::Gathered;
use crate::secret::Secret;

/// Everything that was seen of faults.
#[derive(Debug, Clone, Default)]
pub struct FaultsView {
    /// Each fault, in the order in which they were made.
    pub faults: Vec<FaultView>,
    /// Every packet that a connector took while they were.
    pub packets: Vec<FaultPacket>,
    /// What connectors said of their peers.
    pub samples: Vec<PeerSample>,
    /// What each home's SOCKS and DNS recorder saw while they were made.
    pub wires: Vec<(String, Gathered<Wire>)>,
    /// Homes whose server did not say what it has received, each with the reason.
    pub unread: Vec<(String, String)>,
}

impl FaultsView {
    /// What a connector said last of a peer that it dials, between two times.
    #[must_use]
    pub fn last_said(&self, home: &str, peer: &str, from: u64, until: u64) -> Option<&PeerSample> {
        let mut samples = self.samples.iter();
        samples
            .rfind(|one| one.home == home && one.peer == peer && (from..=until).contains(&one.at))
    }
}

/// One fault, and what came of it.
#[derive(Debug, Clone)]
pub struct FaultView {
    /// What was done, as `cut home-b for 10.0 s`.
    pub what: String,
    /// Why it could not be made, or undone; nothing that follows from it is known then.
    pub failed: Option<String>,
    /// When it began.
    pub began: u64,
    /// When it was over; `None` of one that stays.
    pub over: Option<u64>,
    /// Until when packets flowed that tell of it.
    pub until: u64,
    /// Whether what it took away does not come back.
    pub for_good: bool,
    /// How long recovery may take.
    pub within: Option<Duration>,
    /// How many packets may be lost.
    pub loses_at_most: Option<u64>,
    /// The directions whose way leads through what was broken, and how long each took to get over it; nothing of one
    /// that had not by the end.
    pub concerned: Vec<Recovery>,
    /// The home whose connector was told to end by it, and how long that took.
    pub ended: Option<(String, Gathered<Option<Duration>>)>,
    /// The home whose daemon was started again, and its address before and after.
    pub identity: Option<Identity>,
}

impl FaultView {
    /// From when recovery counts: from its end, or from its beginning if it stays.
    #[must_use]
    pub fn counts_from(&self) -> u64 {
        self.over.unwrap_or(self.began)
    }

    /// Whether the direction's way leads through what was broken.
    #[must_use]
    pub fn concerns(&self, from: &str, to: &str) -> bool {
        let mut concerned = self.concerned.iter();
        concerned.any(|one| one.from == from && one.to == to)
    }
}

/// How a direction got over a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The home that sends.
    pub from: String,
    /// The home that delivers.
    pub to: String,
    /// From when it counts until a packet that was sent after that was fulfilled.
    pub took: Option<Duration>,
}

/// The address of a home's onion service around the start of its daemon.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The home.
    pub home: String,
    /// Whether the keys were taken away.
    pub keys_lost: bool,
    /// The address before.
    pub before: Gathered<Secret>,
    /// The address after.
    pub after: Gathered<Secret>,
}

/// How a packet ended for its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PacketEnd {
    /// With a fulfillment.
    Fulfilled {
        /// Whether it fits the condition.
        fits: bool,
    },
    /// With a reject of this code.
    Rejected(String),
    /// With no answer, or with something else.
    Unanswered(String),
}

/// One packet that a home's connector took.
#[derive(Debug, Clone)]
pub struct FaultPacket {
    /// The home that sent.
    pub from: String,
    /// The home that it was for.
    pub to: String,
    /// When it was sent.
    pub sent: u64,
    /// How long its answer took.
    pub took: Duration,
    /// How long it lived.
    pub limit: Duration,
    /// Its answer.
    pub end: PacketEnd,
    /// How often the far server has a record of it.
    pub arrived: usize,
    /// Whether the sender's own connector was away or stopped meanwhile, so that it could not answer.
    pub excused: bool,
}

impl FaultPacket {
    /// How much later than its expiry its answer may come: for the way to the harness and back.
    pub const GRACE: Duration = Duration::from_secs(1);

    /// Whether it was fulfilled.
    #[must_use]
    pub const fn is_fulfilled(&self) -> bool {
        matches!(self.end, PacketEnd::Fulfilled { .. })
    }
}

/// What a connector said of a peer that it dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerSample {
    /// When it was asked.
    pub at: u64,
    /// The home that was asked.
    pub home: String,
    /// The peer.
    pub peer: String,
    /// Whether it says that the peer is connected; `None` when it does not know the peer.
    pub connected: Option<bool>,
}
