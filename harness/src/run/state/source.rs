//! Where a topology came from, and the connector of its homes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::connectors::{Deployment, Kind, ProfileError};
use crate::onion::TldFamily;
use crate::suggest::did_you_mean;
use crate::topology::{Bound, Choices, NamedFault, Topology, TopologyError};

/// Where a topology came from.
#[derive(Debug, Clone, PartialEq)]
pub struct TopologySource {
    /// The file as the user named it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// How many homes were asked for, if the topology leaves that open.
    pub homes: Option<usize>,
    /// The TLD family that was asked for instead of the file's.
    pub family: Option<TldFamily>,
    /// The connector that was asked for instead of the file's.
    pub connector: Option<ConnectorSource>,
    /// Faults of the catalogue that were asked for besides the file's.
    pub faults: Vec<&'static NamedFault>,
    /// The deployments that the file names, by home id.
    pub deployments: BTreeMap<String, Arc<Deployment>>,
    /// Bounds that were asked for instead of those of the file's budgets.
    pub bounds: Vec<Bound>,
}

/// Which connector was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorSource {
    /// The name of one that comes along, or the profile's file as the user named it.
    pub name: String,
    /// The profile; absent of one that comes along.
    pub profile: Option<ProfileText>,
}

/// A profile as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileText {
    /// The absolute path of the folder that it is in.
    pub folder: PathBuf,
    /// Its text.
    pub text: String,
}

impl ConnectorSource {
    /// The connector.
    ///
    /// # Errors
    ///
    /// [`SourceError`], with every mistake of the profile.
    pub fn parse(&self) -> Result<Kind, SourceError> {
        match &self.profile {
            Some(ProfileText { folder, text }) => Ok(Kind::from_profile(&self.name, folder, text)?),
            None => Kind::named(&self.name).ok_or_else(|| SourceError::NoSuchConnector {
                name: self.name.clone(),
                known: Kind::all().map(|kind| kind.name().to_owned()).collect(),
            }),
        }
    }
}

/// Why a topology is refused as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Its file has mistakes.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The connector's profile has mistakes.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// No connector of that name comes along.
    #[error(
        "--connector {name:?} is none of the connectors that come along, which are {}, and no file; give a path to a profile, as in ./my-connector.toml{}",
        known.join(", "),
        did_you_mean(name, known.iter().map(String::as_str))
    )]
    NoSuchConnector {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
}

impl TopologySource {
    /// The topology as it was asked for.
    ///
    /// # Errors
    ///
    /// [`SourceError`] with every mistake of the file, or of the connector's profile.
    pub fn parse(&self) -> Result<Topology, SourceError> {
        let connector = self.connector.as_ref().map(ConnectorSource::parse);
        let choices = Choices {
            homes: self.homes,
            connector: connector.transpose()?,
            faults: &self.faults,
            bounds: &self.bounds,
        };
        let mut topology = Topology::parse_as(&self.file, &self.text, choices)?;
        if let Some(family) = self.family {
            topology.network.family = family;
        }
        for home in &mut topology.homes {
            home.deployment = self.deployments.get(&home.id).cloned();
        }
        Ok(topology)
    }
}
