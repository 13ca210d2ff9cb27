//! `--engine`: which Docker Engine each home stands on.

use std::collections::BTreeMap;

use super::error::CliError;
use crate::causes::with_causes;
use crate::engine::{EngineAddress, Placement};
use crate::topology::{EnginePlace, Topology};

/// Options about engines and the way to the homes.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct EngineArgs {
    /// Docker Engine that a home stands on, given once for every home: unix:///path/to/socket,
    /// tcp://host:port (over TLS), or ssh://[user@]host[:port]
    #[arg(
        long = "engine",
        value_name = "HOME=ADDRESS",
        help_heading = "Network and engines"
    )]
    engines: Vec<String>,
}

impl EngineArgs {
    /// Where the homes of a topology stand. All mistakes are named at once.
    pub(super) fn placement(&self, topology: &Topology) -> Result<Placement, CliError> {
        let mut mistakes = Vec::new();
        let mut homes: BTreeMap<String, EngineAddress> = BTreeMap::new();
        let mut named = Vec::new();
        let known: Vec<&str> = topology.homes.iter().map(|home| &*home.id).collect();
        for argument in &self.engines {
            let Some((home, address)) = argument.split_once('=') else {
                mistakes.push(format!(
                    "{argument:?} is not HOME=ADDRESS, as in {}=ssh://home.example",
                    known.first().unwrap_or(&"home")
                ));
                continue;
            };
            if !known.contains(&home) {
                mistakes.push(format!(
                    "there is no home {home:?}; there are {}",
                    known.join(", ")
                ));
            } else if named.contains(&home) {
                mistakes.push(format!("home {home} is given twice"));
            }
            named.push(home);
            match address.parse() {
                Ok(address) => {
                    homes.insert(home.to_owned(), address);
                }
                Err(error) => mistakes.push(format!("home {home}: {}", with_causes(&error))),
            }
        }
        let without: Vec<&str> = known
            .into_iter()
            .filter(|home| !named.contains(home))
            .collect();
        if !self.engines.is_empty() && !without.is_empty() {
            mistakes.push(format!(
                "no engine for {}; where one home has an engine of its own, every home needs one",
                without.join(", ")
            ));
        }
        if !self.engines.is_empty() && topology.network.engines() == EnginePlace::ThisMachine {
            mistakes.push(format!(
                "{} runs a network of its own, whose relays its homes reach through a bridge of the engine that the network is on; leave --engine out, everything stands on one engine",
                topology.name
            ));
        }
        if mistakes.is_empty() {
            Ok(Placement {
                common: None,
                homes,
            })
        } else {
            Err(CliError::Engines { mistakes })
        }
    }
}
