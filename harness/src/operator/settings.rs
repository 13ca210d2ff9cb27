//! `home.toml`: who a home is, and what it is made of.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::HomeError;
use crate::connectors::Kind;
use crate::onion::TldFamily;
use crate::topology::is_prefix;

/// The format's version.
pub const FORMAT: u32 = 1;
/// What `terms` says when they are agreed to.
pub const AGREED: &str = "agreed";

/// Who runs a home's onion daemon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A container of its own.
    #[default]
    Sidecar,
    /// The connector, in its container.
    Managed,
}

impl Mode {
    /// A sidecar is what a file means that says nothing.
    const fn is_sidecar(&self) -> bool {
        matches!(self, Self::Sidecar)
    }
}

/// A home's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The format's version.
    pub format: u32,
    /// The connector's id, by which its peers know it.
    pub id: String,
    /// The ILP prefix of what is delivered here.
    pub prefix: String,
    /// The TLD family of its daemon.
    pub family: TldFamily,
    /// The connector's profile.
    pub connector: String,
    /// Who runs its daemon.
    #[serde(default, skip_serializing_if = "Mode::is_sidecar")]
    pub mode: Mode,
    /// The first address of its bridge's subnet.
    pub network: Ipv4Addr,
    /// `agreed` when the operator agrees to the network's terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// The URL of the server that takes what is delivered; the harness's own where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// The engine that it stands on; the one that is found where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The connector's image; one that is made where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_image: Option<String>,
    /// The daemon's image; one that is made where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anon_image: Option<String>,
    /// The daemon's program; the one that `fetch` brings where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anon_binary: Option<PathBuf>,
}

/// Why a text is no id of a home.
///
/// # Errors
///
/// What an id is made of.
pub fn home_id(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let ends = |c: char| c.is_ascii_alphanumeric();
    let is_one = (1..=40).contains(&text.len())
        && text.chars().all(fits)
        && text.starts_with(ends)
        && text.ends_with(ends);
    match is_one {
        true => Ok(text.to_owned()),
        false => Err(
            "1 to 40 lower-case letters, digits, - and _, with a letter or digit at both ends"
                .to_owned(),
        ),
    }
}

/// Why a text is no prefix of a home.
///
/// # Errors
///
/// What a prefix is made of.
pub fn home_prefix(text: &str) -> Result<String, String> {
    match is_prefix(text) && text.len() <= 200 && text.contains('.') {
        true => Ok(text.to_owned()),
        false => Err(
            "lower-case letters, digits, - and _ in two or more segments with dots between them, as in test.alice"
                .to_owned(),
        ),
    }
}

/// Why a text is no URL of a server.
///
/// # Errors
///
/// What such a URL is made of.
pub fn handler_url(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    match rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain)) {
        true => Ok(text.to_owned()),
        false => Err("a URL that begins with http:// or https://".to_owned()),
    }
}

impl Settings {
    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// [`HomeError::Mistake`] names the line.
    pub fn parse(path: &Path, text: &str) -> Result<Self, HomeError> {
        let mistake = |line: Option<usize>, what: String| HomeError::Mistake {
            path: path.display().to_string(),
            line,
            what,
        };
        let settings: Self = toml::from_str(text)
            .map_err(|error| mistake(line_of(text, &error), error.message().to_owned()))?;
        if settings.format != FORMAT {
            let what = format!(
                "it is of format {}, and this harness knows {FORMAT}; use the harness that has written it",
                settings.format
            );
            return Err(mistake(None, what));
        }
        let wrong = [
            home_id(&settings.id)
                .err()
                .map(|why| format!("id has {why}")),
            home_prefix(&settings.prefix)
                .err()
                .map(|why| format!("prefix has {why}")),
            settings
                .handler
                .as_ref()
                .and_then(|handler| handler_url(handler).err())
                .map(|why| format!("handler is {why}")),
            settings
                .terms
                .as_ref()
                .filter(|terms| *terms != AGREED)
                .map(|_| format!("terms is {AGREED:?}, or left out")),
            (settings.mode == Mode::Managed && settings.anon_image.is_some()).then(|| {
                "anon_image is for a daemon in a container of its own, and this one is in the connector's; leave it out"
                    .to_owned()
            }),
        ];
        match wrong.into_iter().flatten().next() {
            Some(what) => Err(mistake(None, what)),
            None => Ok(settings),
        }
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Texts, numbers and an address, all of which TOML has.
        toml::to_string(self).unwrap_or_default()
    }

    /// Its connector.
    ///
    /// # Errors
    ///
    /// [`HomeError::Connector`] for one that cannot serve.
    pub fn kind(&self) -> Result<Kind, HomeError> {
        let can = |kind: &Kind| {
            kind.serves() && (self.mode.is_sidecar() || kind.capabilities().runs_daemon)
        };
        let found = Kind::named(&self.connector).filter(can);
        found.ok_or_else(|| HomeError::Connector {
            connector: self.connector.clone(),
            others: Kind::all()
                .filter(can)
                .map(|kind| kind.name().to_owned())
                .collect(),
        })
    }

    /// An address of its bridge.
    const fn host(&self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network.to_bits() + number)
    }

    /// The bridge's own address.
    #[must_use]
    pub const fn gateway(&self) -> Ipv4Addr {
        self.host(1)
    }

    /// The daemon's address, which is the connector's where that runs it.
    #[must_use]
    pub const fn daemon(&self) -> Ipv4Addr {
        match self.mode {
            Mode::Sidecar => self.host(2),
            Mode::Managed => self.of_connector(),
        }
    }

    /// Where the daemon is for the connector.
    #[must_use]
    pub const fn proxy(&self) -> Ipv4Addr {
        match self.mode {
            Mode::Sidecar => self.daemon(),
            Mode::Managed => Ipv4Addr::LOCALHOST,
        }
    }

    /// Where the connector is for the daemon.
    #[must_use]
    pub const fn target(&self) -> Ipv4Addr {
        match self.mode {
            Mode::Sidecar => self.of_connector(),
            Mode::Managed => Ipv4Addr::LOCALHOST,
        }
    }

    /// The connector's address.
    #[must_use]
    pub const fn of_connector(&self) -> Ipv4Addr {
        self.host(3)
    }

    /// The server's address, which is the helper's.
    #[must_use]
    pub const fn server(&self) -> Ipv4Addr {
        self.host(4)
    }
}

/// The line at which a text is no TOML of ours, from 1.
pub(super) fn line_of(text: &str, error: &toml::de::Error) -> Option<usize> {
    let before = text.get(..error.span()?.start)?;
    Some(before.matches('\n').count() + 1)
}
