//! The networks that stand by: what finds one again, and which runs use it.
//!
//! They have a folder of runs of their own, beside those of topologies. A run that joins a network
//! holds a lock in the network's folder for as long as it lives; a network is removed by whoever has
//! taken the file that describes it away while no such lock is held.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::files::{self, StateError, Unreadable, unusable};
use super::locks;
use super::registry::Registry;
use crate::engine::Deadline;
use crate::onion::TldFamily;
use crate::onion::anonrc::AuthorityLine;
use crate::plan::{AddressSpace, Inputs, Plan, Seed, Standing};
use crate::topology::{Network, Topology};

/// The file that describes a network that stands.
const NETWORK: &str = "network.json";
/// The folder with a lock for each run that uses it.
const USERS: &str = "users";

/// A network that stands by: everything that makes its plan again. Holds the seed: its file has mode
/// 0600.
#[derive(Clone, Serialize, Deserialize)]
pub struct PersistedNetwork {
    /// The TLD family of its daemons.
    pub family: TldFamily,
    /// How many authorities it has.
    pub authorities: usize,
    /// How many relays it has.
    pub relays: usize,
    /// How often its authorities vote, in seconds.
    voting_interval: u64,
    /// The engine's id of the daemon's image: what a name stands for may change.
    pub image: String,
    /// When any later run may remove it.
    pub deadline: Deadline,
    seed: String,
    #[serde(with = "time::serde::rfc3339")]
    now: OffsetDateTime,
    space: AddressSpace,
    lines: Vec<AuthorityLine>,
}

impl std::fmt::Debug for PersistedNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersistedNetwork")
            .field("family", &self.family)
            .field("authorities", &self.authorities)
            .field("relays", &self.relays)
            .finish_non_exhaustive()
    }
}

impl PersistedNetwork {
    /// Notes everything that makes the same plan again. `image` is the engine's id of the daemon's.
    #[must_use]
    pub fn new(plan: &Plan, inputs: &Inputs, image: String, lines: Vec<AuthorityLine>) -> Self {
        let network = &plan.topology.network;
        Self {
            family: network.family,
            authorities: network.authorities,
            relays: network.relays,
            voting_interval: network.voting_interval.as_secs(),
            image,
            deadline: inputs.deadline.clone(),
            seed: inputs.seed.expose(),
            now: inputs.now,
            space: inputs.space.clone(),
            lines,
        }
    }

    /// What was asked for when it was made.
    #[must_use]
    pub fn network(&self) -> Network {
        Network {
            authorities: self.authorities,
            relays: self.relays,
            voting_interval: std::time::Duration::from_secs(self.voting_interval),
            ..Network::private(self.family)
        }
    }

    /// The network as runs are planned with it.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] when the file does not describe one any more, or that of another run.
    pub fn standing(&self, run: &str) -> Result<Standing, Unreadable> {
        let inputs = Inputs {
            seed: Seed::parse(&self.seed).ok_or(Unreadable::Garbled("seed"))?,
            now: self.now,
            deadline: self.deadline.clone(),
            space: self.space.clone(),
            authorities: Vec::new(),
            standing: None,
            services: std::collections::BTreeMap::new(),
        };
        let topology = Topology::of_network(self.network());
        let plan = Plan::new(&topology, &inputs).map_err(Unreadable::Plan)?;
        if plan.run.as_str() != run {
            return Err(Unreadable::OtherRun(plan.run.to_string()));
        }
        plan.as_standing(self.lines.clone())
            .ok_or(Unreadable::Garbled("network"))
    }
}

/// A lock in a network's folder: the network stays as long as this exists.
#[derive(Debug)]
pub struct NetworkUse {
    _file: File,
    path: std::path::PathBuf,
}

impl Drop for NetworkUse {
    fn drop(&mut self) {
        // A file that stays has no lock, and counts for nobody.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a network may be removed.
#[derive(Debug, PartialEq, Eq)]
pub enum Release {
    /// Nobody can join it any more, and nobody has.
    Released,
    /// It is gone already, or somebody else removes it.
    Gone,
    /// These runs use it.
    InUse(Vec<String>),
}

impl Registry {
    /// Writes down a network that stands.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn persist_network(&self, run: &str, network: &PersistedNetwork) -> Result<(), StateError> {
        files::write(&self.folder(run).join(NETWORK), network)
    }

    /// Whether a network is written down for a run, readable or not.
    #[must_use]
    pub fn has_network(&self, run: &str) -> bool {
        self.folder(run).join(NETWORK).exists()
    }

    /// What is written of a run's network, and how runs are planned with it; `None` of a run that has
    /// left none.
    ///
    /// # Errors
    ///
    /// [`StateError::UnreadableNetwork`] names the file.
    pub fn network(&self, run: &str) -> Result<Option<(PersistedNetwork, Standing)>, StateError> {
        let path = self.folder(run).join(NETWORK);
        let read = files::read::<PersistedNetwork>(&path);
        let made = read.and_then(|read| {
            let Some(network) = read else {
                return Ok(None);
            };
            let standing = network.standing(run)?;
            Ok(Some((network, standing)))
        });
        made.map_err(|source| StateError::UnreadableNetwork {
            run: run.to_owned(),
            path: path.display().to_string(),
            source,
        })
    }

    /// Makes it known that run `user` uses a network, which then stays. `None` when the network is
    /// gone.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn use_network(&self, network: &str, user: &str) -> Result<Option<NetworkUse>, StateError> {
        let _guard = self.guard()?;
        let folder = self.folder(network);
        if !self.has_network(network) {
            return Ok(None);
        }
        let users = folder.join(USERS);
        super::registry::make(&users)?;
        let path = users.join(user);
        let file = locks::open(&path).map_err(unusable(&path))?;
        // Nobody else has this run's name.
        file.try_lock()
            .map_err(|error| unusable(&path)(io::Error::other(error)))?;
        Ok(Some(NetworkUse { _file: file, path }))
    }

    /// The runs that use a network.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn users(&self, network: &str) -> Result<Vec<String>, StateError> {
        let _guard = self.guard()?;
        users(&self.folder(network).join(USERS))
    }

    /// Takes a network from those that can be joined, unless runs use it and `force` is not given.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn release_network(&self, network: &str, force: bool) -> Result<Release, StateError> {
        let _guard = self.guard()?;
        let folder = self.folder(network);
        let path = folder.join(NETWORK);
        if !path.exists() {
            return Ok(Release::Gone);
        }
        let users = users(&folder.join(USERS))?;
        if !users.is_empty() && !force {
            return Ok(Release::InUse(users));
        }
        fs::remove_file(&path).map_err(unusable(&path))?;
        Ok(Release::Released)
    }
}

fn users(folder: &Path) -> Result<Vec<String>, StateError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Nobody has used it yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unusable(folder)(error)),
    };
    let mut users = Vec::new();
    for entry in entries {
        let path = entry.map_err(unusable(folder))?.path();
        if locks::is_held(&path).map_err(unusable(&path))? {
            let name = path.file_name().unwrap_or_default();
            users.push(name.to_string_lossy().into_owned());
        }
    }
    users.sort();
    Ok(users)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::fresh_inputs;

    const USER: &str = "20261122-100000-abcdef";

    /// A registry in a folder of its own, in which a run has made a network that is not written down.
    fn made() -> (tempfile::TempDir, Registry, Plan, PersistedNetwork) {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = Registry::at(folder.path().to_owned());
        let inputs = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(fresh_inputs(Duration::from_secs(60), &[]))
            .expect("randomness");
        let topology = Topology::of_network(Network::private(TldFamily::Anon));
        let plan = Plan::new(&topology, &inputs).expect("a plan");
        let network = PersistedNetwork::new(&plan, &inputs, "sha256:0".to_owned(), Vec::new());
        let run = registry.folder(plan.run.as_str());
        super::super::registry::make(&run).expect("a folder");
        (folder, registry, plan, network)
    }

    #[test]
    fn what_is_written_makes_the_same_network_again() {
        let (_folder, registry, plan, network) = made();
        let run = plan.run.as_str();
        registry.persist_network(run, &network).expect("writes");
        let (read, standing) = registry.network(run).expect("reads").expect("is there");
        assert_eq!(standing.gateway, plan.router().expect("a network"));
        let addresses = |nodes: &[crate::plan::NodePlan]| -> Vec<_> {
            let nodes = nodes.iter();
            nodes
                .map(|node| (node.container.clone(), node.address))
                .collect()
        };
        assert_eq!(addresses(&standing.relays), addresses(&plan.relays));
        assert!(read.standing(USER).is_err());
    }

    #[test]
    fn a_network_that_is_used_is_released_to_nobody() {
        let (_folder, registry, plan, network) = made();
        let run = plan.run.as_str();
        assert!(registry.use_network(run, USER).expect("looks").is_none());
        registry.persist_network(run, &network).expect("writes");
        let used = registry.use_network(run, USER).expect("looks");
        assert!(used.is_some());
        let users = vec![USER.to_owned()];
        assert_eq!(registry.users(run).expect("lists"), users);
        let release = |force| registry.release_network(run, force).expect("looks");
        assert_eq!(release(false), Release::InUse(users));
        drop(used);
        assert_eq!(release(false), Release::Released);
        assert_eq!(release(false), Release::Gone);
        assert!(registry.use_network(run, USER).expect("looks").is_none());
    }

    #[test]
    fn a_network_that_cannot_be_read_is_named_and_released() {
        let (_folder, registry, plan, _) = made();
        let run = plan.run.as_str();
        let path = registry.folder(run).join(NETWORK);
        fs::write(&path, "{").expect("writes");
        assert!(registry.has_network(run));
        let error = registry.network(run).expect_err("reads what is no network");
        let text = error.to_string();
        assert!(
            text.contains(run) && text.contains("`ator-harness network down`"),
            "{text}"
        );
        let released = registry.release_network(run, false).expect("looks");
        assert_eq!(released, Release::Released);
        assert!(!registry.has_network(run));
    }

    #[test]
    fn force_asks_nobody() {
        let (_folder, registry, plan, network) = made();
        let run = plan.run.as_str();
        registry.persist_network(run, &network).expect("writes");
        let _used = registry
            .use_network(run, USER)
            .expect("looks")
            .expect("is there");
        let released = registry.release_network(run, true).expect("looks");
        assert_eq!(released, Release::Released);
    }
}
