//! What every part of a run works on, and the waits that they share.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::connector::Admin;
use crate::engine::{ContainerSpec, Engine, Engines};
use crate::events::{Recorder, StageGuard};
use crate::onion::directory::Directory;
use crate::onion::monitor::Monitor;
use crate::plan::{HomePlan, NodePlan, Plan};
use crate::run::error::{RunError, StageFailure};
use crate::run::milestones::{Ladder, Service};
use crate::run::reach::Reach;
use crate::run::times::Times;

/// Time between two looks at a port that cannot notify.
pub(in crate::run) const POLL: Duration = Duration::from_millis(50);

/// What bringing up needs.
pub(in crate::run) struct Context<'a> {
    pub(in crate::run) engines: &'a Engines,
    pub(in crate::run) reach: &'a Reach,
    pub(in crate::run) recorder: &'a Recorder,
    pub(in crate::run) plan: &'a Plan,
    pub(in crate::run) http: &'a reqwest::Client,
    pub(in crate::run) ladder: &'a Ladder,
}

/// A container of a plan, and the engine that it is on.
pub(in crate::run) struct Placed<'a> {
    pub(in crate::run) engine: &'a Engine,
    pub(in crate::run) name: String,
    pub(in crate::run) role: String,
}

impl<'a> Context<'a> {
    /// The engine of a home's containers and networks.
    pub(in crate::run) fn engine_of(&self, home: &HomePlan) -> &'a Engine {
        self.engines.of(&home.id)
    }

    /// All containers, those that explain most first.
    pub(in crate::run) fn containers(&self) -> Vec<Placed<'a>> {
        let homes = self.plan.homes.iter().flat_map(|home| {
            let engine = self.engine_of(home);
            let placed = move |(name, role)| Placed { engine, name, role };
            home.containers().into_iter().map(placed)
        });
        let engine = self.engines.common();
        let placed = |(name, role)| Placed { engine, name, role };
        let nodes = self.plan.nodes().flat_map(NodePlan::containers).map(placed);
        homes.chain(nodes).collect()
    }

    /// Records the stages that daemons, authorities and these logs, each (role, text), have shown.
    pub(in crate::run) fn climbed(&self, logs: &[(&str, &str)]) {
        let services: Vec<Service<'_>> = self
            .plan
            .homes
            .iter()
            .map(|home| Service {
                home: &home.id,
                label: home.onion.expose_label(),
            })
            .collect();
        self.ladder.find(&services);
        let peerings = self.plan.peerings.iter();
        let peerings = peerings.map(|peering| (&*peering.from, &*peering.to));
        self.ladder.find_in_logs(self.recorder, peerings, logs);
        self.ladder.record(self.recorder);
    }
}

/// A topology that runs: every home's daemon under observation.
pub(super) struct Running {
    /// One monitor per home, in plan order; none for a home without a daemon.
    pub monitors: Vec<Option<Monitor>>,
    /// What bringing up has measured.
    pub times: Times,
}

/// Runs a wait with a deadline; when it is over, the stage has failed with its last evidence.
pub(in crate::run) async fn within<T>(
    guard: &StageGuard,
    deadline: Duration,
    wait: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    match timeout(deadline, wait).await {
        Ok(result) => result,
        Err(_) => {
            let cause = format!("not reached within {} s", deadline.as_secs());
            Err(StageFailure::of(guard, cause).into())
        }
    }
}

pub(in crate::run) async fn create_and_start(
    context: &Context<'_>,
    engine: &Engine,
    spec: &ContainerSpec,
) -> Result<(), RunError> {
    engine.create_container(spec, &context.plan.labels).await?;
    engine.start_container(spec).await?;
    Ok(())
}

/// The DirPort readers of all authorities.
pub(in crate::run) fn directories(context: &Context<'_>) -> Vec<Directory> {
    let directory = |node: &NodePlan| {
        let port = node.published.dir_port.unwrap_or_default();
        let address = SocketAddr::from((node.address, port));
        Directory::new(context.http, &node.nickname, address)
    };
    context.plan.authorities.iter().map(directory).collect()
}

/// The admin API of a home's connector.
pub(in crate::run) fn admin(context: &Context<'_>, home: &HomePlan) -> Admin {
    let address = context.reach.socket(home, HomePlan::ADMIN_PORT);
    Admin::new(context.http, &home.id, address, &home.admin_key)
}
