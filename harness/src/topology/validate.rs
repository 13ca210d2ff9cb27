//! What one table cannot know about another: references, duplicates, shared variables.

use std::collections::BTreeMap;

use super::fields::{Collector, Fields, Located};
use super::model::{
    ABSENT, Budget, Daemon, Home, Metric, NOWHERE, Network, Path, Peering, Probe, Transport,
    secret_variable,
};
use super::wan::Wan;
use crate::mutants::{MutantSpec, Needs};

/// A topology as far as it has been read.
pub(super) struct Whole<'w, 'a, 'i> {
    pub(super) name: Option<&'w str>,
    pub(super) network: &'w Network,
    pub(super) homes: &'w [Located<'a, 'i, Home>],
    pub(super) peerings: &'w [Located<'a, 'i, Peering>],
    pub(super) paths: &'w [Located<'a, 'i, Path>],
    pub(super) probe: Option<&'w Located<'a, 'i, Probe>>,
    pub(super) wan: Option<&'w Located<'a, 'i, Wan>>,
    pub(super) mutant: Option<&'static MutantSpec>,
    pub(super) budgets: &'w [Budget],
}

/// Checks names and references over the whole file. Empty texts have been reported as missing
/// already, and are passed over.
pub(super) fn validate(root: &Fields<'_, '_>, into: &mut Collector<'_>, whole: &Whole<'_, '_, '_>) {
    let Whole {
        homes, peerings, ..
    } = *whole;
    if let Some(name) = whole.name
        && !(is_plain(name) && name.chars().all(|c| !c.is_ascii_uppercase() && c != '_'))
    {
        into.add(
            root.offset_of("name"),
            "name",
            "may hold lower-case letters, digits and dashes only",
        );
    }
    if homes.len() < 2 {
        into.add(
            root.offset_of("home"),
            "home",
            format!(
                "expected at least two [[home]] tables, found {}",
                homes.len()
            ),
        );
    }
    if peerings.is_empty() {
        into.add(
            root.offset_of("peering"),
            "peering",
            "expected at least one [[peering]] table, found 0",
        );
    }
    validate_homes(into, homes);
    validate_peerings(into, homes, peerings);
    for path in whole.paths {
        refer(into, path, "from", &path.value.from, homes);
        refer(into, path, "to", &path.value.to, homes);
        let Path { from, to } = &path.value;
        if !from.is_empty() && from == to {
            path.add(
                into,
                "to",
                "is the home that sends; nothing would cross a peering",
            );
        } else if homes.iter().any(|home| home.value.id == *from)
            && homes.iter().any(|home| home.value.id == *to)
            && !joined(peerings, from, to)
        {
            path.add(
                into,
                "to",
                format!("no peerings lead from {from:?} to {to:?}"),
            );
        }
    }
    if let Some(probe) = whole.probe {
        validate_probe(into, probe, homes, peerings);
    }
    validate_variables(into, homes, whole.probe);
    validate_wan(into, whole);
    let far = whole
        .budgets
        .iter()
        .find(|budget| matches!(budget.metric, Metric::FarRoundTrip | Metric::FarWarmUp));
    if let Some(budget) = far
        && whole.probe.is_some_and(|probe| probe.value.far.is_none())
    {
        into.add(
            root.offset_of("budget"),
            "budget",
            format!(
                "has one for {}, but the [probe] has no far home",
                budget.metric.name()
            ),
        );
    }
    validate_mutant(root, into, whole);
}

/// A mutant's part has to be there.
fn validate_mutant(root: &Fields<'_, '_>, into: &mut Collector<'_>, whole: &Whole<'_, '_, '_>) {
    let Some(mutant) = whole.mutant else { return };
    // Mutants are in the home that the probe dials.
    let dialled = whole.homes.iter().find(|home| {
        whole
            .probe
            .is_some_and(|probe| probe.value.to == home.value.id)
    });
    let lacking = match (mutant.needs, dialled) {
        (Needs::PrivateNetwork, _) if whole.network.is_public() => format!(
            "{:?} breaks a part of a private network, and this topology joins the public one",
            mutant.name
        ),
        (Needs::ManagedDaemon, Some(home)) if home.value.daemon != Daemon::Managed => format!(
            "breaks what a connector with a managed daemon hands out; set daemon = \"managed\" in {:?}, which the probe dials",
            home.value.id
        ),
        (Needs::Nothing | Needs::PrivateNetwork | Needs::ManagedDaemon, _) => return,
    };
    into.add(root.offset_of("mutant"), "mutant", lacking);
}

/// Whether peerings lead from one home to another, in whatever direction they are dialled.
fn joined(peerings: &[Located<'_, '_, Peering>], from: &str, to: &str) -> bool {
    let mut reached = vec![from];
    let mut looked = 0;
    while let Some(&at) = reached.get(looked) {
        looked += 1;
        for Located { value, .. } in peerings {
            let next = match (value.from == at, value.to == at) {
                (true, _) => value.to.as_str(),
                (_, true) => value.from.as_str(),
                _ => continue,
            };
            if !reached.contains(&next) {
                reached.push(next);
            }
        }
    }
    reached.contains(&to)
}

fn validate_wan(into: &mut Collector<'_>, whole: &Whole<'_, '_, '_>) {
    let Some(wan) = whole.wan else { return };
    if whole.network.is_public() {
        wan.add_whole(
            into,
            "gives distances to nodes, but the public network's are where they are; remove it",
        );
        return;
    }
    let known: Vec<String> = (1..=whole.network.authorities)
        .map(|number| format!("da{number}"))
        .chain((1..=whole.network.relays).map(|number| format!("relay{number}")))
        .collect();
    for (index, (name, _)) in wan.value.nodes.iter().enumerate() {
        if wan.value.nodes[..index]
            .iter()
            .any(|(other, _)| other == name)
        {
            wan.add(into, "node", format!("{name:?} is there twice; remove one"));
        }
        if !known.contains(name) {
            wan.add(
                into,
                "node",
                format!(
                    "{name:?} is no node of this network; use one of {}",
                    known.join(", ")
                ),
            );
        }
    }
}

/// Ids become container names and variables, so only plain ones are taken.
fn is_plain(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.len() <= 24
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The relays' network has this name; a home's network is called like the home.
const RELAYS: &str = "relays";

/// What is said about [`ABSENT`].
const RESERVED: &str = "is the peer that every run asks for and nobody is; choose another";

/// What [`is_plain`] asks for, in a message.
const PLAIN: &str =
    "may hold at most 24 letters, digits, dashes and underscores, and starts with a letter";

/// A route prefix as the connector's YAML takes it (contract#config-routes), without `~`, which its
/// routing table refuses at start-up.
fn is_prefix(prefix: &str) -> bool {
    !prefix.is_empty()
        && prefix.split('.').all(|segment| {
            !segment.is_empty()
                && segment
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
        })
}

/// Whether one prefix routes the other's packets: equal, or a parent on whole segments.
fn overlaps(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long == short
        || long
            .strip_prefix(short)
            .is_some_and(|rest| rest.starts_with('.'))
}

fn validate_homes(into: &mut Collector<'_>, homes: &[Located<'_, '_, Home>]) {
    for (index, home) in homes.iter().enumerate() {
        let Home {
            id, prefix, beside, ..
        } = &home.value;
        if let Some(beside) = beside {
            match homes.iter().find(|other| other.value.id == *beside) {
                None => refer(into, home, "beside", beside, homes),
                Some(_) if beside == id => home.add(into, "beside", "is the home itself"),
                Some(other) if other.value.beside.is_some() => home.add(
                    into,
                    "beside",
                    format!("{beside:?} stands beside another home itself; name that one"),
                ),
                Some(_) => {}
            }
        }
        if !id.is_empty() && !is_plain(id) {
            home.add(into, "id", format!("{id:?} {PLAIN}"));
        }
        if id == ABSENT {
            home.add(into, "id", format!("{id:?} {RESERVED}"));
        }
        if id == RELAYS {
            home.add(
                into,
                "id",
                format!("{id:?} is what the relays' network is called; choose another"),
            );
        }
        if !prefix.is_empty() && !is_prefix(prefix) {
            home.add(
                into,
                "prefix",
                format!(
                    "{prefix:?} is not an ILP address prefix of lower-case letters, digits, - and _ between dots"
                ),
            );
        }
        if !prefix.is_empty() && overlaps(prefix, NOWHERE) {
            home.add(
                into,
                "prefix",
                format!("{prefix:?} overlaps with {NOWHERE:?}, which every run asks for and nobody has; choose another"),
            );
        }
        for other in &homes[..index] {
            let path = other.fields.path();
            if !id.is_empty() && other.value.id == *id {
                home.add(
                    into,
                    "id",
                    format!("{id:?} is taken by {path}; give each home its own id"),
                );
            }
            let other = &other.value.prefix;
            if !prefix.is_empty() && !other.is_empty() && overlaps(other, prefix) {
                home.add(
                    into,
                    "prefix",
                    format!("{prefix:?} overlaps with {other:?} of {path}; a packet would have two homes"),
                );
            }
        }
    }
}

/// A reference to a home, by one key of a table.
fn refer<T>(
    into: &mut Collector<'_>,
    from: &Located<'_, '_, T>,
    key: &str,
    id: &str,
    homes: &[Located<'_, '_, Home>],
) {
    if !id.is_empty() && !homes.iter().any(|home| home.value.id == id) {
        from.add(into, key, format!("{id:?} is not the id of a [[home]]"));
    }
}

fn validate_peerings(
    into: &mut Collector<'_>,
    homes: &[Located<'_, '_, Home>],
    peerings: &[Located<'_, '_, Peering>],
) {
    for (index, peering) in peerings.iter().enumerate() {
        let Peering {
            from,
            to,
            transport,
            ..
        } = &peering.value;
        refer(into, peering, "from", from, homes);
        refer(into, peering, "to", to, homes);
        let find = |id: &str| homes.iter().find(|home| home.value.id == id);
        if let (Some(near), Some(far)) = (find(from), find(to)) {
            let lan = |home: &Home| home.beside.clone().unwrap_or_else(|| home.id.clone());
            let apart = lan(&near.value) != lan(&far.value);
            if *transport == Transport::Direct && apart {
                peering.add(
                    into,
                    "transport",
                    format!("direct needs both homes on one local network; set beside = {from:?} in {to:?}, or use \"onion\""),
                );
            }
            let without = [near, far]
                .into_iter()
                .find(|home| home.value.daemon == Daemon::None);
            if let (Transport::Onion, Some(home)) = (transport, without) {
                peering.add(
                    into,
                    "transport",
                    format!("onion needs a daemon in {:?}", home.value.id),
                );
            }
        }
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
        let twin = peerings[..index]
            .iter()
            .find(|other| other.value.from == *from && other.value.to == *to);
        if let Some(twin) = twin {
            peering.add_whole(into, format!("repeats {}; remove one", twin.fields.path()));
        }
    }
}

fn validate_probe(
    into: &mut Collector<'_>,
    probe: &Located<'_, '_, Probe>,
    homes: &[Located<'_, '_, Home>],
    peerings: &[Located<'_, '_, Peering>],
) {
    let Probe {
        id, via, to, far, ..
    } = &probe.value;
    refer(into, probe, "via", via, homes);
    refer(into, probe, "to", to, homes);
    if let Some(far) = far {
        refer(into, probe, "far", far, homes);
        let known = homes.iter().any(|home| home.value.id == *far);
        if known && far == to {
            probe.add(
                into,
                "far",
                "is the home that is dialled; name one behind it",
            );
        } else if known && !joined(peerings, to, far) {
            probe.add(
                into,
                "far",
                format!("no peerings lead from {to:?} to {far:?}"),
            );
        }
    }
    for (key, id) in [("via", via), ("to", to)] {
        let home = homes.iter().find(|home| home.value.id == *id);
        if home.is_some_and(|home| home.value.daemon == Daemon::None) {
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
    if !id.is_empty() && !is_plain(id) {
        probe.add(into, "id", format!("{id:?} {PLAIN}"));
    }
    if id == ABSENT {
        probe.add(into, "id", format!("{id:?} {RESERVED}"));
    }
}

/// Two peer ids that map to one `BTP_PEER_<ID>_SECRET` would overwrite each other's secret.
fn validate_variables(
    into: &mut Collector<'_>,
    homes: &[Located<'_, '_, Home>],
    probe: Option<&Located<'_, '_, Probe>>,
) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let ids = homes
        .iter()
        .map(|home| (&home.fields, home.value.id.as_str(), false))
        .chain(
            probe
                .iter()
                .map(|probe| (&probe.fields, probe.value.id.as_str(), true)),
        );
    for (fields, id, is_probe) in ids.filter(|(_, id, _)| !id.is_empty()) {
        let variable = secret_variable(id);
        match seen.get(&variable) {
            // Two homes with one id have been reported as that.
            Some(other) if *other != id || is_probe => into.add(
                fields.offset_of("id"),
                fields.path_of("id"),
                format!("{id:?} and {other:?} both map to the variable {variable}; rename one"),
            ),
            _ => {
                seen.insert(variable, id);
            }
        }
    }
}
