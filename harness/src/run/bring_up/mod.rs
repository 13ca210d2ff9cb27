//! From a plan to a running topology, gate by gate, without a blind wait.
//!
//! Every wait polls a directory port or follows a control port, has a deadline from the topology,
//! and keeps the last thing it saw as evidence. Each known cause of a stalled network is looked
//! for where it would show, and refused with its reason.

mod connector;
mod enter;
mod homes;
mod join;
mod network;
mod peering;
mod preflight;

pub use preflight::kept_out;

use futures_util::future::{try_join, try_join_all, try_join3};

use crate::connectors::PeersKnown;
use crate::events::Stage;
use crate::evidence::Subject;
use crate::onion::authority::AuthorityKeys;
use crate::plan::{Images, Specs};
use crate::run::context::{Run, Running};
use crate::run::decoy::{self, Decoys};
use crate::run::error::RunError;
use crate::run::instruments;
use crate::run::moment;
use crate::run::preflight_failure::PreflightFailure;
use crate::run::pressure;
use crate::run::reach::Way;
use crate::run::shaping;
use crate::run::times::Times;
use crate::sabotage;
use crate::topology::Metric;

pub(in crate::run) use homes::attach;

/// Starts everything and takes it to the point where every peering is connected. The peer that does not
/// exist has its place then, and no connector has been told of it.
pub(in crate::run) async fn bring_up(
    run: &Run,
    images: &Images,
    keys: &[AuthorityKeys],
) -> Result<(Running, Decoys), RunError> {
    let specs = sabotage::containers(&run.plan, images, keys);
    // The network comes first, because everybody waits for it. Making their keys keeps the machine busy
    // until all nodes have published; what homes start with is done while the authorities vote.
    let mut homes = if run.plan.makes_network() {
        Box::pin(begin_network(run, images, &specs)).await?;
        let mut network = Box::pin(network::publish(run)).await?;
        let voting = Box::pin(network::vote(run, &mut network));
        try_join(voting, Box::pin(homes::start(run, &specs)))
            .await?
            .1
    } else {
        run.open_way(run.way)?;
        let proof = instruments::prove(run, &images.bls, run.way);
        let homes = Box::pin(homes::start(run, &specs));
        try_join(Box::pin(proof), homes).await?.1
    };
    let connectors = run
        .plan
        .homes
        .iter()
        .zip(&specs.homes)
        .map(|(home, specs)| connector::start(run, home, &specs.connector));
    let services = homes.iter_mut().filter_map(|home| {
        let monitor = home.monitor.as_mut()?;
        Some(join::publish(run, &home.plan, monitor, home.on))
    });
    let decoys = async { Ok::<_, RunError>(decoy::place(run).await) };
    let (connectors, services) = (try_join_all(connectors), try_join_all(services));
    let (published, decoys) = match run.plan.topology.connector.capabilities().peers {
        PeersKnown::WhenTold => {
            let work = try_join3(connectors, services, decoys);
            let (_, published, decoys) = Box::pin(work).await?;
            (published, decoys)
        }
        // Such a connector dials as soon as it runs, and what it dials has to be there.
        PeersKnown::AtStart => {
            let came = Box::pin(try_join(services, decoys)).await?;
            Box::pin(connectors).await?;
            came
        }
    };
    join::open_forwarders(run).await?;
    let peerings = run.plan.peerings.iter();
    let peerings = peerings.map(|peering| peering::connect(run, peering, &homes));
    let connected = try_join_all(peerings).await?;
    let times = Times::from([
        (Metric::Publication, published),
        (Metric::Peering, connected),
        (Metric::Ready, vec![run.recorder.elapsed()]),
    ]);
    let waited = pressure::between(run.began, moment::now(run).await);
    shaping::switch(run, true).await?;
    let running = Running {
        homes,
        times,
        waited,
    };
    Ok((running, decoys))
}

/// Starts the network while the instruments are proven, and opens the way to its nodes.
async fn begin_network(run: &Run, images: &Images, specs: &Specs) -> Result<(), RunError> {
    let proof = Box::pin(instruments::prove(run, &images.bls, run.way));
    let (way, ()) = try_join(proof, start_network(run, specs)).await?;
    if way == Way::Tunnels && run.plan.homes.is_empty() {
        let engine = run.engines.common().address().to_string();
        return Err(PreflightFailure::NotForStanding { engine }.into());
    }
    if way == Way::Tunnels {
        instruments::bridge_head(run, &images.bls).await?;
        run.recorder.note(
            "containers' addresses are not reached from here; their ports are reached through the engine",
        );
    }
    run.open_way(way)
}

async fn start_network(run: &Run, specs: &Specs) -> Result<(), RunError> {
    let start = run.recorder.stage(Stage::Start, Subject::Network);
    network::start(run, specs).await?;
    start.reached(format!(
        "{} authorities and {} relays started",
        specs.authorities.len(),
        specs.relays.len()
    ));
    Ok(())
}

/// Starts the network of a plan without homes and takes it to the point where homes can join it.
pub(in crate::run) async fn network_alone(
    run: &Run,
    images: &Images,
    keys: &[AuthorityKeys],
) -> Result<(), RunError> {
    let specs = sabotage::containers(&run.plan, images, keys);
    begin_network(run, images, &specs).await?;
    let mut network = network::publish(run).await?;
    network::vote(run, &mut network).await
}
