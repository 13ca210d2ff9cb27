//! What depends on the network: link shaping, budgets, the mutant.

use super::Whole;
use crate::mutants::Needs;
use crate::toml_file::Collector;
use crate::topology::model::{Auth, Budget, Daemon, Metric, WARM_UP};
use crate::topology::units::format_duration;

/// How many links a dial crosses one after the other, at least: the seven between two homes for its
/// introduction, seven for the rendezvous, and twice seven for the stream and its answer.
const DIAL_LINKS: u32 = 28;

impl Whole<'_, '_, '_> {
    /// The nicknames of the network's nodes.
    pub(super) fn nicknames(&self) -> Vec<String> {
        let authorities = (1..=self.network.authorities).map(|number| format!("da{number}"));
        let relays = (1..=self.network.relays).map(|number| format!("relay{number}"));
        authorities.chain(relays).collect()
    }

    pub(super) fn validate_wan(&self, into: &mut Collector<'_>) {
        let Some(wan) = self.wan else { return };
        if !self.network.has_own_nodes() {
            wan.add_whole(
                into,
                "shapes the links of nodes, but the public network's are what they are; remove it",
            );
            return;
        }
        let known = self.nicknames();
        let nodes = &wan.value.nodes;
        for (index, (name, _)) in nodes.iter().enumerate() {
            if nodes[..index].iter().any(|(other, _)| other == name) {
                wan.add(into, "node", format!("{name:?} is there twice; remove one"));
            }
            if !known.contains(name) {
                let known = known.join(", ");
                wan.add(
                    into,
                    "node",
                    format!("{name:?} is no node of this network; use one of {known}"),
                );
            }
        }
        // As near as any node comes.
        let nearest = nodes
            .iter()
            .map(|(_, access)| access)
            .chain([&wan.value.access])
            .map(|access| access.latency.saturating_sub(access.jitter))
            .min();
        let least = nearest.unwrap_or_default() * DIAL_LINKS;
        let limit = self.deadlines.delivery;
        if least >= limit {
            wan.add(
                into,
                "latency",
                format!(
                    "is so long that no dial could be answered in time: it crosses {DIAL_LINKS} links one after the other, which takes {} at least, and deadlines.delivery is {}; shorten the one or lengthen the other",
                    format_duration(least),
                    format_duration(limit)
                ),
            );
        }
    }

    /// A budget for more samples than a run takes could never be judged.
    fn validate_samples(&self, into: &mut Collector<'_>) {
        for budget in self.budgets {
            let Budget {
                metric, samples, ..
            } = budget.value;
            let Some(most) = self.most_samples(metric) else {
                continue;
            };
            if samples > most {
                budget.add(
                    into,
                    "samples",
                    format!(
                        "asks for {samples} samples of {}, of which a run of this topology takes {most} at most",
                        metric.name()
                    ),
                );
            }
        }
    }

    /// How many samples a run takes of a metric; `None` where the file does not tell.
    fn most_samples(&self, metric: Metric) -> Option<u64> {
        let probe = || Some(&self.probe?.value);
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Some(match metric {
            Metric::Ready | Metric::BtpConnect | Metric::Authentication => 1,
            // Three logins that are refused, or four, the one that is let in, and the one while a connector ends.
            Metric::Dial => u64::from(probe()?.dials).max(4) + 2,
            Metric::Redial => probe()?.dials.into(),
            Metric::RoundTrip | Metric::FarRoundTrip => probe()?.packets.into(),
            Metric::WarmUp | Metric::FarWarmUp => WARM_UP.into(),
            Metric::Publication => {
                let homes = self.homes.iter();
                count(
                    homes
                        .filter(|home| home.value.daemon != Daemon::None)
                        .count(),
                )
            }
            Metric::Peering => count(self.peerings.len()),
            // One with the amount 0 and one above it in each peering's direction, one over each path.
            Metric::Delivery => count(2 * self.peerings.len() + self.paths.len()),
            // As many as there is time for, and a soak is none of the file's.
            Metric::Traffic => return None,
            // In both directions of each.
            Metric::Recovery => {
                count(self.faults.len() * 2 * (self.peerings.len() + self.paths.len()))
            }
        })
    }

    /// A budget for what the probe never measures could not be kept to.
    pub(super) fn validate_budgets(&self, into: &mut Collector<'_>) {
        let far = |metric: Metric| matches!(metric, Metric::FarRoundTrip | Metric::FarWarmUp);
        self.validate_samples(into);
        let mut budgets = self.budgets.iter().map(|budget| &budget.value);
        let budget = budgets.find(|budget| far(budget.metric));
        if let Some(budget) = budget
            && self.probe.is_some_and(|probe| probe.value.far.is_none())
        {
            let name = budget.metric.name();
            self.add(
                into,
                "budget",
                format!("has one for {name}, but the [probe] has no far home"),
            );
        }
    }

    /// A mutant's part has to be there. It is in the home that the probe dials.
    pub(super) fn validate_mutant(&self, into: &mut Collector<'_>) {
        let Some(mutant) = self.mutant else { return };
        let dialled = self.probe.and_then(|probe| self.home(&probe.value.to));
        let lacking = match (mutant.needs, dialled) {
            (Needs::PrivateNetwork | Needs::OwnNetwork, _) if !self.network.has_own_nodes() => {
                format!(
                    "{:?} breaks a part of a private network, and this topology joins the public one",
                    mutant.name
                )
            }
            (Needs::ManagedDaemon, Some(home)) if home.daemon != Daemon::Managed => format!(
                "breaks what a connector with a managed daemon hands out; set daemon = \"managed\" in {:?}, which the probe dials",
                home.id
            ),
            (Needs::NoAuth, Some(home))
                if !self.peerings.iter().any(|peering| {
                    peering.value.to == home.id && peering.value.auth == Auth::None
                }) =>
            {
                format!(
                    "breaks what a connector does that lets peers in without a secret; set auth = \"none\" in a peering to {:?}, which the probe dials",
                    home.id
                )
            }
            (Needs::Faults(_) | Needs::FaultsWhereDialled(_), _) if self.faults.is_empty() => {
                format!(
                    "{:?} shows only while something is broken; add a [[fault]]",
                    mutant.name
                )
            }
            (
                Needs::Nothing
                | Needs::PrivateNetwork
                | Needs::OwnNetwork
                | Needs::ManagedDaemon
                | Needs::NoAuth
                | Needs::Faults(_)
                | Needs::FaultsWhereDialled(_),
                _,
            ) => return,
        };
        self.add(into, "mutant", lacking);
    }
}
