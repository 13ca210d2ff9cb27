//! Who meets at a connector that stands by itself: the harness in two accounts, between which packets go.

use std::net::IpAddr;
use std::time::Duration;

use crate::conformance::{Account, Subject};
use crate::connectors::{
    Caller, Configuration, ConfigureError, Connector, Ports, Purpose, Route, Site, Who,
};
use crate::plan::Seed;
use crate::probe::{Credentials, Route as Way, Target};
use crate::secret::Secret;

/// The connector's own id, and the ILP prefix of what is delivered there.
const NODE: (&str, &str) = ("co-node", "test.co-node");
/// The account that rows are about, and the prefix of what is forwarded to it.
const TESTER: (&str, &str) = ("co-tester", "test.co-tester");
/// The account that packets to the other one come from.
const SENDER: (&str, &str) = ("co-sender", "test.co-sender");

/// The secrets of those who meet, made for one run, and where each comes in.
pub(super) struct Parties {
    /// The key that whoever controls the connector has to know.
    pub(super) key: Secret,
    tester: Secret,
    sender: Secret,
    ports: Ports,
}

impl Parties {
    pub(super) fn new(connector: &dyn Connector, seed: &Seed) -> Self {
        Self {
            key: seed.secret("conformance/key"),
            tester: seed.secret("conformance/tester"),
            sender: seed.secret("conformance/sender"),
            ports: connector.ports(&[TESTER.0, SENDER.0]),
        }
    }

    /// What the connector is given, which is told whether peers may come in without a secret.
    pub(super) fn configuration(
        &self,
        connector: &dyn Connector,
        admits_without_secret: bool,
    ) -> Result<Configuration, ConfigureError> {
        let caller = |id, secret| Caller {
            id,
            // As another connector would.
            who: Who::Home,
            secret,
        };
        let route = |(next, prefix)| Route { prefix, next };
        connector.configure(&Site {
            id: NODE.0,
            prefix: NODE.1,
            ports: &self.ports,
            daemon: None,
            control_key: &self.key,
            routes: vec![route(TESTER), route(SENDER)],
            callers: vec![
                caller(TESTER.0, &self.tester),
                caller(SENDER.0, &self.sender),
            ],
            admits_without_secret,
            dials: Vec::new(),
            purpose: Purpose::Judged,
        })
    }

    /// The connector as rows know it, at this address.
    pub(super) fn subject(
        &self,
        connector: &dyn Connector,
        address: IpAddr,
        admits_without_secret: bool,
        limit: Duration,
    ) -> Subject {
        let account = |id: &str, secret: &Secret| Account {
            // Both are callers, so both have a port.
            target: Target::new(address.to_string(), self.ports.of(id).unwrap_or_default()),
            peer: Credentials::new(id, secret.clone()),
        };
        let Account { target, peer } = account(TESTER.0, &self.tester);
        Subject {
            target,
            route: Way::Direct,
            dialect: connector.capabilities().dialect,
            peer,
            noauth: Some(admits_without_secret),
            fulfils: Some(format!("{}.conformance", NODE.1)),
            forwards: Some(format!("{}.conformance", TESTER.1)),
            sender: Some(account(SENDER.0, &self.sender)),
            limit,
        }
    }

    /// What no message may show.
    pub(super) fn secrets(&self) -> [&Secret; 3] {
        [&self.key, &self.tester, &self.sender]
    }
}
