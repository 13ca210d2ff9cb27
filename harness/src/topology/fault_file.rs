//! Reading `[[fault]]`, and the catalogue of faults that have a name.

use std::time::Duration;

use super::fault::{Fault, FaultKind, FaultNodes, FaultTarget, Lasts};
use crate::toml_file::{Collector, Fields, Located};

/// How long packets flow before a fault, where nothing is said.
const AFTER: Duration = Duration::from_secs(2);
/// How long a fault may last: a run is given up after half an hour.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// How long recovery may take where nothing is said.
const RECOVERS: Duration = Duration::from_secs(60);

/// A fault with a name, which `--fault NAME` adds to a topology.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedFault {
    /// Its name.
    pub name: &'static str,
    /// What it is like, as a sentence.
    pub says: &'static str,
    /// What is done.
    pub what: FaultKind,
    /// What it is done to. `HOME` is the home that the probe dials.
    pub on: &'static str,
    /// For how long, in seconds.
    pub lasts_s: Option<u64>,
    /// How long recovery may take, in seconds; `None` where there is none.
    pub recovers_within_s: Option<u64>,
}

const fn named(
    name: &'static str,
    says: &'static str,
    (what, on): (FaultKind, &'static str),
    lasts_s: Option<u64>,
    recovers_within_s: Option<u64>,
) -> NamedFault {
    NamedFault {
        name,
        says,
        what,
        on,
        lasts_s,
        recovers_within_s,
    }
}

/// Every fault that has a name.
pub static FAULTS: &[NamedFault] = &[
    named(
        "relay-on-path",
        "A relay that carries a session dies, and stays dead.",
        (FaultKind::Kill, "relay-on-path"),
        None,
        Some(60),
    ),
    named(
        "guard",
        "The relay by which a daemon enters the network dies, and stays dead.",
        (FaultKind::Kill, "guard"),
        None,
        Some(60),
    ),
    named(
        "relays-down",
        "No relay answers for 20 s.",
        (FaultKind::Pause, "relays"),
        Some(20),
        Some(60),
    ),
    named(
        "authority",
        "One authority dies.",
        (FaultKind::Kill, "authority"),
        None,
        Some(60),
    ),
    named(
        "two-authorities",
        "Two authorities die: no other consensus is made.",
        (FaultKind::Kill, "two-authorities"),
        None,
        Some(60),
    ),
    named(
        "daemon-restart",
        "A home's onion daemon is killed, and started again with the same keys.",
        (FaultKind::Restart, "HOME/daemon"),
        None,
        Some(60),
    ),
    named(
        "daemon-pause",
        "A home's onion daemon hangs for 20 s.",
        (FaultKind::Pause, "HOME/daemon"),
        Some(20),
        Some(60),
    ),
    named(
        "keys-lost",
        "A home's onion daemon is started again without its service's keys, and so has another address.",
        (FaultKind::LoseKeys, "HOME/daemon"),
        None,
        None,
    ),
    named(
        "cut-10s",
        "A home is cut off for 10 s.",
        (FaultKind::Cut, "HOME"),
        Some(10),
        Some(60),
    ),
    named(
        "cut-45s",
        "A home is cut off for 45 s, longer than a few retries take.",
        (FaultKind::Cut, "HOME"),
        Some(45),
        Some(60),
    ),
    named(
        "cut-3min",
        "A home is cut off for 3 min, longer than any fixed number of retries takes.",
        (FaultKind::Cut, "HOME"),
        Some(180),
        Some(60),
    ),
    named(
        "readdress",
        "A home's router is restarted and has another address.",
        (FaultKind::Readdress, "HOME"),
        None,
        Some(120),
    ),
    named(
        "connector-kill",
        "A connector is killed, and started again after 5 s.",
        (FaultKind::Kill, "HOME/connector"),
        Some(5),
        Some(60),
    ),
    named(
        "connector-stop",
        "A connector is told to end, and started again after 5 s.",
        (FaultKind::Stop, "HOME/connector"),
        Some(5),
        Some(60),
    ),
    named(
        "connector-restart",
        "A connector is killed, and started again at once.",
        (FaultKind::Restart, "HOME/connector"),
        None,
        Some(60),
    ),
    named(
        "bls-hangs",
        "The server behind a connector hangs for 15 s.",
        (FaultKind::Pause, "HOME/bls"),
        Some(15),
        Some(15),
    ),
];

impl NamedFault {
    /// The fault of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        FAULTS.iter().find(|fault| fault.name == name)
    }

    /// It, with the home that it is done to.
    pub(super) fn of_home(&self, home: &str) -> Fault {
        let on = self.on.replace("HOME", home);
        Fault {
            what: self.what,
            // The catalogue's are all read; `tests` holds them to it.
            on: FaultTarget::read(&on, |id| id == home)
                .unwrap_or(FaultTarget::Nodes(FaultNodes::OneRelay)),
            after: AFTER,
            lasts: self.lasts_s.map(Duration::from_secs),
            recovers_within: self.recovers_within_s.map(Duration::from_secs),
            loses_at_most: None,
        }
    }
}

/// Reads every `[[fault]]`. Whether there is a home is looked at by `is_home`.
pub(super) fn read_faults<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
    is_home: impl Fn(&str) -> bool,
) -> Vec<Located<'a, 'i, Fault>> {
    let mut faults = Vec::new();
    for mut table in fields.tables(into, "fault") {
        if let Some(value) = read_fault(&mut table, into, &is_home) {
            faults.push(Located {
                fields: table,
                value,
            });
        }
    }
    faults
}

fn read_fault(
    table: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    is_home: impl Fn(&str) -> bool,
) -> Option<Fault> {
    if !table.has("what") {
        table.string(into, "what", "\"cut\"");
    }
    let kinds = FaultKind::ALL;
    let what = table.choice(into, "what", FaultKind::Kill, &kinds, FaultKind::name);
    let target = table.string(into, "on", &format!("\"{}\"", what.example()));
    let after = table.duration(into, "after", Some(AFTER)).unwrap_or(AFTER);
    let lasts = read_lasts(table, into, what);
    let recovers = match table.has("recovers_within") {
        true => table.duration(into, "recovers_within", None),
        false => {
            table.know("recovers_within");
            None
        }
    };
    let loses_at_most = match table.has("loses_at_most") {
        true => Some(table.integer(into, "loses_at_most", 0, 0..=1_000_000)),
        false => {
            table.know("loses_at_most");
            None
        }
    };
    table.finish(into);
    let on = target.as_deref()?;
    let Some(on) = FaultTarget::read(on, is_home) else {
        let message = format!(
            "{on:?} is nothing that something could be done to; for {} it is {}",
            what.name(),
            what.example()
        );
        table.mistake(into, "on", message);
        return None;
    };
    if !what.takes(&on) {
        let message = format!(
            "{:?} is not for {}, which is done to {}",
            on.to_string(),
            what.name(),
            what.example()
        );
        table.mistake(into, "on", message);
    }
    let mut fault = Fault {
        what,
        on,
        after,
        lasts,
        recovers_within: recovers,
        loses_at_most,
    };
    match (fault.takes_a_home_away(), recovers) {
        (true, Some(_)) => table.mistake(
            into,
            "recovers_within",
            format!("is given, and after \"{fault}\" that home is not reached again; remove it"),
        ),
        (false, None) => fault.recovers_within = Some(RECOVERS),
        _ => {}
    }
    Some(fault)
}

fn read_lasts(
    table: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    what: FaultKind,
) -> Option<Duration> {
    let lasts = match (table.has("lasts"), what.lasts()) {
        (false, Lasts::Never | Lasts::Sometimes) => {
            table.know("lasts");
            None
        }
        (true, Lasts::Never) => {
            table.know("lasts");
            let message = format!("is given, and {} is over at once; remove it", what.name());
            table.mistake(into, "lasts", message);
            None
        }
        (_, Lasts::Always | Lasts::Sometimes) => table.duration(into, "lasts", None),
    };
    if lasts.is_some_and(|lasts| lasts > LONGEST) {
        table.mistake(
            into,
            "lasts",
            "is longer than 15 minutes; a run is given up after half an hour",
        );
    }
    lasts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_fault_can_be_made() {
        for named in FAULTS {
            let fault = named.of_home("home-b");
            assert!(fault.what.takes(&fault.on), "{}", named.name);
            let on = named.on.replace("HOME", "home-b");
            assert_eq!(fault.on.to_string(), on, "{}", named.name);
            let said = fault.lasts.is_some();
            match fault.what.lasts() {
                Lasts::Always => assert!(said, "{}", named.name),
                Lasts::Never => assert!(!said, "{}", named.name),
                Lasts::Sometimes => {}
            }
            let comes_back = fault.recovers_within.is_some();
            assert_ne!(comes_back, fault.takes_a_home_away(), "{}", named.name);
            assert_eq!(NamedFault::find(named.name), Some(named));
        }
    }
}
