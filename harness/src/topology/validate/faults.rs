//! Faults: what they are done to has to be there.

use super::Whole;
use crate::toml_file::{Collector, Located};
use crate::topology::fault::{Fault, FaultKind, FaultNodes, FaultTarget};
use crate::topology::model::{Daemon, Transport};

impl Whole<'_, '_, '_> {
    pub(super) fn validate_faults(&self, into: &mut Collector<'_>) {
        for fault in self.faults {
            if let Some(lacking) = self.lacking(&fault.value) {
                fault.add(into, "on", lacking);
            }
            self.validate_after_others(into, fault);
        }
    }

    /// What the topology lacks for a fault.
    fn lacking(&self, fault: &Fault) -> Option<String> {
        let on = &fault.on;
        match on {
            FaultTarget::Nodes(_) if !self.network.has_own_nodes() => Some(format!(
                "{on} is of a private network, and this topology joins the public one"
            )),
            FaultTarget::Nodes(FaultNodes::Named(name)) => {
                let known = self.nicknames();
                (!known.contains(name)).then(|| {
                    let known = known.join(", ");
                    format!(
                        "{name:?} is neither a home nor a node of this network, which are {known}"
                    )
                })
            }
            FaultTarget::Nodes(FaultNodes::OnPath | FaultNodes::Guard) => {
                let peerings = self.peerings.iter();
                let mut onion = peerings.filter(|one| one.value.transport == Transport::Onion);
                onion.next().is_none().then(|| {
                    format!("{on} is of a session over the onion network, and no peering has one")
                })
            }
            FaultTarget::Links => self.wan.is_none().then(|| {
                "links are as long as [wan] says, which is missing; add it, or use another fault"
                    .to_owned()
            }),
            FaultTarget::Daemon(home) => {
                let daemon = self.home(home)?.daemon;
                (daemon != Daemon::Sidecar).then(|| format!(
                    "{home:?} has no onion daemon in a container of its own, which is what {} is done to",
                    fault.what.name()
                ))
            }
            FaultTarget::Home(home) => {
                let has_daemon = self.home(home)?.daemon != Daemon::None;
                let other = match (has_daemon, self.network.has_own_nodes()) {
                    (true, true) => return None,
                    (false, _) => "has no onion daemon, so nothing of it crosses the network",
                    (true, false) => "joins the public network, whose addresses are not known",
                };
                Some(format!("{home:?} {other}"))
            }
            FaultTarget::Nodes(_) | FaultTarget::Connector(_) | FaultTarget::Server(_) => None,
        }
    }

    /// What was taken away for good cannot be broken again.
    fn validate_after_others(&self, into: &mut Collector<'_>, fault: &Located<'_, '_, Fault>) {
        let earlier = self.faults.iter().map(|other| &other.value);
        let mut earlier = earlier.take_while(|other| !std::ptr::eq(*other, &fault.value));
        let gone = earlier.find(|other| match (other.on.home(), fault.value.on.home()) {
            (Some(one), Some(home)) => other.takes_a_home_away() && one == home,
            _ => other.stays() && other.on == fault.value.on && other.what != FaultKind::Pause,
        });
        if let Some(gone) = gone {
            let message = format!("comes after \"{gone}\", which takes it away for good");
            fault.add(into, "on", message);
        }
    }
}
