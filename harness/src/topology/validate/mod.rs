//! What one table cannot know about another: references, duplicates, shared variables.
//!
//! Texts that are empty have been reported as missing already, and are passed over.

mod faults;
mod homes;
mod network;
mod peerings;

use super::fault::Fault;
use super::model::{Budget, Deadlines, Home, Path, Peering, Probe, next_hop};
use super::wan::Wan;
use crate::connectors::Kind;
use crate::mutants::MutantSpec;
use crate::toml_file::{Collector, Fields, Located};
use crate::topology::network::Network;

/// A topology as far as it has been read.
pub(super) struct Whole<'w, 'a, 'i> {
    pub(super) root: &'w Fields<'a, 'i>,
    pub(super) name: Option<&'w str>,
    pub(super) network: &'w Network,
    pub(super) connector: Kind,
    pub(super) homes: &'w [Located<'a, 'i, Home>],
    pub(super) peerings: &'w [Located<'a, 'i, Peering>],
    pub(super) paths: &'w [Located<'a, 'i, Path>],
    pub(super) probe: Option<&'w Located<'a, 'i, Probe>>,
    pub(super) wan: Option<&'w Located<'a, 'i, Wan>>,
    pub(super) mutant: Option<&'static MutantSpec>,
    pub(super) faults: &'w [Located<'a, 'i, Fault>],
    pub(super) budgets: &'w [Located<'a, 'i, Budget>],
    pub(super) deadlines: &'w Deadlines,
}

/// Checks names and references over the whole file.
pub(super) fn validate(whole: &Whole<'_, '_, '_>, into: &mut Collector<'_>) {
    if let Some(name) = whole.name
        && !(is_plain(name) && name.chars().all(|c| !c.is_ascii_uppercase() && c != '_'))
    {
        whole.add(
            into,
            "name",
            "may hold at most 24 lower-case letters, digits and dashes, and starts with a letter",
        );
    }
    whole.validate_homes(into);
    whole.validate_peerings(into);
    whole.validate_paths(into);
    whole.validate_probe(into);
    whole.validate_variables(into);
    whole.validate_wan(into);
    whole.validate_budgets(into);
    whole.validate_mutant(into);
    whole.validate_faults(into);
}

impl<'w> Whole<'w, '_, '_> {
    /// Notes a mistake in a key at the top of the file.
    fn add(&self, into: &mut Collector<'_>, key: &str, message: impl Into<String>) {
        into.add(self.root.offset_of(key), key, message);
    }

    /// The home with this id.
    fn home(&self, id: &str) -> Option<&'w Home> {
        let mut homes = self.homes.iter().map(|home| &home.value);
        homes.find(|home| home.id == id)
    }

    /// Notes a mistake when a key refers to a home that is not there.
    fn refer<T>(&self, into: &mut Collector<'_>, from: &Located<'_, '_, T>, key: &str, id: &str) {
        if !id.is_empty() && self.home(id).is_none() {
            from.add(into, key, format!("{id:?} is not the id of a [[home]]"));
        }
    }

    /// Whether two homes are there that no peerings join, in whatever direction they are dialled.
    fn are_apart(&self, from: &str, to: &str) -> bool {
        let known = self.home(from).is_some() && self.home(to).is_some();
        let peerings = || self.peerings.iter().map(|peering| &peering.value);
        known && from != to && next_hop(peerings, from, to).is_none()
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

/// What [`is_plain`] asks for, in a message.
const PLAIN: &str =
    "may hold at most 24 letters, digits, dashes and underscores, and starts with a letter";

/// What is said about the id of the decoy peer.
const RESERVED: &str = "is the peer that every run asks for and nobody is; choose another";
