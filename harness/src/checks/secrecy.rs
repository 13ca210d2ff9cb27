//! Onion addresses and secrets stay where they belong.

use super::{Check, Finding, LogView, Observations};
use crate::onion::mentions_address;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "secrecy.addresses",
        says: "no connector log line at INFO or above and no label or command line holds an onion address; at DEBUG they do appear",
        judge: addresses,
    },
    Check {
        id: "secrecy.secrets",
        says: "no log line, label or command line holds a secret of the run",
        judge: secrets,
    },
];

/// Level of an INFO line in the connector's logs (contract section 7).
const INFO: u64 = 30;
/// A line's level. A line that is no JSON object counts as INFO: nobody can filter it out.
fn level(line: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(line)
        .ok()
        .and_then(|value| value.get("level")?.as_u64())
        .unwrap_or(INFO)
}

fn addresses(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_connector_logs();
    let mut debug_lines = 0;
    let leveled: Vec<&LogView> = seen.logs.iter().filter(|log| log.leveled).collect();
    for log in &leveled {
        for line in log.text.lines().filter(|line| mentions_address(line)) {
            if level(line) >= INFO {
                wrong.push(format!("{} logs one at level {}", log.role, level(line)));
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
        wrong.push(format!(
            "{} shows one in a label or its command line",
            log.role
        ));
    }
    wrong.dedup();
    if wrong.is_empty() && debug_lines == 0 {
        return Finding::fail(
            "no DEBUG line holds an onion address either, so there was nothing to look at",
        );
    }
    let good = format!(
        "{} connector logs; {debug_lines} DEBUG lines hold one",
        leveled.len()
    );
    Finding::all(leveled.len(), &wrong, good)
}

fn secrets(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_connector_logs();
    for log in &seen.logs {
        for (what, text) in [("log", &log.text), ("labels or command line", &log.visible)] {
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
    let empty: Vec<&str> = seen
        .logs
        .iter()
        .filter(|log| log.leveled && log.text.is_empty())
        .map(|log| log.role.as_str())
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
