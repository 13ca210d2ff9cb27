//! What a home's daemon tells of itself on its control port: what it adds up to, and when what
//! happened.

mod line;
mod services;
mod state;
mod timeline;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use super::control::{Control, ControlError, Events};
use crate::secret::Secret;

pub use state::{Connections, DaemonState};
pub use timeline::{
    Introduction, Rendezvous, Side, Step, Stream, Timeline, Traffic, Transfer, Warning,
};

/// The events that are followed. The bytes of circuits come once a second, and only where there
/// were some.
const EVENTS: &str = "SETEVENTS STATUS_CLIENT STATUS_GENERAL NEWCONSENSUS HS_DESC CIRC CIRC_MINOR \
                      STREAM CIRC_BW ORCONN";

/// A daemon under observation.
pub struct Monitor {
    /// For commands to the same daemon.
    pub control: Control,
    /// Options of the onion services that were taken from the daemon, as `SETCONF` takes them.
    withheld: Vec<String>,
    state: watch::Receiver<DaemonState>,
    history: History,
}

/// A daemon's timeline, which goes on while its monitor lives and can be read after that.
#[derive(Clone, Default)]
pub struct History(Arc<Mutex<Timeline>>);

impl History {
    /// What has happened so far.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Timeline> {
        // One event is taken in at a time; what came before a panic is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Monitor {
    /// Connects, subscribes to the events and starts following them.
    ///
    /// # Errors
    ///
    /// [`ControlError`], as from [`Control::connect`].
    pub async fn attach(
        node: &str,
        address: SocketAddr,
        password: &Secret,
    ) -> Result<Self, ControlError> {
        let (mut control, events) = Control::connect(node, address, password).await?;
        control.command(EVENTS).await?;
        let mut start = DaemonState::default();
        // What happened before the subscription: the phase, and whether descriptors went out
        // cannot be asked, so a monitor must be attached before the network is switched on.
        let phase = control.info("status/bootstrap-phase").await?;
        start.apply_status(&format!("STATUS_CLIENT {phase}"));
        let (sender, state) = watch::channel(start);
        let history = History::default();
        // Ends with the events, and says so in the state.
        tokio::spawn(follow(events, sender, history.clone()));
        Ok(Self {
            control,
            withheld: Vec::new(),
            state,
            history,
        })
    }

    /// What is known now.
    #[must_use]
    pub fn state(&self) -> DaemonState {
        self.state.borrow().clone()
    }

    /// A receiver that wakes on every event, after it has been taken into the timeline.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<DaemonState> {
        self.state.clone()
    }

    /// The timeline, to be read while this lives and after that.
    #[must_use]
    pub fn history(&self) -> History {
        self.history.clone()
    }

    /// What has happened so far.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.history.timeline()
    }
}

async fn follow(mut events: Events, state: watch::Sender<DaemonState>, history: History) {
    while let Some(event) = events.recv().await {
        history.lock().apply(Instant::now(), &event);
        state.send_modify(|state| state.apply(&event));
    }
    state.send_modify(|state| state.gone = true);
}
