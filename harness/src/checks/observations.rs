//! Everything that was seen of a running topology. Pure data: checks judge it, tests bend it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::connector::{Received, SendAnswer};
use crate::onion::consensus::Consensus;
use crate::onion::directory::Certificates;
use crate::onion::monitor::DaemonState;
use crate::onion::{OnionAddress, TldFamily};
use crate::plan::Plan;
use crate::probe::{Latencies, SessionCounters};
use crate::secret::Secret;
use crate::topology::{Budget, Metric};

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
    /// Who should dial whom: the dialling home's id and the accepting one's.
    pub peering_ends: Vec<(String, String)>,
    /// The family the topology asks for.
    pub family: TldFamily,
    /// Per authority.
    pub authorities: Vec<AuthorityView>,
    /// Per home.
    pub homes: Vec<HomeView>,
    /// Per peering.
    pub peerings: Vec<PeeringView>,
    /// Packets sent by connectors for other homes.
    pub deliveries: Vec<Delivery>,
    /// Packets for a destination that nobody has.
    pub unknown: Vec<UnknownDestination>,
    /// The harness's own peer.
    pub probe: ProbeView,
    /// The containers' logs and visible metadata.
    pub logs: Vec<LogView>,
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
    pub consensus: Option<Consensus>,
    /// The certificates it knows.
    pub certificates: Option<Certificates>,
}

/// What was seen of one home.
#[derive(Debug, Clone)]
pub struct HomeView {
    /// The home's id.
    pub id: String,
    /// The address its key gives.
    pub planned: OnionAddress,
    /// What the daemon wrote into its hostname file, or why it could not be read.
    pub hostname: Result<Secret, String>,
    /// What the daemon has told.
    pub daemon: DaemonState,
    /// How many uploads a complete publication has.
    pub uploads_expected: usize,
    /// How often another home's daemon fetched this home's descriptor: that home's id and count.
    pub fetched_by: Vec<(String, usize)>,
    /// Dials from inside the home's network namespace.
    pub attempts: Vec<Attempt>,
    /// Whether this home's own BTP port answers the machine, so that a refused dial from another
    /// home means something.
    pub listening: bool,
    /// `BTP_*` variables the plan wants in the connector's environment, and whether each is there
    /// with the right value.
    pub wiring: Vec<(String, bool)>,
}

/// What a dial from inside a home was meant to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
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
    pub arrival: Arrival,
    /// The target, `address:port`.
    pub target: String,
    /// How it ended: `connected`, `timeout`, `refused`, ...
    pub outcome: String,
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
    pub connected: Option<bool>,
    /// Whether the accepting connector logged an accepted authentication of the dialling one.
    pub accepted_in_log: bool,
}

/// One packet sent through a connector for another home.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The home that sent.
    pub from: String,
    /// The home it was for.
    pub to: String,
    /// Its destination.
    pub destination: String,
    /// The amount.
    pub amount: u64,
    /// The payload, base64. Unique per packet.
    pub payload: String,
    /// The connector's answer, or why there was none.
    pub answer: Result<SendAnswer, String>,
    /// The fulfillment that fits the condition, base64.
    pub fulfillment: String,
    /// Every record of this payload at the destination home.
    pub arrived: Vec<Received>,
    /// How often the payload arrived at any other home.
    pub arrived_elsewhere: usize,
}

/// A packet for a destination that nobody has.
#[derive(Debug, Clone)]
pub struct UnknownDestination {
    /// Who was asked.
    pub asked: String,
    /// The reject's code, or what came instead.
    pub came: Result<String, String>,
}

/// How an attempt to authenticate with bad credentials ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// As the contract says: ERROR `F00`, then close 1008.
    AsContract,
    /// Let in.
    Accepted,
    /// Refused in another way; the text says how.
    Otherwise(String),
}

/// What the harness's own peer met.
#[derive(Debug, Clone)]
pub struct ProbeView {
    /// The home it dialled through.
    pub via: String,
    /// The home it dialled.
    pub to: String,
    /// With the right secret: how long dial, upgrade and authentication took, or why not.
    pub accepted: Result<Duration, String>,
    /// With a wrong secret.
    pub wrong_secret: Refusal,
    /// With an empty secret, which `BTP_ALLOW_NOAUTH=false` forbids.
    pub empty_secret: Refusal,
    /// Packets sent.
    pub sent: u64,
    /// Packets fulfilled with a fitting fulfillment.
    pub fulfilled: u64,
    /// What the others ended as, counted.
    pub other_outcomes: BTreeMap<String, u64>,
    /// Packets of the probe that the far server recorded with the sent payload, each payload
    /// counted once.
    pub recorded: u64,
    /// Payloads that it recorded more than once.
    pub repeated: u64,
    /// What the session counted.
    pub counters: SessionCounters,
}

/// One container's log and what everybody can see of it.
#[derive(Clone)]
pub struct LogView {
    /// What it is in the topology.
    pub role: String,
    /// Whether the log has levels that can be read (a connector's JSON lines).
    pub leveled: bool,
    /// The log.
    pub text: String,
    /// Command line and labels.
    pub visible: String,
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
            family: plan.topology.network.family,
            authorities: Vec::new(),
            homes: Vec::new(),
            peerings: Vec::new(),
            deliveries: Vec::new(),
            unknown: Vec::new(),
            probe: ProbeView {
                via: plan.probe.via.clone(),
                to: plan.probe.to.clone(),
                accepted: Err("not tried".to_owned()),
                wrong_secret: Refusal::Otherwise("not tried".to_owned()),
                empty_secret: Refusal::Otherwise("not tried".to_owned()),
                sent: 0,
                fulfilled: 0,
                other_outcomes: BTreeMap::new(),
                recorded: 0,
                repeated: 0,
                counters: SessionCounters::default(),
            },
            logs: Vec::new(),
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
        let roles: Vec<String> = self
            .home_ids
            .iter()
            .map(|id| format!("{id}/connector"))
            .collect();
        unseen(&roles, |role| {
            self.logs.iter().any(|log| log.leveled && log.role == *role)
        })
    }
}

fn unseen(names: &[String], seen: impl Fn(&String) -> bool) -> Vec<String> {
    names
        .iter()
        .filter(|name| !seen(name))
        .map(|name| format!("{name} was not looked at"))
        .collect()
}
