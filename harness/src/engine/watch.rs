//! Learning at once that a container has died.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::EventMessage;
use bollard::query_parameters::{EventsOptionsBuilder, ListContainersOptionsBuilder};
use futures_util::StreamExt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::connect::Engine;
use super::error::{EngineError, LibraryError};
use super::labels::{LABEL_ROLE, LABEL_RUN};
use crate::causes::with_causes;

/// How often a broken stream is restored before the engine counts as lost.
const ATTEMPTS: usize = 6;
/// How long apart the attempts are; together they outlast the restart of an engine.
const PAUSE: Duration = Duration::from_millis(500);
/// How long one attempt may take.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);
/// How long a stream must have lasted for the next break to be a new one.
const STEADY: Duration = Duration::from_secs(10);

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
    deaths: mpsc::Receiver<Result<Death, EngineError>>,
    /// How many event streams are being restored.
    broken: watch::Receiver<usize>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Watch {
    /// Resolves with the first death, and never when nothing dies. One that happened while a stream
    /// was being restored may be told twice.
    ///
    /// # Errors
    ///
    /// [`EngineError::WatchLost`] when an engine can no longer be followed: then nobody would hear of
    /// a death.
    pub async fn death(&mut self) -> Result<Death, EngineError> {
        let told = self.deaths.recv().await;
        told.unwrap_or_else(|| {
            Err(EngineError::WatchLost {
                engine: "the engine".to_owned(),
                source: None,
            })
        })
    }

    /// The first death, when there is one within `limit`. A stream that is being restored is waited
    /// for, because what it has missed may be what is asked for.
    ///
    /// # Errors
    ///
    /// As of [`Watch::death`].
    pub async fn death_within(&mut self, limit: Duration) -> Result<Option<Death>, EngineError> {
        if let Ok(told) = timeout(limit, self.death()).await {
            return told.map(Some);
        }
        let mut broken = self.broken.clone();
        tokio::select! {
            biased;
            told = self.death() => told.map(Some),
            // It fails when every task has ended, and then each has told why.
            _ = broken.wait_for(|broken| *broken == 0) => Ok(None),
        }
    }

    /// Starts to follow the containers of runs on several engines. Whatever ends from now on is
    /// told.
    pub(super) async fn of(engines: &[Engine], runs: &[&str]) -> Result<Self, EngineError> {
        let (sender, deaths) = mpsc::channel(16);
        let (state, broken) = watch::channel(0);
        let mut following = Vec::new();
        for engine in engines {
            let seen = engine.now().await?;
            following.extend(runs.iter().map(|run| Following {
                seen,
                engine: engine.clone(),
                run: (*run).to_owned(),
                deaths: sender.clone(),
                broken: state.clone(),
            }));
        }
        let pulses = engines.iter().map(|engine| {
            let (engine, sender) = (engine.clone(), sender.clone());
            tokio::spawn(async move {
                let silent = engine.until_silent().await;
                // Whoever has stopped listening has no use for it.
                let _ = sender.send(Err(silent)).await;
            })
        });
        let pulses: Vec<_> = pulses.collect();
        let tasks = following
            .into_iter()
            .map(|one| tokio::spawn(one.follow()))
            .chain(pulses)
            .collect();
        Ok(Self {
            deaths,
            broken,
            tasks,
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The reader of a watch is gone, and so nobody is left to be told.
struct NobodyListens;

/// One engine's events.
struct Following {
    engine: Engine,
    run: String,
    deaths: mpsc::Sender<Result<Death, EngineError>>,
    broken: watch::Sender<usize>,
    /// Up to when all deaths have been told, on the engine's clock in nanoseconds since 1970.
    seen: i128,
}

impl Following {
    /// Tells deaths until nobody listens or the engine is lost, which is told last.
    async fn follow(mut self) {
        let mut attempts = 0;
        loop {
            let begun = Instant::now();
            let Ok(mut reason) = self.listen().await else {
                return;
            };
            if begun.elapsed() >= STEADY {
                attempts = 0;
            }
            self.broken.send_modify(|broken| *broken += 1);
            loop {
                if attempts == ATTEMPTS {
                    let lost = EngineError::WatchLost {
                        engine: self.engine.address().to_string(),
                        source: reason.map(Box::new),
                    };
                    // Whoever has stopped listening has no use for it.
                    let _ = self.deaths.send(Err(lost)).await;
                    return;
                }
                if attempts > 0 {
                    sleep(PAUSE).await;
                }
                attempts += 1;
                match timeout(ATTEMPT_LIMIT, self.ended_since()).await {
                    Ok(Ok(missed)) => {
                        for death in missed {
                            if self.deaths.send(Ok(death)).await.is_err() {
                                return;
                            }
                        }
                        break;
                    }
                    Ok(Err(error)) => reason = Some(error),
                    // The reason stays what broke the stream.
                    Err(_) => {}
                }
            }
            self.broken.send_modify(|broken| *broken -= 1);
        }
    }

    /// Tells what the engine's event stream tells, from the last known moment on, until it breaks.
    /// Returns why; nothing when the engine closed it.
    async fn listen(&mut self) -> Result<Option<EngineError>, NobodyListens> {
        let filters = HashMap::from([
            ("type", vec!["container".to_owned()]),
            ("event", vec!["die".to_owned()]),
            ("label", vec![self.label()]),
        ]);
        let options = EventsOptionsBuilder::default()
            .since(&timestamp(self.seen + 1))
            .filters(&filters)
            .build();
        let mut events = self.engine.docker.events(Some(options));
        let question = self.engine.question("tell which containers end");
        loop {
            let event = match events.next().await {
                Some(Ok(event)) => event,
                Some(Err(error)) => {
                    let source = LibraryError::new(error);
                    question.answered(&with_causes(&source).to_string());
                    return Ok(Some(EngineError::Api {
                        action: "follow the engine's events".to_owned(),
                        source,
                    }));
                }
                None => {
                    question.answered("the engine closed the stream");
                    return Ok(None);
                }
            };
            if let Some(at) = event.time_nano {
                self.seen = self.seen.max(at.into());
            }
            if self.deaths.send(Ok(death_of(event))).await.is_err() {
                return Err(NobodyListens);
            }
        }
    }

    /// The containers that have ended since the last known moment. An engine forgets its events when
    /// it starts again, and keeps few of them before.
    async fn ended_since(&self) -> Result<Vec<Death>, EngineError> {
        let filters = HashMap::from([
            ("status", vec!["exited".to_owned(), "dead".to_owned()]),
            ("label", vec![self.label()]),
        ]);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let list = self.engine.docker.list_containers(Some(options));
        let ended = self.engine.call("list containers that have ended", list);
        let ended = ended.await?;
        let mut deaths = Vec::new();
        for container in ended {
            let Some(id) = container.id else { continue };
            let (finished, status) = self.engine.ending(&id).await?;
            if finished <= self.seen {
                continue;
            }
            let names = container.names.unwrap_or_default();
            let labels = container.labels.unwrap_or_default();
            deaths.push(Death {
                container: names
                    .first()
                    .map_or(id, |name| name.trim_start_matches('/').to_owned()),
                role: labels.get(LABEL_ROLE).cloned().unwrap_or_default(),
                status,
            });
        }
        Ok(deaths)
    }

    fn label(&self) -> String {
        format!("{LABEL_RUN}={}", self.run)
    }
}

impl Engine {
    /// What the engine's clock says, in nanoseconds since 1970. The engine may be on another machine.
    pub(super) async fn now(&self) -> Result<i128, EngineError> {
        let action = "ask the engine for its time";
        let info = self.call(action, self.docker.info()).await?;
        nanoseconds(&info.system_time.unwrap_or_default(), action)
    }

    /// When a container ended, and its exit status.
    async fn ending(&self, container: &str) -> Result<(i128, String), EngineError> {
        let state = self.inspect(container).await?.state.unwrap_or_default();
        let finished = state.finished_at.unwrap_or_default();
        let finished = nanoseconds(&finished, &format!("learn when {container} ended"))?;
        let status = state.exit_code;
        let status = status.map_or_else(|| "unknown".to_owned(), |code| code.to_string());
        Ok((finished, status))
    }
}

/// A time of the engine's, which is RFC 3339, in nanoseconds since 1970.
fn nanoseconds(text: &str, action: &str) -> Result<i128, EngineError> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|source| EngineError::Time {
        action: action.to_owned(),
        text: text.to_owned(),
        source,
    })?;
    Ok(time.unix_timestamp_nanos())
}

/// A time as the engine takes it: seconds since 1970 with nine decimals.
fn timestamp(nanoseconds: i128) -> String {
    const SECOND: i128 = 1_000_000_000;
    format!(
        "{}.{:09}",
        nanoseconds.div_euclid(SECOND),
        nanoseconds.rem_euclid(SECOND)
    )
}

fn death_of(event: EventMessage) -> Death {
    let attributes = event.actor.and_then(|actor| actor.attributes);
    let attributes = attributes.unwrap_or_default();
    let get = |key: &str| attributes.get(key).cloned().unwrap_or_default();
    Death {
        container: get("name"),
        role: get(LABEL_ROLE),
        status: get("exitCode"),
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
