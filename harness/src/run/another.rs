//! What was asked for in place of what `up` left running: it is refused, so that nothing is judged in the name of
//! something else.

use crate::engine::{EngineAddress, Image, Placement};
use crate::plan::Plan;
use crate::run::error::RunError;
use crate::run::options::Options;
use crate::run::prepare::keys::volume;
use crate::run::request::InvalidRequest;
use crate::run::state::PersistedRun;
use crate::topology::Topology;

/// A topology that runs.
pub(super) struct Running<'r> {
    pub(super) plan: &'r Plan,
    pub(super) persisted: &'r PersistedRun,
    pub(super) placement: &'r Placement,
}

impl Running<'_> {
    /// That it does not run as an option has it.
    pub(super) fn otherwise(
        &self,
        option: &'static str,
        runs: impl Into<String>,
    ) -> InvalidRequest {
        InvalidRequest::RunsOtherwise {
            topology: self.plan.topology.name.clone(),
            option,
            runs: runs.into(),
        }
    }
}

/// Refuses what would be another topology than the one that runs: faults, another family, connector, image, program,
/// memory, keys or engines.
///
/// # Errors
///
/// [`InvalidRequest`] with what runs, and that of the file where the daemon that is given cannot be read.
pub(super) fn refuse_another(
    asked: &Topology,
    options: &Options,
    runs: &Running<'_>,
) -> Result<(), RunError> {
    let topology = || asked.name.clone();
    let own = &runs.plan.topology;
    if asked.faults != own.faults {
        return Err(InvalidRequest::FaultOfRunning {
            topology: topology(),
        }
        .into());
    }
    let family = own.network.family;
    if options.family.is_some_and(|asked| asked != family) {
        return Err(InvalidRequest::RunsOnOtherFamily {
            topology: topology(),
            runs: family,
        }
        .into());
    }
    let connector = own.connector.name();
    let named = options.connector.as_ref();
    if named.is_some_and(|asked| asked != connector) {
        return Err(InvalidRequest::RunsOtherConnector {
            topology: topology(),
            connector,
        }
        .into());
    }
    refuse_other_images(options, runs)?;
    if options.connector_memory.is_some()
        && options.connector_memory != runs.persisted.connector_memory
    {
        let other = "as much memory as it was started with";
        return Err(runs.otherwise("--connector-memory", other).into());
    }
    if let Some(name) = &options.keys {
        let homes = runs.plan.homes.iter();
        let mut onion = homes.filter(|home| home.is_onion());
        if onion.any(|home| runs.persisted.volume(&home.id) != Some(&volume(name, &home.id))) {
            return Err(runs.otherwise("--keys", "other keys").into());
        }
    }
    let places = &runs.placement.homes;
    let differs = |(home, address): (&String, &EngineAddress)| {
        places
            .get(home)
            .is_none_or(|own| !own.is_same_place(address))
    };
    if options.placement.homes.iter().any(differs) {
        return Err(InvalidRequest::RunsOnOtherEngines {
            topology: topology(),
        }
        .into());
    }
    Ok(())
}

/// Refuses images that were given and do not run.
fn refuse_other_images(options: &Options, runs: &Running<'_>) -> Result<(), RunError> {
    let (sources, images) = (&options.sources, &runs.persisted.images);
    if sources.program.is_some() && sources.program != images.program {
        let other = "another program as its connector";
        return Err(runs.otherwise("--connector-command", other).into());
    }
    if let (true, Image::Named(asked)) = (sources.connector_is_given, &sources.connector) {
        // Where every home is a deployment or runs its own daemon there is none of the one or the other.
        let of_homes = [Some(&images.connector), images.managed.as_ref()];
        let mut run = of_homes.into_iter().flatten().filter(|one| !one.is_empty());
        if let Some(other) = run.find(|own| *own != asked) {
            let other = format!("the connector's image {other}");
            return Err(runs.otherwise("--connector-image", other).into());
        }
    }
    if sources.anon_is_given {
        let (option, asked) = match &sources.anon {
            Image::Named(name) => ("--anon-image", name.clone()),
            Image::Local(content) => ("--anon-binary", content.name()?),
        };
        if asked != images.anon {
            let other = format!("the onion daemon's image {}", images.anon);
            return Err(runs.otherwise(option, other).into());
        }
    }
    Ok(())
}
