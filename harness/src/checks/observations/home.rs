//! What was seen of one home.

use std::net::SocketAddr;

use crate::evidence::{DialOutcome, Gathered};
use crate::onion::OnionAddress;
use crate::onion::monitor::DaemonState;
use crate::secret::Secret;

/// What was seen of one home.
#[derive(Debug, Clone)]
pub struct HomeView {
    /// The home's id.
    pub id: String,
    /// The address its key gives; `None` without an onion service.
    pub planned: Option<OnionAddress>,
    /// The address that is handed out: what the daemon wrote into its hostname file, or what the
    /// connector says that runs the daemon; none while it says none.
    pub hostname: Gathered<Option<Secret>>,
    /// What the daemon has told.
    pub daemon: DaemonState,
    /// The consensus that the daemon holds.
    pub consensus: Gathered<ConsensusValidity>,
    /// How many uploads a complete publication has.
    pub uploads_expected: usize,
    /// How often another home's daemon fetched this home's descriptor: that home's id and count.
    pub fetched_by: Vec<(String, usize)>,
    /// Dials from inside the home's network namespace.
    pub attempts: Vec<Attempt>,
    /// Whether this home's own BTP port takes connections, so that a refused dial from another home
    /// means something.
    pub listening: Gathered<bool>,
    /// What the SOCKS and DNS recorder between the connector and the rest of the world saw.
    pub wire: Gathered<Wire>,
    /// The sessions to other homes, followed through the daemon.
    pub circuits: Vec<CircuitTrace>,
    /// The peer that does not exist; none where the home has no onion daemon.
    pub decoy: Gathered<Option<DecoyView>>,
    /// What the connector says of its own health.
    pub health: Gathered<Option<HealthView>>,
    /// `BTP_*` variables the plan wants in the connector's environment, and whether each is there
    /// with the right value.
    pub wiring: Vec<(String, bool)>,
}

impl HomeView {
    /// What became of the peer that does not exist, or why nothing is known of it.
    pub(in crate::checks) fn told_decoy(&self) -> Result<&DecoyView, String> {
        match &self.decoy {
            Ok(Some(decoy)) => Ok(decoy),
            Ok(None) => Err(format!("{} was not told to dial", self.id)),
            Err(reason) => Err(format!("{}: {reason}", self.id)),
        }
    }
}

/// When a daemon's consensus is in force, as seen from this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsensusValidity {
    /// Seconds since it is (`valid-after`).
    pub since: i64,
    /// Seconds until it no longer is (`valid-until`).
    pub left: i64,
}

/// What a SOCKS and DNS recorder saw.
#[derive(Debug, Clone, Default)]
pub struct Wire {
    /// SOCKS requests.
    pub requests: Vec<SocksRequest>,
    /// Names that were asked of DNS.
    pub queries: Vec<Secret>,
    /// What was neither SOCKS5 nor DNS.
    pub malformed: Vec<String>,
    /// TCP connections to the place that nobody has to dial.
    pub arrivals: usize,
    /// When the last connection to the proxy was opened, as in [`SocksRequest::opened_us`]; 0 without any.
    pub last_opened_us: u64,
}

impl Wire {
    /// How many requests for a host came on connections that were opened after that moment.
    #[must_use]
    pub fn dials_opened_after(&self, opened_us: u64, host: &str) -> usize {
        let requests = self.requests.iter();
        requests
            .filter(|request| request.opened_us > opened_us && request.host.expose() == host)
            .count()
    }

    /// What was seen since an earlier look.
    #[must_use]
    pub fn since(mut self, earlier: &Self) -> Self {
        let new = |all: usize, before: usize| before.min(all);
        self.requests
            .drain(..new(self.requests.len(), earlier.requests.len()));
        self.queries
            .drain(..new(self.queries.len(), earlier.queries.len()));
        self.malformed
            .drain(..new(self.malformed.len(), earlier.malformed.len()));
        self.arrivals = self.arrivals.saturating_sub(earlier.arrivals);
        self
    }
}

/// One SOCKS request as it was on the wire (RFC 1928).
#[derive(Debug, Clone)]
pub struct SocksRequest {
    /// When it was recorded, in microseconds since the Unix epoch, by the clock of the home's machine.
    pub at_us: u64,
    /// When the connection on which it came was opened, by the same clock: a busy daemon may be long about the greeting
    /// that comes before a request.
    pub opened_us: u64,
    /// ATYP: 1 is IPv4, 3 a host name, 4 IPv6.
    pub address_type: u8,
    /// The host name or address.
    pub host: Secret,
    /// The port that the daemon saw the request come from.
    pub upstream: u16,
    /// REP, once there was one: 0 is success.
    pub reply: Option<u8>,
    /// Whether the connection is closed.
    pub ended: bool,
    /// Bytes towards the daemon.
    pub sent: u64,
    /// Bytes from the daemon.
    pub received: u64,
}

/// A session to another home, followed from the SOCKS request to the rendezvous circuit.
#[derive(Debug, Clone)]
pub struct CircuitTrace {
    /// The home that is dialled.
    pub to: String,
    /// Successful SOCKS requests for that home's address.
    pub requests: usize,
    /// Those of them that the daemon attached to a circuit.
    pub attached: usize,
    /// Those of the circuits that are joined with the dialled home's service.
    pub joined: usize,
    /// Bytes that the requests carried towards the daemon and from it.
    pub passed: (u64, u64),
    /// Bytes that the daemon counted on the joined circuits, written and read.
    pub circuit: (u64, u64),
}

/// What became of the peer that does not exist, once the connector had taken the order to dial it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoyView {
    /// How many of the connector's dials through the onion network came to nothing.
    pub refused: usize,
    /// Connections that reached the place where only a direct dial can arrive.
    pub direct: usize,
    /// How a dial from inside the home to that place ended, which shows that it can be reached.
    pub control: DialOutcome,
    /// What it did after it was told to forget the peer.
    pub removal: Removal,
}

/// What a connector did with a peer that it was told to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// So many requests for it were made of the proxy in the time that was watched.
    Watched {
        /// The requests.
        dials: usize,
    },
    /// It cannot be told to forget a peer.
    Unsupported,
    /// It was not told, or nothing could be seen; the text says why.
    Unknown(String),
}

/// What a connector says of its own health, with everything connected that can be and one peer gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthView {
    /// `status`, in the connector's own word.
    pub status: Option<String>,
    /// `peersConnected`.
    pub connected: u64,
    /// `peersConnected` before the connector was told of the peer that does not exist; `None` where it
    /// did not say.
    pub connected_before: Option<u64>,
    /// Whether the admin API lists the peer that does not exist as connected; `None` when it does
    /// not list it, or lists nothing.
    pub decoy_connected: Option<bool>,
}

/// What a dial from inside a home was meant to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialExpectation {
    /// A relay's published address: must connect.
    Published,
    /// Another home: must not connect.
    OtherHome,
    /// Anything else outside: must not connect.
    Elsewhere,
}

/// One dial from inside a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What it was meant to show.
    pub expectation: DialExpectation,
    /// The target.
    pub target: SocketAddr,
    /// How it ended.
    pub outcome: DialOutcome,
}

impl SocksRequest {
    /// Whether it came to nothing: the daemon refused it, or the connector gave it up.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.reply.map_or(self.ended, |code| code != 0)
    }
}
