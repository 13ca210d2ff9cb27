//! The directions in which packets flow while things are broken.

use crate::topology::{Fault, FaultKind, FaultTarget, Topology, Transport};

/// From one home to another, over one peering or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Direction {
    pub(in crate::run) from: String,
    pub(in crate::run) to: String,
    /// Every home on the way, the first and the last included.
    way: Vec<String>,
}

/// Both directions of every peering and of every path, each once.
pub(in crate::run) fn all(topology: &Topology) -> Vec<Direction> {
    let peerings = topology.peerings.iter().map(|one| (&one.from, &one.to));
    let paths = topology.paths.iter().map(|one| (&one.from, &one.to));
    let mut all: Vec<Direction> = Vec::new();
    for (from, to) in peerings.chain(paths) {
        for (from, to) in [(from, to), (to, from)] {
            let known = all.iter().any(|one| one.from == *from && one.to == *to);
            if !known && let Some(way) = way(topology, from, to) {
                all.push(Direction {
                    from: from.clone(),
                    to: to.clone(),
                    way,
                });
            }
        }
    }
    all
}

fn way(topology: &Topology, from: &str, to: &str) -> Option<Vec<String>> {
    let mut way = vec![from.to_owned()];
    while way.last().is_none_or(|at| at != to) {
        let next = topology.next_hop(way.last()?, to)?;
        way.push(next.to_owned());
    }
    Some(way)
}

impl Direction {
    /// The home that the sender's connector hands packets to.
    pub(in crate::run) fn next_hop(&self) -> &str {
        self.way.get(1).unwrap_or(&self.to)
    }

    /// Whether its way leads through what a fault breaks.
    pub(in crate::run) fn is_concerned(&self, topology: &Topology, fault: &Fault) -> bool {
        let onion = |leg: &[String]| {
            let mut peerings = topology.peerings.iter();
            let of_leg = |one: &&crate::topology::Peering| {
                (one.from == leg[0] && one.to == leg[1]) || (one.from == leg[1] && one.to == leg[0])
            };
            peerings
                .find(of_leg)
                .is_some_and(|one| one.transport == Transport::Onion)
        };
        let mut legs = self.way.windows(2);
        match &fault.on {
            // It is the peer that goes and comes.
            FaultTarget::Connector(home) if fault.what == FaultKind::SecondSession => topology
                .comes_again_to(home)
                .is_some_and(|peer| self.way.iter().any(|at| at == peer)),
            FaultTarget::Nodes(_) | FaultTarget::Links => legs.any(onion),
            FaultTarget::Daemon(home) | FaultTarget::Home(home) => {
                legs.any(|leg| leg.contains(home) && onion(leg))
            }
            FaultTarget::Connector(home) => self.way.contains(home),
            FaultTarget::Server(home) => self.to == *home,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn topology(name: &str) -> Topology {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/topologies/");
        let text = std::fs::read_to_string(format!("{folder}{name}.toml")).expect("is there");
        Topology::parse(name, &text).expect("parses")
    }

    fn concerned(topology: &Topology, on: &str) -> Vec<String> {
        concerned_by(topology, FaultKind::Pause, on)
    }

    fn concerned_by(topology: &Topology, what: FaultKind, on: &str) -> Vec<String> {
        let on = FaultTarget::read(on, |id| topology.home(id).is_some()).expect("a target");
        let fault = Fault {
            what,
            on,
            percent: 0,
            by: None,
            after: Duration::ZERO,
            lasts: None,
            recovers_within: None,
            loses_at_most: None,
        };
        let all = all(topology);
        let concerned = all.iter().filter(|one| one.is_concerned(topology, &fault));
        concerned
            .map(|one| format!("{}>{}", one.from, one.to))
            .collect()
    }

    #[test]
    fn every_direction_is_there_once() {
        let ends = |name: &str| all(&topology(name)).len();
        assert_eq!(ends("two-home-local"), 2);
        // Three peerings and the whole way, each in both directions.
        assert_eq!(ends("three-hop"), 8);
    }

    #[test]
    fn a_fault_concerns_what_leads_through_it() {
        let row = topology("three-hop");
        let by_d = [
            "home-c>home-d",
            "home-d>home-c",
            "home-a>home-d",
            "home-d>home-a",
        ];
        assert_eq!(concerned(&row, "home-d/connector"), by_d);
        assert_eq!(concerned(&row, "home-d/daemon"), by_d);
        assert_eq!(
            concerned(&row, "home-d/bls"),
            ["home-c>home-d", "home-a>home-d"]
        );
        assert_eq!(concerned(&row, "relay1").len(), 8);
        // What goes and comes is the peer that dials there.
        let peer = row.comes_again_to("home-d").expect("is dialled");
        let by_peer = concerned(&row, &format!("{peer}/connector"));
        let second = FaultKind::SecondSession;
        assert_eq!(concerned_by(&row, second, "home-d/connector"), by_peer);
        // A direct peering crosses no relay.
        let mixed = topology("mixed-transport");
        let direct = mixed
            .peerings
            .iter()
            .find(|one| one.transport == Transport::Direct);
        let direct = direct.expect("has one");
        let name = format!("{}>{}", direct.from, direct.to);
        assert!(!concerned(&mixed, "relays").contains(&name));
        assert!(!concerned(&mixed, "relays").is_empty());
    }
}
