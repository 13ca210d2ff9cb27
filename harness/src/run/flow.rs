//! The whole of a run, and what is left of it.

use std::time::Duration;

use super::artefacts::{ArtefactError, Artefacts};
use super::bring_up::{Context, Running, bring_up};
use super::circuits::Earlier;
use super::diagnose::diagnosed;
use super::error::RunError;
use super::interrupt::Interrupts;
use super::ladder::Ladder;
use super::observe::observe;
use super::outcome::{Options, Outcome};
use super::prepare;
use super::reaper::Reaper;
use super::state::{Claim, Kept, State, TopologySource};
use super::tear_down::{Collected, collect};
use crate::checks::{self, CheckResult, Observations, Verdict, judge_leftovers};
use crate::engine::{ContainerSpec, Engine, Watch};
use crate::events::{EventKind, Recorder, Sink, Stage};
use crate::onion::monitor::Monitor;
use crate::plan::{HomePlan, Images, Inputs, NodePlan, Plan, RunId};
use crate::topology::{Mutant, Topology};

/// A run that is given up by its process is removed by any later run after this time.
const RUN_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// A topology that `up` left is removed by any later run after this time.
const KEPT_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Everything a run holds while it lives.
struct Run {
    engine: Engine,
    plan: Plan,
    inputs: Inputs,
    recorder: Recorder,
    artefacts: Artefacts,
    interrupts: Interrupts,
    http: reqwest::Client,
    ladder: Ladder,
    images: Option<Images>,
}

impl Run {
    fn context(&self) -> Context<'_> {
        Context {
            engine: &self.engine,
            recorder: &self.recorder,
            plan: &self.plan,
            http: &self.http,
            ladder: &self.ladder,
        }
    }

    fn open(
        options: &Options,
        engine: Engine,
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
        let recorder = Recorder::new(sinks);
        recorder.record(EventKind::RunStarted {
            run: plan.run.to_string(),
            topology: plan.topology.name.clone(),
        });
        Ok(Self {
            engine,
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
    async fn guarded<T>(
        &self,
        watch: &mut Watch,
        work: impl Future<Output = Result<T, RunError>>,
    ) -> Result<T, RunError> {
        tokio::select! {
            result = work => result,
            death = watch.death() => {
                self.recorder.record(EventKind::NodeDied {
                    role: death.role.clone(),
                    status: death.status.clone(),
                });
                Err(RunError::NodeDied(death))
            }
            () = self.interrupts.at_least(1) => Err(RunError::Interrupted),
            () = self.recorder.failed() => Err(self.event_failure()),
        }
    }

    fn event_failure(&self) -> RunError {
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
    async fn start(
        &mut self,
        state: &State,
        options: &Options,
        watch: &mut Watch,
    ) -> Result<(Running, Images), RunError> {
        let guard = self.recorder.stage(Stage::Prepare, None);
        let engine = self.engine.clone();
        let topology = self.plan.topology.clone();
        let mut inputs = self.inputs.clone();
        let recorder = self.recorder.clone();
        let keyed = self.plan.clone();
        let prepared = self
            .guarded(watch, async {
                let images = async {
                    let swept = prepare::sweep(&engine, state).await?;
                    if swept > 0 {
                        recorder.note(format!("{swept} resources of earlier runs removed"));
                    }
                    Ok::<_, RunError>(
                        prepare::images(&engine, &recorder, &topology, &options.sources).await?,
                    )
                };
                let networks = prepare::networks(&engine, &topology, &mut inputs);
                let keys = async { Ok::<_, RunError>(prepare::authority_keys(&keyed).await?) };
                // All three are awaited, also when one fails: a network that is being created
                // could not be removed yet.
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
    async fn climbed(&self) {
        let logs = self.plan.homes.iter().map(|home| async move {
            let text = self.engine.logs(&home.connector, None).await;
            // A connector that was never created has logged nothing.
            (format!("{}/connector", home.id), text.unwrap_or_default())
        });
        let logs = futures_util::future::join_all(logs).await;
        let texts = logs.iter().map(|(role, text)| (&**role, &**text));
        self.context().climbed(&texts.collect::<Vec<_>>());
    }

    async fn observe(
        &self,
        watch: &mut Watch,
        monitors: &[Option<Monitor>],
        earlier: &[Earlier],
        ready: Duration,
    ) -> Result<Observations, RunError> {
        let context = self.context();
        self.guarded(watch, Box::pin(observe(&context, monitors, earlier, ready)))
            .await
    }

    /// Names and roles of all containers, those that explain most first.
    fn containers(&self) -> Vec<(String, String)> {
        let homes = self.plan.homes.iter().flat_map(HomePlan::containers);
        homes
            .chain(self.plan.nodes().flat_map(NodePlan::containers))
            .collect()
    }

    async fn memory(&self) -> Option<u64> {
        let containers = self.containers();
        let reads = containers.iter().map(|(name, _)| self.engine.memory(name));
        let sizes: Result<Vec<_>, _> = futures_util::future::join_all(reads)
            .await
            .into_iter()
            .collect();
        Some(sizes.ok()?.iter().map(|memory| memory.bytes).sum())
    }

    /// The outcome so far. What `verify` and `up` share.
    fn outcome(&self, result: Result<Option<Observations>, RunError>) -> Outcome {
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
                    let budgets = &self.plan.topology.budgets;
                    outcome.checks = checks::judge_stuck(failure.stage, &evidence, budgets);
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

    fn judged(&self, checks: &[CheckResult]) {
        for check in checks {
            self.recorder.record(EventKind::CheckJudged(check.clone()));
        }
    }

    /// Keeps what was collected, and names the cause of a failure by it.
    async fn explain(&self, outcome: &mut Outcome, collected: Collected) {
        outcome.logs = collected.tails;
        if let Some(error) = &outcome.error {
            let context = self.context();
            let containers = self.containers();
            let found = diagnosed(&context, error, &containers, collected.texts).await;
            outcome.diagnosis = found;
        }
    }

    /// What the mutant that leaves a container behind does after everything was removed. The reaper
    /// removes it, as it would remove whatever a faulty clean-up leaves.
    async fn forget_container(&self) -> Result<(), RunError> {
        let Some(image) = self.images.as_ref().map(|images| images.bls.clone()) else {
            return Ok(());
        };
        let spec =
            ContainerSpec::idle(&format!("ator-{}-forgotten", self.plan.run.short()), &image);
        self.engine
            .create_container(&spec, &self.plan.labels)
            .await?;
        Ok(())
    }

    /// Collects, removes, and adds the check that nothing is left.
    async fn end(&self, outcome: &mut Outcome, claim: Claim, reaper: Option<Reaper>) {
        outcome.containers_memory = match outcome.error {
            None => self.memory().await,
            Some(_) => None,
        };
        let containers = self.containers();
        let collected = collect(
            &self.engine,
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
        let removed = self.engine.remove_run(run).await;
        if self.plan.topology.mutant == Some(Mutant::LeavesContainer)
            && let Err(error) = self.forget_container().await
        {
            self.recorder.note(error.to_string());
        }
        let left = self.engine.leftovers(run).await;
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

/// Runs a topology, judges it and removes it; or judges one that `up` left running, and leaves it.
///
/// # Errors
///
/// [`RunError`] when the run could not even begin. Whatever happens later is in the
/// [`Outcome`].
pub async fn verify(
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let engine = Engine::connect().await?;
    let state = State::locate();
    if let Some((plan, kept)) = find_kept(&engine, &state, &topology.name).await? {
        return verify_kept(engine, plan, &kept, options, interrupts).await;
    }
    let (mut run, claim, reaper, mut watch) =
        begin(engine, &state, topology, options, interrupts, RUN_LIFETIME)?;
    let result = match run.start(&state, options, &mut watch).await {
        Err(error) => Err(error),
        Ok((running, _)) => {
            run.observe(&mut watch, &running.monitors, &[], running.ready)
                .await
        }
    };
    let mut outcome = run.outcome(result.map(Some));
    drop(watch);
    run.end(&mut outcome, claim, Some(reaper)).await;
    Ok(finish(&run, outcome))
}

/// Claims a run and starts its reaper and its watch, before anything is created.
fn begin(
    engine: Engine,
    state: &State,
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
    lifetime: Duration,
) -> Result<(Run, Claim, Reaper, Watch), RunError> {
    let unusable = |source| ArtefactError {
        path: options.artefacts.display().to_string(),
        source,
    };
    let inputs = prepare::fresh_inputs(lifetime).map_err(unusable)?;
    let plan = Plan::new(topology, &inputs)?;
    let run = Run::open(options, engine, plan, inputs, interrupts.clone())?;
    let claim = state.claim(run.plan.run.as_str())?;
    let reaper = Reaper::start(run.plan.run.as_str()).map_err(unusable)?;
    let watch = run.engine.watch(run.plan.run.as_str());
    Ok((run, claim, reaper, watch))
}

fn finish(run: &Run, mut outcome: Outcome) -> Outcome {
    outcome.events = run.recorder.events();
    if let Err(error) = run.artefacts.link_latest()
        && outcome.error.is_none()
    {
        outcome.error = Some(error.into());
    }
    outcome
}

/// A topology of this name that runs and was left by `up`.
pub(super) async fn find_kept(
    engine: &Engine,
    state: &State,
    topology: &str,
) -> Result<Option<(Plan, Kept)>, RunError> {
    for found in engine.runs().await? {
        if found.topology != topology {
            continue;
        }
        if let Some(kept) = state.kept(&found.run)
            && let Some(plan) = kept.plan()
            && plan.run.as_str() == found.run
        {
            return Ok(Some((plan, kept)));
        }
    }
    Ok(None)
}

async fn verify_kept(
    engine: Engine,
    plan: Plan,
    kept: &Kept,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let inputs = prepare::fresh_inputs(RUN_LIFETIME).map_err(|source| ArtefactError {
        path: options.artefacts.display().to_string(),
        source,
    })?;
    let run = Run::open(options, engine, plan, inputs, interrupts.clone())?;
    run.recorder.note(format!(
        "{} runs already; it is judged as it is and left running",
        run.plan.topology.name
    ));
    let mut watch = run.engine.watch(run.plan.run.as_str());
    let attached = run.guarded(&mut watch, attach(&run)).await;
    let result = match attached {
        Err(error) => Err(error),
        Ok(monitors) => {
            let ready = Duration::from_millis(kept.ready_ms);
            run.observe(&mut watch, &monitors, &kept.daemons, ready)
                .await
        }
    };
    let mut outcome = run.outcome(result.map(Some));
    if outcome.error.is_none() {
        outcome.containers_memory = run.memory().await;
    }
    let collected = collect(
        &run.engine,
        &run.recorder,
        &run.artefacts,
        &run.plan,
        &run.containers(),
        interrupts,
    )
    .await;
    run.explain(&mut outcome, collected).await;
    Ok(finish(&run, outcome))
}

/// Watches the daemons of a topology that runs already.
async fn attach(run: &Run) -> Result<Vec<Option<Monitor>>, RunError> {
    let mut monitors = Vec::new();
    for home in &run.plan.homes {
        if !home.is_onion() {
            monitors.push(None);
            continue;
        }
        let guard = run.recorder.stage(Stage::Daemon, Some(&home.id));
        let password = home.control.password.password();
        let monitor = Monitor::attach(&home.nickname, home.control.address, password)
            .await
            .map_err(|error| super::error::StageFailure::of(&guard, error.to_string()))?;
        guard.reached("control port answers");
        run.ladder.follow(&home.id, &monitor);
        monitors.push(Some(monitor));
    }
    Ok(monitors)
}

/// Runs a topology up to the last peering and leaves it running.
///
/// # Errors
///
/// [`RunError::AlreadyUp`] when it runs, and [`RunError`] when the run could not begin. Whatever
/// happens later is in the [`Outcome`], and then everything is removed.
pub async fn bring_up_and_keep(
    source: &TopologySource,
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let engine = Engine::connect().await?;
    let state = State::locate();
    if let Some((plan, _)) = find_kept(&engine, &state, &topology.name).await? {
        return Err(RunError::AlreadyUp {
            topology: topology.name.clone(),
            run: plan.run.to_string(),
        });
    }
    let (mut run, claim, reaper, mut watch) =
        begin(engine, &state, topology, options, interrupts, KEPT_LIFETIME)?;
    let result = match run.start(&state, options, &mut watch).await {
        Err(error) => Err(error),
        Ok((running, images)) => {
            let daemons = run
                .plan
                .homes
                .iter()
                .zip(&running.monitors)
                .filter_map(|(home, monitor)| Some(Earlier::of(&home.id, monitor.as_ref()?)))
                .collect();
            let ready_ms = u64::try_from(running.ready.as_millis()).unwrap_or(u64::MAX);
            let kept = Kept::new(source, &run.inputs, &images, ready_ms, daemons);
            state
                .keep(run.plan.run.as_str(), &kept)
                .map_err(RunError::from)
        }
    };
    drop(watch);
    match result {
        Ok(()) => {
            let outcome = run.outcome(Ok(None));
            reaper.dismiss().await;
            drop(claim);
            Ok(finish(&run, outcome))
        }
        Err(error) => {
            let mut outcome = run.outcome(Err(error));
            run.end(&mut outcome, claim, Some(reaper)).await;
            Ok(finish(&run, outcome))
        }
    }
}
