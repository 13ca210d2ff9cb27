//! Finding a topology that `up` left running.

use crate::engine::Engines;
use crate::plan::Plan;
use crate::run::error::RunError;
use crate::run::state::{Kept, State};

/// A topology of this name that was left by `up` and runs, wherever it stands.
pub(super) async fn find_kept(
    state: &State,
    topology: &str,
) -> Result<Option<(Engines, Plan, Kept)>, RunError> {
    for run in state.runs() {
        let (Some(kept), Some(standing)) = (state.kept(&run), state.standing(&run)) else {
            continue;
        };
        if standing.topology != topology {
            continue;
        }
        let Some(plan) = kept.plan() else { continue };
        let look = async {
            let engines = Engines::of_placement(&standing.placement).await?;
            let runs = engines.runs().await?;
            Ok((engines, runs.iter().any(|found| found.run == run)))
        };
        let (engines, runs) = look.await.map_err(|source| RunError::OutOfReach {
            topology: topology.to_owned(),
            run: run.clone(),
            folder: state.folder(&run).display().to_string(),
            source: Box::new(source),
        })?;
        if runs && plan.run.as_str() == run {
            return Ok(Some((engines, plan, kept)));
        }
    }
    Ok(None)
}
