//! The fourth ring of cleaning up: a run that begins removes what earlier ones have left.

use std::collections::BTreeMap;

use crate::causes::with_causes;
use crate::engine::{Calls, EngineAddress, Engines, Now};
use crate::run::error::RunError;
use crate::run::state::{Condition, Fate, KnownRun, Registry, is_announced};

/// What a sweep came to.
#[derive(Default)]
pub(in crate::run) struct Swept {
    /// How many containers, networks and volumes were removed.
    pub(in crate::run) removed: usize,
    /// What stays, and why.
    pub(in crate::run) stays: Vec<String>,
}

impl Swept {
    fn stays_for(&mut self, run: &str, error: &dyn std::error::Error) {
        self.stays(run, with_causes(error));
    }

    fn stays(&mut self, run: &str, why: impl std::fmt::Display) {
        // The id may be of a label that anybody has written.
        let run = run.escape_debug();
        self.stays
            .push(format!("what run {run} has left stays for now: {why}"));
    }
}

/// Removes what runs that are dead or past their deadline have left, on these engines and on those
/// of runs that this state folder knows.
///
/// # Errors
///
/// [`RunError::Engine`] when one of these engines refuses, and [`RunError::State`] when the state
/// folder cannot be listed. What cannot be read of one run is no error: that run stays, and
/// [`Swept::stays`] says so.
pub(in crate::run) async fn sweep(
    engines: &Engines,
    registry: &Registry,
) -> Result<Swept, RunError> {
    // In this order: a run that begins in between is on no engine yet when it is looked for.
    let found = engines.runs().await?;
    let known = registry.runs()?;
    let (earliest, _) = engines.clocks().await?;
    let now = Now::at(earliest);
    let mut swept = Swept::default();
    let of_id: BTreeMap<&str, &KnownRun> =
        known.iter().map(|one| (one.run.as_str(), one)).collect();
    elsewhere(engines, registry, &known, &mut swept).await;
    for run in &found {
        let known = of_id.get(run.run.as_str()).copied();
        let condition = Condition::of(known, is_announced(&run.run));
        match condition.fate(&run.deadline, &now) {
            Fate::Stay => {}
            Fate::StaySaying(why) => swept.stays(&run.run, why),
            Fate::Remove => {
                swept.removed += engines.remove_run(&run.run, Calls::UnderWay).await?;
                forget_whole(engines, registry, known, &mut swept);
            }
        }
    }
    for one in &known {
        let on_engine = found.iter().any(|other| other.run == one.run);
        let condition = Condition::of(Some(one), is_announced(&one.run));
        let idle = matches!(
            condition,
            Condition::Ended | Condition::Persisted | Condition::PersistedUnreadable(_)
        );
        // Looked for again, because it may have come up since.
        if !on_engine && idle && engines.leftovers(&one.run).await?.is_empty() {
            forget_whole(engines, registry, Some(one), &mut swept);
        }
    }
    Ok(swept)
}

/// Forgets a run of which nothing is on these engines, unless something may be on others.
fn forget_whole(
    engines: &Engines,
    registry: &Registry,
    known: Option<&KnownRun>,
    swept: &mut Swept,
) {
    let Some(known) = known else { return };
    match &known.record {
        Ok(_) if others(engines, known).is_empty() => {
            if let Err(error) = registry.forget(&known.run) {
                swept.stays_for(&known.run, &error);
            }
        }
        // Looked for again when those answer, or by a run that uses them.
        Ok(_) => {}
        Err(error) => swept.stays_for(&known.run, error),
    }
}

/// The engines of a run that are not among these.
fn others(engines: &Engines, known: &KnownRun) -> Vec<EngineAddress> {
    // A record that cannot be read is a reason to stay, which `Condition` tells.
    let record = known.record.as_ref().ok().and_then(Option::as_ref);
    let mut addresses = record.map_or_else(Vec::new, |record| record.placement.addresses());
    addresses.retain(|address| engines.all().iter().all(|one| one.address() != address));
    addresses
}

/// Removes what dead runs of this state folder have left on other engines than these. A run whose
/// engines do not all answer stays known, so that a later sweep tries again.
async fn elsewhere(engines: &Engines, registry: &Registry, known: &[KnownRun], swept: &mut Swept) {
    for one in known {
        let addresses = others(engines, one);
        let condition = Condition::of(Some(one), is_announced(&one.run));
        if addresses.is_empty() || !matches!(condition, Condition::Ended) {
            continue;
        }
        let (answering, silent) = Engines::answering(&addresses).await;
        let mut whole = silent.is_empty();
        for reason in silent {
            swept.stays_for(&one.run, &reason);
        }
        if let Some(answering) = answering {
            match answering.remove_run(&one.run, Calls::UnderWay).await {
                Ok(count) => swept.removed += count,
                Err(error) => {
                    whole = false;
                    swept.stays_for(&one.run, &error);
                }
            }
        }
        // What is on these engines is swept after this.
        let left = engines.leftovers(&one.run).await;
        match left {
            Ok(left) if whole && left.is_empty() => {
                if let Err(error) = registry.forget(&one.run) {
                    swept.stays_for(&one.run, &error);
                }
            }
            Ok(_) => {}
            Err(error) => swept.stays_for(&one.run, &error),
        }
    }
}
