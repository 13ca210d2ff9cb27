//! Everything that was seen of a running topology. Pure data: checks judge it, tests bend it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::connectors::{Answers, Kind, Received};
use crate::evidence::{ContainerRole, DialOutcome, Gathered};
use crate::onion::consensus::Consensus;
use crate::onion::directory::Certificates;
use crate::onion::monitor::DaemonState;
use crate::onion::{OnionAddress, TldFamily};
use crate::plan::{HomePlan, Plan};
use crate::probe::{Latencies, SessionCounters};
use crate::secret::Secret;
use crate::topology::{Budget, Metric, NetworkKind, Transport};

/// What was measured, by metric.
pub type Metrics = BTreeMap<Metric, Latencies>;

/// Everything that was seen.
#[derive(Clone)]
pub struct Observations {
    /// Nicknames of all authorities and relays there should be.
    pub nicknames: Vec<String>,
    /// Nicknames of the authorities there should be.
    pub authority_nicknames: Vec<String>,
    /// Ids of the homes there should be.
    pub home_ids: Vec<String>,
    /// Ids of those without an onion daemon.
    pub daemonless: Vec<String>,
    /// Who should dial whom: the dialling home's id and the accepting one's.
    pub peering_ends: Vec<(String, String)>,
    /// Those of them that run over the onion network.
    pub onion_peerings: Vec<(String, String)>,
    /// Who should send to whom over several peerings.
    pub paths: Vec<(String, String)>,
    /// Whose network the homes meet in.
    pub network: NetworkKind,
    /// The family the topology asks for.
    pub family: TldFamily,
    /// The homes' connector.
    pub connector: Kind,
    /// Per authority.
    pub authorities: Vec<AuthorityView>,
    /// Per home.
    pub homes: Vec<HomeView>,
    /// Per peering.
    pub peerings: Vec<PeeringView>,
    /// Homes whose business-logic server did not say what it has received, each with the reason.
    pub unread_servers: BTreeMap<String, String>,
    /// Packets sent for other homes, by connectors and by the probe.
    pub deliveries: Vec<Delivery>,
    /// Packets that have to be rejected.
    pub rejects: Vec<Reject>,
    /// The harness's own peer.
    pub probe: ProbeView,
    /// The containers' logs and visible metadata.
    pub logs: Vec<LogView>,
    /// What the run has written so far for people to read: its name and its text.
    pub written: Vec<(String, String)>,
    /// Texts that must appear nowhere.
    pub secrets: Vec<Secret>,
    /// What was measured.
    pub metrics: Metrics,
    /// What it is held against.
    pub budgets: Vec<Budget>,
}

/// What one authority serves.
#[derive(Debug, Clone)]
pub struct AuthorityView {
    /// Its nickname.
    pub nickname: String,
    /// Its consensus, if it has one.
    pub consensus: Gathered<Option<Consensus>>,
    /// The certificates it knows.
    pub certificates: Gathered<Certificates>,
}

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
    pub health: Gathered<HealthView>,
    /// `BTP_*` variables the plan wants in the connector's environment, and whether each is there
    /// with the right value.
    pub wiring: Vec<(String, bool)>,
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
}

/// One SOCKS request as it was on the wire (RFC 1928).
#[derive(Debug, Clone)]
pub struct SocksRequest {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoyView {
    /// How many of the connector's dials through the onion network came to nothing.
    pub refused: usize,
    /// Connections that reached the place where only a direct dial can arrive.
    pub direct: usize,
    /// How a dial from inside the home to that place ended, which shows that it can be reached.
    pub control: DialOutcome,
}

/// What a connector says of its own health.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthView {
    /// `peersConnected`.
    pub connected: u64,
    /// `totalPeers`.
    pub total: u64,
    /// Whether the admin API lists the peer that does not exist as connected; `None` when it does
    /// not list it.
    pub decoy_connected: Option<bool>,
    /// Peers that are known to be gone.
    pub gone: u64,
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

/// What was seen of one peering.
#[derive(Debug, Clone)]
pub struct PeeringView {
    /// The home that dials.
    pub from: String,
    /// The home that accepts.
    pub to: String,
    /// Whether the dialling connector says that it is connected; `None` if it does not know the
    /// peer.
    pub connected: Gathered<Option<bool>>,
    /// Whether the accepting connector logged an accepted authentication of the dialling one.
    pub accepted_in_log: bool,
}

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
    /// The code that a connector owes.
    #[must_use]
    pub const fn code(self, owes: &Answers) -> &'static str {
        match self {
            Self::NoRoute => owes.no_route,
            Self::Expired | Self::TooLittleTime => owes.expired,
            Self::Application => owes.refused_by_server,
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
}

/// How an attempt to authenticate with bad credentials ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// As the connector owes it ([`Answers::refusal`]).
    AsContract,
    /// Let in.
    Accepted,
    /// Refused in another way; the text says how.
    Otherwise(String),
}

/// What the harness's own peer met.
#[derive(Debug, Clone)]
pub struct ProbeView {
    /// Its peer id.
    pub id: String,
    /// The home behind others that it sends to as well.
    pub far: Option<String>,
    /// The home it dialled through.
    pub via: String,
    /// The home it dialled.
    pub to: String,
    /// With the right secret: how long dial, upgrade and authentication took, or why not.
    pub accepted: Result<Duration, String>,
    /// With a wrong secret.
    pub wrong_secret: Refusal,
    /// With an empty secret.
    pub empty_secret: Refusal,
    /// Whether the dialled home lets peers in that have no secret (`BTP_ALLOW_NOAUTH`).
    pub no_auth_allowed: bool,
    /// As a peer that the dialled home dials itself, with the token it would send there: that token
    /// says nothing about who comes in.
    pub configured_secret: Refusal,
    /// What the session counted.
    pub counters: SessionCounters,
}

/// One container's log and what everybody can see of it.
#[derive(Clone)]
pub struct LogView {
    /// What it is in the topology.
    pub role: ContainerRole,
    /// Whether the log has levels that can be read (a connector's JSON lines).
    pub leveled: bool,
    /// The log.
    pub text: String,
    /// What everybody can see of the container: all of its metadata but the environment.
    pub visible: String,
}

impl SocksRequest {
    /// Whether it came to nothing: the daemon refused it, or the connector gave it up.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.reply.map_or(self.ended, |code| code != 0)
    }
}

impl Observations {
    /// Nothing seen yet of what a plan describes.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            nicknames: plan.nodes().map(|node| node.nickname.clone()).collect(),
            authority_nicknames: plan
                .authorities
                .iter()
                .map(|node| node.nickname.clone())
                .collect(),
            home_ids: plan.homes.iter().map(|home| home.id.clone()).collect(),
            peering_ends: plan
                .peerings
                .iter()
                .map(|peering| (peering.from.clone(), peering.to.clone()))
                .collect(),
            daemonless: ids(plan, |home| !home.is_onion()),
            onion_peerings: plan
                .peerings
                .iter()
                .filter(|peering| peering.transport == Transport::Onion)
                .map(|peering| (peering.from.clone(), peering.to.clone()))
                .collect(),
            paths: plan
                .topology
                .paths
                .iter()
                .map(|path| (path.from.clone(), path.to.clone()))
                .collect(),
            network: plan.topology.network.kind,
            family: plan.topology.network.family,
            connector: plan.topology.connector,
            authorities: Vec::new(),
            homes: Vec::new(),
            peerings: Vec::new(),
            unread_servers: BTreeMap::new(),
            deliveries: Vec::new(),
            rejects: Vec::new(),
            probe: ProbeView {
                id: plan.probe.id.clone(),
                far: plan.topology.probe.far.clone(),
                via: plan.probe.via.clone(),
                to: plan.probe.to.clone(),
                accepted: Err("not tried".to_owned()),
                wrong_secret: Refusal::Otherwise("not tried".to_owned()),
                empty_secret: Refusal::Otherwise("not tried".to_owned()),
                no_auth_allowed: plan.topology.allows_no_auth(&plan.probe.to),
                configured_secret: Refusal::Otherwise("not tried".to_owned()),
                counters: SessionCounters::default(),
            },
            logs: Vec::new(),
            written: Vec::new(),
            secrets: plan.secrets(),
            metrics: Metrics::new(),
            budgets: plan.topology.budgets.clone(),
        }
    }

    /// A complaint for every authority that was not looked at.
    pub(super) fn unseen_authorities(&self) -> Vec<String> {
        unseen(&self.authority_nicknames, |nickname| {
            self.authorities
                .iter()
                .any(|view| view.nickname == *nickname)
        })
    }

    /// A complaint for every home that was not looked at.
    pub(super) fn unseen_homes(&self) -> Vec<String> {
        unseen(&self.home_ids, |id| {
            self.homes.iter().any(|view| view.id == *id)
        })
    }

    /// Why nothing of the probe's session can be judged, if it was not let in: another check
    /// fails because of that.
    pub(super) fn probe_missing(&self) -> Option<String> {
        let reason = self.probe.accepted.as_ref().err()?;
        Some(format!("the probe has no session: {reason}"))
    }

    /// The homes that have an onion daemon.
    pub(super) fn onion_homes(&self) -> impl Iterator<Item = &HomeView> {
        self.homes
            .iter()
            .filter(|home| !self.daemonless.contains(&home.id))
    }

    /// A complaint for every peering that was not looked at.
    pub(super) fn unseen_peerings(&self) -> Vec<String> {
        self.peering_ends
            .iter()
            .filter(|(from, to)| {
                !self
                    .peerings
                    .iter()
                    .any(|view| view.from == *from && view.to == *to)
            })
            .map(|(from, to)| format!("{from} to {to} was not looked at"))
            .collect()
    }

    /// A complaint for every home whose connector's log was not looked at.
    pub(super) fn unseen_connector_logs(&self) -> Vec<String> {
        self.home_ids
            .iter()
            .map(|id| ContainerRole::Connector(id.clone()))
            .filter(|role| !self.logs.iter().any(|log| log.role == *role))
            .map(|role| format!("{role} was not looked at"))
            .collect()
    }
}

fn ids(plan: &Plan, wanted: impl Fn(&HomePlan) -> bool) -> Vec<String> {
    plan.homes
        .iter()
        .filter(|home| wanted(home))
        .map(|home| home.id.clone())
        .collect()
}

fn unseen(names: &[String], seen: impl Fn(&String) -> bool) -> Vec<String> {
    names
        .iter()
        .filter(|name| !seen(name))
        .map(|name| format!("{name} was not looked at"))
        .collect()
}
