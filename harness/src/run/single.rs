//! The run of one container by itself, which is no topology's: known, guarded and swept as every other.

use std::time::Duration;

use crate::engine::{Calls, Deadline, Engine, Engines, Labels, Now};
use crate::plan::{RunId, Seed};
use crate::run::artefacts::ArtefactError;
use crate::run::end::reaper::{Reaper, ReaperProgram};
use crate::run::end::sweep::sweep;
use crate::run::error::RunError;
use crate::run::prepare::fresh_inputs;
use crate::run::state::{Owner, Registry, RunLock, RunRecord, Verb};

/// After this time any later run removes what is left of one whose process is not known to live. Nobody puts
/// it off, so it is longer than any such run.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// A run of one container, from before anything is created until everything is removed.
pub struct SingleRun {
    /// Its id.
    pub id: RunId,
    /// What its secrets are derived from.
    pub seed: Seed,
    /// What everything of it is labelled with.
    pub labels: Labels,
    /// What earlier runs have left and had to stay, and why.
    pub notes: Vec<String>,
    engines: Engines,
    lock: RunLock,
    reaper: Reaper,
}

impl SingleRun {
    /// Removes what dead runs have left, makes this one known, and starts what removes it when this process
    /// cannot. `name` is what `status` and `down` call it.
    ///
    /// # Errors
    ///
    /// [`RunError`] when the engine or the state folder cannot be used.
    pub async fn begin(engine: &Engine, name: &str) -> Result<Self, RunError> {
        let unusable = |source| ArtefactError {
            path: "this run's randomness".to_owned(),
            source,
        };
        let inputs = fresh_inputs(LIFETIME, &[]).await.map_err(unusable)?;
        let id = RunId::new(inputs.now, &inputs.seed);
        let engines = Engines::one(engine.clone());
        let registry = Registry::locate();
        let swept = sweep(&engines, &registry).await?;
        let (_, latest) = engines.clocks().await?;
        let record = RunRecord {
            topology: name.to_owned(),
            placement: engines.placement(),
            owner: Owner::this(Verb::Conformance, inputs.now),
        };
        let lock = registry.begin(id.as_str(), &record)?;
        let reaper = Reaper::start(&ReaperProgram::Command, id.as_str(), &record.placement).await;
        let reaper = reaper.map_err(|source| ArtefactError {
            path: "this program as the reaper".to_owned(),
            source,
        })?;
        Ok(Self {
            labels: Labels {
                run: id.to_string(),
                topology: name.to_owned(),
                deadline: Deadline::after(LIFETIME, &Now::at(latest)),
            },
            id,
            seed: inputs.seed,
            notes: swept.stays,
            engines,
            lock,
            reaper,
        })
    }

    /// Removes everything of it. `calls` says whether something may still be coming into being.
    ///
    /// # Errors
    ///
    /// [`RunError`] when something cannot be removed: then the reaper tries again when this process ends.
    pub async fn end(self, calls: Calls) -> Result<(), RunError> {
        self.engines.remove_run(self.id.as_str(), calls).await?;
        // What of its folder stays says no more than that it was there.
        let _ = self.lock.remove();
        self.reaper.dismiss().await;
        Ok(())
    }
}
