//! What this machine knows of its runs: a folder per run with a lock, and for a topology that was
//! left running everything that finds it again.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::engine::Placement;
use crate::onion::anonrc::AuthorityLine;
use crate::onion::{ServiceKeys, TldFamily};
use crate::plan::{Images, Inputs, Occupied, Persistent, Plan, Seed};
use crate::run::circuits::Earlier;
use crate::run::times::Times;
use crate::sabotage;
use crate::topology::{Topology, TopologyError};

/// Age from which a run's folder has a lock if its run is alive.
const SETTLED: Duration = Duration::from_secs(60);
/// The file of a run's [`Standing`].
const STANDING: &str = "standing.json";
/// The file of a topology that was left running.
const KEPT: &str = "kept.json";

/// The state folder could not be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to use the state folder {path}; set ATOR_HARNESS_STATE to a folder that can be written"
)]
pub struct StateError {
    /// The file or folder.
    pub path: String,
    /// What the system said.
    pub source: io::Error,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> StateError {
    let path = path.display().to_string();
    move |source| StateError { path, source }
}

/// The folder of all runs.
#[derive(Debug, Clone)]
pub struct State {
    root: PathBuf,
}

/// A run's claim to be alive: its lock is held as long as this exists, and falls with the process.
pub struct Claim {
    folder: PathBuf,
    _lock: File,
}

impl Claim {
    /// The run's own folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes the folder. Returns it if it is still there.
    #[must_use]
    pub fn remove(self) -> Vec<String> {
        let _ = fs::remove_dir_all(&self.folder);
        if self.folder.exists() {
            vec![self.folder.display().to_string()]
        } else {
            Vec::new()
        }
    }
}

/// Where a topology came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologySource {
    /// The file as the user named it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// How many homes were asked for, if the topology leaves that open.
    pub homes: Option<usize>,
    /// The TLD family that was asked for instead of the file's.
    pub family: Option<TldFamily>,
}

impl TopologySource {
    /// The topology as it was asked for.
    ///
    /// # Errors
    ///
    /// [`TopologyError`] with every mistake of the file.
    pub fn parse(&self) -> Result<Topology, TopologyError> {
        let mut topology = Topology::parse_sized(&self.file, &self.text, self.homes)?;
        if let Some(family) = self.family {
            topology.network.family = family;
        }
        Ok(topology)
    }
}

/// What has to be known of a run to find what it has left, whatever became of its process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The topology's name.
    pub topology: String,
    /// The engines.
    pub placement: Placement,
}

/// A topology that `up` left running. Holds the seed: the file has mode 0600.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    /// The topology file as the user named it.
    pub file: String,
    /// Its text.
    pub text: String,
    seed: String,
    #[serde(with = "time::serde::rfc3339")]
    now: OffsetDateTime,
    lifetime_seconds: i64,
    occupied: Occupied,
    /// The authorities of the network that it joined in place of the public one.
    #[serde(default)]
    authorities: Vec<AuthorityLine>,
    /// Keys that outlive it, by home id.
    #[serde(default)]
    services: BTreeMap<String, KeptService>,
    /// The images it runs.
    pub images: Images,
    /// What bringing up has measured.
    pub times: Times,
    /// What the daemons had told when it was left, by home id.
    pub daemons: Vec<Earlier>,
    /// How many homes were asked for, if the topology leaves that open.
    #[serde(default)]
    homes: Option<usize>,
    /// The TLD family that was asked for instead of the file's.
    #[serde(default)]
    family: Option<TldFamily>,
}

/// [`Persistent`] keys as they are written down: the daemon's files, base64.
#[derive(Serialize, Deserialize)]
struct KeptService {
    volume: String,
    secret: String,
    public: String,
}

impl KeptService {
    fn of(service: &Persistent) -> Self {
        Self {
            volume: service.volume.clone(),
            secret: BASE64.encode(&service.keys.secret_file()),
            public: BASE64.encode(&service.keys.public_file()),
        }
    }

    fn read(&self) -> Option<Persistent> {
        let file = |text: &str| BASE64.decode(text.as_bytes()).ok();
        Some(Persistent {
            volume: self.volume.clone(),
            keys: ServiceKeys::from_files(&file(&self.secret)?, &file(&self.public)?)?,
        })
    }
}

impl Kept {
    /// Notes everything that makes the same plan again.
    #[must_use]
    pub fn new(
        source: &TopologySource,
        inputs: &Inputs,
        images: &Images,
        times: Times,
        daemons: Vec<Earlier>,
    ) -> Self {
        Self {
            file: source.file.clone(),
            text: source.text.clone(),
            homes: source.homes,
            family: source.family,
            seed: inputs.seed.expose(),
            now: inputs.now,
            lifetime_seconds: inputs.lifetime_seconds,
            occupied: inputs.occupied.clone(),
            authorities: inputs.authorities.clone(),
            services: inputs
                .services
                .iter()
                .map(|(home, service)| (home.clone(), KeptService::of(service)))
                .collect(),
            images: images.clone(),
            times,
            daemons,
        }
    }

    /// Makes the plan again; `None` when the file does not describe one any more.
    #[must_use]
    pub fn plan(&self) -> Option<Plan> {
        let source = TopologySource {
            file: self.file.clone(),
            text: self.text.clone(),
            homes: self.homes,
            family: self.family,
        };
        let topology = source.parse().ok()?;
        let inputs = Inputs {
            seed: Seed::parse(&self.seed)?,
            now: self.now,
            lifetime_seconds: self.lifetime_seconds,
            occupied: self.occupied.clone(),
            authorities: self.authorities.clone(),
            services: self
                .services
                .iter()
                .map(|(home, kept)| Some((home.clone(), kept.read()?)))
                .collect::<Option<_>>()?,
        };
        sabotage::planned(&topology, &inputs).ok()
    }
}

impl State {
    /// The folder that `ATOR_HARNESS_STATE` names, else `ator-harness` below the user's state
    /// folder (XDG base directory specification), else below the temporary folder.
    #[must_use]
    pub fn locate() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let root = variable("ATOR_HARNESS_STATE")
            .map(PathBuf::from)
            .or_else(|| {
                variable("XDG_STATE_HOME").map(|home| Path::new(&home).join("ator-harness"))
            })
            .or_else(|| {
                variable("HOME").map(|home| Path::new(&home).join(".local/state/ator-harness"))
            })
            .unwrap_or_else(|| std::env::temp_dir().join("ator-harness"));
        Self { root }
    }

    /// The folder of a run.
    #[must_use]
    pub fn folder(&self, run: &str) -> PathBuf {
        self.root.join(run)
    }

    /// Makes a run's folder, takes its lock, and writes down where the run stands.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the folder.
    pub fn claim(&self, run: &str, standing: &Standing) -> Result<Claim, StateError> {
        let folder = self.folder(run);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(failed(&folder))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(failed(&path))?;
        lock.lock().map_err(failed(&path))?;
        self.write(run, STANDING, standing)?;
        Ok(Claim {
            folder,
            _lock: lock,
        })
    }

    /// Whether some process holds the run's lock.
    #[must_use]
    pub fn is_alive(&self, run: &str) -> bool {
        File::open(self.folder(run).join("lock")).is_ok_and(|lock| lock.try_lock().is_err())
    }

    /// Whether this machine knows the run at all. An engine can be shared with another user.
    #[must_use]
    pub fn knows(&self, run: &str) -> bool {
        self.folder(run).exists()
    }

    /// Writes down a topology that stays running.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn keep(&self, run: &str, kept: &Kept) -> Result<(), StateError> {
        self.write(run, KEPT, kept)
    }

    fn write(&self, run: &str, name: &str, value: &impl Serialize) -> Result<(), StateError> {
        let path = self.folder(run).join(name);
        let text = serde_json::to_vec(value)
            .map_err(io::Error::from)
            .map_err(failed(&path))?;
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(&text))
            .map_err(failed(&path))
    }

    /// A topology that was left running under this run id.
    #[must_use]
    pub fn kept(&self, run: &str) -> Option<Kept> {
        self.read(run, KEPT)
    }

    /// Where a run stands; `None` for one that this machine does not know.
    #[must_use]
    pub fn standing(&self, run: &str) -> Option<Standing> {
        self.read(run, STANDING)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, run: &str, name: &str) -> Option<T> {
        let text = fs::read(self.folder(run).join(name)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Forgets a run.
    pub fn forget(&self, run: &str) {
        // What cannot be removed is found and tried again by the next run.
        let _ = fs::remove_dir_all(self.folder(run));
    }

    /// The ids of all runs that this machine knows.
    #[must_use]
    pub fn runs(&self) -> Vec<String> {
        self.folders(|_| true)
    }

    /// The ids of all runs that have had a folder for a minute or more. A younger one may be about
    /// to take its lock.
    #[must_use]
    pub fn settled_runs(&self) -> Vec<String> {
        let settled = |entry: &fs::DirEntry| {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > SETTLED))
        };
        self.folders(settled)
    }

    fn folders(&self, which: impl Fn(&fs::DirEntry) -> bool) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.root) else {
            return Vec::new();
        };
        entries
            .flatten()
            .filter(which)
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::fresh_inputs;

    #[test]
    fn what_is_kept_makes_the_same_plan_again() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/topologies/two-home-local.toml"
        );
        let text = fs::read_to_string(file).expect("is there");
        for family in [None, Some(TldFamily::Onion), Some(TldFamily::Anyone)] {
            let source = TopologySource {
                file: file.to_owned(),
                text: text.clone(),
                homes: None,
                family,
            };
            let inputs = fresh_inputs(Duration::from_secs(60)).expect("randomness");
            let topology = source.parse().expect("parses");
            assert_eq!(topology.network.family, family.unwrap_or(TldFamily::Anon));
            let plan = Plan::new(&topology, &inputs).expect("there is room");
            let images = Images {
                anon: String::new(),
                connector: String::new(),
                managed: None,
                bls: String::new(),
            };
            let kept = Kept::new(&source, &inputs, &images, Times::new(), Vec::new());
            let saved = serde_json::to_string(&kept).expect("serializes");
            let read: Kept = serde_json::from_str(&saved).expect("reads");
            let again = read.plan().expect("makes a plan");
            assert_eq!(again.topology, plan.topology);
            let address = |plan: &Plan| plan.homes[0].onion().map(|onion| onion.address.clone());
            assert_eq!(address(&again), address(&plan));
        }
    }
}
