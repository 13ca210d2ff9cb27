//! Finding what runs have left on the engine, and removing it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder,
};
use futures_util::future::{join, join_all};
use tokio::sync::watch;

use super::connect::Engine;
use super::deadline::Deadline;
use super::error::EngineError;
use super::labels::{
    LABEL_PROJECT, LABEL_ROLE, LABEL_RUN, LABEL_TOPOLOGY, Labelled, Labels, UnreadableLabel,
    deadline, filter,
};

/// How long a call to the engine that nobody waits for any more may take to show its effect.
const SETTLE: Duration = Duration::from_millis(600);

/// Whether everything that a run has asked of its engines is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// It is: nothing comes into being any more.
    Answered,
    /// That is not known, because the run was broken off, or is another process's.
    UnderWay,
}

/// What of one run is still on the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Containers by name.
    pub containers: Vec<String>,
    /// Networks by name.
    pub networks: Vec<String>,
    /// Volumes by name.
    pub volumes: Vec<String>,
    /// The networks that each container is on.
    pub on: BTreeMap<String, Vec<String>>,
}

impl Leftovers {
    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.containers.is_empty() && self.networks.is_empty() && self.volumes.is_empty()
    }

    /// How many resources there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.containers.len() + self.networks.len() + self.volumes.len()
    }
}

/// A run of which something is on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRun {
    /// The run id.
    pub run: String,
    /// The topology's name.
    pub topology: String,
    /// When anybody may remove it, by the latest of its resources; or which of its labels does not
    /// tell.
    pub deadline: Result<Deadline, UnreadableLabel>,
    /// Containers: role and state (`running`, `exited`, ...).
    pub containers: BTreeMap<String, String>,
}

impl FoundRun {
    /// Takes in what else was found of the same run.
    pub(super) fn join(&mut self, other: Self) {
        self.containers.extend(other.containers);
        let own = self.deadline.clone();
        // What one resource does not tell, the others cannot: it may be the one that lives longest.
        self.deadline = own.and_then(|own| Ok(own.later(other.deadline?)));
    }
}

impl Engine {
    /// Every run of which anything is on the engine.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine does not answer.
    pub async fn runs(&self) -> Result<Vec<FoundRun>, EngineError> {
        let mut runs: BTreeMap<String, FoundRun> = BTreeMap::new();
        let containers = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filter(LABEL_PROJECT))
            .build();
        let containers = self
            .call(
                "list containers",
                self.docker.list_containers(Some(containers)),
            )
            .await?;
        for container in containers {
            let labels = container.labels.unwrap_or_default();
            let role = labels.get(LABEL_ROLE).cloned().unwrap_or_default();
            let state = container
                .state
                .map(|state| state.to_string())
                .unwrap_or_default();
            found(&mut runs, &labels, Some((role, state)));
        }
        let networks = ListNetworksOptionsBuilder::default()
            .filters(&filter(LABEL_PROJECT))
            .build();
        let networks = self
            .call("list networks", self.docker.list_networks(Some(networks)))
            .await?;
        for network in networks {
            found(&mut runs, &network.labels.unwrap_or_default(), None);
        }
        let volumes = ListVolumesOptionsBuilder::default()
            .filters(&filter(LABEL_PROJECT))
            .build();
        let volumes = self
            .call("list volumes", self.docker.list_volumes(Some(volumes)))
            .await?;
        for volume in volumes.volumes.unwrap_or_default() {
            found(&mut runs, &volume.labels, None);
        }
        Ok(runs.into_values().collect())
    }

    /// Puts off a run's deadline: labels cannot be changed, so the later deadline is on an empty
    /// volume of this name. Whoever looks for runs takes the latest deadline of each.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine refuses.
    pub async fn create_lease(&self, name: &str, labels: &Labels) -> Result<(), EngineError> {
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(labels.for_role("lease")),
            ..Default::default()
        };
        let action = format!("create volume {name}");
        self.call(action, self.docker.create_volume(request))
            .await?;
        Ok(())
    }

    /// Removes a volume by its name.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine refuses.
    pub async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let options = RemoveVolumeOptionsBuilder::default().force(true).build();
        let action = format!("remove volume {name}");
        gone(
            self.call(action, self.docker.remove_volume(name, Some(options)))
                .await,
        )
    }

    /// What of a run is on the engine.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine does not answer.
    pub async fn leftovers(&self, run: &str) -> Result<Leftovers, EngineError> {
        let label = filter(&format!("{LABEL_RUN}={run}"));
        let containers = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&label)
            .build();
        let containers = self
            .call(
                "list containers",
                self.docker.list_containers(Some(containers)),
            )
            .await?;
        let networks = ListNetworksOptionsBuilder::default()
            .filters(&label)
            .build();
        let networks = self
            .call("list networks", self.docker.list_networks(Some(networks)))
            .await?;
        let volumes = ListVolumesOptionsBuilder::default().filters(&label).build();
        let volumes = self
            .call("list volumes", self.docker.list_volumes(Some(volumes)))
            .await?;
        let on: BTreeMap<String, Vec<String>> = containers
            .into_iter()
            .filter_map(|container| {
                let name = container.names?.into_iter().next()?;
                let networks = container.network_settings.and_then(|set| set.networks);
                let networks = networks.into_iter().flatten().map(|(network, _)| network);
                Some((name.trim_start_matches('/').to_owned(), networks.collect()))
            })
            .collect();
        Ok(Leftovers {
            containers: on.keys().cloned().collect(),
            networks: networks
                .into_iter()
                .filter_map(|network| network.name)
                .collect(),
            volumes: volumes
                .volumes
                .unwrap_or_default()
                .into_iter()
                .map(|volume| volume.name)
                .collect(),
            on,
        })
    }

    /// Whether there is a volume of that name.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine does not answer.
    pub async fn has_volume(&self, name: &str) -> Result<bool, EngineError> {
        let action = format!("look for volume {name}");
        match self.call(action, self.docker.inspect_volume(name)).await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The containers that a named volume is mounted in.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine does not answer.
    pub async fn users_of_volume(&self, volume: &str) -> Result<Vec<String>, EngineError> {
        let filters = HashMap::from([("volume", vec![volume.to_owned()])]);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let containers = self
            .call(
                "list containers",
                self.docker.list_containers(Some(options)),
            )
            .await?;
        Ok(containers
            .into_iter()
            .filter_map(|container| container.names?.into_iter().next())
            .map(|name| name.trim_start_matches('/').to_owned())
            .collect())
    }

    /// Removes one container, and none of its named volumes.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine refuses.
    pub async fn remove_container(&self, name: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        let action = format!("remove container {name}");
        gone(
            self.call(action, self.docker.remove_container(name, Some(options)))
                .await,
        )
    }

    /// Removes everything of a run, and returns how much that was. Where calls were under way when the
    /// run ended, they can still create something: then nothing must be found twice in a row, a moment
    /// apart.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when something cannot be removed.
    pub async fn remove_run(&self, run: &str, calls: Calls) -> Result<usize, EngineError> {
        let needed = match calls {
            Calls::Answered => 1,
            Calls::UnderWay => 2,
        };
        let mut removed = 0;
        let mut empty_looks = 0;
        // A resource that comes back every time is an error of the engine's and ends in the list
        // of leftovers.
        for _ in 0..8 {
            let left = self.leftovers(run).await?;
            if left.is_empty() {
                empty_looks += 1;
                if empty_looks == needed {
                    break;
                }
                tokio::time::sleep(SETTLE).await;
            } else {
                empty_looks = 0;
                removed += left.count();
                self.remove(&left).await?;
            }
        }
        Ok(removed)
    }

    /// Removes containers side by side, each network as soon as its last one is gone, and then volumes.
    async fn remove(&self, left: &Leftovers) -> Result<(), EngineError> {
        let (gone_from, _) = watch::channel(left.on.clone());
        let containers = left.containers.iter().map(async |name| {
            let removed = self.remove_container(name).await;
            gone_from.send_modify(|on| {
                on.remove(name);
            });
            removed
        });
        let networks = left.networks.iter().map(async |name| {
            let mut on = gone_from.subscribe();
            let is_empty =
                |on: &BTreeMap<String, Vec<String>>| !on.values().flatten().any(|one| one == name);
            // Its sender is here.
            let _ = on.wait_for(is_empty).await;
            let action = format!("remove network {name}");
            gone(self.call(action, self.docker.remove_network(name)).await)
        });
        let (containers, networks) = join(join_all(containers), join_all(networks)).await;
        containers
            .into_iter()
            .chain(networks)
            .collect::<Result<(), _>>()?;
        for name in &left.volumes {
            self.remove_volume(name).await?;
        }
        Ok(())
    }
}

/// Somebody else may have removed it, or be about to: both are as good.
fn gone(result: Result<(), EngineError>) -> Result<(), EngineError> {
    match result {
        Err(error) if !matches!(error.status(), Some(404 | 409)) => Err(error),
        _ => Ok(()),
    }
}

fn found(
    runs: &mut BTreeMap<String, FoundRun>,
    labels: &HashMap<String, String>,
    container: Option<(String, String)>,
) {
    let get = |key: &str| labels.get(key).cloned().unwrap_or_default();
    let one = FoundRun {
        run: get(LABEL_RUN),
        topology: get(LABEL_TOPOLOGY),
        deadline: deadline(labels),
        containers: container.into_iter().collect(),
    };
    match runs.get_mut(&one.run) {
        Some(known) => known.join(one),
        None => {
            runs.insert(one.run.clone(), one);
        }
    }
}
