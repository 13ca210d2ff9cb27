//! Which containers a fault is done to.

use crate::plan::{NodePlan, Plan};
use crate::topology::{Fault, FaultNodes, FaultTarget};

/// What a container is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// An authority or relay, by its nickname.
    Node(String),
    /// The onion daemon of a home.
    Daemon(String),
    /// The connector of a home.
    Connector(String),
    /// The server of a home.
    Server(String),
}

/// A container that something is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Victim {
    /// Its name on its engine.
    pub container: String,
    /// What it is.
    pub part: Part,
}

impl Victim {
    fn node(node: &NodePlan) -> Self {
        Self {
            container: node.container.clone(),
            part: Part::Node(node.nickname.clone()),
        }
    }

    /// The connector of a home.
    pub(super) fn connector(plan: &Plan, home: &str) -> Result<Self, String> {
        let found = plan
            .home(home)
            .ok_or_else(|| format!("there is no {home}"))?;
        Ok(Self {
            container: found.connector.clone(),
            part: Part::Connector(home.to_owned()),
        })
    }

    /// The home that it is of, if it is one's.
    #[must_use]
    pub fn home(&self) -> Option<&str> {
        match &self.part {
            Part::Node(_) => None,
            Part::Daemon(home) | Part::Connector(home) | Part::Server(home) => Some(home),
        }
    }
}

/// How things are when a fault is made.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// The relays on the way of a session over the onion network, the dialling home's guard first; empty where none is
    /// known.
    pub session: Vec<String>,
    /// The nicknames of nodes that an earlier fault left dead: nothing more can be done to them.
    pub dead: Vec<String>,
}

/// The containers of a fault's target.
pub(super) fn victims(plan: &Plan, fault: &Fault, now: &Now) -> Result<Vec<Victim>, String> {
    let home = |id: &String| plan.home(id).ok_or_else(|| format!("there is no {id}"));
    let found = match &fault.on {
        FaultTarget::Nodes(which) => nodes(plan, which, now)?,
        FaultTarget::Daemon(id) => {
            let container = home(id)?.sidecar();
            let container = container.ok_or_else(|| format!("{id} has no daemon by itself"))?;
            vec![Victim {
                container: container.to_owned(),
                part: Part::Daemon(id.clone()),
            }]
        }
        FaultTarget::Connector(id) => vec![Victim::connector(plan, id)?],
        FaultTarget::Server(id) => vec![Victim {
            container: home(id)?.bls.clone(),
            part: Part::Server(id.clone()),
        }],
        FaultTarget::Home(_) | FaultTarget::Links => Vec::new(),
    };
    match found.is_empty() {
        true => Err(format!("{} is nobody that lives", fault.on)),
        false => Ok(found),
    }
}

fn nodes(plan: &Plan, which: &FaultNodes, now: &Now) -> Result<Vec<Victim>, String> {
    let Now { session, dead } = now;
    let lives = |node: &&NodePlan| !dead.contains(&node.nickname);
    let named = |name: &str| {
        plan.nodes()
            .filter(lives)
            .find(|node| node.nickname == name)
    };
    let on_path = |place: Option<&String>| {
        let name = place.ok_or("no session over the onion network is known")?;
        let node =
            named(name).ok_or_else(|| format!("{name} is no node of this network that lives"))?;
        Ok::<_, String>(vec![Victim::node(node)])
    };
    let authorities = |count: usize| {
        let alive = plan.authorities.iter().filter(lives);
        alive.take(count).map(Victim::node)
    };
    Ok(match which {
        FaultNodes::Named(name) => named(name).map(Victim::node).into_iter().collect(),
        FaultNodes::Relays => plan.nodes().filter(lives).map(Victim::node).collect(),
        FaultNodes::OneRelay => {
            let alive = || plan.relays.iter().rev().filter(lives);
            let other = alive().find(|relay| !session.contains(&relay.nickname));
            let any = other.or_else(|| alive().next());
            any.map(Victim::node).into_iter().collect()
        }
        FaultNodes::OnPath => on_path(session.last())?,
        FaultNodes::Guard => on_path(session.first())?,
        FaultNodes::OneAuthority => authorities(1).collect(),
        FaultNodes::TwoAuthorities => authorities(2).collect(),
    })
}
