//! The connector's container, and whoever stands beside it.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::error::StandError;
use super::parties::Parties;
use super::setup::{Group, Means, Setup};
use crate::causes::with_causes;
use crate::conformance::{Keeper, Row, RowReport, Subject, Watch};
use crate::connectors::{Accounts, Contact, Control, Kind, Server};
use crate::engine::{Alone, ContainerSpec, Engine, EngineError, Labels, NetworkMode};
use crate::local;
use crate::onion::redact;
use crate::plan::config_files;
use crate::run::SingleRun;
use crate::secret::Secret;

/// How long a connector may take until it is ready.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// Time between two looks at a container.
const POLL: Duration = Duration::from_millis(50);
/// How long a connector that a row has killed may take to be back by itself: it is started again at once.
const PATIENCE: Duration = Duration::ZERO;
/// How many of its last lines a message quotes, and how many characters of each.
const QUOTED: (usize, usize) = (2, 240);

/// The images' names on the engine.
#[derive(Debug, Clone)]
pub struct StandImages {
    /// The connector's.
    pub connector: String,
    /// That of its business-logic server, where the profile has one.
    pub server: Option<String>,
    /// Whether the connector is the reference connector.
    pub reference: bool,
}

/// A connector that is started by itself, and again when a row has killed it.
pub struct Stand {
    kind: Kind,
    engine: Engine,
    labels: Labels,
    /// The container's name on the engine.
    name: String,
    images: StandImages,
    /// Variables that the user adds.
    environment: Vec<(String, Secret)>,
    parties: Parties,
    means: Means,
    /// Longest wait of a row for anything.
    limit: Duration,
    http: reqwest::Client,
    state: Mutex<State>,
}

/// What runs, and how it is set up.
#[derive(Default)]
struct State {
    setup: Setup,
    running: Option<Running>,
}

struct Running {
    connector: Alone,
    /// The name of its server's container.
    server: Option<String>,
    /// What asks it whether it is ready.
    control: Box<dyn Control>,
}

impl Stand {
    /// Nothing is started yet; what is started belongs to `run`. `limit` is the longest wait of a row.
    ///
    /// # Errors
    ///
    /// [`StandError::Configure`] when the profile's templates make nothing of where it stands.
    pub fn new(
        kind: Kind,
        engine: Engine,
        run: &SingleRun,
        images: StandImages,
        environment: Vec<(String, Secret)>,
        limit: Duration,
    ) -> Result<Self, StandError> {
        let parties = Parties::new(&*kind, &run.seed);
        let means = Means::of(
            &*kind,
            &parties.configuration(&*kind, false)?,
            &parties.configuration(&*kind, true)?,
        );
        Ok(Self {
            kind,
            engine,
            labels: run.labels.clone(),
            name: format!("ator-{}-connector", run.id.short()),
            images,
            environment,
            parties,
            means,
            limit,
            http: local::client(),
            state: Mutex::default(),
        })
    }

    /// What rows know of it before it is started, but for where it is.
    #[must_use]
    pub fn sample(&self) -> Subject {
        let nowhere = Ipv4Addr::UNSPECIFIED.into();
        self.parties
            .subject(&*self.kind, nowhere, false, self.limit)
    }

    /// Starts the connector, set up in the plain way, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`StandError`], after which the run has to be ended.
    pub async fn start(&self) -> Result<Subject, StandError> {
        self.start_as(Setup::default()).await
    }

    /// Runs rows against the connector, which was started, and adds their reports; what was added stays if this is
    /// dropped. Rows that need it set up in a way of their own come last, each such way with a start of its own.
    /// Returns whether another connection had to be served after each row.
    ///
    /// # Errors
    ///
    /// [`StandError`] when it cannot be started, or not be reached before a row has done anything to it.
    pub async fn judge(
        &self,
        mut subject: Subject,
        rows: Vec<Row>,
        reports: &mut Vec<RowReport>,
    ) -> Result<bool, StandError> {
        let mut watched = true;
        for Group { setup, rows } in self.means.groups(rows) {
            if self.state.lock().await.setup != setup {
                subject = self.start_as(setup).await?;
            }
            let watch = Watch::start(subject.clone(), Some(self), PATIENCE);
            let mut watch = Box::pin(watch).await?;
            watched &= watch.watches_others();
            Box::pin(watch.run(&rows, setup.is_own(), reports)).await?;
        }
        Ok(watched)
    }

    async fn start_as(&self, setup: Setup) -> Result<Subject, StandError> {
        let mut state = self.state.lock().await;
        self.stop(&mut state).await?;
        state.setup = setup;
        let admits = setup.admits_without_secret;
        let configuration = self.parties.configuration(&*self.kind, admits)?;
        let mut environment = configuration.environment;
        for (name, value) in &self.environment {
            environment.retain(|(known, _)| known != name);
            environment.push((name.clone(), value.clone()));
        }
        let mut command = configuration.command.into_iter();
        let spec = ContainerSpec {
            role: "connector".to_owned(),
            entrypoint: command.next(),
            arguments: command.collect(),
            directory: configuration.directory,
            writable: configuration
                .writable
                .or_else(|| self.images.reference.then(Vec::new)),
            environment: setup.environment(environment),
            files: config_files(configuration.files),
            network: NetworkMode::EnginesOwn,
            ..ContainerSpec::idle(&self.name, &self.images.connector)
        };
        let connector = self.engine.start_alone(&spec, &self.labels).await?;
        let address = connector.address();
        let control = self.control(address);
        let running = state.running.insert(Running {
            connector,
            server: None,
            control,
        });
        running.server = self.start_server(configuration.server).await?;
        self.wait_for(running).await?;
        let subject = self
            .parties
            .subject(&*self.kind, address, admits, self.limit);
        Ok(subject)
    }

    /// A handle on the connector at this address. A session of the harness's account lives as long.
    fn control(&self, address: IpAddr) -> Box<dyn Control> {
        self.kind.control(&Contact {
            home: "the connector",
            key: &self.parties.key,
            socket: &|port| SocketAddr::from((address, port)),
            http: &self.http,
            accounts: &Accounts::default(),
        })
    }

    /// Starts the server of a connector that has one, in the connector's network namespace.
    async fn start_server(&self, server: Server) -> Result<Option<String>, EngineError> {
        let mut program = server.program.into_iter();
        let (Some(first), Some(image)) = (program.next(), &self.images.server) else {
            return Ok(None);
        };
        let name = format!("{}-server", self.name);
        let spec = ContainerSpec {
            role: "server".to_owned(),
            entrypoint: Some(first),
            arguments: program.collect(),
            environment: server.environment,
            files: config_files(server.files),
            network: NetworkMode::Share {
                container: self.name.clone(),
            },
            ..ContainerSpec::idle(&name, image)
        };
        self.engine.create_container(&spec, &self.labels).await?;
        match self.engine.start_container(&spec).await {
            // Its namespace is gone with a connector that has ended, which is told when that is waited for.
            Err(error) if self.engine.exit_status(&self.name).await?.is_none() => Err(error),
            _ => Ok(Some(name)),
        }
    }

    /// Waits until the connector says that it is ready, by what its profile says.
    async fn wait_for(&self, running: &Running) -> Result<(), StandError> {
        let started = Instant::now();
        loop {
            let alive = running.control.alive().await;
            // Looked at after that: what answers at the address of one that has ended is another container.
            if let Some(status) = running.connector.exit_code().await? {
                let how = self.ending(&running.connector, status).await;
                return Err(StandError::Ended { how });
            }
            let Err(source) = alive else {
                return Ok(());
            };
            if started.elapsed() > READY_LIMIT {
                return Err(StandError::NotReady {
                    limit: READY_LIMIT,
                    log: self.last_lines(&running.connector),
                    source: source.into(),
                });
            }
            sleep(POLL).await;
        }
    }

    /// Removes what runs; nothing where nothing does.
    async fn stop(&self, state: &mut State) -> Result<(), EngineError> {
        let Some(running) = state.running.take() else {
            return Ok(());
        };
        if let Some(server) = running.server {
            self.engine.remove_container(&server).await?;
        }
        running.connector.remove().await
    }

    /// Removes what runs. What cannot be removed is for the end of the run.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when the engine refuses.
    pub async fn end(&self) -> Result<(), EngineError> {
        let mut state = self.state.lock().await;
        self.stop(&mut state).await
    }

    /// How a connector has ended, in words.
    async fn ending(&self, connector: &Alone, status: i64) -> String {
        let mut how = format!("it ended with status {status}");
        // Without it, the status has to do.
        if let Ok(state) = self.engine.end_state(connector.name()).await {
            if state.out_of_memory {
                how.push_str(", killed for want of memory");
            } else if state.killed_unasked {
                how.push_str(", killed by nobody who asked its engine for that, as the kernel does for want of memory");
            }
            if !state.error.is_empty() {
                let _ = write!(how, ", {}", state.error);
            }
        }
        how + &self.last_lines(connector)
    }

    /// The end of a connector's log, after a separator, without secrets and onion addresses; empty where there is
    /// none.
    fn last_lines(&self, connector: &Alone) -> String {
        let log = connector.log();
        let given = self.environment.iter().map(|(_, value)| value);
        let secrets = self.parties.secrets().into_iter().chain(given);
        let log = secrets
            .filter(|secret| !secret.is_empty())
            .fold(redact(&log), |log, secret| {
                log.replace(secret.expose(), &secret.to_string())
            });
        let mut last: Vec<String> = log
            .lines()
            .rev()
            .filter(|line| !line.trim().is_empty())
            .take(QUOTED.0)
            .map(|line| {
                let shown = line.chars().filter(|one| !one.is_control());
                shown.take(QUOTED.1).collect()
            })
            .collect();
        last.reverse();
        match last.is_empty() {
            true => String::new(),
            false => format!("; the end of its log: {}", last.join(" | ")),
        }
    }
}

#[async_trait]
impl Keeper for Stand {
    async fn fate(&self) -> Result<Option<String>, String> {
        let state = self.state.lock().await;
        let Some(running) = &state.running else {
            return Ok(None);
        };
        match running.connector.exit_code().await {
            Ok(None) => Ok(None),
            Ok(Some(status)) => Ok(Some(self.ending(&running.connector, status).await)),
            Err(error) => Err(with_causes(&error).to_string()),
        }
    }

    async fn start_again(&self, subject: &mut Subject) -> Result<(), String> {
        let setup = self.state.lock().await.setup;
        let started = Box::pin(self.start_as(setup)).await;
        *subject = started.map_err(|error| with_causes(&error).to_string())?;
        Ok(())
    }

    async fn terminate(&self, limit: Duration) -> Result<Option<Duration>, String> {
        let state = self.state.lock().await;
        let running = state.running.as_ref().ok_or("it does not run")?;
        let told = Instant::now();
        let words = |error: EngineError| with_causes(&error).to_string();
        let signalled = self
            .engine
            .signal(running.connector.name(), "SIGTERM")
            .await;
        signalled.map_err(words)?;
        loop {
            if running
                .connector
                .exit_code()
                .await
                .map_err(words)?
                .is_some()
            {
                return Ok(Some(told.elapsed()));
            }
            if told.elapsed() > limit {
                return Ok(None);
            }
            sleep(POLL).await;
        }
    }
}
