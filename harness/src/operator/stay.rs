//! Bringing a home's containers to what its folder says, and taking them away.

use std::path::Path;

use super::containers::{HomeImages, Part, content};
use super::error::HomeError;
use super::folder::Home;
use super::meeting::randomness;
use crate::engine::{Engine, EngineError, HomeContainer, HomeResources};
use crate::plan::{AddressSpace, free_network};

/// How often another subnet is tried.
const ATTEMPTS: usize = 8;

/// What was done with a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It ran already, as the folder says.
    Ran,
    /// It was started as it was.
    Started,
    /// It was made.
    Made,
    /// It was made anew, because the folder says something else by now.
    MadeAnew,
}

impl Home {
    /// What there is of the home on an engine.
    ///
    /// # Errors
    ///
    /// [`HomeError::OtherHome`] when it is another folder's.
    pub async fn found(&self, engine: &Engine) -> Result<HomeResources, HomeError> {
        let found = engine.home(&self.settings.id).await?;
        let owner = self.owner();
        let containers = found.containers.iter();
        let containers = containers.map(|one| (&one.name, &one.labels.owner));
        let networks = found.networks.iter().map(|(name, owner)| (name, owner));
        match containers.chain(networks).find(|(_, of)| **of != owner) {
            None => Ok(found),
            Some((container, _)) => Err(HomeError::OtherHome {
                home: self.settings.id.clone(),
                container: container.clone(),
            }),
        }
    }

    /// Makes the containers that are missing or not as the folder says, and starts those that do not run. Those that
    /// are as they should be go on.
    ///
    /// # Errors
    ///
    /// [`HomeError`]; what was started stays, and the next call goes on from there.
    pub async fn bring_up(
        &mut self,
        engine: &Engine,
        images: &HomeImages,
        space: &AddressSpace,
    ) -> Result<Vec<(Part, Done)>, HomeError> {
        // What is wrong with the folder is told before anything is made.
        for &part in self.parts() {
            self.spec(part, images)?;
        }
        let found = self.found(engine).await?;
        if found.networks.is_empty() {
            // Containers of a network that is gone cannot start.
            for one in &found.containers {
                engine.remove_container(&one.name).await?;
            }
            self.make_bridge(engine, space).await?;
        }
        let mut done = Vec::new();
        for &part in self.parts() {
            let spec = self.spec(part, images)?;
            let content = content(&spec);
            let known = found.containers.iter();
            let known = known
                .filter(|_| !found.networks.is_empty())
                .find(|one| one.name == spec.name);
            let is_as_it_should = |one: &HomeContainer| one.labels.content == content;
            match known {
                Some(one) if is_as_it_should(one) && one.runs => {
                    done.push((part, Done::Ran));
                    continue;
                }
                Some(one) if is_as_it_should(one) => {
                    engine.start_again(&spec.name).await?;
                    done.push((part, Done::Started));
                    continue;
                }
                Some(_) => {
                    engine.remove_container(&spec.name).await?;
                    done.push((part, Done::MadeAnew));
                }
                None => done.push((part, Done::Made)),
            }
            engine
                .create_container(&spec, &self.labels(content))
                .await?;
            engine.start_with_engine(&spec.name).await?;
            engine.start_container(&spec).await?;
        }
        Ok(done)
    }

    async fn make_bridge(
        &mut self,
        engine: &Engine,
        space: &AddressSpace,
    ) -> Result<(), HomeError> {
        let mut space = space.clone();
        for attempt in 1.. {
            let bridge = self.bridge();
            let labels = self.labels(String::new());
            match engine.create_network(&bridge, &labels).await {
                Err(EngineError::SubnetTaken { .. }) if attempt < ATTEMPTS => {
                    space.add(bridge.subnet, bridge.prefix_length);
                    self.move_to(free_network(&randomness()?, &space)?)?;
                }
                made => return Ok(made?),
            }
        }
        Ok(())
    }

    /// Stops the containers. They stay so until they are started by hand.
    ///
    /// # Errors
    ///
    /// [`HomeError::Engine`] and [`HomeError::OtherHome`].
    pub async fn stop(&self, engine: &Engine) -> Result<usize, HomeError> {
        let found = self.found(engine).await?;
        for one in &found.containers {
            engine.stop_container(&one.name).await?;
        }
        Ok(found.containers.len())
    }

    /// Removes everything of the home from its engine. Returns what that was.
    ///
    /// # Errors
    ///
    /// [`HomeError::Engine`] and [`HomeError::OtherHome`].
    pub async fn take_down(&self, engine: &Engine) -> Result<Vec<String>, HomeError> {
        let found = self.found(engine).await?;
        let mut removed = Vec::new();
        for one in &found.containers {
            engine.remove_container(&one.name).await?;
            removed.push(one.name.clone());
        }
        for (name, _) in &found.networks {
            engine.remove_network(name).await?;
            removed.push(format!("network {name}"));
        }
        let volume = self.volume();
        if engine.has_volume(&volume).await? {
            engine.remove_volume(&volume).await?;
            removed.push(format!("volume {volume}"));
        }
        Ok(removed)
    }

    /// Removes the folder with all that is in it.
    ///
    /// # Errors
    ///
    /// [`HomeError::Write`].
    pub fn remove_folder(folder: &Path) -> Result<(), HomeError> {
        std::fs::remove_dir_all(folder).map_err(HomeError::write(folder))
    }
}
