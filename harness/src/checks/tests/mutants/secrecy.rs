//! Addresses and secrets where they do not belong.

use super::{BentObservation, fails, planned, unknown};
use crate::checks::{LogView, Observations};

fn log<'a>(seen: &'a mut Observations, role: &str) -> &'a mut LogView {
    let log = seen
        .logs
        .iter_mut()
        .find(|log| log.role.to_string() == role);
    log.expect("a healthy run has it")
}

fn address(seen: &Observations) -> String {
    planned(&seen.homes[0]).expose().to_owned()
}

fn say(seen: &mut Observations, line: &str) {
    let log = log(seen, "home-a/connector");
    log.text.push_str(line);
    log.text.push('\n');
}

const ADDRESSES: &[&str; 1] = &["secrecy.addresses"];
const SECRETS: &[&str; 1] = &["secrecy.secrets"];
const BOTH: &[&str] = &["secrecy.addresses", "secrecy.secrets"];

#[expect(clippy::too_many_lines, reason = "a table of mutants")]
pub(super) fn mutants() -> Vec<BentObservation> {
    vec![
        fails(
            ADDRESSES,
            "an address at INFO",
            "home-a/connector logs one at INFO (line 4)",
            |seen| {
                let line = format!(r#"{{"level":30,"url":"ws://{}:3000"}}"#, address(seen));
                say(seen, &line);
            },
        ),
        fails(
            ADDRESSES,
            "the bare 56 characters at WARN",
            "logs one at WARN",
            |seen| {
                let line = format!(
                    r#"{{"level":40,"msg":"no descriptor of {}"}}"#,
                    &address(seen)[..56]
                );
                say(seen, &line);
            },
        ),
        fails(
            ADDRESSES,
            "an address on a line without a level",
            "logs one without a level (line 4)",
            |seen| {
                let line = format!("cannot dial {}", address(seen));
                say(seen, &line);
            },
        ),
        fails(
            ADDRESSES,
            "an address at ERROR in plain text, with its event nowhere",
            "home-a/connector logs one at ERROR (line 4)",
            |seen| {
                let line = format!("10:00:00 ERROR cannot dial {}", address(seen));
                say(seen, &line);
            },
        ),
        fails(
            ADDRESSES,
            "an address at INFO in an event",
            "logs one at INFO (event peer_registered, line 4)",
            |seen| {
                let address = address(seen);
                let line = format!(r#"{{"level":30,"event":"peer_registered","url":"{address}"}}"#);
                say(seen, &line);
            },
        ),
        fails(
            ADDRESSES,
            "an address in a label",
            "home-b/sidecar shows one in its metadata",
            |seen| {
                let label = format!("\nservice={}", address(seen));
                log(seen, "home-b/sidecar").visible.push_str(&label);
            },
        ),
        fails(
            ADDRESSES,
            "an address in a daemon's log",
            "home-b/sidecar logs one without a level (line 2)",
            |seen| {
                let line = format!("[notice] no descriptor of {}\n", address(seen));
                log(seen, "home-b/sidecar").text.push_str(&line);
            },
        ),
        fails(
            ADDRESSES,
            "an address in what the run wrote",
            "events.jsonl holds one",
            |seen| {
                let line = format!(r#"{{"saw":"ws://{}:3000"}}"#, address(seen));
                seen.written[0].1.push_str(&line);
            },
        ),
        unknown(
            BOTH,
            "nothing that the run wrote was looked at",
            "nothing that the run wrote was looked at",
            |seen| seen.written.clear(),
        ),
        fails(
            SECRETS,
            "a secret in what the run wrote",
            "plan.json: 1 secrets",
            |seen| {
                let secret = seen.secrets[0].expose().to_owned();
                seen.written[1].1.push_str(&secret);
            },
        ),
        unknown(
            BOTH,
            "a connector's log that was not looked at",
            "home-b/connector was not looked at",
            |seen| {
                seen.logs
                    .retain(|log| log.role.to_string() != "home-b/connector");
            },
        ),
        fails(
            SECRETS,
            "a secret in a connector's log",
            "home-a/connector logs one (line 4)",
            |seen| {
                let line = format!(
                    r#"{{"level":20,"authToken":"{}"}}"#,
                    seen.secrets[0].expose()
                );
                say(seen, &line);
            },
        ),
        fails(
            SECRETS,
            "a secret in another log",
            "home-a/bls logs one (line 1)",
            |seen| {
                let secret = seen.secrets[0].expose().to_owned();
                log(seen, "home-a/bls").text.push_str(&secret);
            },
        ),
        fails(
            SECRETS,
            "the probe's secret on a command line",
            "home-a/bls's metadata: 1 secrets",
            |seen| {
                let secret = seen
                    .secrets
                    .last()
                    .expect("there are secrets")
                    .expose()
                    .to_owned();
                log(seen, "home-a/bls").visible.push_str(&secret);
            },
        ),
        unknown(
            SECRETS,
            "no secret to look for",
            "there was no secret to look for",
            |seen| seen.secrets.clear(),
        ),
    ]
}
