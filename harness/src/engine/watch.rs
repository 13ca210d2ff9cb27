//! Learning at once that a container has died.

use std::collections::HashMap;

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::connect::Engine;
use super::labels::{LABEL_ROLE, LABEL_RUN};

/// A container that ended while it was needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The container's name.
    pub container: String,
    /// What it was in the topology, such as `home-a/connector`.
    pub role: String,
    /// Its exit status, as the engine reports it.
    pub status: String,
}

/// Follows the engines' events for the containers of one run. Dropping it ends the subscriptions.
pub struct Watch {
    deaths: mpsc::Receiver<Death>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Watch {
    /// Resolves with the first death, and never when nothing dies.
    pub async fn death(&mut self) -> Death {
        match self.deaths.recv().await {
            Some(death) => death,
            // All event streams ended, so nothing more can be learnt from it. An engine that is
            // gone shows itself in the next call.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Watch {
    /// Starts to follow the containers of a run on several engines.
    pub(super) fn of(engines: &[Engine], run: &str) -> Self {
        let (sender, deaths) = mpsc::channel(16);
        let tasks = engines
            .iter()
            .map(|engine| tokio::spawn(follow(engine.clone(), run.to_owned(), sender.clone())))
            .collect();
        Self { deaths, tasks }
    }
}

async fn follow(engine: Engine, run: String, deaths: mpsc::Sender<Death>) {
    let filters = HashMap::from([
        ("type", vec!["container".to_owned()]),
        ("event", vec!["die".to_owned()]),
        ("label", vec![format!("{LABEL_RUN}={run}")]),
    ]);
    let options = EventsOptionsBuilder::default().filters(&filters).build();
    let mut events = engine.docker.events(Some(options));
    while let Some(Ok(event)) = events.next().await {
        let attributes = event
            .actor
            .and_then(|actor| actor.attributes)
            .unwrap_or_default();
        let get = |key: &str| attributes.get(key).cloned().unwrap_or_default();
        let death = Death {
            container: get("name"),
            role: get(LABEL_ROLE),
            status: get("exitCode"),
        };
        if deaths.send(death).await.is_err() {
            return;
        }
    }
}
