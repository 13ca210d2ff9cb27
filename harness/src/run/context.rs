//! What every part of a run works on: the run itself, its homes, and the waits that they share.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::checks::Wait;
use crate::connectors::{Accounts, Contact, Control};
use crate::engine::{ContainerSpec, Death, Engine, EngineError, Engines, Watch};
use crate::events::{EventKind, Recorder, Sink, StageGuard, StandingNetwork};
use crate::evidence::ContainerRole;
use crate::onion::directory::Directory;
use crate::onion::monitor::{DaemonState, History, Monitor};
use crate::plan::{HomePlan, Images, Inputs, NodePlan, PeeringPlan, Plan, RunId};
use crate::run::artefacts::{ArtefactError, Artefacts};
use crate::run::circuits::Earlier;
use crate::run::error::{RunError, StageFailure};
use crate::run::interrupt::Interrupts;
use crate::run::milestones::Milestones;
use crate::run::options::{Amounts, Options};
use crate::run::pressure::Moment;
use crate::run::reach::{Reach, Way};
use crate::run::stillness;
use crate::run::times::Times;
use crate::trace;

/// Time between two looks at a port that cannot notify.
pub(in crate::run) const POLL: Duration = Duration::from_millis(50);
/// How long after a stage has failed the engine may take to tell that a container has died.
const DEATH_TOLD: Duration = Duration::from_secs(1);

/// Everything a run holds while it lives.
pub(in crate::run) struct Run {
    pub(in crate::run) engines: Engines,
    /// The way to its containers' ports that is tried first.
    pub(in crate::run) way: Way,
    /// The way to its containers' ports; the direct one until another turns out to be needed.
    reach: OnceLock<Reach>,
    pub(in crate::run) plan: Plan,
    pub(in crate::run) inputs: Inputs,
    pub(in crate::run) recorder: Recorder,
    /// What had waited for this machine's processors when the run began.
    pub(in crate::run) began: Option<Moment>,
    pub(in crate::run) artefacts: Artefacts,
    pub(in crate::run) interrupts: Interrupts,
    /// How often the user has to ask until the run ends where it is.
    patience: watch::Sender<u32>,
    pub(in crate::run) http: reqwest::Client,
    /// The harness's own accounts of the connectors.
    pub(in crate::run) accounts: Accounts,
    pub(in crate::run) milestones: Milestones,
    pub(in crate::run) images: Option<Images>,
    pub(in crate::run) amounts: Amounts,
    pub(in crate::run) connector_memory: Option<u64>,
    pub(in crate::run) accepted_defects: Vec<String>,
    pub(in crate::run) keep_addresses: bool,
    /// Why the first of the files that could not be written was not.
    unwritten: Mutex<Option<ArtefactError>>,
    /// Containers that were told to end: their deaths are no news.
    pub(in crate::run) told_to_end: Mutex<BTreeSet<String>>,
    /// Those of them whose ends the engine has told.
    ended: watch::Sender<BTreeSet<String>>,
    /// Since when its questions to engines, daemons and connectors are traced.
    pub(in crate::run) traced: trace::Mark,
}

/// A container of a plan, and the engine that it is on.
pub(in crate::run) struct Placed<'a> {
    pub(in crate::run) engine: &'a Engine,
    pub(in crate::run) name: String,
    pub(in crate::run) role: ContainerRole,
}

/// A home that runs.
pub(in crate::run) struct RunningHome {
    /// How it was planned.
    pub(in crate::run) plan: HomePlan,
    /// Where its containers are.
    pub(in crate::run) engine: Engine,
    /// Its daemon under observation, if it has one.
    pub(in crate::run) monitor: Option<Monitor>,
    /// When its daemon was let into the network, if this process did that.
    pub(in crate::run) on: Option<Instant>,
    /// What the daemon had told before this process looked, if the home ran before it.
    pub(in crate::run) earlier: Option<Earlier>,
}

impl RunningHome {
    /// What the daemon has told since it started; nothing of a home without one.
    pub(in crate::run) fn daemon(&self) -> DaemonState {
        let mut state = self
            .monitor
            .as_ref()
            .map(Monitor::state)
            .unwrap_or_default();
        if let Some(earlier) = &self.earlier {
            state.add_earlier(&earlier.state);
        }
        state
    }
}

/// Has whatever is traced from now on pass without a plan's secrets.
pub(in crate::run) fn redact_traces(plan: &Plan) {
    let plan = plan.clone();
    trace::redact_by(move |text| plan.redact(text));
}

/// A topology that runs: every home's daemon under observation.
pub(in crate::run) struct Running {
    /// The homes, in plan order.
    pub(in crate::run) homes: Vec<RunningHome>,
    /// What bringing up has measured.
    pub(in crate::run) times: Times,
    /// How this machine's processors were shared meanwhile; `None` where it came up before, or nobody tells.
    pub(in crate::run) waited: Option<Wait>,
}

impl Running {
    /// What a home's daemon tells, where it is followed.
    pub(in crate::run) fn told_by(&self, home: &str) -> Option<History> {
        let home = self.homes.iter().find(|one| one.plan.id == home)?;
        home.monitor.as_ref().map(Monitor::history)
    }
}

impl Run {
    /// Opens the run's folder, its stream of events and the way to its homes. Nothing of it is on an
    /// engine yet.
    pub(in crate::run) fn open(
        options: &Options,
        engines: Engines,
        plan: Plan,
        inputs: Inputs,
        interrupts: Interrupts,
    ) -> Result<Self, RunError> {
        let traced = trace::mark();
        redact_traces(&plan);
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
        let recorder = Recorder::new(sinks);
        recorder.record(EventKind::RunStarted {
            run: plan.run.to_string(),
            topology: plan.topology.name.clone(),
            network: plan.standing.as_ref().map(|standing| StandingNetwork {
                run: standing.run.clone(),
                age_ms: u64::try_from((inputs.now - standing.since).whole_milliseconds())
                    .unwrap_or(0),
            }),
        });
        Ok(Self {
            engines,
            way,
            reach: OnceLock::new(),
            plan,
            inputs,
            recorder,
            began: Moment::now(Duration::ZERO),
            artefacts,
            interrupts,
            patience: watch::Sender::new(1),
            http: crate::local::client(),
            accounts: Accounts::default(),
            milestones: Milestones::default(),
            images: None,
            amounts: options.amounts,
            connector_memory: options.connector_memory,
            keep_addresses: options.keep_addresses,
            accepted_defects: options.accepted_defects.clone(),
            unwritten: Mutex::default(),
            told_to_end: Mutex::default(),
            ended: watch::Sender::default(),
            traced,
        })
    }

    /// Lets `work` go on until it ends, a container dies, or the user interrupts.
    pub(in crate::run) async fn guarded<T>(
        &self,
        watch: &mut Watch,
        work: impl Future<Output = Result<T, RunError>>,
    ) -> Result<T, RunError> {
        let died = |death: Death| -> Result<T, RunError> {
            self.recorder.record(EventKind::NodeDied {
                role: ContainerRole::from(&*death.role),
                status: death.status.clone(),
            });
            Err(RunError::NodeDied(death))
        };
        tokio::select! {
            result = work => match result {
                // Connections end before the engine tells of the death that ended them.
                Err(error @ RunError::Stage(_)) => {
                    match watch.death_within(DEATH_TOLD).await? {
                        Some(death) if !self.is_told_to_end(&death.container) => died(death),
                        _ => Err(error),
                    }
                }
                result => result,
            },
            death = self.unexpected(watch) => died(death?),
            () = self.interrupted() => Err(RunError::Interrupted),
            failure = stillness::disturbed() => Err(failure.into()),
        }
    }

    /// Resolves when the user ends the run. It is noted before what is under way is left.
    async fn interrupted(&self) {
        let mut patience = self.patience.subscribe();
        loop {
            let times = *patience.borrow_and_update();
            tokio::select! {
                () = self.interrupts.at_least(times) => break,
                // Its sender is this run's own.
                _ = patience.changed() => {}
            }
        }
        self.recorder.interrupted();
    }

    /// From now on it takes one more that the user asks until the run ends where it is: the first one ends what is under
    /// way in good order.
    pub(in crate::run) fn is_patient(&self) {
        self.patience.send_replace(2);
    }

    /// From now on the end of this container is no news.
    pub(in crate::run) fn expect_end_of(&self, container: &str) {
        let told = self.told_to_end.lock();
        // A set of names is whole after any panic.
        let mut told = told.unwrap_or_else(PoisonError::into_inner);
        told.insert(container.to_owned());
    }

    /// From now on this container's end is news again: it is started once more.
    pub(in crate::run) fn needed_again(&self, container: &str) {
        let told = self.told_to_end.lock();
        let mut told = told.unwrap_or_else(PoisonError::into_inner);
        told.remove(container);
        self.ended.send_modify(|ended| {
            ended.remove(container);
        });
    }

    /// Whether it was told to end.
    pub(in crate::run) fn is_told_to_end(&self, container: &str) -> bool {
        let told = self.told_to_end.lock();
        let told = told.unwrap_or_else(PoisonError::into_inner);
        told.contains(container)
    }

    /// Waits until the engine has told that a container ended that was told to.
    pub(in crate::run) async fn told_of_end(&self, container: &str) {
        let mut ended = self.ended.subscribe();
        // Its sender is this run's own.
        let _ = ended.wait_for(|ended| ended.contains(container)).await;
    }

    /// Opens the way to its containers' ports. The first one stays.
    pub(in crate::run) fn open_way(&self, way: Way) -> Result<(), RunError> {
        let reach = Reach::open(way, &self.engines, &self.plan).map_err(RunError::NoPort)?;
        let _ = self.reach.set(reach);
        Ok(())
    }

    /// The way to its containers' ports.
    pub(in crate::run) fn reach(&self) -> &Reach {
        self.reach.get_or_init(Reach::direct)
    }

    /// The first death of a container that was not told to end.
    async fn unexpected(&self, watch: &mut Watch) -> Result<Death, EngineError> {
        loop {
            let death = watch.death().await?;
            if !self.is_told_to_end(&death.container) {
                return Ok(death);
            }
            self.ended.send_modify(|ended| {
                ended.insert(death.container);
            });
        }
    }

    /// Writes a file of the run's folder. One that cannot be written costs no verdict: it is told at the end.
    pub(in crate::run) fn keep(&self, name: &str, content: &[u8]) {
        if let Err(error) = self.artefacts.write(name, content) {
            self.missed(error);
        }
    }

    /// Notes that something of the run's folder could not be written.
    pub(in crate::run) fn missed(&self, error: ArtefactError) {
        let unwritten = self.unwritten.lock();
        // An error is whole after any panic.
        let mut unwritten = unwritten.unwrap_or_else(PoisonError::into_inner);
        unwritten.get_or_insert(error);
    }

    /// Why the run's folder is not whole, once: of the events, else of the first file.
    pub(in crate::run) fn take_unwritten(&self) -> Option<ArtefactError> {
        let events = self.recorder.take_failure();
        let events = events.map(|source| self.unwritable_file("events.jsonl", source));
        let mut file = self
            .unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        events.or_else(|| file.take())
    }

    /// A file of the run's folder that cannot be written.
    pub(in crate::run) fn unwritable(&self, name: &str, source: std::io::Error) -> RunError {
        self.unwritable_file(name, source).into()
    }

    fn unwritable_file(&self, name: &str, source: std::io::Error) -> ArtefactError {
        ArtefactError {
            path: self.artefacts.folder().join(name).display().to_string(),
            source,
        }
    }

    /// The engine of a home's containers and networks.
    pub(in crate::run) fn engine_of(&self, home: &HomePlan) -> &Engine {
        self.engines.of(&home.id)
    }

    /// All containers, those that explain most first.
    pub(in crate::run) fn containers(&self) -> Vec<Placed<'_>> {
        let homes = self.plan.homes.iter().flat_map(|home| {
            let engine = self.engine_of(home);
            let placed = move |(name, role): (String, String)| Placed {
                engine,
                name,
                role: ContainerRole::from(&*role),
            };
            home.containers().into_iter().map(placed)
        });
        let engine = self.engines.common();
        let placed = |(name, role): (String, String)| Placed {
            engine,
            name,
            role: ContainerRole::from(&*role),
        };
        let nodes = self.plan.nodes().flat_map(NodePlan::containers).map(placed);
        homes.chain(nodes).collect()
    }

    /// The DirPort readers of all authorities.
    pub(in crate::run) fn directories(&self) -> Vec<Directory> {
        let directory = |node: &NodePlan| {
            let port = node.published.dir_port.unwrap_or_default();
            let address = self.reach().to((node.address, port).into());
            Directory::new(&self.http, &node.nickname, address)
        };
        self.plan.authorities.iter().map(directory).collect()
    }

    /// A handle on a home's connector.
    pub(in crate::run) fn control(&self, home: &HomePlan) -> Box<dyn Control> {
        self.plan.topology.connector.control(&Contact {
            home: &home.id,
            key: &home.admin_key,
            socket: &|port| self.reach().socket(home, port),
            http: &self.http,
            accounts: &self.accounts,
        })
    }

    /// The homes at the ends of a peering: the dialling one and the dialled one. Validation makes
    /// sure that both exist.
    pub(in crate::run) fn ends(&self, peering: &PeeringPlan) -> Option<(&HomePlan, &HomePlan)> {
        Some((self.plan.home(&peering.from)?, self.plan.home(&peering.to)?))
    }

    /// Records the stages that daemons, authorities and these connectors' logs, each (home, text), have
    /// shown.
    pub(in crate::run) fn record_milestones(&self, logs: &[(&str, &str)]) {
        self.milestones.find(&self.plan);
        let peerings = self.plan.peerings.iter();
        let peerings = peerings.map(|peering| (&*peering.from, &*peering.to));
        let logged = |home: &str| {
            let (_, text) = logs.iter().find(|(of, _)| *of == home)?;
            Some(self.plan.topology.connector.events(text))
        };
        self.milestones
            .find_in_logs(&self.recorder, peerings, logged);
        self.milestones.record(&self.recorder);
    }

    /// Memory of all containers together, in bytes, as their engines account it.
    pub(in crate::run) async fn memory(&self) -> Result<u64, EngineError> {
        let containers = self.containers();
        let reads = containers.iter().map(|one| one.engine.usage(&one.name));
        join_all(reads)
            .await
            .into_iter()
            .map(|read| read.map(|usage| usage.memory))
            .sum()
    }

    /// Creates a container and starts it.
    pub(in crate::run) async fn create_and_start(
        &self,
        engine: &Engine,
        spec: &ContainerSpec,
    ) -> Result<(), EngineError> {
        engine.create_container(spec, &self.plan.labels).await?;
        engine.start_container(spec).await
    }
}

/// Runs a wait for as long as its stage may take; when that is over, the stage has failed with its last evidence.
pub(in crate::run) async fn within<T>(
    guard: &StageGuard,
    wait: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    let Some(limit) = guard.limit() else {
        return wait.await;
    };
    match timeout(limit, wait).await {
        Ok(result) => result,
        Err(_) => {
            let cause = format!("not reached within {} s", limit.as_secs());
            Err(StageFailure::of(guard, cause).into())
        }
    }
}

/// Looks again and again, a moment apart, until there is something. A look notes with the stage what
/// it saw; an error ends the wait.
pub(in crate::run) async fn poll<T>(
    mut look: impl AsyncFnMut() -> Result<Option<T>, RunError>,
) -> Result<T, RunError> {
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        sleep(POLL).await;
    }
}
