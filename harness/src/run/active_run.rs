//! Everything a run holds while it lives, and what is done with all of it.

use std::time::Duration;

use tokio::time::timeout;

use crate::checks::{self, CheckResult, Observations, Verdict, judge_leftovers};
use crate::diagnosis::Cause;
use crate::engine::{ContainerSpec, Death, Engines, Watch};
use crate::events::{EventKind, Recorder, Sink, Stage};
use crate::onion::monitor::Monitor;
use crate::plan::{Images, Inputs, Plan, RunId};
use crate::run::artefacts::{ArtefactError, Artefacts};
use crate::run::bring_up::bring_up;
use crate::run::circuits::Earlier;
use crate::run::context::{Context, Running};
use crate::run::end::collect::{Collected, collect};
use crate::run::end::diagnose::diagnosed;
use crate::run::end::reaper::Reaper;
use crate::run::error::RunError;
use crate::run::interrupt::Interrupts;
use crate::run::milestones::Ladder;
use crate::run::observe::observe;
use crate::run::obstacle::Obstacle;
use crate::run::outcome::{Options, Outcome};
use crate::run::prepare;
use crate::run::prepare::keys;
use crate::run::reach::{Reach, Way};
use crate::run::state::{Claim, State};
use crate::run::times::Times;

/// How long after a stage has failed the engine may take to tell that a container has died.
const DEATH_TOLD: Duration = Duration::from_secs(1);

/// Everything a run holds while it lives.
pub(super) struct Run {
    pub(super) engines: Engines,
    pub(super) reach: Reach,
    pub(super) plan: Plan,
    pub(super) inputs: Inputs,
    pub(super) recorder: Recorder,
    pub(super) artefacts: Artefacts,
    pub(super) interrupts: Interrupts,
    pub(super) http: reqwest::Client,
    pub(super) ladder: Ladder,
    pub(super) images: Option<Images>,
}

impl Run {
    pub(super) fn context(&self) -> Context<'_> {
        Context {
            engines: &self.engines,
            reach: &self.reach,
            recorder: &self.recorder,
            plan: &self.plan,
            http: &self.http,
            ladder: &self.ladder,
        }
    }

    pub(super) fn open(
        options: &Options,
        engines: Engines,
        plan: Plan,
        inputs: Inputs,
        interrupts: Interrupts,
    ) -> Result<Self, RunError> {
        // The id of the inputs and not of the plan: a topology that runs already is judged in a
        // folder of its own.
        let folder = RunId::new(inputs.now, &inputs.seed);
        let artefacts = Artefacts::create(&options.artefacts, folder.as_str())?;
        let mut sinks: Vec<Sink> = vec![artefacts.event_sink()?];
        if let Some(progress) = options.progress.clone() {
            sinks.push(Box::new(move |event| {
                progress(event);
                Ok(())
            }));
        }
        let way = Way::of(&plan.topology, options.tunnels);
        let reach = Reach::open(way, &engines, &plan).map_err(RunError::NoPort)?;
        let recorder = Recorder::new(sinks);
        recorder.record(EventKind::RunStarted {
            run: plan.run.to_string(),
            topology: plan.topology.name.clone(),
        });
        Ok(Self {
            engines,
            reach,
            plan,
            inputs,
            recorder,
            artefacts,
            interrupts,
            http: reqwest::Client::new(),
            ladder: Ladder::default(),
            images: None,
        })
    }

    /// Lets `work` go on until it ends, a container dies, the user interrupts, or the events
    /// cannot be written.
    pub(super) async fn guarded<T>(
        &self,
        watch: &mut Watch,
        work: impl Future<Output = Result<T, RunError>>,
    ) -> Result<T, RunError> {
        let died = |death: Death| {
            self.recorder.record(EventKind::NodeDied {
                role: death.role.clone(),
                status: death.status.clone(),
            });
            Err(RunError::NodeDied(death))
        };
        tokio::select! {
            result = work => match result {
                // Connections end before the engine tells of the death that ended them.
                Err(error @ RunError::Stage(_)) => {
                    match timeout(DEATH_TOLD, watch.death()).await {
                        Ok(death) => died(death),
                        Err(_) => Err(error),
                    }
                }
                result => result,
            },
            death = watch.death() => died(death),
            () = self.interrupts.at_least(1) => Err(RunError::Interrupted),
            () = self.recorder.failed() => Err(self.event_failure()),
        }
    }

    pub(super) fn event_failure(&self) -> RunError {
        let source = self
            .recorder
            .take_failure()
            .unwrap_or_else(|| std::io::Error::other("unknown"));
        ArtefactError {
            path: self
                .artefacts
                .folder()
                .join("events.jsonl")
                .display()
                .to_string(),
            source,
        }
        .into()
    }

    /// Sweep, images, networks, keys and containers, up to the last peering.
    pub(super) async fn start(
        &mut self,
        state: &State,
        options: &Options,
        watch: &mut Watch,
    ) -> Result<(Running, Images), RunError> {
        let guard = self.recorder.stage(Stage::Prepare, None);
        let engines = self.engines.clone();
        let topology = self.plan.topology.clone();
        let mut inputs = self.inputs.clone();
        let recorder = self.recorder.clone();
        let keyed = self.plan.clone();
        let prepared = self
            .guarded(watch, async {
                let images = async {
                    let swept = prepare::sweep(&engines, state).await?;
                    if swept.removed > 0 {
                        recorder.note(format!(
                            "{} resources of earlier runs removed",
                            swept.removed
                        ));
                    }
                    for reason in swept.postponed {
                        recorder.note(reason);
                    }
                    Ok::<_, RunError>(
                        prepare::images(&engines, &recorder, &topology, &options.sources).await?,
                    )
                };
                let keys = async { Ok::<_, RunError>(prepare::authority_keys(&keyed).await?) };
                // All are awaited, also when one fails: a network that is being created could not be
                // removed yet.
                if let Some(name) = &options.keys {
                    let images = images.await?;
                    inputs.services = keys::persistent(&engines, &keyed, &images.bls, name).await?;
                    let networks = prepare::networks(&engines, &topology, &mut inputs);
                    let (networks, keys) = futures_util::future::join(networks, keys).await;
                    return Ok((images, networks?, keys?));
                }
                let networks = prepare::networks(&engines, &topology, &mut inputs);
                let (images, networks, keys) =
                    futures_util::future::join3(images, networks, keys).await;
                Ok((images?, networks?, keys?))
            })
            .await;
        let (images, plan, keys) = prepared?;
        self.plan = plan;
        self.inputs = inputs;
        self.images = Some(images.clone());
        let redacted = serde_json::to_vec_pretty(&self.plan).map_err(|source| ArtefactError {
            path: self
                .artefacts
                .folder()
                .join("plan.json")
                .display()
                .to_string(),
            source: source.into(),
        })?;
        self.artefacts.write("plan.json", &redacted)?;
        guard.reached(format!("{} networks", self.plan.networks.len()));
        let running = self
            .guarded(watch, Box::pin(bring_up(&self.context(), &images, &keys)))
            .await;
        self.climbed().await;
        Ok((running?, images))
    }

    /// Records the stages that were seen, whether all were reached or not.
    pub(super) async fn climbed(&self) {
        let logs = self.plan.homes.iter().map(|home| async move {
            let text = self.engines.of(&home.id).logs(&home.connector, None).await;
            // A connector that was never created has logged nothing.
            (format!("{}/connector", home.id), text.unwrap_or_default())
        });
        let logs = futures_util::future::join_all(logs).await;
        let texts = logs.iter().map(|(role, text)| (&**role, &**text));
        self.context().climbed(&texts.collect::<Vec<_>>());
    }

    pub(super) async fn observe(
        &self,
        watch: &mut Watch,
        monitors: &[Option<Monitor>],
        earlier: &[Earlier],
        times: &Times,
    ) -> Result<Observations, RunError> {
        let context = self.context();
        self.guarded(watch, Box::pin(observe(&context, monitors, earlier, times)))
            .await
    }

    pub(super) async fn memory(&self) -> Option<u64> {
        let containers = self.context().containers();
        let reads = containers.iter().map(|one| one.engine.memory(&one.name));
        let sizes: Result<Vec<_>, _> = futures_util::future::join_all(reads)
            .await
            .into_iter()
            .collect();
        Some(sizes.ok()?.iter().map(|memory| memory.bytes).sum())
    }

    /// The outcome so far. What `verify` and `up` share.
    pub(super) fn outcome(&self, result: Result<Option<Observations>, RunError>) -> Outcome {
        let mut outcome = Outcome {
            plan: self.plan.clone(),
            checks: Vec::new(),
            error: None,
            diagnosis: None,
            logs: Vec::new(),
            duration: self.recorder.elapsed(),
            clean_up: None,
            containers_memory: None,
            metrics: checks::Metrics::new(),
            events: Vec::new(),
            artefacts: self.artefacts.folder().to_owned(),
        };
        match result {
            Err(error) => {
                if let RunError::Stage(failure) = &error {
                    let evidence = self.plan.redact(&failure.to_string());
                    let topology = &self.plan.topology;
                    outcome.checks = checks::judge_stuck(
                        failure.stage,
                        &evidence,
                        topology.network.is_public(),
                        &topology.budgets,
                    );
                    self.judged(&outcome.checks);
                }
                outcome.error = Some(error);
            }
            Ok(None) => {}
            Ok(Some(seen)) => {
                outcome.checks = checks::judge(&seen);
                self.judged(&outcome.checks);
                outcome.metrics = seen.metrics;
            }
        }
        outcome
    }

    pub(super) fn judged(&self, checks: &[CheckResult]) {
        for check in checks {
            self.recorder.record(EventKind::CheckJudged(check.clone()));
        }
    }

    /// Keeps what was collected, and names the cause of a failure by it.
    pub(super) async fn explain(&self, outcome: &mut Outcome, collected: Collected) {
        outcome.logs = collected.tails;
        if let Some(error) = &outcome.error {
            let context = self.context();
            let containers = self.context().containers();
            let found = diagnosed(&context, error, &containers, collected.texts).await;
            // In a network of one's own that is a broken harness; in another it is for the operator
            // to do.
            if let (RunError::NodeDied(death), true) =
                (error, self.plan.topology.network.is_public())
                && found
                    .as_ref()
                    .is_some_and(|found| found.cause == Cause::TermsNotAgreed)
            {
                let home = death.role.split('/').next().unwrap_or_default().to_owned();
                outcome.error = Some(Obstacle::Terms { home }.into());
            }
            outcome.diagnosis = found;
        }
    }

    /// Leaves a container behind after everything was removed, where the plan says so. The reaper
    /// removes it, as it would remove whatever a faulty clean-up leaves.
    pub(super) async fn forget_container(&self) -> Result<(), RunError> {
        let Some(image) = self.images.as_ref().map(|images| images.bls.clone()) else {
            return Ok(());
        };
        let spec =
            ContainerSpec::idle(&format!("ator-{}-forgotten", self.plan.run.short()), &image);
        let Some(home) = self.plan.homes.first() else {
            return Ok(());
        };
        self.engines
            .of(&home.id)
            .create_container(&spec, &self.plan.labels)
            .await?;
        Ok(())
    }

    /// Collects, removes, and adds the check that nothing is left.
    pub(super) async fn end(&self, outcome: &mut Outcome, claim: Claim, reaper: Option<Reaper>) {
        outcome.containers_memory = match outcome.error {
            None => self.memory().await,
            Some(_) => None,
        };
        let containers = self.context().containers();
        let collected = collect(
            &self.recorder,
            &self.artefacts,
            &self.plan,
            &containers,
            &self.interrupts,
        )
        .await;
        self.explain(outcome, collected).await;
        let guard = self.recorder.stage(Stage::TearDown, None);
        let run = self.plan.run.as_str();
        let removed = self.engines.remove_run(run).await;
        if self.plan.leaves_container
            && let Err(error) = self.forget_container().await
        {
            self.recorder.note(error.to_string());
        }
        let left = self.engines.leftovers(run).await;
        let files = claim.remove();
        outcome.clean_up = Some(guard.waited());
        match &removed {
            Ok(count) => guard.reached(format!("{count} containers and networks removed")),
            Err(error) => guard.saw(error.to_string()),
        }
        let check = judge_leftovers(
            *removed.as_ref().unwrap_or(&0),
            left.as_ref().map_err(ToString::to_string),
            &files,
        );
        // A run that failed before it created anything has nothing to remove, and one that
        // failed already has its reason.
        if outcome.error.is_none() || !outcome.checks.is_empty() {
            self.judged(std::slice::from_ref(&check));
            outcome.checks.push(check);
        } else if check.verdict != Verdict::Pass && !matches!(removed, Ok(0)) {
            self.recorder.note(check.evidence);
        }
        // While something may be left, the reaper stays: it tries again when this process ends.
        if let Some(reaper) = reaper
            && left.is_ok_and(|left| left.is_empty())
        {
            reaper.dismiss().await;
        }
    }
}
