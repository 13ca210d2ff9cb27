//! The trait that every connector implements.

use super::{
    Answers, Capabilities, Configuration, ConfigureError, Contact, Control, Deployed, Deployment,
    Level, LogEvent, Ports, Recipe, Site,
};

/// Everything that the harness has to know of a connector. All but [`Connector::control`] is pure.
pub trait Connector: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// What it owes its peers.
    fn answers(&self) -> Answers;

    /// What an image of it is made of where none is given.
    fn recipe(&self) -> Recipe;

    /// The environment variable in which it looks for a peer's secret; `None` where it has no
    /// variable per peer. Two peers of one home must not share one.
    fn secret_variable(&self, peer: &str) -> Option<String>;

    /// The environment variable that says whether peers without a secret are let in; `None` where
    /// that stands elsewhere.
    fn admission_variable(&self) -> Option<&'static str>;

    /// The id by which the harness itself comes to every home, where it sends and receives as an
    /// account of the connector.
    fn account(&self) -> Option<&'static str> {
        None
    }

    /// Whether it can be configured to serve an operator ([`Purpose::Serving`](super::Purpose::Serving)).
    fn serves(&self) -> bool {
        false
    }

    /// Where it is told that the program of a daemon is which it runs itself; `None` where it is not told.
    fn daemon_program(&self, _program: &str) -> Option<String> {
        None
    }

    /// The ports that it listens on in a home to which these peers come.
    fn ports(&self, callers: &[&str]) -> Ports;

    /// Its files, environment and server in a home.
    ///
    /// # Errors
    ///
    /// [`ConfigureError`] where a template makes nothing of this home.
    fn configure(&self, site: &Site<'_>) -> Result<Configuration, ConfigureError>;

    /// What it is given in a home where it is as an operator has deployed it; `planned` is what
    /// [`Connector::configure`] gives it.
    fn deployed(
        &self,
        _site: &Site<'_>,
        planned: Configuration,
        deployment: &Deployment,
    ) -> Deployed {
        deployment.under(planned)
    }

    /// What keeps a deployment from being a home of this id, whose daemon the connector runs or not; each with its
    /// remedy.
    fn unfit(&self, _home: &str, _runs_daemon: bool, _deployment: &Deployment) -> Vec<String> {
        Vec::new()
    }

    /// Whether the value of a deployment's variable is the home's to give, so that the deployment need not tell it.
    fn gives(&self, _variable: &str) -> bool {
        false
    }

    /// A destination below `prefix` that the home's server refuses; `None` where there is none.
    fn refused_destination(&self, prefix: &str) -> Option<String>;

    /// The level of a line of its log; `None` when the line says none.
    fn level(&self, line: &str) -> Option<Level>;

    /// What its log tells of its sessions, in order.
    fn events(&self, log: &str) -> Vec<LogEvent>;

    /// A handle on one that runs.
    fn control(&self, contact: &Contact<'_>) -> Box<dyn Control>;
}
