//! A home's folder: plain files, for its operator's eyes alone.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::HomeError;
use super::keys::{self, Keys};
use super::peer::Peer;
use super::settings::Settings;
use crate::input::{self, InputError};
use crate::onion::anonrc::AuthorityLine;

/// The settings.
pub const SETTINGS: &str = "home.toml";
/// The folder of keys.
const KEYS: &str = "keys";
/// The folder of peers.
const PEERS: &str = "peers";
/// Ids of the invitations that were accepted, one a line.
const USED: &str = "accepted-invitations";
/// The authorities of the network that stands in for the public one.
const AUTHORITIES: &str = "authorities.json";
/// What nobody else may: read, write or enter.
const OTHERS: u32 = 0o077;

/// A home, read from its folder.
#[derive(Clone)]
pub struct Home {
    /// The folder.
    pub folder: PathBuf,
    /// Who it is.
    pub settings: Settings,
    /// Its keys.
    pub keys: Keys,
    /// Its peers, by id.
    pub peers: Vec<Peer>,
    /// The authorities of the network that stands in for the public one; empty for the public one.
    pub authorities: Vec<AuthorityLine>,
}

/// Makes a folder that only its owner may use.
pub(super) fn private_folder(path: &Path) -> Result<(), HomeError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(HomeError::write(path))
}

/// Writes a file that only its owner may read, whole or not at all.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), HomeError> {
    let aside = path.with_extension("new");
    let written = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&aside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&aside, path)
    };
    written().map_err(HomeError::write(path))
}

impl Home {
    /// Where a file of the folder is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Refuses a folder that something is in.
    ///
    /// # Errors
    ///
    /// [`HomeError::NotEmpty`] and [`HomeError::Read`].
    pub fn is_free(folder: &Path) -> Result<(), HomeError> {
        let shown = || folder.display().to_string();
        match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
            Ok(false) => Ok(()),
            Ok(true) => Err(HomeError::NotEmpty { folder: shown() }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                Err(HomeError::NotEmpty { folder: shown() })
            }
            Err(error) => Err(HomeError::Read {
                path: shown(),
                source: error.into(),
            }),
        }
    }

    /// Writes everything but what is made of it ([`Home::save_rendered`]).
    ///
    /// # Errors
    ///
    /// [`HomeError::Write`] names the file.
    pub fn save(&self) -> Result<(), HomeError> {
        for folder in [self.folder.clone(), self.path(KEYS), self.path(PEERS)] {
            private_folder(&folder)?;
        }
        for (name, content) in self.keys.files() {
            write(&self.path(KEYS).join(name), &content)?;
        }
        if !self.authorities.is_empty() {
            let text = serde_json::json!(self.authorities).to_string();
            write(&self.path(AUTHORITIES), text.as_bytes())?;
        }
        self.save_settings()
    }

    /// Writes the settings.
    ///
    /// # Errors
    ///
    /// [`HomeError::Write`].
    pub fn save_settings(&self) -> Result<(), HomeError> {
        write(&self.path(SETTINGS), self.settings.to_text().as_bytes())
    }

    /// Where a peer's file is.
    #[must_use]
    pub fn peer_file(&self, id: &str) -> PathBuf {
        self.path(PEERS).join(format!("{id}.toml"))
    }

    /// Adds a peer, which is not written.
    pub(super) fn add_peer(&mut self, peer: Peer) {
        self.peers.push(peer);
        self.peers.sort_by(|one, other| one.id.cmp(&other.id));
    }

    /// Writes a peer's file.
    pub(super) fn save_peer(&self, peer: &Peer) -> Result<(), HomeError> {
        private_folder(&self.path(PEERS))?;
        let text = peer.to_text(&self.settings.id);
        write(&self.peer_file(&peer.id), text.as_bytes())
    }

    /// The peer of this id.
    ///
    /// # Errors
    ///
    /// [`HomeError::NoPeer`] lists those that there are.
    pub fn peer(&self, id: &str) -> Result<&Peer, HomeError> {
        let found = self.peers.iter().find(|peer| peer.id == id);
        found.ok_or_else(|| HomeError::NoPeer {
            home: self.settings.id.clone(),
            peer: id.to_owned(),
            known_peers: self.peers.iter().map(|peer| peer.id.clone()).collect(),
        })
    }

    /// Removes a peer's file.
    pub(super) fn remove_peer_file(&self, id: &str) -> Result<(), HomeError> {
        let path = self.peer_file(id);
        fs::remove_file(&path).map_err(HomeError::write(&path))
    }

    /// Whether an invitation was accepted before.
    ///
    /// # Errors
    ///
    /// [`HomeError::Read`].
    pub fn has_used(&self, invitation: &str) -> Result<bool, HomeError> {
        Ok(self.used()?.lines().any(|line| line == invitation))
    }

    fn used(&self) -> Result<String, HomeError> {
        let path = self.path(USED);
        match input::text(&path, input::BY_PROGRAMS) {
            Err(error) if error.is_absence() => Ok(String::new()),
            read => read.map_err(unreadable(&path)),
        }
    }

    /// Notes that an invitation was accepted.
    ///
    /// # Errors
    ///
    /// [`HomeError::Read`] and [`HomeError::Write`].
    pub fn use_up(&self, invitation: &str) -> Result<(), HomeError> {
        let text = format!("{}{invitation}\n", self.used()?);
        write(&self.path(USED), text.as_bytes())
    }

    /// Reads a home.
    ///
    /// # Errors
    ///
    /// [`HomeError`] names the file that is missing, that others may read, or that has a mistake.
    pub fn open(folder: &Path) -> Result<Self, HomeError> {
        let shown = folder.display().to_string();
        let settings = folder.join(SETTINGS);
        let text = match input::text(&settings, input::BY_PEOPLE) {
            Err(error) if error.is_absence() => {
                return Err(HomeError::NoFolder { folder: shown });
            }
            read => read.map_err(unreadable(&settings))?,
        };
        refuse_others(folder)?;
        let settings = Settings::parse(&settings, &text)?;
        let key = |name: &'static str| {
            let path = folder.join(KEYS).join(name);
            needed(&path)
        };
        let keys = Keys::read(&key)?.map_err(|name| HomeError::Mistake {
            path: folder.join(KEYS).join(name).display().to_string(),
            line: None,
            what: "is no key of a home; bring it back from a backup".to_owned(),
        })?;
        let authorities = folder.join(AUTHORITIES);
        let authorities = match input::text(&authorities, input::BY_PROGRAMS) {
            Err(error) if error.is_absence() => Vec::new(),
            read => {
                let text = read.map_err(unreadable(&authorities))?;
                serde_json::from_str(&text).map_err(|_| HomeError::Mistake {
                    path: authorities.display().to_string(),
                    line: None,
                    what: "is no list of authorities; bring it back from a backup".to_owned(),
                })?
            }
        };
        let peers = peers(folder, &settings.id)?;
        Ok(Self {
            folder: folder.to_owned(),
            settings,
            keys,
            peers,
            authorities,
        })
    }
}

fn unreadable(path: &Path) -> impl FnOnce(InputError) -> HomeError {
    let path = path.display().to_string();
    move |source| HomeError::Read { path, source }
}

/// A file that has to be there.
pub(super) fn needed(path: &Path) -> Result<Vec<u8>, HomeError> {
    match input::bytes(path, input::BY_PEOPLE) {
        Err(error) if error.is_absence() => Err(HomeError::Missing {
            path: path.display().to_string(),
        }),
        read => read.map_err(unreadable(path)),
    }
}

fn peers(folder: &Path, home: &str) -> Result<Vec<Peer>, HomeError> {
    let mut peers = Vec::new();
    for path in files(&folder.join(PEERS))? {
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = String::from_utf8(needed(&path)?).unwrap_or_default();
            let peer = Peer::parse(&path, &text, home)?;
            // A copy would be a second peer of that id, and what is called otherwise is not found again.
            if path.file_stem().is_none_or(|name| *name != *peer.id) {
                return Err(HomeError::Mistake {
                    path: path.display().to_string(),
                    line: None,
                    what: format!(
                        "is the file of the peer {id}, and has to be called {id}.toml; rename it, or take a copy away",
                        id = peer.id
                    ),
                });
            }
            peers.push(peer);
        }
    }
    peers.sort_by(|one: &Peer, other| one.id.cmp(&other.id));
    Ok(peers)
}

/// What is in a folder, in order; nothing where it is not there.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, HomeError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|error| unreadable(folder)(error.into()))?,
    };
    let paths: std::io::Result<Vec<PathBuf>> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut paths = paths.map_err(|error| unreadable(folder)(error.into()))?;
    paths.sort();
    Ok(paths)
}

/// Refuses a folder of which others may read something: all of it is named.
fn refuse_others(folder: &Path) -> Result<(), HomeError> {
    let mut open = Vec::new();
    let mut look = vec![folder.to_owned()];
    let mut known = keys::FILES.len() * 8;
    while let Some(path) = look.pop() {
        let about = path.metadata();
        let about = about.map_err(|error| unreadable(&path)(error.into()))?;
        if about.mode() & OTHERS != 0 {
            open.push(path.display().to_string());
        }
        // A folder that is no home's has no end.
        if about.is_dir() && known > 0 {
            known -= 1;
            look.extend(files(&path)?);
        }
    }
    open.sort();
    match open.is_empty() {
        true => Ok(()),
        false => Err(HomeError::Modes {
            folder: folder.display().to_string(),
            files: open,
        }),
    }
}
