//! A peer that does not exist: what connectors do when the onion network fails them.
//!
//! Every connector is told to dial an onion address that no service has, on a port where this
//! process listens at the home's router. The onion network refuses the dial; a connector that then
//! dials directly, whatever it takes the address for, arrives here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::bring_up::{Context, POLL};
use super::homes::{admin, dial};
use super::record;
use crate::checks::AbsentView;
use crate::plan::HomePlan;
use crate::secret::Secret;
use crate::topology::Transport;

/// How long the dial that shows that the place can be reached may take, in milliseconds.
const CONTROL_DIAL_MS: &str = "1000";

/// The places where a direct dial arrives, one per home.
pub(super) struct Absent {
    places: Vec<Option<Place>>,
}

struct Place {
    port: u16,
    arrivals: Arc<AtomicUsize>,
    task: JoinHandle<()>,
    view: AbsentView,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens, shows that each home gets here, and tells the connectors to dial.
pub(super) async fn tell(context: &Context<'_>) -> Absent {
    let places = context.plan.homes.iter().map(|home| async move {
        if !home.is_onion() {
            return None;
        }
        match place(context, home).await {
            Ok(place) => Some(place),
            Err(reason) => {
                context.recorder.note(reason);
                None
            }
        }
    });
    Absent {
        places: join_all(places).await,
    }
}

async fn place(context: &Context<'_>, home: &HomePlan) -> Result<Place, String> {
    let unusable = |error: std::io::Error| format!("{}'s router: {error}", home.id);
    let listener = TcpListener::bind((home.gateway, 0))
        .await
        .map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    let arrivals = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&arrivals);
    let task = tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let mut place = Place {
        port: address.port(),
        arrivals,
        task,
        view: AbsentView::default(),
    };
    let lines = dial(context, home, &[address.to_string()], CONTROL_DIAL_MS)
        .await
        .map_err(|error| error.to_string())?;
    place.view.control = lines
        .first()
        .map_or_else(|| "no answer".to_owned(), |line| line.outcome.clone());
    // That dial is counted; whatever comes after it is the connector's.
    while place.view.control == "connected" && place.arrivals.load(Ordering::Relaxed) == 0 {
        sleep(POLL).await;
    }
    place.arrivals.store(0, Ordering::Relaxed);
    let absent = &context.plan.absent;
    let url = Secret::new(format!("ws://{}:{}", absent.onion.expose(), place.port));
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
    pub(super) async fn refused(&mut self, context: &Context<'_>) {
        let until = Instant::now() + context.plan.topology.deadlines.delivery;
        let homes = context.plan.homes.iter().zip(&mut self.places);
        join_all(homes.map(|(home, place)| async move {
            let Some(view) = place.as_mut().map(|place| &mut place.view) else {
                return;
            };
            while view.registered && view.refused == 0 && Instant::now() < until {
                let wire = record::read(context, home).await.unwrap_or_default();
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
    pub(super) fn views(&self) -> Vec<AbsentView> {
        self.places
            .iter()
            .map(|place| {
                place.as_ref().map_or_else(AbsentView::default, |place| {
                    let mut view = place.view.clone();
                    view.direct = place.arrivals.load(Ordering::Relaxed);
                    view
                })
            })
            .collect()
    }

    /// Has the connectors forget it, so that a topology that is kept is left as it was.
    pub(super) async fn forget(self, context: &Context<'_>) {
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
