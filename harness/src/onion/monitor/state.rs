//! What a daemon's events add up to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::line::value_of;

/// Everything that a daemon's events have said so far. Serialized, it holds onion addresses: it goes
/// into files of mode 0600 only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonState {
    /// Bootstrap percentage (`STATUS_CLIENT BOOTSTRAP PROGRESS`).
    pub bootstrap: u8,
    /// Bootstrap tag, such as `ap_conn` or `done`.
    pub tag: String,
    /// The daemon's last bootstrap warning, if any.
    pub warning: Option<String>,
    /// Descriptor uploads begun (`HS_DESC UPLOAD`).
    pub uploads: usize,
    /// Descriptor uploads that an HSDir confirmed (`HS_DESC UPLOADED`).
    pub uploaded: usize,
    /// Descriptors of other services that were fetched (`HS_DESC RECEIVED`), by label.
    pub received: BTreeMap<String, usize>,
    /// Descriptor uploads or fetches that failed, with the daemon's reason.
    pub failed: Vec<String>,
    /// Rendezvous circuits that both sides joined, as a client (`HS_STATE=HSCR_JOINED`).
    pub joined: usize,
    /// Their circuit ids.
    #[serde(skip)]
    joined_circuits: BTreeSet<String>,
    /// What became of its connections to relays.
    #[serde(default)]
    pub connections: Connections,
    /// Whether the control connection has ended.
    pub gone: bool,
}

/// Connections of a daemon to relays (`ORCONN`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// How many were begun.
    pub launched: usize,
    /// How many came up, handshake included.
    pub connected: usize,
    /// How many failed, by the daemon's reason, such as `NOROUTE`, `TIMEOUT` or `TLS_ERROR`.
    pub failed: BTreeMap<String, usize>,
}

impl DaemonState {
    /// Adds what was counted before this observation began, as when a topology was left running.
    pub fn add_earlier(&mut self, earlier: &Self) {
        self.uploads += earlier.uploads;
        self.uploaded += earlier.uploaded;
        self.joined += earlier.joined;
        for (label, count) in &earlier.received {
            *self.received.entry(label.clone()).or_default() += count;
        }
    }

    /// Takes one event into account. Unknown events change nothing.
    pub(super) fn apply(&mut self, event: &str) {
        let mut words = event.split(' ');
        match words.next() {
            Some("STATUS_CLIENT") => self.apply_status(event),
            Some("ORCONN") => match words.nth(1) {
                Some("LAUNCHED") => self.connections.launched += 1,
                Some("CONNECTED") => self.connections.connected += 1,
                Some("FAILED") => {
                    let reason = value_of(event, "REASON").unwrap_or("UNKNOWN");
                    let failed = &mut self.connections.failed;
                    *failed.entry(reason.to_owned()).or_default() += 1;
                }
                _ => {}
            },
            Some("HS_DESC") => {
                let (action, label) = (words.next(), words.next().unwrap_or_default());
                match action {
                    Some("UPLOAD") => self.uploads += 1,
                    Some("UPLOADED") => self.uploaded += 1,
                    Some("RECEIVED") => *self.received.entry(label.to_owned()).or_default() += 1,
                    Some("FAILED") => {
                        let reason = value_of(event, "REASON").unwrap_or("UNKNOWN");
                        self.failed.push(reason.to_owned());
                    }
                    _ => {}
                }
            }
            // A circuit that was built for a rendezvous changes its purpose when the service
            // joins; further changes of the same circuit are not further rendezvous.
            Some("CIRC" | "CIRC_MINOR") if value_of(event, "HS_STATE") == Some("HSCR_JOINED") => {
                let circuit = words.next().unwrap_or_default();
                if self.joined_circuits.insert(circuit.to_owned()) {
                    self.joined += 1;
                }
            }
            _ => {}
        }
    }

    pub(super) fn apply_status(&mut self, event: &str) {
        if !event.contains(" BOOTSTRAP ") {
            return;
        }
        if let Some(progress) = value_of(event, "PROGRESS").and_then(|text| text.parse().ok()) {
            self.bootstrap = progress;
        }
        if let Some(tag) = value_of(event, "TAG") {
            tag.clone_into(&mut self.tag);
        }
        if event.starts_with("STATUS_CLIENT WARN") {
            let reason = value_of(event, "REASON").unwrap_or("UNKNOWN");
            self.warning = Some(reason.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_add_up() {
        let mut state = DaemonState::default();
        for event in [
            "STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=45 TAG=requesting_descriptors SUMMARY=\"Asking\"",
            "HS_DESC UPLOAD label UNKNOWN $AA~relay1 DESC HSDIR_INDEX=BB",
            "HS_DESC UPLOADED label UNKNOWN $AA~relay1",
            "HS_DESC RECEIVED other NO_AUTH $AA~relay1 DESC",
            "HS_DESC FAILED other NO_AUTH $AA~relay2 DESC REASON=NOT_FOUND",
            "CIRC 9 BUILT $AA~relay1 PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_ESTABLISHED_IDLE",
            "CIRC_MINOR 9 PURPOSE_CHANGED $AA~relay1 PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_JOINED REND_QUERY=other",
            "CIRC_MINOR 9 CANNIBALIZED $AA~relay1 PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_JOINED REND_QUERY=other",
            "STREAM 1 NEW 0 x",
        ] {
            state.apply(event);
        }
        assert_eq!(
            (state.bootstrap, state.tag.as_str()),
            (45, "requesting_descriptors")
        );
        assert_eq!((state.uploads, state.uploaded, state.joined), (1, 1, 1));
        assert_eq!(state.received.get("other"), Some(&1));
        assert_eq!(state.failed, ["NOT_FOUND"]);
    }

    #[test]
    fn a_warning_keeps_its_reason() {
        let mut state = DaemonState::default();
        state.apply("STATUS_CLIENT WARN BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY=\"x\" WARNING=\"No route to host\" REASON=NOROUTE COUNT=1");
        assert_eq!(state.warning.as_deref(), Some("NOROUTE"));
    }
}
