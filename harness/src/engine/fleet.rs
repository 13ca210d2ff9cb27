//! The engines of a run: one for everything, or one for each home.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::address::EngineAddress;
use super::connect::Engine;
use super::error::EngineError;
use super::labels::Labels;
use super::sweep::{Calls, FoundRun, Leftovers};
use super::watch::Watch;

/// Where a run's engines are. What the user asks for, and what is kept of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The engine of everything that has none of its own; the one that is found when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common: Option<EngineAddress>,
    /// The homes' own engines, by home id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub homes: BTreeMap<String, EngineAddress>,
}

impl Placement {
    /// Every address, each once.
    #[must_use]
    pub fn addresses(&self) -> Vec<EngineAddress> {
        let mut all: Vec<_> = self.common.iter().chain(self.homes.values()).collect();
        all.sort();
        all.dedup();
        all.into_iter().cloned().collect()
    }
}

/// Every engine of a run. What concerns a home goes to the home's engine, everything else to the
/// common one; what is found by label is asked of all. Engines are told apart by their addresses:
/// two of them may say that they are the same.
#[derive(Clone)]
pub struct Engines {
    /// The common one first, then the homes' own, each once.
    all: Vec<Engine>,
    /// Position of a home's own engine.
    homes: BTreeMap<String, usize>,
}

impl Engines {
    /// One engine for everything.
    #[must_use]
    pub fn one(engine: Engine) -> Self {
        Self {
            all: vec![engine],
            homes: BTreeMap::new(),
        }
    }

    /// The engines at these addresses, all asked at once. Without a common one, the first home's is
    /// also that: where every home has its own, nothing else is run.
    ///
    /// # Errors
    ///
    /// [`EngineError::OfHome`] names the home whose engine does not answer.
    pub async fn connect(
        common: Option<Engine>,
        homes: &BTreeMap<String, EngineAddress>,
    ) -> Result<Self, EngineError> {
        let mut distinct: Vec<(&str, &EngineAddress)> = Vec::new();
        for (home, address) in homes {
            let known = common.as_ref().is_some_and(|one| one.address() == address);
            if !known && distinct.iter().all(|(_, other)| *other != address) {
                distinct.push((home, address));
            }
        }
        let connected = distinct.iter().map(|(home, address)| async move {
            Engine::connect_to(address)
                .await
                .map_err(|source| EngineError::OfHome {
                    home: (*home).to_owned(),
                    source: Box::new(source),
                })
        });
        let mut all: Vec<Engine> = common.into_iter().collect();
        let first = all.len();
        for engine in join_all(connected).await {
            all.push(engine?);
        }
        let position = |address: &EngineAddress| {
            let own = distinct.iter().position(|(_, other)| *other == address);
            own.map_or(0, |at| first + at)
        };
        let homes = homes
            .iter()
            .map(|(home, address)| (home.clone(), position(address)))
            .collect();
        Ok(Self { all, homes })
    }

    /// The engines at these addresses, for what is asked by label.
    ///
    /// # Errors
    ///
    /// The first that does not answer, or [`EngineError::NoEngine`] without an address.
    pub async fn at(addresses: &[EngineAddress]) -> Result<Self, EngineError> {
        let mut distinct = addresses.to_vec();
        distinct.sort();
        distinct.dedup();
        let (answering, silent) = Self::answering(&distinct).await;
        match (silent.into_iter().next(), answering) {
            (Some(error), _) => Err(error),
            (None, Some(engines)) => Ok(engines),
            (None, None) => Err(EngineError::NoEngine {
                looked_at: Vec::new(),
            }),
        }
    }

    /// The engines at these addresses that answer, for what is asked by label, and why the others
    /// do not.
    pub async fn answering(addresses: &[EngineAddress]) -> (Option<Self>, Vec<EngineError>) {
        let asked = addresses.iter().map(Engine::connect_to);
        let (mut all, mut silent) = (Vec::new(), Vec::new());
        for answer in join_all(asked).await {
            match answer {
                Ok(engine) => all.push(engine),
                Err(error) => silent.push(error),
            }
        }
        let homes = BTreeMap::new();
        let answering = (!all.is_empty()).then_some(Self { all, homes });
        (answering, silent)
    }

    /// The engines of a placement. The common one is found when it names none and a home needs it.
    ///
    /// # Errors
    ///
    /// As of [`Engines::connect`] and [`Engine::connect_to`].
    pub async fn of_placement(placement: &Placement) -> Result<Self, EngineError> {
        let common = match &placement.common {
            Some(address) => Some(Engine::connect_to(address).await?),
            None if placement.homes.is_empty() => Some(Engine::connect_anywhere().await?),
            None => None,
        };
        Self::connect(common, &placement.homes).await
    }

    /// Where they are, so that they are found again.
    #[must_use]
    pub fn placement(&self) -> Placement {
        let homes: BTreeMap<String, EngineAddress> = self
            .homes
            .iter()
            .map(|(home, at)| (home.clone(), self.all[*at].address().clone()))
            .collect();
        let common = self.common().address().clone();
        Placement {
            common: (!homes.values().any(|own| *own == common)).then_some(common),
            homes,
        }
    }

    /// The engine that a home's containers and networks are on.
    #[must_use]
    pub fn of(&self, home: &str) -> &Engine {
        &self.all[self.homes.get(home).copied().unwrap_or(0)]
    }

    /// The engine of everything that is not a home's.
    #[must_use]
    pub fn common(&self) -> &Engine {
        &self.all[0]
    }

    /// Each engine once.
    #[must_use]
    pub fn all(&self) -> &[Engine] {
        &self.all
    }

    /// An error of an engine, with the home that stands on it.
    #[must_use]
    pub fn named(&self, engine: &Engine, error: EngineError) -> EngineError {
        let on_it = |at: &usize| self.all[*at].address() == engine.address();
        match self.homes.iter().find(|(_, at)| on_it(at)) {
            None => error,
            Some((home, _)) => EngineError::OfHome {
                home: home.clone(),
                source: Box::new(error),
            },
        }
    }

    /// Every run of which something is on any engine.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when an engine does not answer.
    pub async fn runs(&self) -> Result<Vec<FoundRun>, EngineError> {
        let mut runs: BTreeMap<String, FoundRun> = BTreeMap::new();
        for found in join_all(self.all.iter().map(Engine::runs)).await {
            for run in found? {
                match runs.get_mut(&run.run) {
                    None => {
                        runs.insert(run.run.clone(), run);
                    }
                    Some(known) => known.join(run),
                }
            }
        }
        Ok(runs.into_values().collect())
    }

    /// Unix time in seconds by the engines' clocks: the earliest and the latest.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when an engine does not answer.
    pub async fn clocks(&self) -> Result<(i64, i64), EngineError> {
        let (mut earliest, mut latest) = (i64::MAX, i64::MIN);
        for clock in join_all(self.all.iter().map(Engine::clock)).await {
            let clock = clock?;
            earliest = earliest.min(clock);
            latest = latest.max(clock);
        }
        Ok((earliest, latest))
    }

    /// Puts off a run's deadline on every engine, as [`Engine::create_lease`] does.
    ///
    /// # Errors
    ///
    /// The first of the engines' that refuse.
    pub async fn create_lease(&self, name: &str, labels: &Labels) -> Result<(), EngineError> {
        let each = self.all.iter().map(|one| one.create_lease(name, labels));
        join_all(each).await.into_iter().collect()
    }

    /// Removes a volume from every engine.
    ///
    /// # Errors
    ///
    /// The first of the engines' that refuse.
    pub async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let each = self.all.iter().map(|one| one.remove_volume(name));
        join_all(each).await.into_iter().collect()
    }

    /// What of a run is on any engine.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when an engine does not answer.
    pub async fn leftovers(&self, run: &str) -> Result<Leftovers, EngineError> {
        let mut all = Leftovers::default();
        for left in join_all(self.all.iter().map(|engine| engine.leftovers(run))).await {
            let left = left?;
            all.containers.extend(left.containers);
            all.networks.extend(left.networks);
            all.volumes.extend(left.volumes);
        }
        Ok(all)
    }

    /// Removes everything of a run from every engine. One that fails keeps no other from being
    /// cleaned. Returns how much was removed.
    ///
    /// # Errors
    ///
    /// The first of what could not be removed.
    pub async fn remove_run(&self, run: &str, calls: Calls) -> Result<usize, EngineError> {
        join_all(self.all.iter().map(|engine| engine.remove_run(run, calls)))
            .await
            .into_iter()
            .sum()
    }

    /// Starts to follow the containers of runs on every engine: whatever ends from now on is told.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when an engine does not answer.
    pub async fn watch(&self, runs: &[&str]) -> Result<Watch, EngineError> {
        Watch::of(&self.all, runs).await
    }
}
