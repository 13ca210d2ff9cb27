//! Connectors that cannot do everything: what needs that is unsupported, and the rest is judged.

use std::collections::BTreeSet;

use super::healthy::healthy;
use crate::checks::{Verdict, judge, verdict};
use crate::connectors::{
    Answers, Capabilities, Configuration, ConfigureError, Connector, Contact, Control, Kind, Level,
    LogEvent, Ports, Recipe, Site,
};
use crate::onion::redact;

/// The usual connector, with less that it can do.
struct Lesser {
    capabilities: Capabilities,
    refuses: bool,
}

impl Connector for Lesser {
    fn name(&self) -> &'static str {
        "lesser"
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn answers(&self) -> Answers {
        Kind::default().answers()
    }

    fn recipe(&self) -> Recipe {
        Kind::default().recipe()
    }

    fn secret_variable(&self, peer: &str) -> Option<String> {
        Kind::default().secret_variable(peer)
    }

    fn admission_variable(&self) -> Option<&'static str> {
        Kind::default().admission_variable()
    }

    fn ports(&self, callers: &[&str]) -> Ports {
        Kind::default().ports(callers)
    }

    fn configure(&self, site: &Site<'_>) -> Result<Configuration, ConfigureError> {
        Kind::default().configure(site)
    }

    fn refused_destination(&self, prefix: &str) -> Option<String> {
        let refused = Kind::default().refused_destination(prefix);
        refused.filter(|_| self.refuses)
    }

    fn level(&self, line: &str) -> Option<Level> {
        Kind::default().level(line)
    }

    fn events(&self, log: &str) -> Vec<LogEvent> {
        Kind::default().events(log)
    }

    fn control(&self, contact: &Contact<'_>) -> Box<dyn Control> {
        Kind::default().control(contact)
    }
}

/// A connector that can do less. Connectors live as long as the program.
fn lesser(less: fn(&mut Lesser)) -> Kind {
    let mut lesser = Lesser {
        capabilities: Kind::default().capabilities(),
        refuses: true,
    };
    less(&mut lesser);
    Kind::of(Box::leak(Box::new(lesser)))
}

/// The checks that are unsupported with a connector that can do less; all others pass.
fn unsupported(less: fn(&mut Lesser)) -> BTreeSet<String> {
    let mut seen = healthy();
    seen.connector = lesser(less);
    // What such a connector leaves no trace of.
    let can = seen.connector.capabilities();
    for log in seen.logs.iter_mut().filter(|_| !can.logs_levels) {
        log.text = redact(&log.text);
    }
    if !can.forwards_amounts {
        seen.deliveries.retain(|packet| packet.amount == 0);
    }
    let results = judge(&seen);
    assert_eq!(verdict(&results), Verdict::Pass, "what is left is judged");
    let mut without = BTreeSet::new();
    for result in results {
        match result.verdict {
            Verdict::Pass => {}
            Verdict::Unsupported => {
                assert!(result.evidence.contains("lesser "), "{}", result.evidence);
                without.insert(result.id);
            }
            other => panic!("{}: {other:?} {}", result.id, result.evidence),
        }
    }
    without
}

fn ids(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_a_connector_cannot_do_is_unsupported_and_nothing_else() {
    assert!(unsupported(|_| ()).is_empty());
    assert_eq!(
        unsupported(|one| one.capabilities.dials_by_socks = false),
        ids(&[
            "faults.held",
            "faults.redials",
            "isolation.no-direct-dial",
            "names.socks",
            "resilience.removed-peer"
        ])
    );
    assert_eq!(
        unsupported(|one| one.capabilities.lists_peers = false),
        ids(&[
            "faults.truth",
            "resilience.health",
            "resilience.health-live"
        ])
    );
    assert_eq!(
        unsupported(|one| one.capabilities.tells_health = false),
        ids(&[
            "faults.truth",
            "resilience.health",
            "resilience.health-live"
        ])
    );
    assert_eq!(
        unsupported(|one| one.capabilities.records_deliveries = false),
        ids(&[
            "faults.once",
            "packets.delivered",
            "packets.once",
            "packets.payload",
            "packets.hops"
        ])
    );
    assert_eq!(
        unsupported(|one| one.refuses = false),
        ids(&["packets.application-error"])
    );
    assert_eq!(
        unsupported(|one| one.capabilities.forwards_amounts = false),
        ids(&["packets.amounts"])
    );
    // Whoever writes no address needs no levels.
    assert!(unsupported(|one| one.capabilities.logs_levels = false).is_empty());
}

#[test]
fn an_address_in_a_log_without_levels_is_one_that_everybody_sees() {
    let mut seen = healthy();
    seen.connector = lesser(|one| one.capabilities.logs_levels = false);
    let results = judge(&seen);
    let result = results.iter().find(|one| one.id == "secrecy.addresses");
    let result = result.expect("is judged");
    assert_eq!(result.verdict, Verdict::Fail);
    let expected = "home-a/connector logs one without a level (event btp_dial, line 2)";
    assert!(result.evidence.contains(expected), "{}", result.evidence);
}
