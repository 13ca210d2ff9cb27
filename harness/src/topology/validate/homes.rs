//! Homes: their ids, prefixes, neighbours, and the variables that ids are mapped to.

use std::collections::BTreeMap;

use wire::Address;

use super::{PLAIN, RESERVED, Whole, is_plain};
use crate::toml_file::{Collector, Located};
use crate::topology::model::{BELOW, DECOY, Home, NOWHERE};
use crate::topology::prefix::{is_prefix, overlaps};

/// The relays' network has this name; a home's network is called like the home.
const RELAYS: &str = "relays";

impl Whole<'_, '_, '_> {
    pub(super) fn validate_homes(&self, into: &mut Collector<'_>) {
        let count = self.homes.len();
        if count < 2 {
            let message = format!("expected at least two [[home]] tables, found {count}");
            self.add(into, "home", message);
        }
        for (index, home) in self.homes.iter().enumerate() {
            self.validate_beside(into, home);
            self.validate_account(into, home, &home.value.id);
            // Of homes that are all alike the last has the longest names, and no two have the same.
            let of_one_table =
                |other: &Located<'_, '_, Home>| other.fields.path() == home.fields.path();
            if !self.homes.get(index + 1).is_some_and(of_one_table) {
                validate_id(into, home);
                validate_prefix(into, home);
            }
            for other in self.homes[..index].iter().filter(|one| !of_one_table(one)) {
                validate_pair(into, other, home);
            }
        }
    }

    fn validate_beside(&self, into: &mut Collector<'_>, home: &Located<'_, '_, Home>) {
        let Some(beside) = &home.value.beside else {
            return;
        };
        match self.home(beside) {
            None => self.refer(into, home, "beside", beside),
            Some(_) if *beside == home.value.id => {
                home.add(into, "beside", "is the home itself");
            }
            Some(other) if other.beside.is_some() => home.add(
                into,
                "beside",
                format!("{beside:?} stands beside another home itself; name that one"),
            ),
            Some(_) => {}
        }
    }

    /// The harness may come in by an id of its own.
    pub(super) fn validate_account<T>(
        &self,
        into: &mut Collector<'_>,
        located: &Located<'_, '_, T>,
        id: &str,
    ) {
        if self.connector.account() == Some(id) {
            located.add(
                into,
                "id",
                format!("{id:?} is the harness's own account at the connector; choose another"),
            );
        }
    }

    /// Two peer ids that map to one variable would overwrite each other's secret.
    pub(super) fn validate_variables(&self, into: &mut Collector<'_>) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        let homes = self.homes.iter();
        let homes = homes.map(|home| (&home.fields, home.value.id.as_str(), false));
        let probe = self.probe.iter();
        let probe = probe.map(|probe| (&probe.fields, probe.value.id.as_str(), true));
        for (fields, id, is_probe) in homes.chain(probe).filter(|(_, id, _)| !id.is_empty()) {
            let (variable, shared) = match self.connector.secret_variable(id) {
                Some(variable) => {
                    let shared = format!("both map to the variable {variable}");
                    (variable, shared)
                }
                None => (id.to_owned(), "are the same id".to_owned()),
            };
            match seen.get(&variable) {
                // Two homes with one id have been reported as that.
                Some(other) if *other != id || is_probe => fields.mistake(
                    into,
                    "id",
                    format!("{id:?} and {other:?} {shared}; rename one"),
                ),
                _ => {
                    seen.insert(variable, id);
                }
            }
        }
    }
}

fn validate_id(into: &mut Collector<'_>, home: &Located<'_, '_, Home>) {
    let id = &home.value.id;
    if !id.is_empty() && !is_plain(id) {
        home.add(into, "id", format!("{id:?} {PLAIN}"));
    }
    if id == DECOY {
        home.add(into, "id", format!("{id:?} {RESERVED}"));
    }
    if id == RELAYS {
        home.add(
            into,
            "id",
            format!("{id:?} is what the relays' network is called; choose another"),
        );
    }
}

fn validate_prefix(into: &mut Collector<'_>, home: &Located<'_, '_, Home>) {
    let prefix = &home.value.prefix;
    if prefix.is_empty() {
        return;
    }
    if !is_prefix(prefix) {
        home.add(
            into,
            "prefix",
            format!(
                "{prefix:?} is not an ILP address prefix of lower-case letters, digits, - and _ between dots"
            ),
        );
    }
    let (length, most) = (prefix.len(), Address::MAX_LEN - BELOW);
    if length > most {
        home.add(
            into,
            "prefix",
            format!(
                "{prefix:?} has {length} characters; {most} are the most, because an ILP address has {} and packets go to addresses below it",
                Address::MAX_LEN
            ),
        );
    }
    if overlaps(prefix, NOWHERE) {
        home.add(
            into,
            "prefix",
            format!(
                "{prefix:?} overlaps with {NOWHERE:?}, which every run asks for and nobody has; choose another"
            ),
        );
    }
}

/// What two homes may not share.
fn validate_pair(
    into: &mut Collector<'_>,
    other: &Located<'_, '_, Home>,
    home: &Located<'_, '_, Home>,
) {
    let path = other.fields.path();
    let Home { id, prefix, .. } = &home.value;
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
