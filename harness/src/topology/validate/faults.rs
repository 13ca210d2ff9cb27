//! Faults: what they are done to has to be there.

use super::Whole;
use crate::suggest::did_you_mean;
use crate::toml_file::{Collector, Located};
use crate::topology::fault::{Fault, FaultKind, FaultNodes, FaultTarget};
use crate::topology::fault_file::targets;
use crate::topology::model::{Daemon, Transport, comes_again_to};

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
                    let homes: Vec<&str> = self.homes.iter().map(|home| &*home.value.id).collect();
                    let all = targets(&homes);
                    let all = known.iter().chain(&all).map(String::as_str);
                    let meant = did_you_mean(name, all);
                    let known = known.join(", ");
                    format!(
                        "{name:?} is neither a home nor a node of this network, which are {known}{meant}"
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
            FaultTarget::Daemon(home) => lacking_daemon(home, self.home(home)?.daemon, fault),
            FaultTarget::Home(home) => {
                let has_daemon = self.home(home)?.daemon != Daemon::None;
                let other = match (has_daemon, self.network.has_own_nodes()) {
                    (true, true) => return None,
                    (false, _) => "has no onion daemon, so nothing of it crosses the network",
                    (true, false) => "joins the public network, whose addresses are not known",
                };
                Some(format!("{home:?} {other}"))
            }
            FaultTarget::Connector(home) if fault.what == FaultKind::SecondSession => {
                self.comes_again_to(home).is_none().then(|| {
                    format!(
                        "{home:?} is dialled through the onion network by no home whose daemon is not its connector's, so none of its peers comes again while its old session stands; add a [[peering]] to it"
                    )
                })
            }
            FaultTarget::Nodes(_) | FaultTarget::Connector(_) | FaultTarget::Server(_) => None,
        }
    }

    /// The peer of a home that is killed and comes again, where there is one.
    fn comes_again_to(&self, home: &str) -> Option<&str> {
        let peerings = self.peerings.iter().map(|one| &one.value);
        let has_sidecar = |id: &str| {
            self.home(id)
                .is_some_and(|home| home.daemon == Daemon::Sidecar)
        };
        comes_again_to(peerings, has_sidecar, home)
    }

    /// Whether nothing of `later` is there once `earlier` is gone. Of several that are meant by a kind, those that are left
    /// are taken.
    fn leaves_none_of(&self, earlier: &FaultTarget, later: &FaultTarget) -> bool {
        match (earlier, later) {
            (FaultTarget::Nodes(FaultNodes::Relays), FaultTarget::Nodes(_)) => true,
            (FaultTarget::Nodes(which), FaultTarget::Nodes(FaultNodes::Named(name))) => {
                let first = match which {
                    FaultNodes::OneAuthority => 1,
                    FaultNodes::TwoAuthorities => 2,
                    FaultNodes::Named(other) => return other == name,
                    _ => return false,
                };
                self.nicknames().iter().take(first).any(|one| one == name)
            }
            _ => earlier == later,
        }
    }

    /// What was taken away for good cannot be broken again.
    fn validate_after_others(&self, into: &mut Collector<'_>, fault: &Located<'_, '_, Fault>) {
        let earlier = self.faults.iter().map(|other| &other.value);
        let mut earlier = earlier.take_while(|other| !std::ptr::eq(*other, &fault.value));
        let later = &fault.value;
        // What is killed then is the peer.
        let peer = match (later.what, later.on.home()) {
            (FaultKind::SecondSession, Some(home)) => self.comes_again_to(home),
            _ => None,
        };
        let gone = earlier.find(|other| match (other.on.home(), later.on.home()) {
            (Some(one), Some(home)) => {
                other.takes_a_home_away() && (one == home || Some(one) == peer)
            }
            _ => other.stays() && self.leaves_none_of(&other.on, &later.on),
        });
        if let Some(gone) = gone {
            let message = format!("comes after \"{gone}\", which takes it away for good");
            fault.add(into, "on", message);
        }
    }
}

/// What a home's daemon lacks for a fault. Nobody but the connector starts one that the connector runs.
fn lacking_daemon(home: &str, daemon: Daemon, fault: &Fault) -> Option<String> {
    let what = fault.what.name();
    match (daemon, fault.what) {
        (Daemon::Sidecar, _) | (Daemon::Managed, FaultKind::Pause | FaultKind::Stop) => None,
        (Daemon::Managed, FaultKind::Kill) => fault.lasts.is_some().then(|| {
            format!(
                "{home:?}'s connector runs the daemon, and does not start it again; leave lasts out"
            )
        }),
        (Daemon::Managed, _) => Some(format!(
            "{home:?}'s connector runs the daemon, which {what} cannot be done to; use kill, stop or pause"
        )),
        (Daemon::None, _) => Some(format!(
            "{home:?} has no onion daemon, which is what {what} is done to"
        )),
    }
}
