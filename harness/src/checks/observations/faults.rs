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
    /// When the packets began to flow, in microseconds since the Unix epoch.
    pub began_us: u64,
    /// Every packet that a connector took while they were, but for those that are only counted.
    pub packets: Vec<FaultPacket>,
    /// Those that were under way to a connector when that was ended, sent in a crowd for that: none of them is one of
    /// [`packets`](Self::packets).
    pub in_flight: Vec<FaultPacket>,
    /// How many more there were, with which all was well: fulfilled in time, delivered once, not excused.
    pub fine: u64,
    /// What happened to a topology that was kept busy for a time; `None` but for a soak.
    pub soak: Option<SoakView>,
    /// What connectors said of their peers.
    pub samples: Vec<PeerSample>,
    /// What connectors said of their own health.
    pub healths: Vec<HealthSample>,
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

/// What else was seen of a soak.
#[derive(Debug, Clone, Default)]
pub struct SoakView {
    /// How long packets flowed.
    pub took: Duration,
    /// Whether it was ended before its time.
    pub cut_short: bool,
    /// What each container, and the harness itself, used over time.
    pub usage: Vec<UsageOverTime>,
    /// The dials that failed.
    pub failed_dials: Vec<FailedDial>,
}

/// What one process or container used over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageOverTime {
    /// Whose: the container's role, or `harness`.
    pub of: String,
    /// Each look.
    pub looks: Vec<Usage>,
}

/// What was used at one moment. Nothing where it could not be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// When, in milliseconds since packets began to flow.
    pub at: u64,
    /// Memory in bytes.
    pub memory: Option<u64>,
    /// Open descriptors.
    pub descriptors: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
}

/// A dial of a peer through the onion network that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDial {
    /// The home that dialled.
    pub home: String,
    /// When.
    pub at: u64,
    /// Why, by the daemon's events or by what was broken then; `None` where nothing tells.
    pub why: Option<String>,
}

/// One fault, and what came of it.
#[derive(Debug, Clone)]
pub struct FaultView {
    /// What was done, as `cut home-b for 10.0 s`.
    pub what: String,
    /// Why it could not be made, or undone; nothing that follows from it is known then.
    pub failed: Option<String>,
    /// When its first step was taken.
    pub started: u64,
    /// When it began: one that stays, when all its steps were done.
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
    /// The connector that was told to end by it.
    pub ended: Option<Ended>,
    /// The home whose daemon was started again, and its address before and after.
    pub identity: Option<Identity>,
}

impl FaultView {
    /// How much later a fault may still be felt, in milliseconds: a session that it has broken is told from one that is
    /// silent within 35 s (contract#timing), though packets flow by another one meanwhile.
    const LATE: u64 = 40_000;

    /// From when recovery counts: from its end, or from its beginning if it stays.
    #[must_use]
    pub fn counts_from(&self) -> u64 {
        self.over.unwrap_or(self.began)
    }

    /// From when until when it may be felt where it is felt. What stays, or is not got over, is felt to the end.
    #[must_use]
    pub fn felt(&self) -> std::ops::RangeInclusive<u64> {
        let is_over = self.over.is_some() && self.failed.is_none() && !self.for_good;
        let is_back = self.concerned.iter().all(|one| one.took.is_some());
        match is_over && is_back {
            true => self.started..=self.until.saturating_add(Self::LATE),
            false => self.started..=u64::MAX,
        }
    }

    /// Whether a packet may have met it: its way leads through what was broken, and it was under way meanwhile.
    #[must_use]
    pub fn meets(&self, packet: &FaultPacket) -> bool {
        let took = u64::try_from(packet.took.as_millis()).unwrap_or(u64::MAX);
        let answered = packet.sent.saturating_add(took);
        let felt = self.felt();
        let meanwhile = answered >= *felt.start() && packet.sent <= *felt.end();
        meanwhile && (self.failed.is_some() || self.concerns(&packet.from, &packet.to))
    }

    /// Whether the direction's way leads through what was broken.
    #[must_use]
    pub fn concerns(&self, from: &str, to: &str) -> bool {
        let mut concerned = self.concerned.iter();
        concerned.any(|one| one.from == from && one.to == to)
    }
}

/// A connector that was told to end.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The home.
    pub home: String,
    /// How long it may take.
    pub within: Duration,
    /// How long it took; nothing of one that had not ended by then.
    pub took: Gathered<Option<Duration>>,
    /// How the harness's own session with it ended then; nothing where there was none. It is told, and not judged.
    pub farewell: Option<String>,
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

/// What a connector said of its own health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthSample {
    /// When it was asked.
    pub at: u64,
    /// The home that was asked.
    pub home: String,
    /// Whether it says that it is healthy.
    pub healthy: bool,
}
