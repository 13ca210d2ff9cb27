//! An audit as a whole.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::catalogue::every;
use super::check::{Level, Outcome, Verdict};
use super::checks::mode::mode_in_words;
use super::model::Model;
use super::running::RunningProject;
use super::secret_words::{is_literal, is_secret};
use super::yaml::{Node, Value};
use crate::onion::redact;

/// The shortest text that is looked for as a secret in what is told.
const SHORTEST: usize = 5;

/// What an audit came to.
pub struct Audit {
    /// The files that were read, in order.
    pub files: Vec<String>,
    /// Which way of running a connector it is, in words.
    pub mode: String,
    /// What every check came to.
    pub outcomes: Vec<Outcome>,
}

/// Reads what these paths hold, and lets every check look at it. A packet goes this many hops at the most.
#[must_use]
pub fn audit(paths: &[PathBuf], hops: u32) -> Audit {
    judged(&Model::read(paths, hops))
}

/// Lets every check look at a project that runs.
#[must_use]
pub fn audit_running(project: &RunningProject, hops: u32) -> Audit {
    judged(&Model::of_running(project, hops))
}

fn judged(model: &Model) -> Audit {
    let secrets = secrets_of(model);
    let clean = |text: &str| {
        let text = secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), "[redacted]")
        });
        redact(&text)
    };
    let outcomes = every().map(|check| {
        let mut outcome = Outcome::of(check, model);
        for finding in &mut outcome.findings {
            finding.evidence = clean(&finding.evidence);
        }
        for note in &mut outcome.notes {
            *note = clean(note);
        }
        outcome
    });
    Audit {
        mode: mode_in_words(model),
        files: model
            .files
            .all
            .iter()
            .map(|file| redact(&file.name))
            .collect(),
        outcomes: outcomes.collect(),
    }
}

impl Audit {
    /// How many findings there are of a level, those about the input itself left out or alone.
    #[must_use]
    pub fn count(&self, level: Level, of_input: bool) -> usize {
        let outcomes = self.outcomes.iter();
        let outcomes = outcomes.filter(|one| (one.check.family() == "input") == of_input);
        outcomes
            .flat_map(|outcome| &outcome.findings)
            .filter(|finding| finding.level == level)
            .count()
    }

    /// Whether anything but the input itself was looked at.
    #[must_use]
    pub fn looked(&self) -> bool {
        let mut outcomes = self.outcomes.iter();
        outcomes.any(|one| one.check.family() != "input" && one.verdict != Verdict::NotLookedAt)
    }
}

/// Texts that are secrets by their names, the longest first: what quotes one is told without it.
fn secrets_of(model: &Model) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut take = |name: &str, value: &str| {
        if is_secret(name) && is_literal(value) && value.len() >= SHORTEST {
            found.insert(value.to_owned());
        }
    };
    let services = model
        .services()
        .flat_map(|(_, service)| &service.environment);
    for variable in services.chain(&model.variables) {
        take(
            &variable.name,
            variable.value.as_deref().unwrap_or_default(),
        );
    }
    for connector in &model.connectors {
        for peer in connector.peers() {
            let token = peer.token.and_then(|token| token.value);
            take("authToken", &token.unwrap_or_default());
        }
    }
    for file in &model.files.all {
        for document in &file.documents {
            named(document, &mut take);
        }
    }
    let mut found: Vec<String> = found.into_iter().collect();
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found
}

fn named(node: &Node, take: &mut impl FnMut(&str, &str)) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                take(&entry.key, entry.node.text().unwrap_or_default());
                named(&entry.node, take);
            }
        }
        Value::List(items) => {
            for item in items {
                if let Some((name, value)) = item.text().and_then(|text| text.split_once('=')) {
                    take(name, value);
                }
                named(item, take);
            }
        }
        Value::Null | Value::Scalar(_) => {}
    }
}
