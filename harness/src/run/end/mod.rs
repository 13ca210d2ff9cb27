//! The end of a run: what it came to, collect, diagnose, remove; and what removes when its process
//! cannot.

pub(in crate::run) mod collect;
mod diagnose;
pub(in crate::run) mod lease;
pub(in crate::run) mod reaper;
pub(in crate::run) mod sweep;

pub use lease::Leases;
pub use reaper::reap;

use crate::causes::with_causes;
use crate::checks::{self, CheckResult, Observations, Verdict, judge_leftovers};
use crate::diagnosis::{Cause, Diagnosis, Known};
use crate::engine::{Calls, ContainerSpec, EngineError};
use crate::events::{EventKind, Stage};
use crate::evidence::{ContainerRole, Finding};
use crate::run::at_fault::{AtFault, at_fault, network_is_judged};
use crate::run::context::Run;
use crate::run::end::collect::Collected;
use crate::run::end::diagnose::diagnosed;
use crate::run::end::lease::Lease;
use crate::run::end::reaper::Reaper;
use crate::run::error::{RunError, StageFailure};
use crate::run::outcome::Outcome;
use crate::run::preflight_failure::PreflightFailure;
use crate::run::state::RunLock;

/// What keeps others from removing a run while its process lives, and what removes it when its process
/// is gone.
pub(in crate::run) struct Guards {
    pub(in crate::run) lock: RunLock,
    pub(in crate::run) lease: Lease,
    pub(in crate::run) reaper: Reaper,
}

impl Guards {
    /// Lets go of a run that stays.
    pub(in crate::run) async fn dismiss(self) {
        self.lease.end().await;
        self.reaper.dismiss().await;
        drop(self.lock);
    }
}

/// What the run came to so far: its checks, or why it ended before them. Nothing was observed of a
/// topology that is left running.
pub(in crate::run) fn outcome(
    run: &Run,
    result: Result<Option<Observations>, RunError>,
) -> Outcome {
    let mut outcome = Outcome {
        plan: run.plan.clone(),
        checks: Vec::new(),
        error: None,
        at_fault: None,
        diagnosis: None,
        logs: Vec::new(),
        duration: run.recorder.elapsed(),
        clean_up: None,
        containers_memory: None,
        metrics: checks::Metrics::new(),
        faults: None,
        events: Vec::new(),
        artefacts: run.artefacts.folder().to_owned(),
        unwritten: None,
    };
    match result {
        Err(error) => outcome.error = Some(error),
        Ok(None) => {}
        Ok(Some(seen)) => {
            outcome.checks = checks::judge(&seen);
            checks::accept_defects(&mut outcome.checks, &run.accepted_defects);
            excuse(run, &seen, &mut outcome);
            record(run, &outcome.checks);
            outcome.containers_memory = seen.containers_memory;
            outcome.metrics = seen.metrics;
            outcome.faults = seen.faults.ok().flatten();
        }
    }
    outcome
}

/// Names what is not judged where something is wrong with it. What was found against the subject besides stays found.
fn excuse(run: &Run, seen: &Observations, outcome: &mut Outcome) {
    let machine = checks::excuse_machine(&mut outcome.checks, &seen.budgets, &seen.waits);
    let network = excuse_network(run, seen, outcome);
    // Authorities that do not agree are what a busy machine comes to as well, and tell more.
    let (cause, evidence) = match network.is_empty() {
        false => (Cause::NoAgreement, network),
        true if machine.is_empty() => return,
        true => (Cause::MachineBusy, machine),
    };
    if checks::verdict(&outcome.checks) == Verdict::Inconclusive {
        outcome.at_fault = Some(AtFault::Surroundings);
    }
    outcome.diagnosis = Some(Diagnosis::new(cause, evidence));
}

/// What is wrong with a network that is not judged, with what its authorities voted.
fn excuse_network(run: &Run, seen: &Observations, outcome: &mut Outcome) -> Vec<String> {
    if network_is_judged(&run.plan) {
        return Vec::new();
    }
    let mut evidence = checks::excuse_network(&mut outcome.checks);
    if !evidence.is_empty() {
        let nodes: Vec<&str> = seen.nicknames.iter().map(String::as_str).collect();
        let lines = seen.authorities.iter().map(|one| one.ballot.line(&nodes));
        evidence.extend(lines.map(|line| run.plan.redact(&line)));
    }
    evidence
}

/// What a stage that was not reached says about the checks: the one that stands for it fails where the
/// topology under test is at fault.
fn judge_stuck(run: &Run, failure: &StageFailure, at_fault: Option<AtFault>) -> Vec<CheckResult> {
    let evidence = run.plan.redact(&failure.to_string());
    let topology = &run.plan.topology;
    let finding = match at_fault {
        Some(AtFault::Subject) => Finding::fail(evidence),
        _ => Finding::inconclusive(evidence),
    };
    checks::judge_stuck(
        failure.stage,
        blame(failure),
        &finding,
        (topology.network.kind, topology.has_load()),
        &topology.budgets,
    )
}

/// The check that is to blame for what is known to keep a peering from coming up.
fn blame(failure: &StageFailure) -> Option<&'static str> {
    let Known::Dials(signs) = failure.known.as_deref()? else {
        return None;
    };
    match signs.cause()?.0 {
        Cause::ProxyNotUsed => Some("names.dns"),
        Cause::LoginRefused | Cause::TargetNotListening => Some("handshake.connected"),
        _ => None,
    }
}

fn record(run: &Run, checks: &[CheckResult]) {
    for check in checks {
        run.recorder.record(EventKind::CheckJudged(check.clone()));
    }
}

/// Collects, names the cause of a failure by what was collected, and judges by that. Nothing is removed.
pub(in crate::run) async fn attach_diagnosis(run: &Run, outcome: &mut Outcome) {
    // Of an engine that is gone there is nothing to collect, and the error says so.
    if let Some(RunError::Engine(EngineError::Lost { .. } | EngineError::WatchLost { .. })) =
        &outcome.error
    {
        return;
    }
    let containers = run.containers();
    let Collected { tails, texts } = collect::collect(run, &containers).await;
    outcome.logs = tails;
    let Some(error) = &outcome.error else { return };
    let (found, ended) = diagnosed(run, error, &containers, texts).await.unzip();
    // In a network of one's own that is a broken harness; in another it is for the operator
    // to do.
    if let (RunError::NodeDied(death), true) = (error, run.plan.joins_others())
        && found
            .as_ref()
            .is_some_and(|found| found.cause == Cause::TermsNotAgreed)
    {
        let role = ContainerRole::from(&*death.role);
        let home = role.owner().to_owned();
        outcome.error = Some(PreflightFailure::Terms { home }.into());
    }
    let cause = found.as_ref().map(|found| found.cause);
    outcome.diagnosis = found;
    let Some(error) = &outcome.error else { return };
    outcome.at_fault = at_fault(&run.plan, error, cause, ended.flatten().as_ref());
    if let RunError::Stage(failure) = error {
        outcome.checks = judge_stuck(run, failure, outcome.at_fault);
        record(run, &outcome.checks);
    }
}

/// Collects, removes, and adds the check that nothing is left.
pub(in crate::run) async fn end(run: &Run, outcome: &mut Outcome, guards: Guards) {
    attach_diagnosis(run, outcome).await;
    let guard = run.recorder.stage(Stage::TearDown, None);
    let id = run.plan.run.as_str();
    let Guards {
        lock,
        lease,
        reaper,
    } = guards;
    lease.end().await;
    let calls = match outcome.error {
        None => Calls::Answered,
        Some(_) => Calls::UnderWay,
    };
    let removed = run.engines.remove_run(id, calls).await;
    if run.plan.leaves_container
        && let Err(error) = forget_container(run).await
    {
        run.recorder.note(with_causes(&error).to_string());
    }
    let left = run.engines.leftovers(id).await;
    let files = lock.remove();
    outcome.clean_up = Some(guard.waited());
    match &removed {
        Ok(count) => guard.reached(format!("{count} containers and networks removed")),
        Err(error) => guard.saw(with_causes(&error).to_string()),
    }
    let check = judge_leftovers(
        // Why nothing was removed has been told with the stage.
        *removed.as_ref().unwrap_or(&0),
        left.as_ref()
            .map_err(|error| with_causes(error).to_string()),
        &files,
    );
    // A run that failed before it created anything has nothing to remove, and one that
    // failed already has its reason.
    if outcome.error.is_none() || !outcome.checks.is_empty() {
        record(run, std::slice::from_ref(&check));
        outcome.checks.push(check);
    } else if check.verdict != Verdict::Pass && !matches!(removed, Ok(0)) {
        run.recorder.note(check.evidence);
    }
    // While something may be left, the reaper stays: it tries again when this process ends. Why it is
    // not known what is left, is the check's evidence.
    if left.is_ok_and(|left| left.is_empty()) {
        reaper.dismiss().await;
    }
}

/// Leaves a container behind after everything was removed, where the plan says so. The reaper
/// removes it, as it would remove whatever a faulty clean-up leaves.
async fn forget_container(run: &Run) -> Result<(), EngineError> {
    let (Some(images), Some(home)) = (&run.images, run.plan.homes.first()) else {
        return Ok(());
    };
    let name = format!("ator-{}-forgotten", run.plan.run.short());
    let spec = ContainerSpec::idle(&name, &images.bls);
    run.engine_of(home)
        .create_container(&spec, &run.plan.labels)
        .await
}
