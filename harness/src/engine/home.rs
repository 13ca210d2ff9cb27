//! What an operator's home has on an engine: containers that start with the engine, found by labels of their own, so
//! that nothing that looks for runs, or removes what they have left, sees it.

use std::collections::HashMap;

use bollard::models::{ContainerUpdateBody, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, StopContainerOptionsBuilder,
};

use super::connect::Engine;
use super::error::EngineError;
use super::labels::{LABEL_ROLE, Labelled, filter};

/// The home's id.
const LABEL_HOME: &str = "ator-harness.home";
/// What tells homes of one id apart: a hash of the home's public key.
const LABEL_OWNER: &str = "ator-harness.home.owner";
/// A hash of everything that the container was made of.
const LABEL_CONTENT: &str = "ator-harness.home.content";
/// How long a program may take to end, in seconds.
const GRACE: i32 = 5;

/// What a resource of a home is labelled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeLabels {
    /// The home's id.
    pub home: String,
    /// What tells homes of one id apart.
    pub owner: String,
    /// What the resource was made of; empty where that does not matter.
    pub content: String,
}

impl Labelled for HomeLabels {
    fn for_role(&self, role: &str) -> HashMap<String, String> {
        [
            (LABEL_HOME, self.home.as_str()),
            (LABEL_OWNER, &self.owner),
            (LABEL_CONTENT, &self.content),
            (LABEL_ROLE, role),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
    }
}

/// A container of a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeContainer {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: HomeLabels,
    /// Whether it runs.
    pub runs: bool,
    /// What the engine says of its state, such as `Exited (1) 3 minutes ago`.
    pub status: String,
    /// Whether the engine starts it again.
    pub starts_again: bool,
    /// What anybody who may list containers sees of it: its command and its labels.
    pub visible: String,
}

/// Everything of the homes of one id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HomeResources {
    /// Their containers.
    pub containers: Vec<HomeContainer>,
    /// Names of their networks, each with its owner.
    pub networks: Vec<(String, String)>,
}

fn labels(from: &HashMap<String, String>) -> HomeLabels {
    let read = |label: &str| from.get(label).cloned().unwrap_or_default();
    HomeLabels {
        home: read(LABEL_HOME),
        owner: read(LABEL_OWNER),
        content: read(LABEL_CONTENT),
    }
}

impl Engine {
    /// What there is of the homes of this id.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine does not answer.
    pub async fn home(&self, id: &str) -> Result<HomeResources, EngineError> {
        let label = filter(&format!("{LABEL_HOME}={id}"));
        let containers = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&label)
            .build();
        let listing = self.docker.list_containers(Some(containers));
        let listed = self.call("list containers", listing).await?;
        let networks = ListNetworksOptionsBuilder::default()
            .filters(&label)
            .build();
        let listing = self.docker.list_networks(Some(networks));
        let networks = self.call("list networks", listing).await?;
        let mut containers = Vec::new();
        for one in listed {
            let Some(name) = one.names.and_then(|names| names.into_iter().next()) else {
                continue;
            };
            let name = name.trim_start_matches('/').to_owned();
            let inspected = self.inspect(&name).await?;
            let policy = inspected.host_config.and_then(|host| host.restart_policy);
            let state = inspected.state.unwrap_or_default();
            containers.push(HomeContainer {
                labels: labels(&one.labels.unwrap_or_default()),
                runs: state.running.unwrap_or(false) && !state.restarting.unwrap_or(false),
                status: one.status.unwrap_or_default(),
                starts_again: policy.and_then(|policy| policy.name)
                    == Some(RestartPolicyNameEnum::UNLESS_STOPPED),
                visible: self.visible(&name).await?,
                name,
            });
        }
        let networks = networks.into_iter().filter_map(|network| {
            let owner = labels(&network.labels.unwrap_or_default()).owner;
            Some((network.name?, owner))
        });
        Ok(HomeResources {
            containers,
            networks: networks.collect(),
        })
    }

    /// Has the engine start a container again whenever it ends, and with the engine itself, until somebody stops it.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn start_with_engine(&self, container: &str) -> Result<(), EngineError> {
        let policy = RestartPolicy {
            name: Some(RestartPolicyNameEnum::UNLESS_STOPPED),
            maximum_retry_count: None,
        };
        let update = ContainerUpdateBody {
            restart_policy: Some(policy),
            ..Default::default()
        };
        let call = self.docker.update_container(container, update);
        let action = format!("have {container} start with the engine");
        self.call(action, call).await.map(drop)
    }

    /// Stops a container; one that has ended already stays so.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn stop_container(&self, container: &str) -> Result<(), EngineError> {
        let options = StopContainerOptionsBuilder::default().t(GRACE).build();
        let call = self.docker.stop_container(container, Some(options));
        match self.call(format!("stop {container}"), call).await {
            Err(error) if error.status() == Some(304) => Ok(()),
            result => result,
        }
    }

    /// Removes a network; one that is gone already is no error.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when a container is still on it.
    pub async fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        let call = self.docker.remove_network(name);
        match self.call(format!("remove network {name}"), call).await {
            Err(error) if error.status() == Some(404) => Ok(()),
            result => result,
        }
    }
}
