//! Breaking things while packets flow, and looking at what holds and how long it takes to get over it.

mod act;
mod crowd;
mod direction;
mod enough;
mod failed_dials;
mod load;
mod monitors;
mod sample;
mod soak;
mod stand_in;
mod usage;
mod witness;

use std::time::Duration;

use futures_util::future::{join_all, join3};
use tokio::time::{Instant, sleep};

use crate::checks::{FaultView, FaultsView, Identity, Metrics, Recovery, SoakView, Wire};
use crate::events::Stage;
use crate::evidence::{Gathered, Subject};
use crate::faults::{self, Now, Step, Steps};
use crate::onion::monitor::Side;
use crate::plan::{DaemonPlan, Plan};
use crate::run::context::{Run, RunningHome};
use crate::run::faults::act::Actor;
use crate::run::faults::direction::Direction;
use crate::run::faults::enough::Enough;
use crate::run::faults::load::{Accounted, Load};
use crate::run::faults::monitors::Monitors;
use crate::run::faults::sample::Samples;
use crate::run::faults::stand_in::StandIn;
use crate::run::faults::usage::UsageLog;
use crate::run::record;
use crate::topology::{Fault, FaultKind, FaultTarget, Metric, Transport, format_duration};

/// How long packets flow on after a direction has come back, before the next fault or the end.
const SETTLES: Duration = Duration::from_secs(2);
/// How much longer than its budget recovery is waited for, so that it is known by how much it failed.
const LONGER: Duration = Duration::from_secs(5);
/// How long packets flow on where nothing comes back: as long as it may take until that is told, and some more.
const FOR_GOOD: Duration = Duration::from_secs(38);
/// How long a connector may take to say that a peer is connected again.
const TOLD: Duration = Duration::from_secs(35);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Makes every fault of the topology, one after the other, while packets flow in every direction; and keeps the topology
/// busy for as long as it is to be.
pub(in crate::run) async fn during(
    run: &Run,
    homes: &[RunningHome],
    nonce: &str,
    metrics: &mut Metrics,
) -> FaultsView {
    let directions = direction::all(&run.plan.topology);
    let before = wires(run).await;
    let began_us = now_us();
    let load = Load::new(run, &directions, nonce);
    let samples = Samples::new(run, load.began());
    let monitors = Monitors::new(homes);
    let stand_in = StandIn::default();
    let usage = UsageLog::default();
    let drive = async {
        let mut views = Vec::new();
        let make = async |fault: &Fault, enough: &Enough| {
            let phase = Phase {
                run,
                fault,
                load: &load,
                samples: &samples,
                monitors: &monitors,
                stand_in: &stand_in,
            };
            phase.go(&directions, enough).await
        };
        for fault in &run.plan.topology.faults {
            sleep(fault.after).await;
            views.push(make(fault, &Enough::never()).await);
        }
        let soaked = match &run.plan.topology.soak {
            Some(soak) => {
                let soaking = soak::Soaking {
                    run,
                    load: &load,
                    usage: &usage,
                };
                Some(soaking.go(soak, make, &mut views).await)
            }
            None => None,
        };
        load.stop();
        samples.stop();
        (views, soaked)
    };
    // Boxed, because each holds a whole load.
    let ((views, soaked), (), ()) =
        join3(Box::pin(drive), Box::pin(load.flow()), samples.take()).await;
    let after = wires(run).await.into_iter().zip(before);
    let wires = after.map(|((home, after), (_, before))| {
        let since = after.and_then(|after| Ok(after.since(&before?)));
        (home, since)
    });
    let wires: Vec<_> = wires.collect();
    let times = views.iter().flat_map(|view: &FaultView| &view.concerned);
    let recoveries = metrics.entry(Metric::Recovery).or_default();
    times
        .filter_map(|one| one.took)
        .for_each(|took| recoveries.record(took));
    metrics.insert(Metric::Traffic, load.traffic());
    let Accounted {
        packets,
        fine,
        unread,
    } = load.accounted().await;
    let mut view = FaultsView {
        faults: views,
        began_us,
        packets,
        in_flight: load.in_flight(),
        fine,
        soak: None,
        samples: samples.taken(),
        healths: samples.healths(),
        wires,
        unread,
    };
    view.soak = soaked.map(|soaked| SoakView {
        took: soaked.took,
        cut_short: soaked.cut_short,
        usage: usage.taken(),
        failed_dials: failed_dials::of(run, &view, &monitors),
    });
    view
}

fn now_us() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

/// What each home's SOCKS and DNS recorder has seen so far.
async fn wires(run: &Run) -> Vec<(String, Gathered<Wire>)> {
    let homes = run.plan.homes.iter().filter(|home| home.is_onion());
    let each = homes.map(|home| async move { (home.id.clone(), record::read(run, home).await) });
    join_all(each).await
}

/// One fault under way.
struct Phase<'r> {
    run: &'r Run,
    fault: &'r Fault,
    load: &'r Load<'r>,
    samples: &'r Samples<'r>,
    monitors: &'r Monitors<'r>,
    stand_in: &'r StandIn,
}

impl Phase<'_> {
    /// Makes the fault, undoes it when its time is over, and waits until every direction that it concerns is back.
    async fn go(&self, directions: &[Direction], enough: &Enough) -> FaultView {
        let (run, fault) = (self.run, self.fault);
        let guard = run.recorder.stage(Stage::Fault, subject(&fault.on));
        guard.saw(fault.to_string());
        let concerned: Vec<&Direction> = directions
            .iter()
            .filter(|direction| direction.is_concerned(&run.plan.topology, fault))
            .collect();
        let mut view = FaultView {
            what: fault.to_string(),
            failed: None,
            started: self.load.now(),
            began: self.load.now(),
            over: None,
            until: 0,
            for_good: fault.takes_a_home_away(),
            within: fault.recovers_within,
            loses_at_most: fault.loses_at_most,
            concerned: Vec::new(),
            ended: None,
            identity: None,
        };
        let restarted = restarts_daemon(&run.plan, fault);
        let mut actor = Actor::new(run, self.load, self.monitors, self.stand_in);
        actor.stands_in = fault.what == FaultKind::SecondSession;
        let before = match &restarted {
            Some(home) => Some(actor.address(home).await),
            None => None,
        };
        match faults::steps(&run.plan, fault, &now(run, self.monitors)) {
            Err(why) => view.failed = Some(why),
            Ok(steps) => {
                view.failed = self.make(&mut actor, &steps, &mut view, enough).await.err();
            }
        }
        view.ended = actor.ended.take();
        match &view.failed {
            Some(why) => guard.saw(format!("{fault}: {why}")),
            None => guard.reached(fault.to_string()),
        }
        if let (Some(home), Some(before)) = (restarted, before)
            && !fault.stays()
            && view.failed.is_none()
        {
            view.identity = Some(Identity {
                keys_lost: fault.what == FaultKind::LoseKeys,
                before,
                after: actor.address(&home).await,
                home,
            });
        }
        self.recover(&mut view, &concerned).await;
        view
    }

    async fn make(
        &self,
        actor: &mut Actor<'_>,
        steps: &Steps,
        view: &mut FaultView,
        enough: &Enough,
    ) -> Result<(), String> {
        view.began = self.load.now();
        let mut done = all(actor, &steps.apply).await;
        // What stays counts from when it is done.
        if self.fault.stays() {
            view.began = self.load.now();
            return done;
        }
        if !steps.over_at_once
            && let (Ok(()), Some(lasts)) = (&done, self.fault.lasts)
        {
            enough.sleep(lasts).await;
        }
        view.over = Some(self.load.now());
        // Undone whatever came of it, and the first complaint counts.
        let undone = all(actor, &steps.undo).await;
        if done.is_ok() {
            done = undone;
        }
        done
    }

    async fn recover(&self, view: &mut FaultView, concerned: &[&Direction]) {
        let from = view.counts_from();
        let none = |direction: &&Direction| Recovery {
            from: direction.from.clone(),
            to: direction.to.clone(),
            took: None,
        };
        view.concerned = concerned.iter().map(none).collect();
        let Some(within) = view.within.filter(|_| view.failed.is_none()) else {
            if view.failed.is_none() {
                sleep(FOR_GOOD).await;
            }
            view.until = self.load.now();
            return;
        };
        let guard = self
            .run
            .recorder
            .stage(Stage::Recovery, subject(&self.fault.on));
        let waits_until = Instant::now() + within + LONGER;
        loop {
            for one in &mut view.concerned {
                if one.took.is_none() {
                    one.took = self.load.first_fulfilled(&one.from, &one.to, from);
                }
            }
            let back = view
                .concerned
                .iter()
                .filter(|one| one.took.is_some())
                .count();
            let all = view.concerned.len();
            guard.saw(format!("{back} of {all} directions are back"));
            if back == all {
                break;
            }
            if Instant::now() >= waits_until {
                drop(guard);
                view.until = self.load.now();
                return;
            }
            sleep(LOOK).await;
        }
        let slowest = view.concerned.iter().filter_map(|one| one.took).max();
        let slowest = format_duration(slowest.unwrap_or_default());
        let evidence = format!(
            "{} directions, the last after {slowest}",
            view.concerned.len()
        );
        guard.reached(evidence);
        let told_until = Instant::now() + TOLD;
        let back = self.load.now();
        while Instant::now() < told_until && !self.samples.all_connected(&view.concerned, back) {
            sleep(LOOK).await;
        }
        sleep(SETTLES).await;
        view.until = self.load.now();
    }
}

/// The home whose onion daemon a fault starts again, or the connector that runs it.
fn restarts_daemon(plan: &Plan, fault: &Fault) -> Option<String> {
    let managed = |home: &String| {
        let home = plan.home(home);
        home.is_some_and(|home| matches!(home.daemon, DaemonPlan::Managed { .. }))
    };
    match &fault.on {
        _ if fault.what == FaultKind::Pause => None,
        FaultTarget::Daemon(home) => Some(home.clone()),
        FaultTarget::Connector(home) if fault.what != FaultKind::SecondSession => {
            managed(home).then(|| home.clone())
        }
        _ => None,
    }
}

/// Makes faults where no packets of the run's own flow.
pub(in crate::run) struct Breaker<'r> {
    run: &'r Run,
    monitors: Monitors<'r>,
    stand_in: StandIn,
}

impl<'r> Breaker<'r> {
    pub(in crate::run) fn new(run: &'r Run, homes: &'r [RunningHome]) -> Self {
        Self {
            run,
            monitors: Monitors::new(homes),
            stand_in: StandIn::default(),
        }
    }

    /// The steps of a fault, where the way of a session is as it is now.
    pub(in crate::run) fn steps(&self, fault: &Fault) -> Result<Steps, String> {
        faults::steps(&self.run.plan, fault, &now(self.run, &self.monitors))
    }

    /// Does steps in their order.
    pub(in crate::run) async fn go(&self, steps: &[Step]) -> Result<(), String> {
        let load = Load::new(self.run, &[], "");
        let mut actor = Actor::new(self.run, &load, &self.monitors, &self.stand_in);
        all(&mut actor, steps).await
    }
}

/// Does steps in their order.
async fn all(actor: &mut Actor<'_>, steps: &[Step]) -> Result<(), String> {
    for step in steps {
        actor.go(step).await?;
    }
    Ok(())
}

fn subject(on: &FaultTarget) -> Subject {
    match on {
        FaultTarget::Links => Subject::Links { shaped: true },
        FaultTarget::Nodes(crate::topology::FaultNodes::Named(name)) => Subject::Node(name.clone()),
        FaultTarget::Nodes(_) => Subject::Network,
        FaultTarget::Daemon(home)
        | FaultTarget::Connector(home)
        | FaultTarget::Server(home)
        | FaultTarget::Home(home) => Subject::Home(home.clone()),
    }
}

/// What there is to break.
fn now(run: &Run, monitors: &Monitors<'_>) -> Now {
    let nodes = run.plan.nodes();
    let dead = nodes.filter(|node| run.is_told_to_end(&node.container));
    Now {
        session: session(run, monitors),
        dead: dead.map(|node| node.nickname.clone()).collect(),
    }
}

/// The relays on the way of a session over the onion network, as the dialling home's daemon built it.
fn session(run: &Run, monitors: &Monitors<'_>) -> Vec<String> {
    let mut peerings = run.plan.peerings.iter();
    let way = peerings.find_map(|peering| {
        if peering.transport != Transport::Onion {
            return None;
        }
        let onion = run.plan.home(&peering.to)?.onion()?;
        let timeline = monitors.last(&peering.from)?;
        let joined = timeline.rendezvous.iter().rev().find(|one| {
            let label = one.label.as_ref().map(|label| label.expose());
            one.side == Side::Client
                && one.joined.is_some()
                && one.closed.is_none()
                && label == Some(onion.address.expose_label())
        });
        joined.map(|one| one.path.clone())
    });
    way.unwrap_or_default()
}
