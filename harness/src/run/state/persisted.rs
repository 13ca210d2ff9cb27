//! A topology that was left running: everything that makes its plan again.

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::files::Unreadable;
use super::source::{ConnectorSource, TopologySource};
use crate::connectors::Deployment;
use crate::engine::Deadline;
use crate::onion::anonrc::AuthorityLine;
use crate::onion::{ServiceKeys, TldFamily};
use crate::plan::{AddressSpace, Images, Inputs, Persistent, Plan, Seed};
use crate::run::circuits::Earlier;
use crate::run::times::Times;
use crate::sabotage;

/// A topology that `up` left running. Holds the seed: its file has mode 0600.
#[derive(Serialize, Deserialize)]
pub struct PersistedRun {
    /// The topology file as the user named it.
    pub file: String,
    /// Its text.
    pub text: String,
    seed: String,
    #[serde(with = "time::serde::rfc3339")]
    now: OffsetDateTime,
    deadline: Deadline,
    space: AddressSpace,
    /// The authorities of the network that it joined in place of the public one.
    pub authorities: Vec<AuthorityLine>,
    /// Keys that outlive it, by home id.
    services: BTreeMap<String, PersistedService>,
    /// The images it runs.
    pub images: Images,
    /// What bringing up has measured.
    pub times: Times,
    /// What the daemons had told when it was left, by home id.
    pub daemons: Vec<Earlier>,
    /// How many homes were asked for, if the topology leaves that open.
    homes: Option<usize>,
    /// The TLD family that was asked for instead of the file's.
    family: Option<TldFamily>,
    /// The connector that was asked for instead of the file's.
    #[serde(default)]
    connector: Option<ConnectorSource>,
    /// The deployments that its homes are, by home id.
    #[serde(default)]
    deployments: BTreeMap<String, Deployment>,
    /// How much memory each connector may use, in bytes, where that was asked for.
    #[serde(default)]
    pub connector_memory: Option<u64>,
}

impl std::fmt::Debug for PersistedRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The rest holds secrets and onion addresses.
        f.debug_struct("PersistedRun")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// [`Persistent`] keys as they are written down: the daemon's files, base64.
#[derive(Serialize, Deserialize)]
struct PersistedService {
    volume: String,
    secret: String,
    public: String,
}

impl PersistedService {
    fn of(service: &Persistent) -> Self {
        Self {
            volume: service.volume.clone(),
            secret: BASE64.encode(&service.keys.secret_file()),
            public: BASE64.encode(&service.keys.public_file()),
        }
    }

    fn read(&self) -> Option<Persistent> {
        // The reader calls the file garbled, whatever of it is.
        let file = |text: &str| BASE64.decode(text.as_bytes()).ok();
        Some(Persistent {
            volume: self.volume.clone(),
            keys: ServiceKeys::from_files(&file(&self.secret)?, &file(&self.public)?)?,
        })
    }
}

impl PersistedRun {
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
            connector: source.connector.clone(),
            deployments: source
                .deployments
                .iter()
                .map(|(home, deployment)| (home.clone(), Deployment::clone(deployment)))
                .collect(),
            seed: inputs.seed.expose(),
            now: inputs.now,
            deadline: inputs.deadline.clone(),
            space: inputs.space.clone(),
            authorities: inputs.authorities.clone(),
            services: inputs
                .services
                .iter()
                .map(|(home, service)| (home.clone(), PersistedService::of(service)))
                .collect(),
            images: images.clone(),
            times,
            daemons,
            connector_memory: None,
        }
    }

    /// The volume that the keys of a home's onion service are in, where they outlive it.
    #[must_use]
    pub fn volume(&self, home: &str) -> Option<&str> {
        self.services
            .get(home)
            .map(|service| service.volume.as_str())
    }

    /// Makes the plan of this run again.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] when the file does not describe one any more, or that of another run.
    pub fn plan(&self, run: &str) -> Result<Plan, Unreadable> {
        let source = TopologySource {
            file: self.file.clone(),
            text: self.text.clone(),
            homes: self.homes,
            family: self.family,
            connector: self.connector.clone(),
            faults: Vec::new(),
            deployments: self
                .deployments
                .iter()
                .map(|(home, deployment)| (home.clone(), Arc::new(deployment.clone())))
                .collect(),
            bounds: Vec::new(),
        };
        let topology = source.parse().map_err(Unreadable::Topology)?;
        let keys = self.services.iter();
        let keys = keys.map(|(home, service)| Some((home.clone(), service.read()?)));
        let inputs = Inputs {
            seed: Seed::parse(&self.seed).ok_or(Unreadable::Garbled("seed"))?,
            now: self.now,
            deadline: self.deadline.clone(),
            space: self.space.clone(),
            authorities: self.authorities.clone(),
            // What is left running has a network of its own.
            standing: None,
            services: keys
                .collect::<Option<_>>()
                .ok_or(Unreadable::Garbled("onion service keys"))?,
        };
        let plan = sabotage::planned(&topology, &inputs).map_err(Unreadable::Plan)?;
        if plan.run.as_str() == run {
            Ok(plan)
        } else {
            Err(Unreadable::OtherRun(plan.run.to_string()))
        }
    }
}
