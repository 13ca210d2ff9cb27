//! What one table cannot know about another: references, duplicates, shared variables.

use std::collections::BTreeMap;

use super::fields::{Collector, Fields};
use super::model::{Home, Peering, Probe, secret_variable};

/// Checks names and references over the whole file. Each item comes with its place in the text.
pub(super) fn validate(
    root: &Fields<'_, '_>,
    into: &mut Collector<'_>,
    name: Option<&str>,
    homes: &[(usize, Home)],
    peerings: &[(usize, Peering)],
    probe: Option<&(usize, Probe)>,
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
    if let Some((offset, probe)) = probe {
        validate_probe(into, *offset, probe, homes);
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

fn validate_homes(into: &mut Collector<'_>, homes: &[(usize, Home)]) {
    for (index, (offset, home)) in homes.iter().enumerate() {
        if !is_plain(&home.id) {
            into.add(
                *offset,
                format!("home[{index}].id"),
                format!("{:?} {PLAIN}", home.id),
            );
        }
        if !is_prefix(&home.prefix) {
            into.add(
                *offset,
                format!("home[{index}].prefix"),
                format!(
                    "{:?} is not an ILP address prefix of lower-case letters, digits, - and _ between dots",
                    home.prefix
                ),
            );
        }
        for (other_index, (_, other)) in homes[..index].iter().enumerate() {
            if other.id == home.id {
                into.add(
                    *offset,
                    format!("home[{index}].id"),
                    format!(
                        "{:?} is taken by home[{other_index}]; give each home its own id",
                        home.id
                    ),
                );
            }
            if overlaps(&other.prefix, &home.prefix) {
                into.add(
                    *offset,
                    format!("home[{index}].prefix"),
                    format!(
                        "{:?} overlaps with {:?} of home[{other_index}]; a packet would have two homes",
                        home.prefix, other.prefix
                    ),
                );
            }
        }
    }
}

fn refer(into: &mut Collector<'_>, offset: usize, path: String, id: &str, homes: &[(usize, Home)]) {
    if !homes.iter().any(|(_, home)| home.id == id) {
        into.add(offset, path, format!("{id:?} is not the id of a [[home]]"));
    }
}

fn validate_peerings(
    into: &mut Collector<'_>,
    homes: &[(usize, Home)],
    peerings: &[(usize, Peering)],
) {
    for (index, (offset, peering)) in peerings.iter().enumerate() {
        refer(
            into,
            *offset,
            format!("peering[{index}].from"),
            &peering.from,
            homes,
        );
        refer(
            into,
            *offset,
            format!("peering[{index}].to"),
            &peering.to,
            homes,
        );
        if peering.from == peering.to {
            into.add(
                *offset,
                format!("peering[{index}].to"),
                "is the home that dials; a home does not peer with itself",
            );
        }
        let twin = peerings[..index]
            .iter()
            .position(|(_, other)| other.from == peering.from && other.to == peering.to);
        if let Some(twin) = twin {
            into.add(
                *offset,
                format!("peering[{index}]"),
                format!("repeats peering[{twin}]; remove one"),
            );
        }
    }
}

fn validate_probe(into: &mut Collector<'_>, offset: usize, probe: &Probe, homes: &[(usize, Home)]) {
    refer(into, offset, "probe.via".to_owned(), &probe.via, homes);
    refer(into, offset, "probe.to".to_owned(), &probe.to, homes);
    if probe.via == probe.to {
        into.add(
            offset,
            "probe.via",
            "is the home that is dialled; dial through another home, or nothing crosses the network",
        );
    }
    if !is_plain(&probe.id) {
        into.add(offset, "probe.id", format!("{:?} {PLAIN}", probe.id));
    }
}

/// Two peer ids that map to one `BTP_PEER_<ID>_SECRET` would overwrite each other's secret.
fn validate_variables(
    into: &mut Collector<'_>,
    homes: &[(usize, Home)],
    probe: Option<&(usize, Probe)>,
) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let ids = homes
        .iter()
        .enumerate()
        .map(|(index, (offset, home))| (*offset, format!("home[{index}].id"), home.id.as_str()))
        .chain(
            probe
                .iter()
                .map(|(offset, probe)| (*offset, "probe.id".to_owned(), probe.id.as_str())),
        );
    for (offset, path, id) in ids {
        let variable = secret_variable(id);
        match seen.get(&variable) {
            Some(other) if other != id || path == "probe.id" => into.add(
                offset,
                path,
                format!("{id:?} and {other:?} both map to the variable {variable}; rename one"),
            ),
            _ => {
                seen.insert(variable, id.to_owned());
            }
        }
    }
}
