//! Onion addresses and secrets stay where they belong.

use super::{Check, Finding, LogView, Need, Observations, Scope};
use crate::connectors::Level;
use crate::onion::mentions_address;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "secrecy.addresses",
        says: "no log line at INFO or above, no metadata of a container and nothing that the run wrote holds an onion address; at DEBUG they do appear in the connectors' logs",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: addresses,
    },
    Check {
        id: "secrecy.secrets",
        says: "no log line, no metadata of a container but its environment, and nothing that the run wrote holds a secret of the run",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: secrets,
    },
];

fn addresses(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_connector_logs();
    let mut debug_lines = 0;
    let leveled: Vec<&LogView> = seen.logs.iter().filter(|log| log.leveled).collect();
    for log in &leveled {
        for line in log.text.lines().filter(|line| mentions_address(line)) {
            // A line that says no level counts as INFO: nobody can filter it out.
            let level = seen.connector.level(line).unwrap_or(Level::Info);
            if level >= Level::Info {
                wrong.push(format!("{} logs one at {level}", log.role));
            } else {
                debug_lines += 1;
            }
        }
    }
    for log in seen
        .logs
        .iter()
        .filter(|log| mentions_address(&log.visible))
    {
        wrong.push(format!("{} shows one in its metadata", log.role));
    }
    for log in seen.logs.iter().filter(|log| !log.leveled) {
        if log.text.lines().any(mentions_address) {
            wrong.push(format!("{} logs one, and its log has no levels", log.role));
        }
    }
    for (name, _) in seen
        .written
        .iter()
        .filter(|(_, text)| mentions_address(text))
    {
        wrong.push(format!("{name} holds one"));
    }
    if seen.written.is_empty() {
        wrong.push("nothing that the run wrote was looked at".to_owned());
    }
    wrong.dedup();
    let levels = seen.connector.capabilities().logs_levels;
    if wrong.is_empty() && !levels {
        let name = seen.connector.name();
        return Finding::unsupported(format!(
            "nothing holds one, and {name} writes a log without levels: what it would say at DEBUG is not known"
        ));
    }
    if wrong.is_empty() && debug_lines == 0 {
        return Finding::fail(
            "no DEBUG line holds an onion address either, so there was nothing to look at",
        );
    }
    let good = format!(
        "{} logs, {} of connectors; {debug_lines} DEBUG lines hold one",
        seen.logs.len(),
        leveled.len()
    );
    Finding::all(leveled.len(), &wrong, good)
}

fn secrets(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_connector_logs();
    for log in &seen.logs {
        for (what, text) in [("log", &log.text), ("metadata", &log.visible)] {
            let found = seen
                .secrets
                .iter()
                .filter(|secret| !secret.is_empty() && text.contains(secret.expose()))
                .count();
            if found > 0 {
                wrong.push(format!("{}'s {what}: {found} secrets", log.role));
            }
        }
    }
    for (name, text) in &seen.written {
        let found = seen
            .secrets
            .iter()
            .filter(|secret| !secret.is_empty() && text.contains(secret.expose()))
            .count();
        if found > 0 {
            wrong.push(format!("{name}: {found} secrets"));
        }
    }
    let empty: Vec<String> = seen
        .logs
        .iter()
        .filter(|log| log.role.is_connector() && log.text.is_empty())
        .map(|log| log.role.to_string())
        .collect();
    if !empty.is_empty() {
        wrong.push(format!("{} logged nothing at all", empty.join(", ")));
    }
    let looked_at = seen.logs.len().min(seen.secrets.len());
    let good = format!(
        "{} secrets in none of {} logs",
        seen.secrets.len(),
        seen.logs.len()
    );
    Finding::all(looked_at, &wrong, good)
}
