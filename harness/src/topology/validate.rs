//! What one table cannot know about another: references, duplicates, shared variables.

use std::collections::BTreeMap;

use super::fields::{Collector, Fields, Located};
use super::model::{Home, Peering, Probe, secret_variable};

/// Checks names and references over the whole file. Empty texts have been reported as missing
/// already, and are passed over.
pub(super) fn validate(
    root: &Fields<'_, '_>,
    into: &mut Collector<'_>,
    name: Option<&str>,
    homes: &[Located<'_, '_, Home>],
    peerings: &[Located<'_, '_, Peering>],
    probe: Option<&Located<'_, '_, Probe>>,
) {
    if let Some(name) = name
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
    if let Some(probe) = probe {
        validate_probe(into, probe, homes);
    }
    validate_variables(into, homes, probe);
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

/// What [`is_plain`] asks for, in a message.
const PLAIN: &str =
    "may hold at most 24 letters, digits, dashes and underscores, and starts with a letter";

/// A route prefix as the connector's YAML takes it (contract section 1.3), without `~`, which its
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
        let Home { id, prefix } = &home.value;
        if !id.is_empty() && !is_plain(id) {
            home.add(into, "id", format!("{id:?} {PLAIN}"));
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
        let Peering { from, to, .. } = &peering.value;
        refer(into, peering, "from", from, homes);
        refer(into, peering, "to", to, homes);
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
) {
    let Probe { id, via, to, .. } = &probe.value;
    refer(into, probe, "via", via, homes);
    refer(into, probe, "to", to, homes);
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
