//! What is made of a home's settings, keys and peers: the configurations of its daemon and its connector, in the words
//! of those who know them.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::error::HomeError;
use super::folder::{Home, needed, write};
use super::settings::Mode;
use crate::connectors::toon::BLS_PORT;
use crate::connectors::{
    Caller, ConfigFile, Configuration, Daemon, Ports, Purpose, Route, Site, StartedBy, Who,
};
use crate::onion::OnionAddress;
use crate::onion::anonrc::{self, Common, SERVICE_DIRECTORY, SOCKS_PORT};
use crate::plan;
use crate::secret::Secret;

/// The daemon's configuration.
pub(super) const ANONRC: &str = "anonrc";
/// The connector's environment, a variable a line.
pub(super) const ENVIRONMENT: &str = "connector.env";
/// Longest nickname that a daemon takes.
const NICKNAME: usize = 19;

/// A home's configurations.
pub(super) struct Rendered {
    /// The daemon's.
    pub(super) anonrc: String,
    /// The connector's and its server's.
    pub(super) connector: Configuration,
    /// Its environment as it is kept.
    pub(super) environment: String,
}

impl Home {
    /// The home's onion address.
    #[must_use]
    pub fn address(&self) -> OnionAddress {
        self.keys.service.address(self.settings.family)
    }

    /// Where its connector listens.
    ///
    /// # Errors
    ///
    /// [`HomeError::Connector`].
    pub fn ports(&self) -> Result<Ports, HomeError> {
        let callers: Vec<&str> = self.peers.iter().map(|peer| &*peer.id).collect();
        Ok(self.settings.kind()?.ports(&callers))
    }

    /// The port of its onion service, which is the connector's own.
    ///
    /// # Errors
    ///
    /// [`HomeError::Connector`].
    pub fn port(&self) -> Result<u16, HomeError> {
        Ok(self.ports()?.btp().first().copied().unwrap_or_default())
    }

    /// What is made of it.
    ///
    /// # Errors
    ///
    /// [`HomeError::Connector`] and [`HomeError::Configure`].
    pub(super) fn rendered(&self) -> Result<Rendered, HomeError> {
        let settings = &self.settings;
        let (address, ports) = (self.address(), self.ports()?);
        let own = SocketAddr::from((settings.server(), BLS_PORT));
        let handler = settings.handler.clone();
        let handler = handler.unwrap_or_else(|| format!("http://{own}"));
        let hashed = self.keys.control.hashed();
        let letters = settings.id.chars().filter(char::is_ascii_alphanumeric);
        let nickname: String = letters.take(NICKNAME).collect();
        let node = Common {
            nickname: &nickname,
            authorities: &self.authorities,
            hashed_password: &hashed,
        };
        let site = Site {
            id: &settings.id,
            prefix: &settings.prefix,
            ports: &ports,
            daemon: Some(Daemon {
                proxy: SocketAddr::from((settings.proxy(), SOCKS_PORT)),
                started_by: match settings.mode {
                    Mode::Sidecar => StartedBy::Other { address: &address },
                    Mode::Managed => StartedBy::Connector {
                        program: anonrc::program(settings.family),
                        configuration: plan::ANONRC,
                        service: SERVICE_DIRECTORY,
                    },
                },
            }),
            control_key: &self.keys.admin,
            routes: self
                .peers
                .iter()
                .map(|peer| Route {
                    prefix: &peer.prefix,
                    next: &peer.id,
                })
                .collect(),
            callers: self
                .peers
                .iter()
                .map(|peer| Caller {
                    id: &peer.id,
                    who: Who::Home,
                    secret: &peer.they_show,
                })
                .collect(),
            admits_without_secret: false,
            dials: self.peers.iter().map(super::peer::Peer::dial).collect(),
            purpose: Purpose::Serving { handler: &handler },
        };
        let connector = settings.kind()?.configure(&site)?;
        let lines = connector
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={}\n", value.expose()));
        Ok(Rendered {
            anonrc: anonrc::serving(&node, &ports.btp(), settings.target()),
            environment: lines.collect(),
            connector,
        })
    }

    /// Where a file of the connector is kept.
    pub(super) fn kept(&self, file: &ConfigFile) -> PathBuf {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        self.path(name)
    }

    /// Every file that is made of it, with its content.
    fn made(&self) -> Result<Vec<(PathBuf, Vec<u8>)>, HomeError> {
        let rendered = self.rendered()?;
        let mut all = vec![
            (self.path(ANONRC), rendered.anonrc.into_bytes()),
            (self.path(ENVIRONMENT), rendered.environment.into_bytes()),
        ];
        let files = rendered.connector.files;
        all.extend(
            files
                .into_iter()
                .map(|file| (self.kept(&file), file.content)),
        );
        Ok(all)
    }

    /// Writes what is made of it, over what was made of `before`. What was changed by hand since then and would have
    /// to change is left as it is, and refused before anything is written.
    ///
    /// # Errors
    ///
    /// [`HomeError::Edited`] names the file.
    pub fn save_rendered(&self, before: Option<&Self>) -> Result<(), HomeError> {
        let made = self.made()?;
        let old = before.map(Self::made).transpose()?.unwrap_or_default();
        let is_same = |path: &PathBuf, content: &[u8]| {
            old.iter().any(|(was, had)| was == path && had == content)
        };
        let changed: Vec<_> = made
            .into_iter()
            .filter(|(path, content)| !is_same(path, content))
            .collect();
        for (path, had) in old
            .iter()
            .filter(|(was, _)| changed.iter().any(|(path, _)| path == was))
        {
            if needed(path)? != *had {
                return Err(HomeError::Edited {
                    path: path.display().to_string(),
                });
            }
        }
        for (path, content) in changed {
            write(&path, &content)?;
        }
        Ok(())
    }

    /// The connector's environment as it is kept.
    pub(super) fn environment(&self) -> Result<Vec<(String, Secret)>, HomeError> {
        let path = self.path(ENVIRONMENT);
        let text = String::from_utf8(needed(&path)?).unwrap_or_default();
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        lines
            .map(|(number, line)| {
                let (name, value) = line.split_once('=').ok_or_else(|| HomeError::Mistake {
                    path: path.display().to_string(),
                    line: Some(number + 1),
                    what: "is no NAME=VALUE".to_owned(),
                })?;
                Ok((name.to_owned(), Secret::new(value)))
            })
            .collect()
    }
}
