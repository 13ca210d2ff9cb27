//! From a run's outcome to its report.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use time::format_description::well_known::Rfc3339;

use super::faults::faults;
use super::forms::FORMS;
use super::json::word;
use super::model::{
    ArtefactsView, BudgetView, CheckView, DeathView, DiagnosisView, ErrorKind, ErrorView, LogTail,
    Memory, MetricView, NoteView, Report, ReportKind, VERSION,
};
use super::plain::plain;
use super::soak::SoakReport;
use super::stages::stage_times;
use super::topology::TopologyView;
use super::{metric, words};
use crate::causes::with_causes;
use crate::checks::{FaultsView, Verdict, budget_check_id};
use crate::events::EventKind;
use crate::evidence::ContainerRole;
use crate::run::{Outcome, RunError};
use crate::topology::Metric;

/// Logs whose ends are shown after a failure, at most.
const LOGS_SHOWN: usize = 4;

impl Report {
    /// The report of a run that the command ends with `exit_code`.
    ///
    /// # Panics
    ///
    /// Never: what was serialized is read back with the same types.
    #[must_use]
    pub fn new(outcome: &Outcome, exit_code: u8) -> Self {
        let report = gather(outcome, exit_code);
        // As a whole and not text by text: a field that is added cannot be forgotten.
        let mut value = serde_json::to_value(&report).expect("strings, numbers and lists of those");
        each_text(&mut value, &|text| plain(&outcome.plan.redact(text)));
        serde_json::from_value(value).expect("read back with the types it was written with")
    }
}

fn gather(outcome: &Outcome, exit_code: u8) -> Report {
    let topology = &outcome.plan.topology;
    let time = |event: Option<&crate::events::Event>| event?.time.format(&Rfc3339).ok();
    let checks: Vec<CheckView> = checks(outcome);
    let error = outcome.error.as_ref().map(|error| ErrorView {
        kind: word(&kind(error)),
        message: with_causes(error).to_string(),
    });
    let verdict = outcome.verdict();
    Report {
        kind: ReportKind::Run,
        version: VERSION,
        harness: env!("CARGO_PKG_VERSION").to_owned(),
        run: outcome.plan.run.to_string(),
        topology: TopologyView::of(topology),
        standing_network: outcome.events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { network, .. } => network.clone(),
            _ => None,
        }),
        verdict,
        headline: words::headline(verdict, error.as_ref(), &checks),
        exit_code,
        error,
        diagnosis: outcome.diagnosis.as_ref().map(|found| DiagnosisView {
            cause: found.cause.name().to_owned(),
            remedy: found.remedy.to_owned(),
            at_fault: outcome.at_fault.map(|fault| fault.name().to_owned()),
            evidence: found.evidence.clone(),
        }),
        started: time(outcome.events.first()),
        finished: time(outcome.events.last()),
        duration_ms: millis(outcome.duration),
        clean_up_ms: outcome.clean_up.map(millis),
        checks,
        stages: stage_times(&outcome.events),
        metrics: outcome
            .metrics
            .iter()
            .map(|(metric, latencies)| {
                let recovery = (*metric == Metric::Recovery).then_some(outcome.faults.as_ref());
                let of_faults = recovery_budgets(recovery.flatten());
                let budgets = topology
                    .budgets
                    .iter()
                    .filter(|budget| budget.metric == *metric)
                    .map(|budget| BudgetView {
                        check: budget_check_id(budget),
                        percentile: budget.percentile,
                        at_most_us: metric::micros(budget.at_most),
                        samples: budget.samples,
                        measured_us: metric::micros(latencies.percentile(budget.percentile)),
                    })
                    .chain(of_faults)
                    .collect();
                let name = metric.name().to_owned();
                (name, MetricView::of(latencies, budgets))
            })
            .collect(),
        faults: faults(outcome.faults.as_ref()),
        soak: soak(outcome),
        deaths: deaths(outcome),
        notes: notes(outcome),
        logs: logs(outcome),
        memory: Memory {
            harness_peak_bytes: peak_memory_bytes(),
            containers_bytes: outcome.containers_memory,
        },
        artefacts: ArtefactsView {
            folder: outcome.artefacts.display().to_string(),
            files: files(&outcome.artefacts),
        },
    }
}

/// How long recovery may take, as budgets of its metric: one for each time that is given.
fn recovery_budgets(view: Option<&FaultsView>) -> Vec<BudgetView> {
    let mut slowest: BTreeMap<Duration, Duration> = BTreeMap::new();
    for fault in view.into_iter().flat_map(|view| &view.faults) {
        let times = fault.concerned.iter().filter_map(|one| one.took);
        if let (Some(within), Some(took)) = (fault.within, times.max()) {
            let known = slowest.entry(within).or_default();
            *known = took.max(*known);
        }
    }
    let budgets = slowest.into_iter().map(|(within, took)| BudgetView {
        check: "faults.recovered".to_owned(),
        percentile: 100.0,
        at_most_us: metric::micros(within),
        samples: 1,
        measured_us: metric::micros(took),
    });
    budgets.collect()
}

fn soak(outcome: &Outcome) -> Option<SoakReport> {
    let view = outcome.faults.as_ref()?;
    let soak = outcome.plan.topology.soak.as_ref()?;
    Some(SoakReport::of(soak, view, view.soak.as_ref()?))
}

/// The checks, each with the time at which the stream has it judged.
fn checks(outcome: &Outcome) -> Vec<CheckView> {
    let judged = |id: &str| {
        outcome.events.iter().find_map(|event| match &event.kind {
            EventKind::CheckJudged(check) if check.id == id => Some(event.at_ms),
            _ => None,
        })
    };
    outcome
        .checks
        .iter()
        .map(|check| CheckView {
            judged_ms: judged(&check.id),
            ..CheckView::of(check)
        })
        .collect()
}

fn deaths(outcome: &Outcome) -> Vec<DeathView> {
    let deaths = outcome.events.iter().filter_map(|event| match &event.kind {
        EventKind::NodeDied { role, status } => Some(DeathView {
            at_ms: event.at_ms,
            role: role.to_string(),
            status: status.clone(),
        }),
        _ => None,
    });
    deaths.collect()
}

fn notes(outcome: &Outcome) -> Vec<NoteView> {
    let notes = outcome.events.iter().filter_map(|event| match &event.kind {
        EventKind::Note { text } => Some(NoteView {
            at_ms: event.at_ms,
            text: text.clone(),
        }),
        _ => None,
    });
    notes.collect()
}

/// The ends of the logs that matter: of the container that died, of the node whose stage failed,
/// or of the connectors. None for a run that passed.
fn logs(outcome: &Outcome) -> Vec<LogTail> {
    if outcome.verdict() == Verdict::Pass {
        return Vec::new();
    }
    let died = match &outcome.error {
        Some(RunError::NodeDied(death)) => Some(ContainerRole::from(&*death.role)),
        _ => None,
    };
    let subject = match &outcome.error {
        Some(RunError::Stage(failure)) => failure.node.as_ref(),
        _ => None,
    };
    let matters = |role: &ContainerRole| match (&died, subject) {
        (Some(died), _) => role == died,
        (None, Some(subject)) => subject.names().contains(&role.owner()),
        (None, None) => role.is_connector(),
    };
    outcome
        .logs
        .iter()
        .filter(|log| matters(&log.role))
        // That a container died without a word is worth knowing; of others it is not.
        .filter(|log| !log.tail.is_empty() || died.as_ref() == Some(&log.role))
        .take(LOGS_SHOWN)
        .map(|log| LogTail {
            role: log.role.to_string(),
            tail: log.tail.clone(),
        })
        .collect()
}

/// An error's kind.
fn kind(error: &RunError) -> ErrorKind {
    match error {
        RunError::Engine(_) => ErrorKind::Engine,
        RunError::Plan(_) => ErrorKind::Plan,
        RunError::Keys(_) => ErrorKind::Keys,
        RunError::Artefacts(_) => ErrorKind::Artefacts,
        RunError::State(_) => ErrorKind::State,
        RunError::Stage(_) => ErrorKind::Stage,
        RunError::NodeDied(_) => ErrorKind::NodeDied,
        RunError::Interrupted => ErrorKind::Interrupted,
        RunError::AlreadyUp { .. } => ErrorKind::AlreadyUp,
        RunError::BeingStarted { .. } => ErrorKind::BeingStarted,
        RunError::NoPort(_) => ErrorKind::NoPort,
        RunError::OutOfReach { .. } => ErrorKind::OutOfReach,
        RunError::NotUp { .. } => ErrorKind::NotUp,
        RunError::NotInFull { .. } => ErrorKind::NotInFull,
        RunError::Preflight(_) => ErrorKind::Preflight,
        RunError::InvalidRequest(_) => ErrorKind::Unfit,
        RunError::OtherFamily { .. } => ErrorKind::OtherFamily,
    }
}

/// Every file below the folder, and the reports that are about to be written into it. A folder that
/// cannot be listed takes no reports either, which is an error where they are written.
fn files(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> = FORMS.iter().map(|form| form.file.to_owned()).collect();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => {
                    let name = path.strip_prefix(folder).unwrap_or(&path);
                    files.push(name.display().to_string());
                }
                _ => {}
            }
        }
    }
    files.sort();
    files.dedup();
    files
}

/// Applies `redactor` to every text of a value.
/// Has every text of a document pass through a function.
pub(super) fn each_text(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| each_text(field, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The most memory that this process has had resident, from the kernel (`VmHWM`); `None` where it does
/// not tell, and then the report has no such figure.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
