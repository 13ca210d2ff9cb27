//! The topology's types.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fault::{Fault, FaultKind, FaultTarget};
use super::network::Network;
use super::soak::Soak;
use super::units::millis;
use super::wan::Wan;
use crate::connectors::{Deployment, Kind};
use crate::mutants::{MutantSpec, VariantSpec};

/// Id of a peer that every connector is told to dial and that does not exist. Homes and the probe
/// may not be called so.
pub const DECOY: &str = "absent-peer";

/// A destination that no topology has: every run asks every connector for it. No home's prefix may
/// cover it.
pub const NOWHERE: &str = "test.ator-harness-nowhere";

/// How many characters of an ILP address come after a home's prefix at most: packets are told apart by
/// what stands there.
pub const BELOW: usize = 100;

/// Packets of the probe to a home before the ones that count, apart from them. At least as many as are in
/// flight, so that the first round of them is apart: it opens windows and wakes what sleeps.
pub const WARM_UP: u32 = 16;

/// What is to be run. Pure data; [`Topology::parse`] makes one from TOML.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Topology {
    /// Short name, used in labels, reports and file names.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// The onion network that the homes meet in.
    pub network: Network,
    /// The connector of every home.
    pub connector: Kind,
    /// The homes, in file order.
    #[serde(rename = "home")]
    pub homes: Vec<Home>,
    /// Who dials whom, in file order.
    #[serde(rename = "peering")]
    pub peerings: Vec<Peering>,
    /// Packets that cross more than one peering, in file order.
    #[serde(rename = "path", skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<Path>,
    /// The harness's own BTP peer.
    pub probe: Probe,
    /// How long each stage may take before the run is given up.
    pub deadlines: Deadlines,
    /// What measured values are held against.
    #[serde(rename = "budget")]
    pub budgets: Vec<Budget>,
    /// Link shaping between the nodes; `None` leaves them as near as one machine has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wan: Option<Wan>,
    /// What is broken while packets flow, one after the other, in file order.
    #[serde(rename = "fault", skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// How long packets flow on after that, and what may be broken meanwhile; `None` but for a soak, which no file asks
    /// for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soak: Option<Soak>,
    /// The part that is broken on purpose, to show that its check notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutant: Option<&'static MutantSpec>,
    /// The legitimate difference that every home has, to show that no check takes it for a fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<&'static VariantSpec>,
}

/// One operator's place: onion sidecar, connector and business-logic server behind NAT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Home {
    /// The connector's `nodeId`, which is also its BTP peer id (contract#config-node-id).
    pub id: String,
    /// The ILP address prefix that this home delivers locally.
    pub prefix: String,
    /// Who runs the home's onion daemon.
    pub daemon: Daemon,
    /// The home on whose local network this one stands too; `None` for a network of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
    /// The service of a deployment that its connector is; `None` for the topology's connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose: Option<ComposeService>,
    /// What that service is, once it was read.
    #[serde(skip)]
    pub deployment: Option<Arc<Deployment>>,
}

/// A service of an operator's Compose file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComposeService {
    /// The file, from the topology file's folder.
    pub file: String,
    /// More of them, each of which counts over those before it, as with `docker compose -f FILE -f FILE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<String>,
    /// The service's name.
    pub service: String,
}

impl Home {
    /// The id of the home that its local network is called after.
    #[must_use]
    pub fn lan(&self) -> &str {
        self.beside.as_deref().unwrap_or(&self.id)
    }
}

/// Who runs a home's onion daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Daemon {
    /// A container of its own beside the connector (`transport.managed: false`).
    Sidecar,
    /// The connector itself (`transport.managed: true`, `externalUrl: auto`).
    Managed,
    /// Nobody: the home has direct peerings only.
    None,
}

impl Daemon {
    /// Every kind, in the order of messages.
    pub const ALL: [Self; 3] = [Self::Sidecar, Self::Managed, Self::None];

    /// The name in topology files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sidecar => "sidecar",
            Self::Managed => "managed",
            Self::None => "none",
        }
    }
}

/// A BTP relation: `from` dials `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peering {
    /// The home that dials.
    pub from: String,
    /// The home that accepts.
    pub to: String,
    /// How the dialling side proves who it is.
    pub auth: Auth,
    /// What the session runs over.
    pub transport: Transport,
}

/// What a peering's session runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// The accepting home's onion service (the connector's per-peer `transport: socks5`).
    Onion,
    /// The local network that both homes stand on (per-peer `transport: direct`).
    Direct,
}

impl Transport {
    /// Every kind, in the order of messages.
    pub const ALL: [Self; 2] = [Self::Onion, Self::Direct];

    /// The name in topology files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Onion => "onion",
            Self::Direct => "direct",
        }
    }
}

/// A packet's way over several peerings: from one home's connector to another home's
/// business-logic server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Path {
    /// The home that sends.
    pub from: String,
    /// The home that delivers.
    pub to: String,
}

/// How the dialling side of a peering authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// A fresh 32-byte secret per peering, and `BTP_ALLOW_NOAUTH=false` at the accepting side.
    Secret,
    /// An empty secret, and `BTP_ALLOW_NOAUTH=true` at the accepting side.
    None,
}

impl Auth {
    /// Every kind, in the order of messages.
    pub const ALL: [Self; 2] = [Self::Secret, Self::None];

    /// The name in topology files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::None => "none",
        }
    }
}

/// The harness as a third peer: it dials `to`'s onion service through `via`'s SOCKS port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The peer id it authenticates with.
    pub id: String,
    /// The home whose SOCKS port it dials through.
    pub via: String,
    /// The home it dials.
    pub to: String,
    /// A home behind others, to which it sends as many packets again: over every hop on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub far: Option<String>,
    /// How many packets it sends over its session, at least 50.
    pub packets: u32,
    /// How many fresh circuits it dials over, at least 3.
    pub dials: u32,
}

/// How long a stage may take. When it is over the run fails with that stage's last evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deadlines {
    /// All daemons started and every authority knows every relay.
    #[serde(with = "millis")]
    pub descriptors: Duration,
    /// The authorities agreed on a complete consensus.
    #[serde(with = "millis")]
    pub consensus: Duration,
    /// Every home's daemon is bootstrapped and its onion service is published.
    #[serde(with = "millis")]
    pub publication: Duration,
    /// Every peering's BTP session is up.
    #[serde(with = "millis")]
    pub peering: Duration,
    /// One ILP packet sent through a connector is answered.
    #[serde(with = "millis")]
    pub delivery: Duration,
}

/// What is measured and may have a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// SOCKS5 CONNECT to an onion service over a fresh circuit, until the proxy's success reply.
    Dial,
    /// SOCKS5 CONNECT to an onion service to which a rendezvous circuit is there already.
    Redial,
    /// The dial, the WebSocket upgrade and the BTP authentication together.
    BtpConnect,
    /// The BTP authentication alone: from its MESSAGE to its RESPONSE over an open WebSocket.
    Authentication,
    /// One ILP PREPARE to the far business-logic server and its answer, over an open session.
    RoundTrip,
    /// The same to the business-logic server of the probe's `far` home, over every hop on the way.
    FarRoundTrip,
    /// The first packets over a session that was just opened, to the home that the probe dials:
    /// circuits and windows are still cold, so they are kept apart from the round trips.
    WarmUp,
    /// The first packets to the probe's `far` home, kept apart in the same way.
    FarWarmUp,
    /// From the start of the run until every peering is connected.
    Ready,
    /// Per home: from when its daemon may use the network until its descriptor is published.
    Publication,
    /// Per peering: from its registration at the dialling connector until its session is up.
    Peering,
    /// Per packet that a connector sends: until its answer is there.
    Delivery,
    /// Per packet that flows while things are broken, or for a soak: until it is fulfilled.
    Traffic,
    /// Per fault and direction: from when the fault is over, or began if it stays, until a packet that was sent after
    /// that is fulfilled.
    Recovery,
}

impl Metric {
    /// Every metric, in report order.
    pub const ALL: [Self; 14] = [
        Self::Dial,
        Self::Redial,
        Self::BtpConnect,
        Self::Authentication,
        Self::RoundTrip,
        Self::FarRoundTrip,
        Self::WarmUp,
        Self::FarWarmUp,
        Self::Ready,
        Self::Publication,
        Self::Peering,
        Self::Delivery,
        Self::Traffic,
        Self::Recovery,
    ];

    /// The name used in topology files, reports and check ids.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Redial => "redial",
            Self::BtpConnect => "btp-connect",
            Self::Authentication => "authentication",
            Self::RoundTrip => "round-trip",
            Self::FarRoundTrip => "far-round-trip",
            Self::WarmUp => "warm-up",
            Self::FarWarmUp => "far-warm-up",
            Self::Ready => "ready",
            Self::Publication => "publication",
            Self::Peering => "peering",
            Self::Delivery => "delivery",
            Self::Traffic => "traffic",
            Self::Recovery => "recovery",
        }
    }
}

/// A percentile of a metric, the bound it must not pass, and how many samples it takes to say so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Budget {
    /// What is measured.
    pub metric: Metric,
    /// Which percentile, above 0 and up to 100.
    pub percentile: f64,
    /// The bound.
    #[serde(with = "millis")]
    pub at_most: Duration,
    /// Fewer samples than this make the check inconclusive.
    pub samples: u64,
}

impl Topology {
    /// Whether two homes are meant to stand on one local network.
    #[must_use]
    pub fn neighbours(&self, a: &str, b: &str) -> bool {
        let lan = |id| self.home(id).map(Home::lan);
        lan(a) == lan(b)
    }

    /// The local networks, each called after the home that it was made for.
    #[must_use]
    pub fn lans(&self) -> Vec<&str> {
        self.homes
            .iter()
            .filter(|home| home.beside.is_none())
            .map(|home| home.id.as_str())
            .collect()
    }

    /// How many homes stand on a local network.
    #[must_use]
    pub fn standing(&self, lan: &str) -> usize {
        self.homes.iter().filter(|home| home.lan() == lan).count()
    }

    /// Whether a home lets peers in that have no secret (`BTP_ALLOW_NOAUTH`).
    #[must_use]
    pub fn allows_no_auth(&self, id: &str) -> bool {
        self.peerings
            .iter()
            .any(|peering| peering.to == id && peering.auth == Auth::None)
    }

    /// Whether a fault ends a home's onion daemon, which is started again.
    #[must_use]
    pub fn restarts_daemon(&self, id: &str) -> bool {
        let mut faults = self.faults.iter();
        let drawn = |soak: &Soak| {
            soak.may(|fault| fault.on == "HOME/daemon" && fault.what != FaultKind::Pause)
        };
        self.soak.as_ref().is_some_and(drawn)
            || faults.any(|fault| {
                matches!(&fault.on, FaultTarget::Daemon(home) if home == id)
                    && fault.what != FaultKind::Pause
            })
    }

    /// Whether packets flow while things are broken, or for a soak.
    #[must_use]
    pub fn has_load(&self) -> bool {
        !self.faults.is_empty() || self.soak.is_some()
    }

    /// The first home that dials this one through the onion network, whose daemon is not its connector's: the peer
    /// that can come again while its old session stands.
    #[must_use]
    pub fn comes_again_to(&self, home: &str) -> Option<&str> {
        let has_sidecar = |id: &str| {
            self.home(id)
                .is_some_and(|home| home.daemon == Daemon::Sidecar)
        };
        comes_again_to(self.peerings.iter(), has_sidecar, home)
    }

    /// How many connectors hand a packet on between two homes; the sender's own is one of them.
    #[must_use]
    pub fn hops(&self, from: &str, to: &str) -> u32 {
        let mut at = from;
        let mut hops = 0;
        while let Some(next) = self.next_hop(at, to) {
            at = next;
            hops += 1;
        }
        hops
    }

    /// The next home on the shortest way from one home to another, over peerings in both
    /// directions: a session carries packets both ways. `None` when there is no way, or none to
    /// go.
    #[must_use]
    pub fn next_hop(&self, from: &str, to: &str) -> Option<&str> {
        let to = &self.home(to)?.id;
        next_hop(|| self.peerings.iter(), from, to)
    }

    /// The home with this id. Validation makes sure that every reference has one.
    #[must_use]
    pub fn home(&self, id: &str) -> Option<&Home> {
        self.homes.iter().find(|home| home.id == id)
    }
}

/// See [`Topology::comes_again_to`].
pub(super) fn comes_again_to<'t>(
    mut peerings: impl Iterator<Item = &'t Peering>,
    has_sidecar: impl Fn(&str) -> bool,
    home: &str,
) -> Option<&'t str> {
    let found = peerings
        .find(|one| one.to == home && one.transport == Transport::Onion && has_sidecar(&one.from));
    found.map(|one| one.from.as_str())
}

/// The next home on the shortest way over peerings, see [`Topology::next_hop`].
pub(super) fn next_hop<'t, I: Iterator<Item = &'t Peering>>(
    peerings: impl Fn() -> I,
    from: &str,
    to: &'t str,
) -> Option<&'t str> {
    if from == to {
        return None;
    }
    // Breadth first from the far end, so that the first step towards it is known at once.
    let mut reached = vec![to];
    let mut looked = 0;
    while let Some(&at) = reached.get(looked) {
        looked += 1;
        for peering in peerings() {
            let near = match (peering.from == at, peering.to == at) {
                (true, _) => peering.to.as_str(),
                (_, true) => peering.from.as_str(),
                _ => continue,
            };
            if near == from {
                return Some(at);
            }
            if !reached.contains(&near) {
                reached.push(near);
            }
        }
    }
    None
}
