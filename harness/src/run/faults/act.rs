//! Doing the steps of faults.

use std::time::Duration;

use home_agent::swallowed::SwallowEvent;
use tokio::time::{Instant, sleep, timeout};

use crate::causes::with_causes;
use crate::checks::Ended;
use crate::connectors::PeersKnown;
use crate::engine::{ContainerSpec, Engine, EngineError, NetworkMode, Privileges, TUN};
use crate::evidence::Gathered;
use crate::faults::{Part, Step, Victim, outage};
use crate::onion::anonrc::{self, SERVICE_DIRECTORY};
use crate::plan::{AGENT, ANONRC, DaemonPlan, HomePlan};
use crate::run::context::{POLL, Run};
use crate::run::control_port;
use crate::run::faults::load::Load;
use crate::run::faults::monitors::Monitors;
use crate::run::faults::stand_in::{self, StandIn};
use crate::run::faults::witness;
use crate::run::shaping;
use crate::secret::Secret;

/// How long a container that was killed may take to be gone, a helper to begin or to end.
const AT_ONCE: Duration = Duration::from_secs(10);
/// How long a program that was started again may take to do what it did.
const READY: Duration = Duration::from_secs(60);
/// How long a daemon may take to write its address.
const NAMED: Duration = Duration::from_secs(20);

/// Does the steps of one fault.
pub(super) struct Actor<'r> {
    run: &'r Run,
    load: &'r Load<'r>,
    monitors: &'r Monitors<'r>,
    stand_in: &'r StandIn,
    /// Whether a session stands in for the connector that is ended, and answers nothing.
    pub(super) stands_in: bool,
    /// The connector that was told to end.
    pub(super) ended: Option<Ended>,
}

fn told(error: &(impl std::error::Error + 'static)) -> String {
    with_causes(error).to_string()
}

impl<'r> Actor<'r> {
    pub(super) fn new(
        run: &'r Run,
        load: &'r Load<'r>,
        monitors: &'r Monitors<'r>,
        stand_in: &'r StandIn,
    ) -> Self {
        Self {
            run,
            load,
            monitors,
            stand_in,
            stands_in: false,
            ended: None,
        }
    }

    /// Does a step, and waits until it is done.
    ///
    /// # Errors
    ///
    /// Why it could not be done.
    pub(super) async fn go(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Signal { victim, signal } => self.signal(victim, signal).await,
            Step::End {
                victim,
                signal,
                within,
            } => self.end(victim, signal, *within).await,
            Step::Inside { home, signal } => self.inside(home, signal).await,
            Step::Start(victim) => self.start(victim).await,
            Step::NewKeys { home } => self.new_keys(home).await,
            Step::Swallow { home, arguments } => {
                let privileges = Privileges::SetUpNetwork;
                self.help(home, arguments, privileges).await
            }
            Step::Delay { home, arguments } => {
                let delayed = self.help(home, arguments, Privileges::DelayPackets).await;
                delayed.map_err(|why| {
                    format!(
                        "{why}; packets are delayed by a TUN device, for which the machine of the home's engine has to have {TUN} (`modprobe tun`)"
                    )
                })
            }
            Step::Readdress { home, arguments } => {
                let privileges = Privileges::SetUpNetwork;
                self.help(home, arguments, privileges).await?;
                self.remove_helper(home).await
            }
            Step::Restore { home } => self.restore(home).await,
            Step::StandIn { peer, home } => self.stand_in.open(self.run, peer, home).await,
            Step::Meet { peer, home } => {
                stand_in::meet(self.run, self.home(peer)?, home).await;
                Ok(())
            }
            Step::StandDown => {
                self.stand_in.close(self.run).await;
                Ok(())
            }
            Step::Shape { on } => {
                let switched = shaping::switch(self.run, *on).await;
                switched.map_err(|error| told(&error))
            }
        }
    }

    fn engine(&self, victim: &Victim) -> &'r Engine {
        match victim.home() {
            Some(home) => self.run.engines.of(home),
            None => self.run.engines.common(),
        }
    }

    fn home(&self, id: &str) -> Result<&'r HomePlan, String> {
        let home = self.run.plan.home(id);
        home.ok_or_else(|| format!("there is no {id}"))
    }

    async fn signal(&self, victim: &Victim, signal: &str) -> Result<(), String> {
        let engine = self.engine(victim);
        let sent = engine.signal(&victim.container, signal).await;
        sent.map_err(|error| told(&error))?;
        if let Part::Connector(home) = &victim.part {
            match signal {
                "SIGSTOP" => self.load.goes(home),
                _ => self.load.comes_back(home),
            }
        }
        Ok(())
    }

    async fn end(&mut self, victim: &Victim, signal: &str, within: Duration) -> Result<(), String> {
        let engine = self.engine(victim);
        let stopped = match (&victim.part, signal) {
            (Part::Connector(home), "SIGTERM") => Some(home),
            _ => None,
        };
        let session = match stopped {
            Some(home) => witness::session(self.run, home).await,
            None => None,
        };
        self.run.expect_end_of(&victim.container);
        let crowded = self.crowded(victim);
        if let Some(home) = crowded {
            self.crowd(home).await?;
        }
        if let Part::Connector(home) = &victim.part {
            self.load.goes(home);
        }
        if crowded.is_some() {
            // An engine answers only when its peers may have heard of it.
            self.load.ends();
        }
        let begun = Instant::now();
        let sent = engine.signal(&victim.container, signal).await;
        if let Some(home) = crowded {
            let freed = self.run.engine_of(home).signal(&home.bls, "SIGCONT").await;
            freed.map_err(|error| told(&error))?;
        }
        sent.map_err(|error| told(&error))?;
        let ended = ended(engine, &victim.container, within).await;
        let took = ended.map(|ended| ended.then(|| begun.elapsed()));
        let is_over = took.as_ref().is_ok_and(Option::is_some);
        if let Some(home) = stopped {
            self.ended = Some(Ended {
                home: home.clone(),
                within,
                took: took.clone(),
                farewell: match is_over {
                    true => witness::farewell(self.run, session).await,
                    false => None,
                },
            });
        }
        if !is_over {
            took?;
            let sent = engine.signal(&victim.container, "SIGKILL").await;
            sent.map_err(|error| told(&error))?;
            if !self::ended(engine, &victim.container, AT_ONCE).await? {
                return Err(format!("{} does not end", victim.container));
            }
        }
        let news = self.run.told_of_end(&victim.container);
        let heard = timeout(AT_ONCE, news).await;
        heard.map_err(|_| "the engine does not tell of an end".to_owned())
    }

    /// The home of a connector whose end its peers are told, because the daemon or the machine that carries its
    /// sessions lives on; of another one nobody can say when they know.
    fn crowded(&self, victim: &Victim) -> Option<&'r HomePlan> {
        let Part::Connector(id) = &victim.part else {
            return None;
        };
        let home = self.run.plan.home(id)?;
        let managed = matches!(home.daemon, DaemonPlan::Managed { .. });
        (!managed && !self.stands_in && self.load.flows()).then_some(home)
    }

    /// Has packets be under way to a home's connector: they come in a crowd, and its server hangs.
    async fn crowd(&self, home: &HomePlan) -> Result<(), String> {
        let hangs = self.run.engine_of(home).signal(&home.bls, "SIGSTOP").await;
        hangs.map_err(|error| told(&error))?;
        self.load.crowds(&home.id).await;
        Ok(())
    }

    async fn start(&self, victim: &Victim) -> Result<(), String> {
        self.run.needed_again(&victim.container);
        let engine = self.engine(victim);
        let started = engine.start_again(&victim.container).await;
        started.map_err(|error| told(&error))?;
        let ready = async {
            match &victim.part {
                Part::Node(nickname) => self.publish(nickname).await,
                Part::Daemon(home) => self.enter(self.home(home)?).await,
                Part::Connector(home) => {
                    let home = self.home(home)?;
                    // The daemon that it runs waits to be let in, as it did.
                    if let DaemonPlan::Managed { .. } = home.daemon {
                        self.enter(home).await?;
                    }
                    self.serve(home).await
                }
                Part::Server(_) => Ok(()),
            }
        };
        let ready = timeout(READY, ready).await;
        ready.unwrap_or_else(|_| {
            let name = &victim.container;
            Err(format!(
                "{name} was not ready within {} s after its start",
                READY.as_secs()
            ))
        })
    }

    /// Has an authority or relay that was started again publish its descriptor, as it did.
    async fn publish(&self, nickname: &str) -> Result<(), String> {
        let node = self.run.plan.nodes().find(|node| node.nickname == nickname);
        let node = node.ok_or_else(|| format!("there is no {nickname}"))?;
        let control = control_port::of_node(self.run, nickname, &node.control).await;
        let mut control = control.map_err(|error| told(&error))?;
        if node.publishes {
            let command = format!("SETCONF {}", anonrc::PUBLISH);
            let published = control.command(&command).await;
            published.map_err(|error| told(&error))?;
        }
        Ok(())
    }

    /// Lets a home's daemon that was started again into the network.
    async fn enter(&self, home: &HomePlan) -> Result<(), String> {
        let onion = home
            .onion()
            .ok_or_else(|| format!("{} has no daemon", home.id))?;
        let address = self.run.reach().control(home, onion);
        let password = onion.control.password.password();
        let monitor = control_port::monitored(&onion.nickname, address, password).await;
        let mut monitor = monitor.map_err(|error| told(&error))?;
        let switched = monitor.control.command("SETCONF DisableNetwork=0").await;
        switched.map_err(|error| told(&error))?;
        self.monitors.add(&home.id, monitor);
        Ok(())
    }

    /// Waits until a connector that was started again answers, and registers the peers that it no longer knows.
    async fn serve(&self, home: &HomePlan) -> Result<(), String> {
        let control = self.run.control(home);
        while control.alive().await.is_err() {
            sleep(POLL).await;
        }
        self.load.comes_back(&home.id);
        let connector = self.run.plan.topology.connector;
        if connector.capabilities().peers != PeersKnown::WhenTold {
            return Ok(());
        }
        let dialled = self
            .run
            .plan
            .peerings
            .iter()
            .filter(|one| one.from == home.id);
        for peering in dialled {
            let known = control.connected(&peering.to).await;
            let known = known.map_err(|error| told(&error))?.is_some();
            let note = match known {
                true => "knows it again by itself",
                false => "had to be told of it again",
            };
            self.run
                .recorder
                .note(format!("{} {note}: {}", home.id, peering.to));
            if let (false, Some(peer)) = (known, self.run.plan.dial(peering)) {
                let registered = control.register(&peer).await;
                registered.map_err(|error| told(&error))?;
            }
        }
        Ok(())
    }

    async fn new_keys(&self, id: &str) -> Result<(), String> {
        let home = self.home(id)?;
        let engine = self.run.engine_of(home);
        let images = self.run.images.as_ref();
        let images = images.ok_or("the run's images are not known")?;
        let container = home.sidecar().ok_or("there is no daemon by itself")?;
        let rc = engine.read_file(container, ANONRC).await;
        let rc = rc.map_err(|error| told(&error))?;
        let spec = self.run.plan.daemon_without_keys(home, images, rc);
        let spec = spec.ok_or("there is no daemon by itself")?;
        let made = async {
            engine.remove_container(container).await?;
            self.run.needed_again(container);
            self.run.create_and_start(engine, &spec).await
        };
        made.await.map_err(|error: EngineError| told(&error))?;
        timeout(READY, self.enter(home))
            .await
            .unwrap_or_else(|_| Err("its control port does not answer".to_owned()))
    }

    /// Starts a helper in a home's network, and waits until it says that it has done what it is for. One that could not is
    /// removed, so that there can be another.
    async fn help(
        &self,
        id: &str,
        arguments: &[String],
        privileges: Privileges,
    ) -> Result<(), String> {
        let begun = self.begin(id, arguments, privileges).await;
        if begun.is_err() {
            // Why it could not is what is told; with the run it is removed all the same.
            let _ = self.remove_helper(id).await;
        }
        begun
    }

    async fn begin(
        &self,
        id: &str,
        arguments: &[String],
        privileges: Privileges,
    ) -> Result<(), String> {
        let home = self.home(id)?;
        let engine = self.run.engine_of(home);
        let images = self.run.images.as_ref();
        let images = images.ok_or("the run's images are not known")?;
        let name = outage(home);
        let helper = ContainerSpec {
            role: format!("{id}/outage"),
            entrypoint: Some(AGENT.to_owned()),
            arguments: arguments.to_vec(),
            network: NetworkMode::Share {
                container: home.first().to_owned(),
            },
            privileges,
            ..ContainerSpec::idle(&name, &images.bls)
        };
        // One that could not do it ends at once, and is no death of the topology's.
        self.run.expect_end_of(&name);
        let started = self.run.create_and_start(engine, &helper).await;
        started.map_err(|error| told(&error))?;
        says(engine, &name, &SwallowEvent::On).await
    }

    /// Signals the daemon that a home's connector runs, by a helper that sees the connector's processes.
    async fn inside(&self, id: &str, signal: &str) -> Result<(), String> {
        let home = self.home(id)?;
        let engine = self.run.engine_of(home);
        let images = self.run.images.as_ref();
        let images = images.ok_or("the run's images are not known")?;
        let name = outage(home);
        let program = anonrc::program(self.run.plan.topology.network.family);
        let arguments = ["signal", "--program", program, "--signal", signal];
        let helper = ContainerSpec {
            role: format!("{id}/outage"),
            entrypoint: Some(AGENT.to_owned()),
            arguments: arguments.map(str::to_owned).to_vec(),
            beside: Some(home.connector.clone()),
            ..ContainerSpec::idle(&name, &images.bls)
        };
        self.run.expect_end_of(&name);
        let started = self.run.create_and_start(engine, &helper).await;
        started.map_err(|error| told(&error))?;
        if !ended(engine, &name, AT_ONCE).await? {
            return Err(format!("{name} does not end"));
        }
        let code = engine.exit_status(&name).await;
        if code.map_err(|error| told(&error))? != Some(0) {
            let log = engine.logs(&name, None).await.unwrap_or_default();
            return Err(format!("its helper says: {}", log.trim()));
        }
        self.remove_helper(id).await
    }

    async fn restore(&self, id: &str) -> Result<(), String> {
        let home = self.home(id)?;
        let engine = self.run.engine_of(home);
        let name = outage(home);
        let restored = async {
            let sent = engine.signal(&name, "SIGTERM").await;
            sent.map_err(|error| told(&error))?;
            if !ended(engine, &name, AT_ONCE).await? {
                return Err(format!("{name} does not end"));
            }
            says(engine, &name, &SwallowEvent::Off).await
        };
        // Whatever became of it, there can be another.
        let restored = restored.await;
        let removed = self.remove_helper(id).await;
        restored.and(removed)
    }

    async fn remove_helper(&self, id: &str) -> Result<(), String> {
        let home = self.home(id)?;
        let removed = self
            .run
            .engine_of(home)
            .remove_container(&outage(home))
            .await;
        removed.map_err(|error| told(&error))
    }

    /// The address that a home's daemon has written; waited for, because one that was started again may not have.
    pub(super) async fn address(&self, id: &str) -> Gathered<Secret> {
        let home = self.home(id)?;
        let container = home.daemon_container().ok_or("there is no daemon")?;
        let path = format!("{SERVICE_DIRECTORY}/hostname");
        let begun = Instant::now();
        loop {
            let read = self.run.engine_of(home).read_file(container, &path).await;
            let why = match read {
                Ok(name) if !name.trim().is_empty() => return Ok(Secret::new(name.trim())),
                Ok(_) => "its file is empty".to_owned(),
                Err(error) => told(&error),
            };
            if begun.elapsed() > NAMED {
                return Err(format!("it has no address: {why}"));
            }
            sleep(POLL).await;
        }
    }
}

/// Waits until a container has ended; whether it has within this time.
async fn ended(engine: &Engine, container: &str, limit: Duration) -> Result<bool, String> {
    let begun = Instant::now();
    loop {
        match engine.exit_status(container).await {
            Ok(Some(_)) => return Ok(true),
            Ok(None) if begun.elapsed() > limit => return Ok(false),
            Ok(None) => sleep(POLL).await,
            Err(error) => return Err(told(&error)),
        }
    }
}

/// Waits until a helper has told of an event.
async fn says(engine: &Engine, container: &str, event: &SwallowEvent) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let log = engine.logs(container, None).await;
        let log = log.map_err(|error| told(&error))?;
        let mut events = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        if events.any(|one: SwallowEvent| one == *event) {
            return Ok(());
        }
        let has_ended = engine.exit_status(container).await;
        let has_ended = has_ended.map_err(|error| told(&error))?.is_some();
        if has_ended || begun.elapsed() > AT_ONCE {
            return Err(format!("its helper says: {}", log.trim()));
        }
        sleep(POLL).await;
    }
}
