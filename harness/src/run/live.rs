//! A topology that runs, as whoever has it meanwhile sees it.

use std::net::SocketAddr;

use crate::checks::Metrics;
use crate::connectors::Control;
use crate::engine::EngineError;
use crate::faults::Step;
use crate::plan::{HomePlan, Plan};
use crate::probe::Session;
use crate::run::context::Run;
use crate::run::faults::Breaker;
use crate::run::packet::now_ms;
use crate::run::probe_dialer::ProbeDialer;
use crate::topology::Fault;

/// A topology that runs: every peering is connected, every home's daemon is under observation.
#[derive(Clone, Copy)]
pub struct Live<'r> {
    pub(in crate::run) run: &'r Run,
    pub(in crate::run) breaker: &'r Breaker<'r>,
}

/// A fault that was made, with what undoes it.
#[derive(Debug, Clone)]
pub struct Made {
    undo: Vec<Step>,
}

impl Live<'_> {
    /// How it was planned.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.run.plan
    }

    /// Where the run's files are.
    #[must_use]
    pub fn artefacts(&self) -> &std::path::Path {
        self.run.artefacts.folder()
    }

    /// A handle on a home's connector and its server.
    #[must_use]
    pub fn control(&self, home: &HomePlan) -> Box<dyn Control> {
        self.run.control(home)
    }

    /// Where a port of a home is dialled from this machine.
    #[must_use]
    pub fn socket(&self, home: &HomePlan, port: u16) -> SocketAddr {
        self.run.reach().socket(home, port)
    }

    /// What a container has written so far, without secrets and onion addresses.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when there is no such container, or the engine does not answer.
    pub async fn log(&self, container: &str) -> Result<String, EngineError> {
        let mut homes = self.run.plan.homes.iter();
        let of = |home: &&HomePlan| home.containers().iter().any(|(name, _)| name == container);
        let engine = match homes.find(of) {
            Some(home) => self.run.engine_of(home),
            None => self.run.engines.common(),
        };
        let text = engine.logs(container, None).await?;
        Ok(self.run.plan.redact(&text))
    }

    /// The harness as a third peer, which dials one home's onion service through the other home's daemon and is let
    /// in.
    ///
    /// # Errors
    ///
    /// Why it was not.
    pub async fn session(&self) -> Result<Session, String> {
        let nonce = format!("s{}", now_ms());
        let plan = &self.run.plan;
        let dialer = ProbeDialer::of(plan, self.run.reach(), &nonce);
        let dialer = dialer.ok_or("the topology has no home that the probe could dial")?;
        // What somebody does with it is no measurement of the run's.
        let mut metrics = Metrics::new();
        let secret = &plan.probe.secret;
        let entered = dialer.connect("session", secret, &mut metrics).await;
        entered
            .map(|(session, _)| session)
            .map_err(|not| plan.redact(&not.why))
    }

    /// Makes a fault and waits until it is made. Nothing undoes it but [`undo`](Self::undo), and the end of the run.
    ///
    /// # Errors
    ///
    /// Why it could not be made; what of it was, stays.
    pub async fn make(&self, fault: &Fault) -> Result<Made, String> {
        if fault.on.is_of_network() && self.run.plan.standing.is_some() {
            return Err(
                "the network stands by, and other runs may use it; ask for one of your own"
                    .to_owned(),
            );
        }
        let steps = self
            .breaker
            .steps(fault)
            .map_err(|why| self.run.plan.redact(&why))?;
        self.go(&steps.apply).await?;
        Ok(Made { undo: steps.undo })
    }

    /// Undoes a fault and waits until that is done.
    ///
    /// # Errors
    ///
    /// Why it could not be undone.
    pub async fn undo(&self, made: Made) -> Result<(), String> {
        self.go(&made.undo).await
    }

    async fn go(&self, steps: &[Step]) -> Result<(), String> {
        let done = self.breaker.go(steps).await;
        done.map_err(|why| self.run.plan.redact(&why))
    }
}
