//! The catalogue of faults that have a name.

use std::time::Duration;

use super::fault::{Fault, FaultKind, FaultNodes, FaultTarget};

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
    /// How many of a hundred packets are lost; 0 of what loses none by itself.
    pub percent: u8,
    /// How much longer each packet of a home takes, in milliseconds; `None` of what slows no home.
    pub by_ms: Option<u64>,
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
        percent: 0,
        by_ms: None,
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
        "one-relay",
        "A relay that no session is known to lead through dies, and stays dead.",
        (FaultKind::Kill, "one-relay"),
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
        "daemon-kill",
        "A home's onion daemon dies, and stays dead.",
        (FaultKind::Kill, "HOME/daemon"),
        None,
        None,
    ),
    named(
        "daemon-stop",
        "A home's onion daemon is told to end, and started again after 5 s; one that the connector runs hangs, while the \
         connector is told to end.",
        (FaultKind::Stop, "HOME/daemon"),
        Some(5),
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
    NamedFault {
        percent: 2,
        ..named(
            "lose-2",
            "Of a home's packets two in a hundred are lost, for 20 s.",
            (FaultKind::Lose, "HOME"),
            Some(20),
            Some(60),
        )
    },
    NamedFault {
        percent: 10,
        ..named(
            "lose-10",
            "Of a home's packets ten in a hundred are lost, for 20 s.",
            (FaultKind::Lose, "HOME"),
            Some(20),
            Some(60),
        )
    },
    NamedFault {
        by_ms: Some(300),
        ..named(
            "slow-300ms",
            "A home's packets take 300 ms longer, for 20 s.",
            (FaultKind::Slow, "HOME"),
            Some(20),
            Some(60),
        )
    },
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
        "second-session",
        "A peer's connector is killed and comes back before its old session is told to be dead; that one closes after \
         15 s.",
        (FaultKind::SecondSession, "HOME/connector"),
        Some(15),
        Some(60),
    ),
    named(
        "bls-down",
        "The server behind a connector is away for 15 s.",
        (FaultKind::Kill, "HOME/bls"),
        Some(15),
        Some(15),
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
    #[must_use]
    pub fn of_home(&self, home: &str) -> Fault {
        let on = self.on.replace("HOME", home);
        Fault {
            what: self.what,
            // The catalogue's are all read; `tests` holds them to it.
            on: FaultTarget::read(&on, |id| id == home)
                .unwrap_or(FaultTarget::Nodes(FaultNodes::OneRelay)),
            percent: self.percent,
            by: self.by_ms.map(Duration::from_millis),
            after: Fault::AFTER,
            lasts: self.lasts_s.map(Duration::from_secs),
            recovers_within: self.recovers_within_s.map(Duration::from_secs),
            loses_at_most: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Lasts;

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
            let is_slow = fault.what == FaultKind::Slow;
            assert_eq!(fault.by.is_some(), is_slow, "{}", named.name);
            let comes_back = fault.recovers_within.is_some();
            assert_ne!(comes_back, fault.takes_a_home_away(), "{}", named.name);
            assert_eq!(NamedFault::find(named.name), Some(named));
        }
    }
}
