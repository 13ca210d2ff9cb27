//! Which circuit carries the stream that a program opened from a port of its own.

use serde::{Deserialize, Serialize};

use crate::onion::monitor::{DaemonState, Monitor, Side, Stream, Timeline, Traffic};

/// A stream on a rendezvous circuit.
#[derive(Clone, Serialize, Deserialize)]
pub struct Path {
    /// The port from which the stream was opened.
    pub port: u16,
    /// The circuit that carries it.
    pub circuit: u64,
    /// Label of the onion service that the circuit is joined with; empty while it is not.
    pub label: String,
}

/// What a home's daemon had told when a topology was left running. Holds onion addresses.
#[derive(Clone, Serialize, Deserialize)]
pub struct Earlier {
    /// The home.
    pub home: String,
    /// What was counted.
    pub state: DaemonState,
    /// The streams that were open.
    pub paths: Vec<Path>,
}

impl Earlier {
    /// Everything a monitor knows that another one cannot ask for later.
    #[must_use]
    pub fn of(home: &str, monitor: &Monitor) -> Self {
        Self {
            home: home.to_owned(),
            state: monitor.state(),
            paths: paths(&monitor.timeline()),
        }
    }
}

fn paths(timeline: &Timeline) -> Vec<Path> {
    let path = |stream: &Stream| {
        let circuit = stream.circuit?;
        let label = timeline
            .rendezvous
            .iter()
            .filter(|one| one.circuit == circuit && one.side == Side::Client)
            .filter(|one| one.joined.is_some())
            .find_map(|one| one.label.as_ref());
        Some(Path {
            port: stream.source_port?,
            circuit,
            label: label.map_or_else(String::new, |label| label.expose().to_owned()),
        })
    };
    timeline.streams.values().filter_map(path).collect()
}

/// The streams of one daemon.
pub(super) struct Paths {
    paths: Vec<Path>,
    timeline: Timeline,
}

impl Paths {
    /// What a monitor has seen, and what was seen before it.
    pub(super) fn new(monitor: Option<&Monitor>, earlier: Option<&Earlier>) -> Self {
        let timeline = monitor.map(Monitor::timeline).unwrap_or_default();
        let mut all = earlier.map_or_else(Vec::new, |earlier| earlier.paths.clone());
        all.extend(paths(&timeline));
        Self {
            paths: all,
            timeline,
        }
    }

    /// The last stream from this port.
    pub(super) fn of(&self, port: u16) -> Option<&Path> {
        self.paths.iter().rev().find(|path| path.port == port)
    }

    /// Everything that a circuit has carried since the monitor began.
    pub(super) fn traffic(&self, circuit: u64) -> Traffic {
        self.timeline.circuit_total(circuit)
    }
}
