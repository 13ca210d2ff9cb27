//! Stages that are learnt only from what daemons, authorities and connectors tell: gathered while
//! the run goes on, and recorded with their own times, whether the run went well or not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::connectors::{LogEvent, SessionEvent};
use crate::events::{Recorder, Stage};
use crate::evidence::Subject;
use crate::onion::consensus::Consensus;
use crate::onion::directory::Directory;
use crate::onion::monitor::{History, Monitor, Side, Timeline, Transfer};
use crate::plan::{HomePlan, Plan};
use crate::topology::format_duration;

/// What one authority was seen doing.
#[derive(Debug, Clone, Default)]
struct Ballot {
    told: Option<Instant>,
    voted: Option<Instant>,
    computed: Option<Instant>,
    serves: Option<(Instant, String)>,
}

#[derive(Default)]
struct Inner {
    homes: Vec<(String, History)>,
    ballots: BTreeMap<String, Ballot>,
    listed: BTreeMap<String, (Instant, String)>,
    known: BTreeSet<(Stage, Subject)>,
    found: Vec<Found>,
}

/// A stage that was reached and is not recorded yet.
struct Found {
    stage: Stage,
    node: Subject,
    times: (Instant, Instant),
    evidence: String,
}

/// What has been seen of the stages that nobody waits for.
#[derive(Default)]
pub(super) struct Milestones(Mutex<Inner>);

impl Milestones {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Each change is one assignment; what is there after a panic is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a home's daemon in. Its timeline outlives the monitor.
    pub(super) fn follow(&self, home: &str, monitor: &Monitor) {
        self.lock().homes.push((home.to_owned(), monitor.history()));
    }

    /// The timelines of all homes' daemons.
    pub(super) fn timelines(&self) -> Vec<(String, Timeline)> {
        let inner = self.lock();
        let homes = inner.homes.iter();
        homes
            .map(|(home, history)| (home.clone(), history.timeline()))
            .collect()
    }

    /// The authorities have been told to vote. Told again, they begin again.
    pub(super) fn told_to_vote(&self, authorities: &[Directory]) {
        let mut inner = self.lock();
        for authority in authorities {
            let ballot = Ballot {
                told: Some(Instant::now()),
                ..Ballot::default()
            };
            let name = authority.nickname().to_owned();
            inner.ballots.insert(name, ballot);
        }
    }

    /// Looks whether an authority has voted, then whether it has computed what the votes come to.
    /// An authority that does not answer has not.
    pub(super) async fn look(&self, authority: &Directory) {
        let ballot = self.lock().ballots.get(authority.nickname()).cloned();
        let Some(ballot) = ballot.filter(|ballot| ballot.computed.is_none()) else {
            return;
        };
        let document = match ballot.voted {
            None => "/tor/status-vote/next/authority",
            Some(_) => "/tor/status-vote/next/consensus",
        };
        if !matches!(authority.get(document).await, Ok(Some(_))) {
            return;
        }
        if let Some(ballot) = self.lock().ballots.get_mut(authority.nickname()) {
            let seen = match ballot.voted {
                None => &mut ballot.voted,
                Some(_) => &mut ballot.computed,
            };
            seen.get_or_insert_with(Instant::now);
        }
    }

    /// An authority serves a consensus that has been looked through and is complete.
    pub(super) fn served(&self, authority: &str, consensus: &Consensus) {
        let now = Instant::now();
        let mut inner = self.lock();
        for entry in &consensus.entries {
            let flags: Vec<&str> = entry.flags.iter().map(String::as_str).collect();
            inner.listed.entry(entry.nickname.clone()).or_insert((
                now,
                format!("listed by {authority} as {}", flags.join(", ")),
            ));
        }
        let evidence = format!(
            "{} relays with all flags and equal weights, {} signatures, valid after {}",
            consensus.entries.len(),
            consensus.signatures,
            consensus.valid_after
        );
        let ballot = inner.ballots.entry(authority.to_owned()).or_default();
        ballot.serves.get_or_insert((now, evidence));
    }

    /// Records what was found since the last time, in the order of its ends.
    pub(super) fn record(&self, recorder: &Recorder) {
        let mut found = std::mem::take(&mut self.lock().found);
        found.sort_by_key(|found| found.times.1);
        for found in found {
            recorder.seen(found.stage, Some(found.node), found.times, found.evidence);
        }
    }

    /// Finds what authorities and daemons have shown so far.
    pub(super) fn find(&self, plan: &Plan) {
        let (ballots, listed) = {
            let inner = self.lock();
            (inner.ballots.clone(), inner.listed.clone())
        };
        let mut told = None;
        for (name, ballot) in &ballots {
            let Some(start) = ballot.told else { continue };
            told = told.max(Some(start));
            let computed = ballot.computed.map(|at| (at, "vote and its result seen"));
            if let Some((end, evidence)) = computed.or(ballot.voted.map(|at| (at, "vote seen"))) {
                self.once(
                    Stage::Vote,
                    &Subject::Node(name.clone()),
                    (start, end),
                    evidence,
                );
            }
            if let Some((end, evidence)) = &ballot.serves {
                self.once(
                    Stage::Consensus,
                    &Subject::Node(name.clone()),
                    (start, *end),
                    evidence,
                );
            }
        }
        for (name, (end, evidence)) in &listed {
            if let Some(start) = told {
                self.once(
                    Stage::Listed,
                    &Subject::Node(name.clone()),
                    (start, *end),
                    evidence,
                );
            }
        }
        for (home, timeline) in self.timelines() {
            self.find_service(&home, &timeline);
            for far in plan.homes.iter().filter(|far| far.id != home) {
                self.find_client(&home, &timeline, far);
            }
        }
    }

    fn find_service(&self, home: &str, timeline: &Timeline) {
        // The daemon uploads its descriptor when every introduction circuit that goes into it is
        // established.
        if let Some(first) = timeline.uploads.iter().map(|upload| upload.begun).min() {
            let ready: Vec<(Instant, Instant)> = timeline
                .introductions
                .iter()
                .filter_map(|one| Some((one.begun, one.established?)))
                .filter(|(_, established)| *established <= first)
                .collect();
            let start = ready.iter().map(|(begun, _)| *begun).min();
            let end = ready.iter().map(|(_, established)| *established).max();
            if let (Some(start), Some(end)) = (start, end) {
                let evidence = format!("{} introduction circuits established", ready.len());
                self.once(
                    Stage::Introduction,
                    &Subject::Home(home.to_owned()),
                    (start, end),
                    &evidence,
                );
            }
        }
        let mut hsdirs: BTreeMap<&str, Vec<&Transfer>> = BTreeMap::new();
        for upload in &timeline.uploads {
            hsdirs.entry(&upload.hsdir).or_default().push(upload);
        }
        for (hsdir, uploads) in hsdirs {
            let confirmed = |upload: &&&Transfer| matches!(upload.ended, Some((_, Ok(()))));
            let ends = uploads.iter().filter(confirmed);
            let end = ends
                .filter_map(|upload| Some(upload.ended.as_ref()?.0))
                .max();
            let start = uploads.iter().map(|upload| upload.begun).min();
            let all = uploads.iter().all(|upload| confirmed(&upload));
            if let (true, Some(start), Some(end)) = (all, start, end) {
                let name = Subject::Upload {
                    home: home.to_owned(),
                    hsdir: hsdir.to_owned(),
                };
                let evidence = format!("{} descriptors confirmed", uploads.len());
                self.once(Stage::Upload, &name, (start, end), &evidence);
            }
        }
    }

    fn find_client(&self, home: &str, timeline: &Timeline, far: &HomePlan) {
        let Some(onion) = far.onion() else { return };
        let dialled = onion.address.expose_label();
        let fetches: Vec<&Transfer> = timeline
            .fetches
            .iter()
            .filter(|fetch| fetch.label.expose() == dialled)
            .collect();
        let received = fetches.iter().find_map(|fetch| match &fetch.ended {
            Some((at, Ok(()))) => Some((*at, fetch.hsdir.as_str())),
            _ => None,
        });
        if let (Some(first), Some((end, hsdir))) = (fetches.first(), received) {
            let name = Subject::Descriptor {
                by: home.to_owned(),
                of: far.id.clone(),
            };
            let evidence = format!("received from {hsdir}");
            let times = (first.begun, end);
            self.once(Stage::Fetch, &name, times, &evidence);
        }
        let met = timeline
            .rendezvous
            .iter()
            .filter(|one| one.side == Side::Client)
            .filter(|one| {
                one.label
                    .as_ref()
                    .is_some_and(|label| label.expose() == dialled)
            })
            .find_map(|one| Some((one.begun, one.joined?, one.circuit)));
        if let Some((start, end, circuit)) = met {
            let name = Subject::peering(home, &far.id);
            let evidence = format!("circuit {circuit} joined with the service");
            self.once(Stage::Rendezvous, &name, (start, end), &evidence);
        }
    }

    /// Finds what the dialling connectors of these peerings, each (dialling home, dialled home),
    /// have logged. `logged` is what the connector of a home tells in its log; `None` without one.
    pub(super) fn find_in_logs<'a>(
        &self,
        recorder: &Recorder,
        peerings: impl Iterator<Item = (&'a str, &'a str)>,
        logged: impl Fn(&str) -> Option<Vec<LogEvent>>,
    ) {
        for (from, to) in peerings {
            let Some(events) = logged(from) else {
                continue;
            };
            let name = Subject::peering(from, to);
            for (stage, (start, end), evidence) in session(&events, to) {
                let times = (recorder.instant_of(start), recorder.instant_of(end));
                if let (Some(start), Some(end)) = times {
                    self.once(stage, &name, (start, end), &evidence);
                }
            }
        }
    }

    fn once(&self, stage: Stage, node: &Subject, times: (Instant, Instant), evidence: &str) {
        let mut inner = self.lock();
        if inner.known.insert((stage, node.clone())) {
            let (node, evidence) = (node.clone(), evidence.to_owned());
            inner.found.push(Found {
                stage,
                node,
                times,
                evidence,
            });
        }
    }
}

/// How a home's daemon came to be bootstrapped, step by step.
pub(super) fn bootstrap_evidence(timeline: &Timeline) -> String {
    let Some(first) = timeline.bootstrap.first() else {
        return "100 % (done)".to_owned();
    };
    let steps: Vec<String> = timeline
        .bootstrap
        .iter()
        .map(|step| format!("{} +{}", step.tag, format_duration(step.at - first.at)))
        .collect();
    format!("100 % (done): {}", steps.join(", "))
}

/// A stage with its times in milliseconds since 1970, and its evidence.
type Logged = (Stage, (i64, i64), String);

/// What a connector's log tells of its session with `peer`: connection, authentication, first
/// answer. Only the first of each counts.
fn session(events: &[LogEvent], peer: &str) -> Vec<Logged> {
    let mut first: BTreeMap<SessionEvent, i64> = BTreeMap::new();
    let mut attempts = 0;
    for event in events.iter().filter(|event| event.peer == peer) {
        let Some(time) = event.at_ms else {
            continue;
        };
        if event.what == SessionEvent::Dialling && !first.contains_key(&SessionEvent::Connected) {
            attempts += 1;
        }
        first.entry(event.what).or_insert(time);
    }
    let time = |event: SessionEvent| first.get(&event).copied();
    let milestone = |stage, start: Option<i64>, end: Option<i64>, evidence: String| {
        Some((stage, (start?, end?), evidence)).filter(|(_, (start, end), _)| start <= end)
    };
    [
        milestone(
            Stage::WebSocket,
            time(SessionEvent::Dialling),
            time(SessionEvent::Connected),
            format!("the connector logs its connection, attempt {attempts}"),
        ),
        milestone(
            Stage::Authentication,
            time(SessionEvent::Authenticating),
            time(SessionEvent::LetIn),
            "the connector logs that it was let in".to_owned(),
        ),
        milestone(
            Stage::FirstAnswer,
            time(SessionEvent::Forwarded),
            time(SessionEvent::Answered),
            "the connector logs the first answer to a forwarded packet".to_owned(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log of a home that dials home-b, and has dialled home-c before that.
    fn log(base_ms: i64) -> Vec<LogEvent> {
        use SessionEvent::*;
        let event = |at_ms: i64, what, peer: &str| LogEvent {
            at_ms: Some(base_ms + at_ms),
            peer: peer.to_owned(),
            what,
        };
        vec![
            event(100, Dialling, "home-b"),
            event(120, Dialling, "home-b"),
            event(300, Connected, "home-b"),
            event(301, Authenticating, "home-b"),
            event(305, LetIn, "home-b"),
            event(306, Connected, "home-c"),
            event(400, Forwarded, "home-b"),
            event(420, Answered, "home-b"),
            event(500, Dialling, "home-b"),
        ]
    }

    #[test]
    fn a_session_is_read_from_its_log() {
        let seen: Vec<_> = session(&log(0), "home-b")
            .into_iter()
            .map(|(stage, times, _)| (stage, times))
            .collect();
        assert_eq!(
            seen,
            [
                (Stage::WebSocket, (100, 300)),
                (Stage::Authentication, (301, 305)),
                (Stage::FirstAnswer, (400, 420)),
            ]
        );
        assert!(session(&log(0), "home-b")[0].2.ends_with("attempt 2"));
    }

    #[test]
    fn what_was_not_logged_is_not_seen() {
        assert!(session(&log(0), "home-c").is_empty());
        assert!(session(&[], "home-b").is_empty());
        let mut timeless = log(0);
        timeless.iter_mut().for_each(|event| event.at_ms = None);
        assert!(session(&timeless, "home-b").is_empty());
    }

    #[test]
    fn a_stage_is_recorded_once() {
        let recorder = Recorder::new(Vec::new());
        let milestones = Milestones::default();
        let now = recorder.instant_of(0);
        assert_eq!(now, None);
        let began = time::OffsetDateTime::now_utc().unix_timestamp() * 1000 + 2000;
        let logged = |home: &str| (home == "home-a").then(|| log(began));
        for _ in 0..2 {
            milestones.find_in_logs(&recorder, [("home-a", "home-b")].into_iter(), logged);
            milestones.record(&recorder);
        }
        assert_eq!(recorder.events().len(), 3);
    }
}
