//! What depends on the network: link shaping, budgets, the mutant.

use super::Whole;
use crate::mutants::Needs;
use crate::toml_file::Collector;
use crate::topology::model::{Auth, Daemon, Metric};

impl Whole<'_, '_, '_> {
    pub(super) fn validate_wan(&self, into: &mut Collector<'_>) {
        let Some(wan) = self.wan else { return };
        if !self.network.has_own_nodes() {
            wan.add_whole(
                into,
                "shapes the links of nodes, but the public network's are what they are; remove it",
            );
            return;
        }
        let known: Vec<String> = (1..=self.network.authorities)
            .map(|number| format!("da{number}"))
            .chain((1..=self.network.relays).map(|number| format!("relay{number}")))
            .collect();
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
    }

    /// A budget for what the probe never measures could not be kept to.
    pub(super) fn validate_budgets(&self, into: &mut Collector<'_>) {
        let far = |metric: Metric| matches!(metric, Metric::FarRoundTrip | Metric::FarWarmUp);
        let budget = self.budgets.iter().find(|budget| far(budget.metric));
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
            (
                Needs::Nothing
                | Needs::PrivateNetwork
                | Needs::OwnNetwork
                | Needs::ManagedDaemon
                | Needs::NoAuth,
                _,
            ) => return,
        };
        self.add(into, "mutant", lacking);
    }
}
