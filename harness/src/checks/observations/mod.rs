//! Everything that was seen of a running topology. Pure data: checks judge it, tests bend it.

mod ending;
mod faults;
mod home;
mod packets;
mod probe;

use std::collections::BTreeMap;

use crate::connectors::Kind;
use crate::evidence::{ContainerRole, Gathered};
use crate::onion::TldFamily;
use crate::onion::ballot::Ballot;
use crate::onion::directory::Certificates;
use crate::plan::{HomePlan, Plan};
use crate::probe::{Latencies, SessionCounters};
use crate::secret::Secret;
use crate::topology::{Budget, Metric, NetworkKind, Transport};

pub use ending::EndingView;
pub use faults::{
    Ended, FailedDial, FaultPacket, FaultView, FaultsView, HealthSample, Identity, PacketEnd,
    PeerSample, Recovery, SoakView, Usage, UsageOverTime,
};
pub use home::{
    Attempt, CircuitTrace, ConsensusValidity, DecoyView, DialExpectation, HealthView, HomeView,
    Removal, SocksRequest, Wire,
};
pub use packets::{Answer, Delivery, Reason, Reject};
pub use probe::{Entry, ProbeView, Refusal};

/// What was measured, by metric.
pub type Metrics = BTreeMap<Metric, Latencies>;

/// How this machine's processors were shared while something was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    /// For what part of the time something that could run waited for a processor, from 0 to 1.
    pub waited: f64,
    /// What part of all processors' time the connectors had, from 0 to 1.
    pub by_connectors: f64,
}

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
    /// Whether packets above 0 were left out because the user asked for that.
    pub only_zero: bool,
    /// Packets that have to be rejected.
    pub rejects: Vec<Reject>,
    /// What happened when one connector was told to end; nothing where the topology is left running.
    pub ending: Gathered<Option<EndingView>>,
    /// Whether packets flow while things are broken, or for a soak.
    pub has_faults: bool,
    /// What was seen of its faults; nothing where the topology is left running.
    pub faults: Gathered<Option<FaultsView>>,
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
    /// What waited for processors meanwhile; only of metrics and machines that it is known of.
    pub waits: BTreeMap<Metric, Wait>,
    /// Memory of all containers together, in bytes; nothing is judged by it.
    pub containers_memory: Option<u64>,
    /// What it is held against.
    pub budgets: Vec<Budget>,
}

/// What one authority serves.
#[derive(Debug, Clone)]
pub struct AuthorityView {
    /// Its consensus, and, where that is not as it should be, its votes.
    pub ballot: Ballot,
    /// The certificates it knows.
    pub certificates: Gathered<Certificates>,
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
    /// The line of the accepting connector's log, from 1, in which it says that it let the dialling one
    /// in. It is told beside what shows the session, and never judged by.
    pub admitted_in_line: Option<usize>,
}

/// One container's log and what everybody can see of it.
#[derive(Clone)]
pub struct LogView {
    /// What it is in the topology.
    pub role: ContainerRole,
    /// The log; empty where it could not be read.
    pub text: String,
    /// Why the log could not be read.
    pub unread: Option<String>,
    /// What everybody can see of the container: all of its metadata but the environment.
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
            only_zero: false,
            ending: Err("no connector was told to end".to_owned()),
            rejects: Vec::new(),
            has_faults: plan.topology.has_load(),
            faults: Err("nothing was broken".to_owned()),
            probe: ProbeView {
                id: plan.probe.id.clone(),
                far: plan.topology.probe.far.clone(),
                via: plan.probe.via.clone(),
                to: plan.probe.to.clone(),
                accepted: Entry::Untried("not tried".to_owned()),
                wrong_secret: Refusal::Untried("not tried".to_owned()),
                empty_secret: Refusal::Untried("not tried".to_owned()),
                stranger: Refusal::Untried("not tried".to_owned()),
                no_auth_allowed: plan.topology.allows_no_auth(&plan.probe.to),
                configured_secret: Refusal::Untried("not tried".to_owned()),
                counters: SessionCounters::default(),
            },
            logs: Vec::new(),
            written: Vec::new(),
            secrets: plan.secrets(),
            waits: BTreeMap::new(),
            containers_memory: None,
            metrics: Metrics::new(),
            budgets: plan.topology.budgets.clone(),
        }
    }

    /// Notes how this machine's processors were shared while these were measured, where that is known.
    pub fn waited(&mut self, metrics: &[Metric], wait: Option<Wait>) {
        let Some(wait) = wait else { return };
        tracing::debug!(?metrics, ?wait, "processors");
        self.waits
            .extend(metrics.iter().map(|metric| (*metric, wait)));
    }

    /// A complaint for every authority that was not looked at.
    pub(super) fn unseen_authorities(&self) -> Vec<String> {
        unseen(&self.authority_nicknames, |nickname| {
            self.authorities
                .iter()
                .any(|view| view.ballot.authority == *nickname)
        })
    }

    /// A complaint for every home that was not looked at.
    pub(super) fn unseen_homes(&self) -> Vec<String> {
        unseen(&self.home_ids, |id| {
            self.homes.iter().any(|view| view.id == *id)
        })
    }

    /// Why nothing of the probe's session can be judged, if it was not let in: another check
    /// does not pass because of that.
    pub(super) fn probe_missing(&self) -> Option<String> {
        match &self.probe.accepted {
            Entry::LetIn(_) => None,
            Entry::Shut(reason) | Entry::Untried(reason) => {
                Some(format!("the probe has no session: {reason}"))
            }
        }
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
