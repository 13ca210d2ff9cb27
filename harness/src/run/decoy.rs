//! A peer that does not exist: what connectors do when the onion network fails them.
//!
//! Every connector is told to dial an onion address that no service has, on a port where the home's
//! recorder notes whatever connects. The onion network refuses the dial; a connector that then
//! dials directly, whatever it takes the address for, arrives there.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, sleep_until};

use crate::causes::with_causes;
use crate::checks::{DecoyView, Removal, Wire};
use crate::connectors::PeersKnown;
use crate::evidence::{DialOutcome, Gathered};
use crate::plan::HomePlan;
use crate::run::context::{POLL, Run};
use crate::run::dials::dial;
use crate::run::record;

/// How long a peer that was removed is watched for: the original dials it again after 0.4 to 0.8 s
/// (contract#defect-removed-peer-dialled).
const REMOVED_FOR: Duration = Duration::from_millis(1200);
/// What a connector opens within so short a time after it was told to forget a peer was under way by then.
const UNDER_WAY: Duration = Duration::from_millis(100);
/// How long the dial that shows that the place can be reached may take, in milliseconds.
const CONTROL_DIAL_MS: &str = "1000";

/// What became of the decoy, by home id; none where a home has no onion daemon.
pub(in crate::run) type DecoyViews = BTreeMap<String, Gathered<Option<DecoyView>>>;

/// The decoys of the homes that have an onion daemon, by home id.
pub(in crate::run) struct Decoys {
    homes: BTreeMap<String, Gathered<Decoy>>,
}

/// One home's decoy.
struct Decoy {
    /// What had arrived before the connector was told to dial.
    arrivals_before: usize,
    /// How many of the connector's dials had come to nothing before: a topology that is kept is looked
    /// at more than once.
    refused_before: usize,
    /// Why the connector was not told to dial.
    not_told: Option<String>,
    removal: Removed,
    view: DecoyView,
}

/// Whether the connector was told to forget it.
enum Removed {
    /// Not yet.
    No,
    /// It was, and opened no connection to its proxy after this moment that was under way by then
    /// ([`Wire::last_opened_us`]).
    At { when: Instant, opened_us: u64 },
    /// It cannot be told.
    Unsupported,
    /// It should have been; the text says why it was not, or what could not be read.
    Failed(String),
}

/// How many dials to the decoy have come to nothing so far.
fn refused(run: &Run, wire: &Wire) -> usize {
    let host = run.plan.decoy.onion.expose();
    let requests = wire.requests.iter();
    requests
        .filter(|request| request.host.expose() == host && request.failed())
        .count()
}

/// Shows that each home's place can be reached. No connector knows of it yet, so this may be done
/// while the homes are still on their way into the network.
pub(in crate::run) async fn place(run: &Run) -> Decoys {
    let homes = run
        .plan
        .homes
        .iter()
        .filter(|home| run.plan.has_decoy(home));
    let homes = homes.map(|home| async move { (home.id.clone(), decoy(run, home).await) });
    Decoys {
        homes: join_all(homes).await.into_iter().collect(),
    }
}

async fn decoy(run: &Run, home: &HomePlan) -> Gathered<Decoy> {
    let target = home.socket(HomePlan::ARRIVALS_PORT);
    let earlier = record::read(run, home).await?;
    let dialled = dial(run, home, &[target], CONTROL_DIAL_MS)
        .await
        .map_err(|error| with_causes(&error).to_string())?;
    let control = dialled
        .first()
        .map_or(DialOutcome::Failed, |one| one.outcome);
    let mut decoy = Decoy {
        arrivals_before: earlier.arrivals,
        refused_before: refused(run, &earlier),
        not_told: None,
        removal: Removed::No,
        view: DecoyView {
            refused: 0,
            direct: 0,
            control,
            removal: Removal::Unknown("it was not told to forget its peer".to_owned()),
        },
    };
    if !control.is_connected() {
        return Ok(decoy);
    }
    // That dial is recorded; whatever comes after it is the connector's.
    decoy.arrivals_before += 1;
    let until = Instant::now() + run.plan.topology.deadlines.delivery;
    while record::read(run, home).await?.arrivals < decoy.arrivals_before {
        if Instant::now() > until {
            return Err("its recorder noted no dial".to_owned());
        }
        sleep(POLL).await;
    }
    Ok(decoy)
}

impl Decoy {
    fn was_told(&self) -> bool {
        self.not_told.is_none() && self.view.control.is_connected()
    }
}

impl Decoys {
    /// Every home with its decoy.
    fn of<'d>(
        &'d mut self,
        run: &'d Run,
    ) -> impl Iterator<Item = (&'d HomePlan, &'d mut Gathered<Decoy>)> {
        let homes = self.homes.iter_mut();
        homes.filter_map(|(id, decoy)| Some((run.plan.home(id)?, decoy)))
    }

    /// Tells the connectors to dial.
    pub(in crate::run) async fn tell(&mut self, run: &Run) {
        // A connector that knows its peers from the start has been told by its configuration.
        if run.plan.topology.connector.capabilities().peers != PeersKnown::WhenTold {
            return;
        }
        let told = self.of(run).map(|(home, decoy)| async move {
            let Ok(decoy) = decoy else { return };
            if !decoy.view.control.is_connected() {
                return;
            }
            if let Err(error) = run.control(home).register(&run.plan.dial_decoy()).await {
                decoy.not_told = Some(format!("it was not told to dial: {}", with_causes(&error)));
            }
        });
        join_all(told).await;
    }

    /// Waits until the onion network has refused every connector's dial, or time is up.
    pub(in crate::run) async fn refused(&mut self, run: &Run) {
        let until = Instant::now() + run.plan.topology.deadlines.delivery;
        let waits = self.of(run).map(|(home, decoy)| async move {
            let Ok(found) = decoy else { return };
            if !found.was_told() {
                return;
            }
            while found.view.refused == 0 && Instant::now() < until {
                match record::read(run, home).await {
                    Ok(wire) => {
                        let now = refused(run, &wire);
                        found.view.refused = now.saturating_sub(found.refused_before);
                    }
                    Err(reason) => {
                        *decoy = Err(reason);
                        return;
                    }
                }
                sleep(POLL).await;
            }
        });
        join_all(waits).await;
    }

    /// What became of it so far. Called some time after the refusals, so that a direct dial that
    /// follows one has arrived; waits until a connector that dials a peer again which it was told to forget
    /// has done so.
    pub(in crate::run) async fn views(&mut self, run: &Run) -> DecoyViews {
        let told = self.homes.values().flatten();
        let last = told.filter_map(|decoy| match decoy.removal {
            Removed::At { when, .. } => Some(when),
            Removed::No | Removed::Unsupported | Removed::Failed(_) => None,
        });
        if let Some(last) = last.max() {
            sleep_until(last + REMOVED_FOR).await;
        }
        let views = self.of(run).map(|(home, decoy)| async move {
            let view = async {
                let decoy = decoy.as_ref().map_err(|reason| reason.clone())?;
                if let Some(reason) = &decoy.not_told {
                    return Err(reason.clone());
                }
                let wire = record::read(run, home).await?;
                let removal = match &decoy.removal {
                    Removed::No => decoy.view.removal.clone(),
                    Removed::At { opened_us, .. } => Removal::Watched {
                        dials: wire.dials_opened_after(*opened_us, run.plan.decoy.onion.expose()),
                    },
                    Removed::Unsupported => Removal::Unsupported,
                    Removed::Failed(reason) => Removal::Unknown(reason.clone()),
                };
                Ok(Some(DecoyView {
                    direct: wire.arrivals.saturating_sub(decoy.arrivals_before),
                    removal,
                    ..decoy.view.clone()
                }))
            };
            (home.id.clone(), view.await)
        });
        join_all(views).await.into_iter().collect()
    }

    /// Has the connectors forget it, which also leaves a topology that is kept as it was.
    pub(in crate::run) async fn forget(&mut self, run: &Run) {
        let told = self.of(run).map(|(home, decoy)| async move {
            let Ok(decoy) = decoy else { return };
            if decoy.was_told() {
                decoy.removal = removed(run, home).await;
            }
        });
        join_all(told).await;
    }
}

/// Has one connector forget it, and looks what it had opened until then. A dial that is under way is recorded only when
/// the daemon has answered its greeting: it counts by when it was opened.
async fn removed(run: &Run, home: &HomePlan) -> Removed {
    // Who knows its peers from the start has them from its configuration.
    if run.plan.topology.connector.capabilities().peers != PeersKnown::WhenTold {
        return Removed::Unsupported;
    }
    match run.control(home).forget(&run.plan.decoy.id).await {
        Ok(()) => {}
        Err(error) if error.is_absence() => return Removed::Unsupported,
        Err(error) => {
            let reason = with_causes(&error).to_string();
            run.recorder.note(reason.clone());
            return Removed::Failed(reason);
        }
    }
    let when = Instant::now();
    sleep(UNDER_WAY).await;
    match record::read(run, home).await {
        Ok(wire) => Removed::At {
            when,
            opened_us: wire.last_opened_us,
        },
        Err(reason) => Removed::Failed(reason),
    }
}
