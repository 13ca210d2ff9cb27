//! The one stream of what happened and when. Terminal, report and event file are readers of it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::evidence::{CheckResult, ContainerRole, Subject};

/// A milestone on the way to readiness, or another part of a run whose time is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The engine answers, what earlier runs left is removed, images are there.
    Prepare,
    /// Containers are reached, reach published ports, have this machine's clock, and are heard of.
    Instruments,
    /// Networks exist and authorities, relays and sidecars are started.
    Start,
    /// Every home's egress is locked down and it reaches every published address.
    #[serde(rename = "seal")]
    Lockdown,
    /// A home's daemon answers on its control port, and is watched.
    Daemon,
    /// Every authority holds every relay's descriptor.
    Descriptors,
    /// An authority has voted and computed what the votes come to.
    Vote,
    /// The authorities serve one complete consensus; of one authority: it does.
    Consensus,
    /// A relay is in a consensus, with its flags.
    Listed,
    /// A network that others run lets a home's daemon in.
    Preflight,
    /// A home's daemon is bootstrapped.
    Bootstrap,
    /// A home's onion service has its introduction circuits.
    Introduction,
    /// One HSDir has confirmed the descriptors of a home's onion service.
    Upload,
    /// A home's onion service descriptor is uploaded to every HSDir.
    Publication,
    /// A home's connector answers.
    Connector,
    /// A home's daemon has fetched another home's descriptor.
    Fetch,
    /// A home's daemon has met another home's onion service.
    Rendezvous,
    /// A peering's WebSocket is open.
    #[serde(rename = "websocket")]
    WebSocket,
    /// A peering's BTP authentication is accepted.
    Authentication,
    /// A peering's BTP session is up.
    Peering,
    /// A peering's first ILP answer is there.
    FirstAnswer,
    /// The nodes' links are shaped.
    #[serde(rename = "distances")]
    Shaping,
    /// The checks look at the running topology.
    Observe,
    /// Something is broken on purpose.
    Fault,
    /// Packets are fulfilled again after it.
    Recovery,
    /// Logs are saved.
    Collect,
    /// Everything is removed.
    TearDown,
}

impl Stage {
    /// The name in reports and on the terminal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Instruments => "instruments",
            Self::Start => "start",
            Self::Lockdown => "seal",
            Self::Daemon => "daemon",
            Self::Descriptors => "descriptors",
            Self::Vote => "vote",
            Self::Consensus => "consensus",
            Self::Listed => "listed",
            Self::Preflight => "preflight",
            Self::Bootstrap => "bootstrap",
            Self::Introduction => "introduction",
            Self::Upload => "upload",
            Self::Publication => "publication",
            Self::Connector => "connector",
            Self::Fetch => "fetch",
            Self::Rendezvous => "rendezvous",
            Self::WebSocket => "websocket",
            Self::Authentication => "authentication",
            Self::Peering => "peering",
            Self::FirstAnswer => "first-answer",
            Self::Shaping => "distances",
            Self::Observe => "observe",
            Self::Fault => "fault",
            Self::Recovery => "recovery",
            Self::Collect => "collect",
            Self::TearDown => "tear-down",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A private network that stood already when a run began, and that its homes join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "standingNetwork", deny_unknown_fields)]
pub struct StandingNetwork {
    /// The run that made it.
    #[schemars(length(min = 1))]
    pub run: String,
    /// How long before that run had begun, in milliseconds.
    pub age_ms: u64,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// A run begins.
    RunStarted {
        /// The run id.
        run: String,
        /// The topology's name.
        topology: String,
        /// The network that stood already and that its homes join; absent where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        network: Option<StandingNetwork>,
    },
    /// A stage begins.
    StageStarted {
        /// Which.
        stage: Stage,
        /// Of which node, home or peering; absent for the whole topology.
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<Subject>,
        /// How long it may take, in milliseconds; absent where nothing ends it but its own work.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit_ms: Option<u64>,
    },
    /// A stage is reached.
    StageReached {
        /// Which.
        stage: Stage,
        /// Of which node, home or peering.
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<Subject>,
        /// How long it took, in milliseconds.
        millis: u64,
        /// What showed that it is reached.
        evidence: String,
    },
    /// A stage was left without being reached.
    StageFailed {
        /// Which.
        stage: Stage,
        /// Of which node, home or peering.
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<Subject>,
        /// How long it was waited for, in milliseconds.
        millis: u64,
        /// Whether it was left because the user ended the run; absent otherwise.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        interrupted: bool,
        /// The last thing seen.
        evidence: String,
    },
    /// A stage was reached, as was learnt only later: its event comes after its end.
    StageSeen {
        /// Which.
        stage: Stage,
        /// Of which node, home or peering.
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<Subject>,
        /// When it began, in milliseconds since the stream began.
        started_ms: u64,
        /// When it was reached, in milliseconds since the stream began.
        ended_ms: u64,
        /// What showed that it was reached.
        evidence: String,
    },
    /// A container ended while it was needed.
    NodeDied {
        /// What it was in the topology.
        role: ContainerRole,
        /// Its exit status.
        status: String,
    },
    /// A check was judged.
    CheckJudged(CheckResult),
    /// Something a reader should know that belongs to no stage.
    Note {
        /// The text.
        text: String,
    },
}

/// One event with its times.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Milliseconds since the recorder began, on a monotonic clock.
    pub at_ms: u64,
    /// Wall-clock time, RFC 3339 in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// A reader of the stream. One that fails is not asked again, and stops nothing: what it missed is in the stream.
pub type Sink = Box<dyn FnMut(&Event) -> std::io::Result<()> + Send>;

struct Inner {
    started: Instant,
    started_at: OffsetDateTime,
    sinks: Vec<Sink>,
    events: Vec<Event>,
    failure: Option<std::io::Error>,
    interrupted: Option<Instant>,
}

/// Takes events in and hands them to its sinks. Clones share the stream.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Mutex<Inner>>,
}

impl Recorder {
    /// A stream that begins now.
    #[must_use]
    pub fn new(sinks: Vec<Sink>) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                started: Instant::now(),
                started_at: OffsetDateTime::now_utc(),
                sinks,
                events: Vec::new(),
                failure: None,
                interrupted: None,
            })),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A sink that panicked has printed its panic; the stream itself is still whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an event now.
    pub fn record(&self, kind: EventKind) {
        let mut inner = self.lock();
        let event = Event {
            at_ms: millis(inner.started.elapsed()),
            time: OffsetDateTime::now_utc(),
            kind,
        };
        let Inner { sinks, failure, .. } = &mut *inner;
        sinks.retain_mut(|sink| match sink(&event) {
            Ok(()) => true,
            Err(error) => {
                failure.get_or_insert(error);
                false
            }
        });
        inner.events.push(event);
    }

    /// Records a text that belongs to no stage.
    pub fn note(&self, text: impl Into<String>) {
        self.record(EventKind::Note { text: text.into() });
    }

    /// Notes that the user ends the run: what is under way and is left from now on was interrupted.
    pub fn interrupted(&self) {
        self.lock().interrupted = Some(Instant::now());
    }

    fn has_interrupted(&self, begun: Instant) -> bool {
        self.lock().interrupted.is_some_and(|at| begun <= at)
    }

    /// Why a sink could not write, once.
    #[must_use]
    pub fn take_failure(&self) -> Option<std::io::Error> {
        self.lock().failure.take()
    }

    /// Everything recorded so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// Time since the stream began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.lock().started.elapsed()
    }

    /// Records a stage that was reached between two instants in the past.
    pub fn seen(
        &self,
        stage: Stage,
        node: Option<Subject>,
        (start, end): (Instant, Instant),
        evidence: impl Into<String>,
    ) {
        let started = self.lock().started;
        self.record(EventKind::StageSeen {
            stage,
            node,
            started_ms: millis(start.saturating_duration_since(started)),
            ended_ms: millis(end.saturating_duration_since(started)),
            evidence: evidence.into(),
        });
    }

    /// The instant of a time of this machine's clock, in milliseconds since 1970, as containers'
    /// logs carry it. `None` for a time before the stream began.
    #[must_use]
    pub fn instant_of(&self, unix_ms: i64) -> Option<Instant> {
        let inner = self.lock();
        let began = inner.started_at.unix_timestamp_nanos() / 1_000_000;
        let after = u64::try_from(i128::from(unix_ms) - began).ok()?;
        inner.started.checked_add(Duration::from_millis(after))
    }

    /// Begins a stage. It is reached by [`StageGuard::reached`]; dropped before that, it is
    /// recorded as failed with the last evidence, whatever the reason.
    pub fn stage(&self, stage: Stage, node: impl Into<Option<Subject>>) -> StageGuard {
        self.begin(stage, node.into(), None)
    }

    /// Begins a stage that may take no longer than that. Whoever waits for it goes by [`StageGuard::limit`].
    pub fn stage_within(
        &self,
        stage: Stage,
        node: impl Into<Option<Subject>>,
        limit: Duration,
    ) -> StageGuard {
        self.begin(stage, node.into(), Some(limit))
    }

    fn begin(&self, stage: Stage, node: Option<Subject>, limit: Option<Duration>) -> StageGuard {
        self.record(EventKind::StageStarted {
            stage,
            node: node.clone(),
            limit_ms: limit.map(millis),
        });
        StageGuard {
            recorder: self.clone(),
            stage,
            node,
            limit,
            started: Instant::now(),
            last: Mutex::new("nothing yet".to_owned()),
            reached: false,
        }
    }
}

/// A stage under way.
#[must_use = "a stage that is dropped has failed"]
pub struct StageGuard {
    recorder: Recorder,
    stage: Stage,
    node: Option<Subject>,
    limit: Option<Duration>,
    started: Instant,
    last: Mutex<String>,
    reached: bool,
}

impl StageGuard {
    /// Notes the latest evidence, which a failure will name.
    pub fn saw(&self, evidence: impl Into<String>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = evidence.into();
    }

    /// The latest evidence.
    #[must_use]
    pub fn last_seen(&self) -> String {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The stage.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The node, home or peering.
    #[must_use]
    pub fn node(&self) -> Option<&Subject> {
        self.node.as_ref()
    }

    /// How long it may take; `None` where nothing ends it but its own work.
    #[must_use]
    pub const fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// How long it has been waited for.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// Ends the stage well.
    pub fn reached(mut self, evidence: impl Into<String>) {
        self.reached = true;
        self.recorder.record(EventKind::StageReached {
            stage: self.stage,
            node: self.node.take(),
            millis: millis(self.started.elapsed()),
            evidence: evidence.into(),
        });
    }
}

impl Drop for StageGuard {
    fn drop(&mut self) {
        if !self.reached {
            self.recorder.record(EventKind::StageFailed {
                stage: self.stage,
                node: self.node.take(),
                millis: millis(self.started.elapsed()),
                interrupted: self.recorder.has_interrupted(self.started),
                evidence: self.last_seen(),
            });
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
