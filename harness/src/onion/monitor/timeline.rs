//! When what happened, and which stream crossed which circuit.

use std::collections::BTreeMap;
use std::time::Instant;

use super::line::{nickname, value_of};
use crate::secret::Secret;

/// A step of the bootstrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it was told.
    pub at: Instant,
    /// Percentage, 0 to 100.
    pub percent: u8,
    /// Tag, such as `loading_keys`.
    pub tag: String,
}

/// A warning of the daemon about itself (`STATUS_CLIENT WARN`, `STATUS_GENERAL WARN`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// When it came.
    pub at: Instant,
    /// What it is: a reason such as `CONNECTREFUSED` or `CLOCK_SKEW`, or the status' own keyword.
    pub reason: String,
    /// The daemon's words, if it used some.
    pub text: String,
}

/// A circuit to an introduction point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// Circuit id.
    pub circuit: u64,
    /// When it was launched, or an idle circuit was taken for it.
    pub begun: Instant,
    /// When the introduction point confirmed it.
    pub established: Option<Instant>,
}

/// A descriptor on its way to an HSDir, or from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The HSDir's nickname.
    pub hsdir: String,
    /// The service's label: the 56 characters of its address.
    pub label: Secret,
    /// Descriptor id, base64; empty when the daemon did not say.
    pub descriptor: String,
    /// When it began.
    pub begun: Instant,
    /// When it ended, if it has, and the daemon's reason if it failed.
    pub ended: Option<(Instant, Result<(), String>)>,
}

/// Which end of a rendezvous the daemon is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It dialled.
    Client,
    /// It was dialled.
    Service,
}

/// A rendezvous circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendezvous {
    /// Circuit id.
    pub circuit: u64,
    /// Which end this daemon is.
    pub side: Side,
    /// Nicknames of the relays on its way, as this daemon built it.
    pub path: Vec<String>,
    /// The service's label (`REND_QUERY`): the dialled one as a client, its own as a service.
    pub label: Option<Secret>,
    /// When the circuit was launched, or an idle one was taken for it.
    pub begun: Instant,
    /// When both ends were joined.
    pub joined: Option<Instant>,
    /// When the circuit was closed.
    pub closed: Option<Instant>,
}

/// A stream that a program opened at the SOCKS port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Stream id.
    pub id: u64,
    /// The program's own port (`SOURCE_ADDR`), if the daemon said.
    pub source_port: Option<u16>,
    /// What it asked for, `host:port`.
    pub target: Secret,
    /// The password that it showed the proxy, which keeps its circuits apart from others' (`SOCKS_PASSWORD`).
    pub isolation: Option<Secret>,
    /// When it was opened.
    pub begun: Instant,
    /// The last circuit that carried it.
    pub circuit: Option<u64>,
    /// When the far end accepted it.
    pub succeeded: Option<Instant>,
    /// When it ended, if it has.
    pub ended: Option<Instant>,
    /// Why it failed before it was accepted: `REASON`, or `END/` and the far end's reason.
    pub failure: Option<String>,
}

impl Stream {
    /// Whether it failed by a word from its far end. A service whose port leads nowhere ends it in that way; a circuit
    /// that breaks ends it by another reason. `None` where it did not fail.
    #[must_use]
    pub fn was_ended_by_far_end(&self) -> Option<bool> {
        self.failure
            .as_ref()
            .map(|reason| reason.starts_with("END/"))
    }

    /// The top-level domain that was asked for, such as `anon`.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        let (host, _) = self.target.expose().rsplit_once(':')?;
        Some(host.rsplit_once('.')?.1)
    }
}

/// Bytes in both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes that went into the network.
    pub written: u64,
    /// Bytes that came out of it.
    pub read: u64,
}

/// What a daemon's events have told, with monotonic times. `Debug` prints no onion address.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Steps of the bootstrap.
    pub bootstrap: Vec<Step>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// When the daemon had a new consensus (`NEWCONSENSUS`).
    pub consensuses: Vec<Instant>,
    /// Introduction circuits that serve as such. A circuit that was built in advance and then
    /// given another purpose is not one.
    pub introductions: Vec<Introduction>,
    /// Uploads of the own service's descriptors.
    pub uploads: Vec<Transfer>,
    /// Fetches of others' descriptors.
    pub fetches: Vec<Transfer>,
    /// Rendezvous circuits.
    pub rendezvous: Vec<Rendezvous>,
    /// Streams of programs, by id. The daemon's own directory streams are left out.
    pub streams: BTreeMap<u64, Stream>,
    /// Why circuits failed before they were built, such as `CONNECTFAILED`.
    pub failed_circuits: Vec<String>,
    carried: BTreeMap<u64, Traffic>,
}

impl Timeline {
    /// Takes one event into account. Unknown events change nothing.
    pub(crate) fn apply(&mut self, at: Instant, event: &str) {
        let mut words = event.split(' ');
        let keyword = words.next().unwrap_or_default();
        let rest: Vec<&str> = words.collect();
        match keyword {
            "STATUS_CLIENT" | "STATUS_GENERAL" => self.status(at, event, &rest),
            keyword if keyword.starts_with("NEWCONSENSUS") => self.consensuses.push(at),
            "HS_DESC" => self.descriptor(at, event, &rest),
            "CIRC" | "CIRC_MINOR" => self.circuit(at, event, &rest),
            "STREAM" => self.stream(at, event, &rest),
            "CIRC_BW" => {
                let number = |key| value_of(event, key).and_then(|text| text.parse().ok());
                // Delivered bytes are those of relay cells' payloads, without their filling.
                if let (Some(id), Some(written), Some(read)) = (
                    number("ID"),
                    number("DELIVERED_WRITTEN"),
                    number("DELIVERED_READ"),
                ) {
                    let total = self.carried.entry(id).or_default();
                    total.written += written;
                    total.read += read;
                }
            }
            _ => {}
        }
    }

    fn status(&mut self, at: Instant, event: &str, rest: &[&str]) {
        let (Some(severity), Some(action)) = (rest.first(), rest.get(1)) else {
            return;
        };
        if *action == "BOOTSTRAP" {
            let percent = value_of(event, "PROGRESS").and_then(|text| text.parse().ok());
            let tag = value_of(event, "TAG").unwrap_or_default();
            if let Some(percent) = percent
                && self.bootstrap.last().is_none_or(|step| step.tag != tag)
            {
                let tag = tag.to_owned();
                self.bootstrap.push(Step { at, percent, tag });
            }
        }
        // Bugs that the daemon reports about itself are for its authors.
        if *severity == "WARN" && *action != "BUG" {
            let reason = value_of(event, "REASON").unwrap_or(action).to_owned();
            let text = value_of(event, "WARNING")
                .map(str::to_owned)
                .or_else(|| Some(format!("SKEW={}", value_of(event, "SKEW")?)))
                .unwrap_or_default();
            self.warnings.push(Warning { at, reason, text });
        }
    }

    fn descriptor(&mut self, at: Instant, event: &str, rest: &[&str]) {
        let [action, label, _, hsdir, ref more @ ..] = rest[..] else {
            return;
        };
        let hsdir = nickname(hsdir);
        let transfer = || Transfer {
            hsdir: hsdir.to_owned(),
            label: Secret::from(label),
            descriptor: more.first().copied().unwrap_or_default().to_owned(),
            begun: at,
            ended: None,
        };
        let open = |list: &mut Vec<Transfer>, outcome: Result<(), String>| {
            // A confirmation names the HSDir and not the descriptor: the oldest is confirmed.
            let found = list.iter_mut().find(|transfer| {
                transfer.ended.is_none()
                    && transfer.hsdir == hsdir
                    && transfer.label.expose() == label
            });
            let is_found = found.is_some();
            if let Some(transfer) = found {
                transfer.ended = Some((at, outcome));
            }
            is_found
        };
        match action {
            "UPLOAD" => self.uploads.push(transfer()),
            "REQUESTED" => self.fetches.push(transfer()),
            "UPLOADED" => {
                open(&mut self.uploads, Ok(()));
            }
            "RECEIVED" => {
                open(&mut self.fetches, Ok(()));
            }
            "FAILED" => {
                let reason = value_of(event, "REASON").unwrap_or("UNKNOWN").to_owned();
                if !open(&mut self.fetches, Err(reason.clone())) {
                    open(&mut self.uploads, Err(reason));
                }
            }
            _ => {}
        }
    }

    fn circuit(&mut self, at: Instant, event: &str, rest: &[&str]) {
        let (Some(id), Some(status)) = (rest.first().and_then(|id| id.parse().ok()), rest.get(1))
        else {
            return;
        };
        if matches!(*status, "FAILED" | "CLOSED") {
            if *status == "FAILED" {
                let reason = value_of(event, "REASON").unwrap_or("UNKNOWN");
                self.failed_circuits.push(reason.to_owned());
            }
            let of_circuit = |one: &&mut Rendezvous| one.circuit == id && one.closed.is_none();
            if let Some(one) = self.rendezvous.iter_mut().find(of_circuit) {
                one.closed = Some(at);
            }
            return;
        }
        let purpose = value_of(event, "PURPOSE").unwrap_or_default();
        let state = value_of(event, "HS_STATE").unwrap_or_default();
        if purpose == "HS_SERVICE_INTRO" {
            let known = self.introductions.iter().position(|one| one.circuit == id);
            let index = known.unwrap_or_else(|| {
                self.introductions.push(Introduction {
                    circuit: id,
                    begun: at,
                    established: None,
                });
                self.introductions.len() - 1
            });
            if state == "HSSI_ESTABLISHED" {
                self.introductions[index].established.get_or_insert(at);
            }
        } else {
            self.introductions.retain(|one| one.circuit != id);
        }
        let side = match purpose {
            "HS_CLIENT_REND" => Side::Client,
            "HS_SERVICE_REND" => Side::Service,
            _ => return,
        };
        let known = self.rendezvous.iter().position(|one| one.circuit == id);
        let index = known.unwrap_or_else(|| {
            self.rendezvous.push(Rendezvous {
                circuit: id,
                side,
                path: Vec::new(),
                label: None,
                begun: at,
                joined: None,
                closed: None,
            });
            self.rendezvous.len() - 1
        });
        let one = &mut self.rendezvous[index];
        one.side = side;
        // A circuit that is being launched has no way yet, and what follows is its first option then.
        if let Some(way) = rest.get(2).filter(|word| word.starts_with('$')) {
            one.path = way
                .split(',')
                .map(|relay| nickname(relay).to_owned())
                .collect();
        }
        if let Some(label) = value_of(event, "REND_QUERY") {
            one.label = Some(Secret::from(label));
        }
        if matches!(state, "HSCR_JOINED" | "HSSR_JOINED") {
            one.joined.get_or_insert(at);
        }
    }

    fn stream(&mut self, at: Instant, event: &str, rest: &[&str]) {
        let [id, status, circuit, target, ..] = rest[..] else {
            return;
        };
        let Ok(id) = id.parse() else { return };
        if status == "NEW" {
            if value_of(event, "PURPOSE") != Some("USER") {
                return;
            }
            let source = value_of(event, "SOURCE_ADDR").and_then(|text| text.rsplit_once(':'));
            let stream = Stream {
                id,
                source_port: source.and_then(|(_, port)| port.parse().ok()),
                target: Secret::from(target),
                isolation: value_of(event, "SOCKS_PASSWORD").map(Secret::from),
                begun: at,
                circuit: None,
                succeeded: None,
                ended: None,
                failure: None,
            };
            self.streams.insert(id, stream);
            return;
        }
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if let Some(circuit) = circuit.parse().ok().filter(|circuit| *circuit != 0) {
            stream.circuit = Some(circuit);
        }
        match status {
            "SUCCEEDED" => stream.succeeded = Some(at),
            "FAILED" | "DETACHED" => {
                let reason = value_of(event, "REASON").unwrap_or("UNKNOWN");
                stream.failure = Some(match value_of(event, "REMOTE_REASON") {
                    Some(remote) => format!("{reason}/{remote}"),
                    None => reason.to_owned(),
                });
            }
            "CLOSED" => stream.ended = Some(at),
            _ => {}
        }
    }

    /// All bytes of relay cells' payloads on a circuit so far. The daemon tells them once a second.
    #[must_use]
    pub fn carried(&self, circuit: u64) -> Traffic {
        self.carried.get(&circuit).copied().unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
