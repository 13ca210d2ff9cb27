//! What a connector needs of its home: files, environment, ports, and a server.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use crate::secret::Secret;

/// What a connector's containers are given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// The connector's files.
    pub files: Vec<ConfigFile>,
    /// The connector's environment.
    pub environment: Vec<(String, Secret)>,
    /// The program with its arguments that is started instead of its image's own; empty for that.
    pub command: Vec<String>,
    /// The folder that it is started in; `None` for its image's own.
    pub directory: Option<String>,
    /// The folders that it writes to, where it takes the rest of its root file system read-only; `None` where that
    /// is not known.
    pub writable: Option<Vec<String>>,
    /// What runs beside it.
    pub server: Server,
}

/// A file of a container, of mode 0600 in a folder of mode 0700.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Its absolute path.
    pub path: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// Without the content, which may hold secrets.
impl std::fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ConfigFile").field(&self.path).finish()
    }
}

/// The program beside a connector in its network namespace, in an image that also has the harness's
/// helper: for instance the server that takes what is delivered to the home.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// The program and its arguments; empty where there is none, and the helper waits in its place.
    pub program: Vec<String>,
    /// Its environment.
    pub environment: Vec<(String, Secret)>,
    /// Its files.
    pub files: Vec<ConfigFile>,
}

/// The ports that a connector and its server listen on, none of which is from 9000 to 9999: those are
/// the daemon's and the harness's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ports {
    /// Where peers come in.
    pub btp: BtpPorts,
    /// Whatever else listens, by which the harness controls the connector and asks its server.
    pub control: Vec<u16>,
}

/// Where peers come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BtpPorts {
    /// All of them here.
    Shared(u16),
    /// Each caller, by its id, at a port of its own.
    PerCaller(BTreeMap<String, u16>),
}

impl Default for BtpPorts {
    fn default() -> Self {
        Self::PerCaller(BTreeMap::new())
    }
}

impl Ports {
    /// Where this caller comes in; `None` when it is no caller and callers have ports of their own.
    #[must_use]
    pub fn of(&self, caller: &str) -> Option<u16> {
        match &self.btp {
            BtpPorts::Shared(port) => Some(*port),
            BtpPorts::PerCaller(ports) => ports.get(caller).copied(),
        }
    }

    /// Every port where peers come in.
    #[must_use]
    pub fn btp(&self) -> Vec<u16> {
        match &self.btp {
            BtpPorts::Shared(port) => vec![*port],
            BtpPorts::PerCaller(ports) => ports.values().copied().collect(),
        }
    }

    /// Every port.
    #[must_use]
    pub fn all(&self) -> Vec<u16> {
        let mut all = self.btp();
        all.extend(&self.control);
        all
    }
}

/// Why a home's connector cannot be configured.
#[derive(Debug, thiserror::Error)]
#[error("failed to configure {home}'s connector by {template} of its profile")]
pub struct ConfigureError {
    /// The home.
    pub home: String,
    /// The template's key, as mistakes in the profile name it.
    pub template: String,
    /// What is wrong. It quotes the template alone, and none of the values that went in.
    pub source: Box<dyn Error + Send + Sync>,
}

/// What images of a connector are made of where none is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The connector's own.
    pub content: Content,
    /// The file of its server below the folder of binaries, and the path in the image that also has
    /// the harness's helper; `None` where it has no server of ours.
    pub server: Option<(&'static str, &'static str)>,
}

impl Content {
    /// Whether it is a program of ours, which writes nothing to its root file system.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Program { .. })
    }
}

/// What an image of a connector is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A program of ours.
    Program {
        /// Its file below the folder of binaries.
        binary: &'static str,
        /// Its path in the image, which is what the image starts.
        entrypoint: &'static str,
        /// Empty folders of the image.
        directories: &'static [&'static str],
    },
    /// A root file system.
    Tree {
        /// Its folder: below the folder of binaries, unless it is absolute.
        folder: PathBuf,
        /// The program that is started.
        program: String,
    },
    /// An image that has to be on the engine.
    Image(String),
    /// Nothing that is known: an image or a program has to be given.
    Unknown,
}
