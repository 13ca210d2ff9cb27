//! Onion addresses and secrets stay where they belong.
//!
//! A connector that writes none of them at any level, in any form of log, passes: what was looked at is
//! shown by the lines that were read. A log that is empty, or cannot be read, says nothing of what it would
//! have held, and is unsupported.

use super::places::Places;
use super::{Basis, Check, Finding, LogView, Need, Observations, Scope};
use crate::connectors::Level;
use crate::onion::mentions_address;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "secrecy.addresses",
        basis: Basis::Required,
        stands_on: "contract#log-secrecy",
        says: "no log line at INFO or above, or without a level, no metadata of a container and nothing that the run wrote holds an onion address",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: addresses,
    },
    Check {
        id: "secrecy.secrets",
        basis: Basis::Required,
        stands_on: "contract#log-secrecy",
        says: "no log line, no metadata of a container but its environment, and nothing that the run wrote holds a secret of the run",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: secrets,
    },
];

fn addresses(seen: &Observations) -> Finding {
    let mut wrong = Vec::new();
    let levels = seen.connector.capabilities().logs_levels;
    for log in &seen.logs {
        let of_connector = log.role.is_connector();
        let mut places = Places::default();
        for (number, line) in log.text.lines().enumerate() {
            if !mentions_address(line) || (!of_connector && is_for_debugging(line)) {
                continue;
            }
            // Of a line that says no level, nobody can say that it is written at DEBUG alone, and no
            // operator can have it left out: it counts as INFO.
            let level = match of_connector && levels {
                true => seen.connector.level(line),
                false => None,
            };
            match level {
                Some(level) if level < Level::Info => {}
                Some(level) => places.add(format!("at {level}"), number + 1, line),
                None => places.add("without a level".to_owned(), number + 1, line),
            }
        }
        wrong.extend(
            places
                .words()
                .map(|place| format!("{} logs one {place}", log.role)),
        );
        if mentions_address(&log.visible) {
            wrong.push(format!("{} shows one in its metadata", log.role));
        }
    }
    for (name, _) in seen
        .written
        .iter()
        .filter(|(_, text)| mentions_address(text))
    {
        wrong.push(format!("{name} holds one"));
    }
    finding(seen, &wrong, "no onion address")
}

fn secrets(seen: &Observations) -> Finding {
    let mut wrong = Vec::new();
    let found = |text: &str| {
        let secrets = seen.secrets.iter().filter(|secret| !secret.is_empty());
        secrets
            .filter(|secret| text.contains(secret.expose()))
            .count()
    };
    for log in &seen.logs {
        let mut places = Places::default();
        for (number, line) in log.text.lines().enumerate() {
            if found(line) > 0 {
                places.add("one".to_owned(), number + 1, line);
            }
        }
        wrong.extend(
            places
                .words()
                .map(|place| format!("{} logs {place}", log.role)),
        );
        let shown = found(&log.visible);
        if shown > 0 {
            wrong.push(format!("{}'s metadata: {shown} secrets", log.role));
        }
    }
    for (name, text) in &seen.written {
        let held = found(text);
        if held > 0 {
            wrong.push(format!("{name}: {held} secrets"));
        }
    }
    if wrong.is_empty() && seen.secrets.is_empty() {
        return Finding::inconclusive("there was no secret to look for");
    }
    let what = format!("none of {} secrets", seen.secrets.len());
    finding(seen, &wrong, &what)
}

/// Whether an onion daemon writes a line only when it is told to log more than it does by itself, which is
/// NOTICE: `Nov 22 10:00:01.000 [info] …`.
fn is_for_debugging(line: &str) -> bool {
    let level = line
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    matches!(level, Some(("info" | "debug", _)))
}

/// What is wrong is wrong, whatever else could not be read.
fn finding(seen: &Observations, wrong: &[String], what: &str) -> Finding {
    let mut unknown = seen.unseen_connector_logs();
    if seen.written.is_empty() {
        unknown.push("nothing that the run wrote was looked at".to_owned());
    }
    let silent: Vec<String> = seen.logs.iter().filter_map(silence).collect();
    if wrong.is_empty() && unknown.is_empty() && !silent.is_empty() {
        return Finding::unsupported(format!("{}; {what} in all the rest", silent.join("; ")));
    }
    let lines: usize = seen.logs.iter().map(|log| log.text.lines().count()).sum();
    let of_connectors = seen.logs.iter().filter(|log| log.role.is_connector());
    let of_connectors: usize = of_connectors.map(|log| log.text.lines().count()).sum();
    let good = format!(
        "{what} in {lines} lines of {} logs, {of_connectors} of them connectors'",
        seen.logs.len()
    );
    Finding::known(lines, wrong, &unknown, good)
}

/// Why a connector's log says nothing.
fn silence(log: &LogView) -> Option<String> {
    if !log.role.is_connector() {
        return None;
    }
    match &log.unread {
        Some(reason) => Some(format!("{}'s log cannot be read: {reason}", log.role)),
        None if log.text.trim().is_empty() => Some(format!("{} wrote no log", log.role)),
        None => None,
    }
}
