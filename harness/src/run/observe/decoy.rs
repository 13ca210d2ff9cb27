//! A peer that does not exist: what connectors do when the onion network fails them.
//!
//! Every connector is told to dial an onion address that no service has, on a port where the home's
//! wire oracle records whatever connects. The onion network refuses the dial; a connector that then
//! dials directly, whatever it takes the address for, arrives there.

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::checks::AbsentView;
use crate::plan::HomePlan;
use crate::run::context::admin;
use crate::run::context::{Context, POLL};
use crate::run::dials::dial;
use crate::run::observe::recorder;
use crate::secret::Secret;
use crate::topology::Transport;

/// How long the dial that shows that the place can be reached may take, in milliseconds.
const CONTROL_DIAL_MS: &str = "1000";

/// What the connectors were told, per home in plan order; `None` without an onion daemon.
pub(in crate::run) struct Absent {
    places: Vec<Option<Place>>,
}

#[derive(Default)]
struct Place {
    /// What had arrived before the connector was told to dial.
    before: usize,
    view: AbsentView,
}

/// Shows that each home's place can be reached, and tells the connectors to dial.
pub(in crate::run) async fn tell(context: &Context<'_>) -> Absent {
    let places = context.plan.homes.iter().map(|home| async move {
        if !home.is_onion() {
            return None;
        }
        match place(context, home).await {
            Ok(place) => Some(place),
            Err(reason) => {
                context.recorder.note(reason);
                Some(Place::default())
            }
        }
    });
    Absent {
        places: join_all(places).await,
    }
}

async fn place(context: &Context<'_>, home: &HomePlan) -> Result<Place, String> {
    let mut place = Place::default();
    let target = home.socket(HomePlan::ARRIVALS_PORT).to_string();
    let earlier = recorder::read(context, home).await?.arrivals;
    let lines = dial(context, home, &[target], CONTROL_DIAL_MS)
        .await
        .map_err(|error| error.to_string())?;
    place.view.control = lines
        .first()
        .map_or_else(|| "no answer".to_owned(), |line| line.outcome.clone());
    if place.view.control != "connected" {
        return Ok(place);
    }
    // That dial is recorded; whatever comes after it is the connector's.
    place.before = earlier + 1;
    let until = Instant::now() + context.plan.topology.deadlines.delivery;
    while recorder::read(context, home).await?.arrivals < place.before {
        if Instant::now() > until {
            return Err(format!("{}'s wire oracle recorded no dial", home.id));
        }
        sleep(POLL).await;
    }
    let absent = &context.plan.absent;
    let port = HomePlan::ARRIVALS_PORT;
    let url = Secret::new(format!("ws://{}:{port}", absent.onion.expose()));
    let told = admin(context, home)
        .add_peer(&absent.id, &url, &absent.token, Transport::Onion)
        .await;
    match told {
        Ok(()) => place.view.registered = true,
        Err(error) => context.recorder.note(error.to_string()),
    }
    Ok(place)
}

impl Absent {
    /// Waits until the onion network has refused every connector's dial, or time is up.
    pub(in crate::run) async fn refused(&mut self, context: &Context<'_>) {
        let until = Instant::now() + context.plan.topology.deadlines.delivery;
        let homes = context.plan.homes.iter().zip(&mut self.places);
        join_all(homes.map(|(home, place)| async move {
            let Some(view) = place.as_mut().map(|place| &mut place.view) else {
                return;
            };
            while view.registered && view.refused == 0 && Instant::now() < until {
                let wire = recorder::read(context, home).await.unwrap_or_default();
                let host = context.plan.absent.onion.expose();
                view.refused = wire
                    .requests
                    .iter()
                    .filter(|request| request.host.expose() == host)
                    .filter(|request| request.failed())
                    .count();
                sleep(POLL).await;
            }
        }))
        .await;
    }

    /// What became of it so far, per home in plan order. Called some time after the refusals, so
    /// that a direct dial that follows one has arrived.
    pub(in crate::run) async fn views(&self, context: &Context<'_>) -> Vec<AbsentView> {
        let homes = context.plan.homes.iter().zip(&self.places);
        join_all(homes.map(|(home, place)| async move {
            let Some(place) = place else {
                return AbsentView::default();
            };
            let wire = recorder::read(context, home).await.unwrap_or_default();
            AbsentView {
                direct: wire.arrivals.saturating_sub(place.before),
                ..place.view.clone()
            }
        }))
        .await
    }

    /// Has the connectors forget it, so that a topology that is kept is left as it was.
    pub(in crate::run) async fn forget(self, context: &Context<'_>) {
        let homes = context.plan.homes.iter().zip(&self.places);
        join_all(homes.map(|(home, place)| async move {
            if place.as_ref().is_some_and(|place| place.view.registered) {
                let removed = admin(context, home)
                    .remove_peer(&context.plan.absent.id)
                    .await;
                if let Err(error) = removed {
                    context.recorder.note(error.to_string());
                }
            }
        }))
        .await;
    }
}
