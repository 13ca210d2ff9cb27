//! What goes from one home to another: peerings, paths, the probe.

use super::{PLAIN, RESERVED, Whole, is_plain};
use crate::toml_file::{Collector, Located};
use crate::topology::model::{DECOY, Daemon, Path, Peering, Probe, Transport};

impl Whole<'_, '_, '_> {
    pub(super) fn validate_peerings(&self, into: &mut Collector<'_>) {
        if self.peerings.is_empty() {
            self.add(
                into,
                "peering",
                "expected at least one [[peering]] table, found 0",
            );
        }
        for (index, peering) in self.peerings.iter().enumerate() {
            let Peering { from, to, .. } = &peering.value;
            self.refer(into, peering, "from", from);
            self.refer(into, peering, "to", to);
            self.validate_transport(into, peering);
            if from.is_empty() || to.is_empty() {
                continue;
            }
            if from == to {
                peering.add(
                    into,
                    "to",
                    "is the home that dials; a home does not peer with itself",
                );
            }
            let twin = self.peerings[..index]
                .iter()
                .find(|other| other.value.from == *from && other.value.to == *to);
            if let Some(twin) = twin {
                peering.add_whole(into, format!("repeats {}; remove one", twin.fields.path()));
            }
        }
    }

    /// Both homes must have what the session runs over.
    fn validate_transport(&self, into: &mut Collector<'_>, peering: &Located<'_, '_, Peering>) {
        let Peering { from, to, .. } = &peering.value;
        let (Some(near), Some(far)) = (self.home(from), self.home(to)) else {
            return;
        };
        let mut homes = [near, far].into_iter();
        let lacking = match peering.value.transport {
            Transport::Direct if near.lan() != far.lan() => format!(
                "direct needs both homes on one local network; set beside = {from:?} in {to:?}, or use \"onion\""
            ),
            Transport::Direct => return,
            Transport::Onion => match homes.find(|home| home.daemon == Daemon::None) {
                Some(home) => format!("onion needs a daemon in {:?}", home.id),
                None => return,
            },
        };
        peering.add(into, "transport", lacking);
    }

    pub(super) fn validate_paths(&self, into: &mut Collector<'_>) {
        for path in self.paths {
            let Path { from, to } = &path.value;
            self.refer(into, path, "from", from);
            self.refer(into, path, "to", to);
            if !from.is_empty() && from == to {
                path.add(
                    into,
                    "to",
                    "is the home that sends; nothing would cross a peering",
                );
            } else if self.are_apart(from, to) {
                path.add(
                    into,
                    "to",
                    format!("no peerings lead from {from:?} to {to:?}"),
                );
            }
        }
    }

    pub(super) fn validate_probe(&self, into: &mut Collector<'_>) {
        let Some(probe) = self.probe else { return };
        let Probe { id, via, to, .. } = &probe.value;
        self.refer(into, probe, "via", via);
        self.refer(into, probe, "to", to);
        self.validate_far(into, probe);
        for (key, id) in [("via", via), ("to", to)] {
            if self
                .home(id)
                .is_some_and(|home| home.daemon == Daemon::None)
            {
                probe.add(into, key, format!("{id:?} has no onion daemon"));
            }
        }
        if !via.is_empty() && via == to {
            probe.add(
                into,
                "via",
                "is the home that is dialled; dial through another home, or nothing crosses the network",
            );
        }
        self.validate_account(into, probe, id);
        if !id.is_empty() && !is_plain(id) {
            probe.add(into, "id", format!("{id:?} {PLAIN}"));
        }
        if id == DECOY {
            probe.add(into, "id", format!("{id:?} {RESERVED}"));
        }
    }

    /// The home behind the one that is dialled.
    fn validate_far(&self, into: &mut Collector<'_>, probe: &Located<'_, '_, Probe>) {
        let Probe { to, far, .. } = &probe.value;
        let Some(far) = far else { return };
        self.refer(into, probe, "far", far);
        if self.home(far).is_some() && far == to {
            probe.add(
                into,
                "far",
                "is the home that is dialled; name one behind it",
            );
        } else if self.are_apart(to, far) {
            probe.add(
                into,
                "far",
                format!("no peerings lead from {to:?} to {far:?}"),
            );
        }
    }
}
