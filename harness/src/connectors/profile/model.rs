//! What a profile says, and the connector that it makes.

use std::collections::BTreeMap;

use super::account::AccountControl;
use super::ready::Ready;
use super::template::{Context, Peer, Templates};
use crate::connectors::accounts::REFUSED;
use crate::connectors::{
    ACCOUNT, Answers, BtpPorts, Capabilities, ConfigFile, Configuration, ConfigureError, Connector,
    Contact, Content, Control, Level, LogEvent, Ports, Recipe, Server, Site, level_of, toon,
};
use crate::secret::Secret;

/// A connector as a profile describes it.
pub struct Profile {
    pub(super) name: &'static str,
    pub(super) capabilities: Capabilities,
    pub(super) answers: Answers,
    pub(super) controlled: Controlled,
    pub(super) content: Content,
    pub(super) command: Vec<String>,
    pub(super) directory: Option<String>,
    /// Where it writes, if the rest of its root file system may be read-only.
    pub(super) writable: Option<Vec<String>>,
    pub(super) ports: Listeners,
    pub(super) log: Log,
    /// Paths of its files; the key of each one's template is [`file_key`] of its place.
    pub(super) files: Vec<String>,
    /// Names of its variables; the key of each one's template is [`variable_key`].
    pub(super) variables: Vec<String>,
    /// Whether there is a template for the variable of a peer's secret.
    pub(super) peer_variable: bool,
    pub(super) templates: Templates,
}

/// The key of the template for the variable of a peer's secret.
pub(super) const PEER_VARIABLE: &str = "peer_variable";

/// The key of the template of a file.
pub(super) fn file_key(index: usize) -> String {
    format!("file[{index}].content")
}

/// The key of the template of a variable.
pub(super) fn variable_key(name: &str) -> String {
    format!("environment.{name}")
}

/// How the harness sends from a home, and receives there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Controlled {
    /// As an account of the connector.
    ByAccount {
        /// What says that it is ready, besides the account's session.
        ready: Option<Ready>,
    },
    /// By the TOON connector's admin API, with the business-logic server beside it.
    ByToonApi,
}

/// Where peers come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listeners {
    /// All at one port.
    One(u16),
    /// Each at a port of its own, from this one on; the first is that of the harness's own account.
    EachFrom(u16),
}

/// What its log lines say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Log {
    /// Whether they have levels.
    pub(super) levels: bool,
    /// Whether they name events as the TOON connector names them.
    pub(super) toon_events: bool,
}

impl Profile {
    /// The port at which the harness's own account comes in.
    fn account_port(&self) -> u16 {
        match self.ports {
            Listeners::One(port) | Listeners::EachFrom(port) => port,
        }
    }

    fn rendered(
        &self,
        site: &Site<'_>,
        context: &Context<'_>,
        key: &str,
    ) -> Result<String, ConfigureError> {
        let rendered = self.templates.render(key, context);
        rendered.map_err(|source| ConfigureError {
            home: site.id.to_owned(),
            template: key.to_owned(),
            source: Box::new(source),
        })
    }

    /// Its environment: what the profile lists, and the secrets of callers that have variables of their own.
    fn environment(
        &self,
        site: &Site<'_>,
        context: &Context<'_>,
    ) -> Result<Vec<(String, Secret)>, ConfigureError> {
        let mut environment = Vec::new();
        for name in &self.variables {
            let value = self.rendered(site, context, &variable_key(name))?;
            environment.push((name.clone(), Secret::new(value)));
        }
        let secrets = site.callers.iter().filter(|one| !one.secret.is_empty());
        environment.extend(secrets.filter_map(|caller| {
            let variable = self.secret_variable(caller.id)?;
            Some((variable, caller.secret.clone()))
        }));
        Ok(environment)
    }
}

impl Connector for Profile {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn answers(&self) -> Answers {
        self.answers
    }

    fn recipe(&self) -> Recipe {
        Recipe {
            content: self.content.clone(),
            server: match self.controlled {
                Controlled::ByAccount { .. } => None,
                Controlled::ByToonApi => Some(toon::BUSINESS_LOGIC),
            },
        }
    }

    fn secret_variable(&self, peer: &str) -> Option<String> {
        if !self.peer_variable {
            return None;
        }
        // Rendered for a sample when the profile was read, with the id as the one value that changes.
        self.templates
            .render(PEER_VARIABLE, &Peer { id: peer })
            .ok()
    }

    fn admission_variable(&self) -> Option<&'static str> {
        None
    }

    fn account(&self) -> Option<&'static str> {
        matches!(self.controlled, Controlled::ByAccount { .. }).then_some(ACCOUNT)
    }

    fn ports(&self, callers: &[&str]) -> Ports {
        let btp = match self.ports {
            Listeners::One(port) => BtpPorts::Shared(port),
            Listeners::EachFrom(first) => {
                let each = callers.iter().zip(first + 1..);
                let ports: BTreeMap<_, _> =
                    each.map(|(id, port)| ((*id).to_owned(), port)).collect();
                BtpPorts::PerCaller(ports)
            }
        };
        let mut control = Vec::new();
        match &self.controlled {
            Controlled::ByToonApi => control.extend(toon::CONTROL_PORTS),
            Controlled::ByAccount { ready } => {
                control.push(self.account_port());
                control.extend(ready.iter().map(|ready| ready.port));
            }
        }
        let mut ports = Ports { btp, control };
        let listed = ports.btp();
        ports.control.retain(|port| !listed.contains(port));
        ports.control.dedup();
        ports
    }

    fn configure(&self, site: &Site<'_>) -> Result<Configuration, ConfigureError> {
        let account = self.account().map(|id| (id, self.account_port()));
        let context = Context::new(site, account);
        let mut files = Vec::new();
        for (index, path) in self.files.iter().enumerate() {
            let text = self.rendered(site, &context, &file_key(index))?;
            files.push(ConfigFile {
                path: path.clone(),
                content: text.into_bytes(),
            });
        }
        Ok(Configuration {
            files,
            environment: self.environment(site, &context)?,
            command: self.command.clone(),
            directory: self.directory.clone(),
            writable: self.writable.clone(),
            server: match self.controlled {
                Controlled::ByAccount { .. } => Server::default(),
                Controlled::ByToonApi => toon::server(),
            },
        })
    }

    fn refused_destination(&self, prefix: &str) -> Option<String> {
        match self.controlled {
            Controlled::ByToonApi => toon::Toon.refused_destination(prefix),
            Controlled::ByAccount { .. } => Some(format!("{prefix}.{REFUSED}")),
        }
    }

    fn level(&self, line: &str) -> Option<Level> {
        self.log.levels.then(|| level_of(line))?
    }

    fn events(&self, log: &str) -> Vec<LogEvent> {
        match self.log.toon_events {
            true => toon::events(log),
            false => Vec::new(),
        }
    }

    fn control(&self, contact: &Contact<'_>) -> Box<dyn Control> {
        match &self.controlled {
            Controlled::ByToonApi => Box::new(toon::ToonControl::new(contact)),
            Controlled::ByAccount { ready } => {
                let account = AccountControl::new(
                    contact,
                    self.capabilities.dialect,
                    self.account_port(),
                    ready.clone(),
                );
                Box::new(account)
            }
        }
    }
}
