//! The TOON connector, versions 1.23 to 3.x: what the contract says of it, and the reference
//! connector of `fixtures/connector` in its place.

mod configuration;
mod control;
mod deployed;
mod http;
mod log;
mod ports;

use std::time::Duration;

use wire::Dialect;

use super::{
    Answers, BtpPorts, Capabilities, Configuration, ConfigureError, Connector, Contact, Content,
    Control, Deployed, Deployment, Level, LogEvent, PeersKnown, Ports, Recipe, Site, level_of,
};

pub(super) use configuration::server;
pub use configuration::{ALLOW_NO_AUTH, CONFIG_FILE, Standalone};
pub(super) use control::ToonControl;
pub(super) use log::events;
use ports::SERVER;
pub use ports::{ADMIN_PORT, BLS_PORT, BTP_PORT, HEALTH_PORT};

/// The reference connector's program.
pub(super) const PROGRAM: Content = Content::Program {
    binary: "connector",
    entrypoint: "/connector",
    directories: &["/config"],
};

/// What it owes its peers. Rejects: contract#reject-codes, contract#expiry and contract#delivery-answer. What a hop takes: contract#hop-changes.
pub(super) const ANSWERS: Answers = Answers {
    no_route: "F02",
    expired: "R00",
    refused_by_server: "F99",
    hop_time: Duration::from_secs(1),
};

/// The ports by which it is controlled, with that of its server.
pub(super) const CONTROL_PORTS: [u16; 3] = [HEALTH_PORT, ADMIN_PORT, BLS_PORT];

/// The business-logic server's file below the folder of binaries, and its path in the image.
pub(super) const BUSINESS_LOGIC: (&str, &str) = ("bls", SERVER);

/// The TOON connector.
#[derive(Debug, Clone, Copy)]
pub struct Toon;

/// The name of the variable in which a connector looks for the secret of a peer, for an id that is in
/// upper case already and without `-`.
macro_rules! secret_variable {
    ($id:literal) => {
        concat!("BTP_PEER_", $id, "_SECRET")
    };
}
pub(crate) use secret_variable;

impl Connector for Toon {
    fn name(&self) -> &'static str {
        "toon"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dialect: Dialect::Toon,
            peers: PeersKnown::WhenTold,
            dials_by_socks: true,
            runs_daemon: true,
            forwards_amounts: true,
            lists_peers: true,
            records_deliveries: true,
            tells_health: true,
            logs_levels: true,
        }
    }

    fn answers(&self) -> Answers {
        ANSWERS
    }

    fn recipe(&self) -> Recipe {
        Recipe {
            content: PROGRAM,
            server: Some(BUSINESS_LOGIC),
        }
    }

    /// Upper case, every `-` becomes `_`, dots stay (contract#auth-secret). Different ids can map to
    /// one variable.
    fn secret_variable(&self, peer: &str) -> Option<String> {
        let id = peer.to_uppercase().replace('-', "_");
        Some(format!("BTP_PEER_{id}_SECRET"))
    }

    fn admission_variable(&self) -> Option<&'static str> {
        Some(ALLOW_NO_AUTH)
    }

    fn serves(&self) -> bool {
        true
    }

    fn ports(&self, _callers: &[&str]) -> Ports {
        Ports {
            btp: BtpPorts::Shared(BTP_PORT),
            control: CONTROL_PORTS.to_vec(),
        }
    }

    fn daemon_program(&self, program: &str) -> Option<String> {
        Some(configuration::daemon_program(program))
    }

    fn configure(&self, site: &Site<'_>) -> Result<Configuration, ConfigureError> {
        Ok(configuration::configure(self, site))
    }

    fn deployed(
        &self,
        site: &Site<'_>,
        planned: Configuration,
        deployment: &Deployment,
    ) -> Deployed {
        deployed::deployed(self, site, planned, deployment)
    }

    fn unfit(&self, home: &str, runs_daemon: bool, deployment: &Deployment) -> Vec<String> {
        deployed::unfit(home, runs_daemon, deployment)
    }

    fn gives(&self, variable: &str) -> bool {
        deployed::is_given(variable)
    }

    /// The business-logic server of the reference connector (contract#delivery-stub) refuses what it is asked to refuse.
    fn refused_destination(&self, prefix: &str) -> Option<String> {
        Some(format!("{prefix}.rej_application_error"))
    }

    fn level(&self, line: &str) -> Option<Level> {
        level_of(line)
    }

    fn events(&self, log: &str) -> Vec<LogEvent> {
        events(log)
    }

    fn control(&self, contact: &Contact<'_>) -> Box<dyn Control> {
        Box::new(ToonControl::new(contact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_of_a_secret_is_the_id_in_upper_case_without_hyphens() {
        let variable = |id| Toon.secret_variable(id).expect("there is one");
        assert_eq!(variable("co-client"), secret_variable!("CO_CLIENT"));
        assert_eq!(variable("g.alice"), secret_variable!("G.ALICE"));
    }
}
