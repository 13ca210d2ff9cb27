//! What a load on a running topology came to, and how it is judged: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use super::latency::{excuse_machine, judge_measured};
use super::{CheckResult, Finding, Metrics, Wait, budget_check_id};
use crate::plan::Plan;
use crate::probe::Latencies;
use crate::probe::load::{LoadReport, OutcomeCounts};
use crate::topology::{Budget, Metric, format_duration};

/// What to measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Closed or open loop.
    pub pace: Pace,
    /// How long the measurement sends.
    pub time: Duration,
    /// How long it sends before, in the same way; zero for no warm-up.
    pub warm_up: Duration,
    /// Bytes of data in a packet.
    pub payload: usize,
    /// The home that the packets are for; without one the home that the probe dials.
    pub to: Option<String>,
    /// How many fresh circuits are dialled over, at least one, and how often the last of them is
    /// dialled over again.
    pub dials: u32,
}

/// When the next packet is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// When one of so many in flight is answered.
    Closed {
        /// How many, at least one.
        concurrency: usize,
    },
    /// At a fixed rate, whatever comes back.
    Open {
        /// Packets per second, above zero.
        rate: f64,
    },
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// The topology.
    pub topology: String,
    /// The run that `up` left.
    pub run: String,
    /// When the measurement began.
    pub started: OffsetDateTime,
    /// What was asked for.
    pub load: Load,
    /// The home whose daemon was dialled through.
    pub via: String,
    /// The home whose connector was dialled.
    pub entry: String,
    /// The home that the packets were for.
    pub to: String,
    /// How many connectors hand a packet on to the last one.
    pub hops: u32,
    /// Dials over fresh circuits and over one that was there, each with what followed, and the
    /// load's latencies as they are judged: corrected where there is something to correct by.
    pub metrics: Metrics,
    /// What the load found.
    pub report: LoadReport,
    /// Why the session ended before the load did.
    pub lost: Option<String>,
    /// Why dials failed, one each.
    pub failed_dials: Vec<String>,
    /// Whatever else a reader should know.
    pub notes: Vec<String>,
    /// Budgets of the topology that do not apply, each with its reason.
    pub not_judged: Vec<String>,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// How long what could run waited for this machine's processors while what these budgets are about was measured; none
    /// where that is not known.
    pub waits: BTreeMap<Metric, Wait>,
    /// What is not judged because this machine was too busy with other things, a line each.
    pub busy: Vec<String>,
    /// The judgement. Evidence holds no secret and no onion address.
    pub checks: Vec<CheckResult>,
}

impl Measurement {
    /// Nothing yet, of a load to a home of the plan.
    #[must_use]
    pub fn new(plan: &Plan, load: &Load, to: &str) -> Self {
        Self {
            topology: plan.topology.name.clone(),
            run: plan.run.to_string(),
            started: OffsetDateTime::now_utc(),
            load: load.clone(),
            via: plan.probe.via.clone(),
            entry: plan.probe.to.clone(),
            to: to.to_owned(),
            hops: plan.topology.hops(&plan.probe.to, to),
            metrics: Metrics::new(),
            report: LoadReport::default(),
            lost: None,
            failed_dials: Vec::new(),
            notes: Vec::new(),
            not_judged: Vec::new(),
            interrupted: false,
            waits: BTreeMap::new(),
            busy: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// What the load's latencies are called: those of the warm-up, and the others.
    #[must_use]
    pub fn of_load(&self) -> [Metric; 2] {
        if self.entry == self.to {
            [Metric::WarmUp, Metric::RoundTrip]
        } else {
            [Metric::FarWarmUp, Metric::FarRoundTrip]
        }
    }

    /// Notes how long what was measured waited for processors, where that is known.
    pub fn waited(&mut self, metrics: &[Metric], wait: Option<Wait>) {
        let waits = metrics.iter().filter_map(|metric| Some((*metric, wait?)));
        self.waits.extend(waits);
    }

    /// Takes what the load found, for the budgets too.
    pub fn take(&mut self, report: LoadReport) {
        for (metric, phase) in self
            .of_load()
            .into_iter()
            .zip([&report.warm_up, &report.measured])
        {
            self.metrics.insert(metric, phase.judged().clone());
        }
        self.interrupted = report.stopped;
        self.report = report;
    }

    /// Makes the checks, says which budgets say nothing about this load, and redacts every text.
    pub fn judge(&mut self, plan: &Plan) {
        for text in self.notes.iter_mut().chain(&mut self.failed_dials) {
            *text = plan.redact(text);
        }
        self.lost = self.lost.as_ref().map(|cause| plan.redact(cause));
        self.checks = vec![
            CheckResult::new(
                "probe.dials",
                "every dial reaches the onion service and is let in",
                dials_finding(self),
            ),
            CheckResult::new(
                "probe.session",
                "the probe's session lasts as long as the load",
                session_finding(self),
            ),
            CheckResult::new(
                "probe.fulfilled",
                "every packet of the measurement is fulfilled",
                fulfilled_finding(self),
            ),
        ];
        let (applying, others): (Vec<Budget>, Vec<Budget>) =
            (plan.topology.budgets.iter().cloned()).partition(|budget| applies(plan, self, budget));
        self.not_judged = others.iter().map(|budget| reason(self, budget)).collect();
        self.checks.extend(judge_measured(&self.metrics, &applying));
        self.busy = excuse_machine(&mut self.checks, &applying, &self.waits);
        for check in &mut self.checks {
            check.evidence = plan.redact(&check.evidence);
        }
    }
}

impl Load {
    /// What is sent, as a part of a sentence.
    #[must_use]
    pub fn describe(&self) -> String {
        let pace = match self.pace {
            Pace::Closed { concurrency } => format!("{concurrency} packets in flight"),
            Pace::Open { rate } => format!("{rate} packets a second"),
        };
        format!(
            "{pace} for {} after {} of warm-up",
            format_duration(self.time),
            format_duration(self.warm_up)
        )
    }
}

/// A budget for packets is one for the homes that the topology's own probe sends to.
fn applies(plan: &Plan, found: &Measurement, budget: &Budget) -> bool {
    match budget.metric {
        Metric::Ready
        | Metric::Publication
        | Metric::Peering
        | Metric::Delivery
        | Metric::Traffic
        | Metric::Recovery => false,
        Metric::Dial | Metric::Redial | Metric::BtpConnect | Metric::Authentication => true,
        Metric::RoundTrip | Metric::WarmUp => found.to == plan.probe.to,
        Metric::FarRoundTrip | Metric::FarWarmUp => {
            Some(&found.to) == plan.topology.probe.far.as_ref()
        }
    }
}

fn reason(found: &Measurement, budget: &Budget) -> String {
    let id = budget_check_id(budget);
    match budget.metric {
        Metric::Ready
        | Metric::Publication
        | Metric::Peering
        | Metric::Delivery
        | Metric::Traffic
        | Metric::Recovery => {
            format!("{id}: it is measured while a topology is brought up or judged")
        }
        _ => format!("{id}: the packets were for {}", found.to),
    }
}

fn dials_finding(found: &Measurement) -> Finding {
    let count = |metric| found.metrics.get(&metric).map_or(0, Latencies::count);
    let (fresh, entered) = (count(Metric::Dial), count(Metric::BtpConnect));
    let again = count(Metric::Redial);
    let wanted = u64::from(found.load.dials);
    let text = format!(
        "of {wanted} dials over fresh circuits {fresh} connected and {entered} were let in; of {wanted} over one that was there {again} connected"
    );
    match found.failed_dials.first() {
        Some(reason) => Finding::fail(format!("{text}; {reason}")),
        None if fresh == wanted && entered == wanted && again == wanted => Finding::pass(text),
        None => Finding::inconclusive(text),
    }
}

fn session_finding(found: &Measurement) -> Finding {
    let took = found.report.warm_up.took + found.report.measured.took;
    let shown = format_duration(took);
    match &found.lost {
        Some(cause) if took.is_zero() => Finding::fail(format!("there was none: {cause}")),
        Some(cause) => Finding::fail(format!("lost after {shown}: {cause}")),
        None if found.interrupted => Finding::inconclusive(format!("interrupted after {shown}")),
        None => Finding::pass(format!("open for the load's {shown}")),
    }
}

fn fulfilled_finding(found: &Measurement) -> Finding {
    let phase = &found.report.measured;
    let outcomes = &phase.outcomes;
    let text = format!("of {} sent {}", phase.sent, show_outcomes(outcomes));
    if outcomes.fulfilled + outcomes.unfinished < outcomes.total() {
        Finding::fail(text)
    } else if outcomes.fulfilled == 0 {
        Finding::inconclusive("no packet was answered")
    } else {
        Finding::pass(text)
    }
}

/// Every kind that occurred, with its count.
#[must_use]
pub fn show_outcomes(outcomes: &OutcomeCounts) -> String {
    let mut parts = vec![format!("{} fulfilled", outcomes.fulfilled)];
    for (code, count) in &outcomes.rejected {
        parts.push(format!("{count} rejected with {code}"));
    }
    for (count, kind) in [
        (outcomes.wrong_fulfillment, "with a wrong fulfillment"),
        (outcomes.btp_errors, "answered with a BTP ERROR"),
        (outcomes.nonsense, "answered with nonsense"),
        (outcomes.timed_out, "not answered in time"),
        (outcomes.lost, "lost with the session"),
        (outcomes.unfinished, "in flight when it was stopped"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {kind}"));
        }
    }
    parts.join(", ")
}
