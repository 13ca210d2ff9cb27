//! What `probe` measured, for people and for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, Table};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::constraints::{exit_codes, time};
use super::json::json_text;
use super::look::{Look, TABLE_WIDTH};
use super::model::{CheckView, DiagnosisView, MetricView, ReportKind, VERSION};
use super::words::{show_ms, show_us};
use crate::checks::{Measurement, Pace, Verdict, show_outcomes, verdict};
use crate::diagnosis::Cause;
use crate::probe::Latencies;
use crate::probe::load::{OutcomeCounts, Phase};
use crate::run::AtFault;

use crate::topology::Metric;

/// What comes before a load, and what tables call it.
const CONNECTING: [(Metric, &str); 4] = [
    (Metric::Dial, "dial, fresh circuit"),
    (Metric::Redial, "dial, circuit that was there"),
    (Metric::BtpConnect, "dial, upgrade, authentication"),
    (Metric::Authentication, "authentication"),
];
/// The names of these.
fn named_by_connecting(schema: &mut Schema) {
    let names = CONNECTING.map(|(metric, _)| metric.name());
    schema.insert("propertyNames".to_owned(), json!({ "enum": names }));
}

/// What a closed loop says in place of corrected latencies.
const NO_CORRECTION: &str = "a closed loop sends when there is room and has no intended moment to correct by; what a stall kept from being sent is not in its figures, and --rate measures that";
/// What an open loop says of its two.
const CORRECTION: &str = "raw counts from when a packet was sent, corrected from when it was meant to be sent, with the whole time limit for one that was not answered; budgets are held against corrected";

/// What `probe` measured of a topology that was left running. Keys are always in the same order.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "probe", deny_unknown_fields)]
pub struct ProbeReport {
    /// What the report is about.
    #[schemars(with = "String", extend("const" = "probe"))]
    pub kind: ReportKind,
    /// Version of this shape. It changes when a field is removed or changes its meaning.
    #[schemars(extend("const" = VERSION))]
    pub version: u32,
    /// The harness's version.
    #[schemars(length(min = 1))]
    pub harness: String,
    /// The topology's name.
    pub topology: String,
    /// The run that `up` left.
    pub run: String,
    /// When the measurement began, RFC 3339 in UTC.
    #[schemars(required, transform = time)]
    pub started: Option<String>,
    /// The worst of the checks.
    pub verdict: Verdict,
    /// The command's exit code.
    #[schemars(transform = exit_codes)]
    pub exit_code: u8,
    /// Whether the user stopped it: figures are of what was measured until then.
    pub interrupted: bool,
    /// Why the session ended before the load did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// Why there is no verdict on what was measured: this machine was too busy with other things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<DiagnosisView>,
    /// What was asked for.
    pub load: LoadView,
    /// Dials and what followed, by metric: `dial` over fresh circuits, `redial` over one that was
    /// there.
    #[schemars(transform = named_by_connecting)]
    pub connecting: BTreeMap<String, Figures>,
    /// The packets before the measurement, which nothing is judged by unless a budget asks for it.
    pub warm_up: PhaseView,
    /// The measurement.
    pub measured: PhaseView,
    /// What raw and corrected are.
    pub correction: String,
    /// The judgement.
    pub checks: Vec<CheckView>,
    /// Budgets that do not apply, each with its reason.
    pub not_judged: Vec<String>,
    /// Why dials failed.
    pub failed_dials: Vec<String>,
    /// Whatever else a reader should know.
    pub notes: Vec<String>,
}

/// Whether a load waits for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "loop")]
pub enum Loop {
    /// It keeps a number of packets in flight.
    Closed,
    /// It sends at a rate, whatever comes back.
    Open,
}

/// A load, as asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "load", deny_unknown_fields)]
pub struct LoadView {
    /// Closed or open loop.
    #[serde(rename = "loop")]
    pub kind: Loop,
    /// Packets in flight of a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<usize>,
    /// Packets per second of an open loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub rate: Option<f64>,
    /// Length of the measurement.
    pub for_ms: u64,
    /// Length of the warm-up.
    pub warm_up_ms: u64,
    /// Bytes of data in a packet.
    pub payload_bytes: usize,
    /// Dials over fresh circuits, and as many over one that is there.
    pub dials: u32,
    /// The home whose daemon is dialled through.
    pub via: String,
    /// The home whose connector is dialled.
    pub entry: String,
    /// The home that the packets are for.
    pub to: String,
    /// Connectors that hand a packet on to the last one.
    pub hops: u32,
}

/// One stretch of a load.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "phase", deny_unknown_fields)]
pub struct PhaseView {
    /// Packets sent.
    pub sent: u64,
    /// From its first packet to its last answer.
    pub took_ms: u64,
    /// Answered packets per second.
    #[schemars(range(min = 0))]
    pub rate: f64,
    /// What became of the packets.
    pub outcomes: OutcomeCounts,
    /// Latencies from when packets were really sent.
    pub raw: Figures,
    /// Latencies from when they were meant to be sent; an open loop has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Figures>,
}

/// A distribution, with one figure more than other reports have.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "figures", deny_unknown_fields)]
pub struct Figures {
    /// What other reports have. Budgets are among the checks.
    #[serde(flatten)]
    pub metric: MetricView,
    /// 99.9th percentile, in microseconds.
    #[schemars(range(min = 0))]
    pub p999_us: f64,
}

impl Figures {
    fn of(latencies: &Latencies) -> Self {
        Self {
            metric: MetricView::of(latencies, Vec::new()),
            p999_us: latencies.summary().p999_us,
        }
    }

    /// Count and percentiles as a table's cells.
    fn cells(&self) -> Vec<String> {
        let metric = &self.metric;
        let mut cells = vec![metric.count.to_string()];
        let figures = [
            metric.min_us,
            metric.p50_us,
            metric.p90_us,
            metric.p95_us,
            metric.p99_us,
            self.p999_us,
            metric.max_us,
        ];
        cells.extend(figures.map(|micros| match metric.count {
            0 => "-".to_owned(),
            _ => show_us(micros),
        }));
        cells
    }
}

impl PhaseView {
    fn of(phase: &Phase) -> Self {
        Self {
            sent: phase.sent,
            took_ms: millis(phase.took),
            rate: phase.rate(),
            outcomes: phase.outcomes.clone(),
            raw: Figures::of(&phase.raw),
            corrected: phase.corrected.as_ref().map(Figures::of),
        }
    }

    fn line(&self) -> String {
        format!(
            "{} sent in {}, {} ({:.1} answered a second)",
            self.sent,
            show_ms(self.took_ms),
            show_outcomes(&self.outcomes),
            self.rate
        )
    }
}

/// That this machine was too busy, as a cause.
fn busy(found: &Measurement) -> DiagnosisView {
    let nothing_else = verdict(&found.checks) == Verdict::Inconclusive;
    DiagnosisView {
        cause: Cause::MachineBusy.name().to_owned(),
        remedy: Cause::MachineBusy.remedy().to_owned(),
        at_fault: nothing_else.then(|| AtFault::Surroundings.name().to_owned()),
        evidence: found.busy.clone(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl ProbeReport {
    /// The report of a measurement that the command ends with `exit_code`.
    #[must_use]
    pub fn new(found: &Measurement, exit_code: u8) -> Self {
        let (kind, concurrency, rate) = match found.load.pace {
            Pace::Closed { concurrency } => (Loop::Closed, Some(concurrency), None),
            Pace::Open { rate } => (Loop::Open, None, Some(rate)),
        };
        Self {
            kind: ReportKind::Probe,
            version: VERSION,
            harness: env!("CARGO_PKG_VERSION").to_owned(),
            topology: found.topology.clone(),
            run: found.run.clone(),
            started: found.started.format(&Rfc3339).ok(),
            verdict: verdict(&found.checks),
            exit_code,
            interrupted: found.interrupted,
            lost: found.lost.clone(),
            diagnosis: (!found.busy.is_empty()).then(|| busy(found)),
            load: LoadView {
                kind,
                concurrency,
                rate,
                for_ms: millis(found.load.time),
                warm_up_ms: millis(found.load.warm_up),
                payload_bytes: found.load.payload,
                dials: found.load.dials,
                via: found.via.clone(),
                entry: found.entry.clone(),
                to: found.to.clone(),
                hops: found.hops,
            },
            connecting: CONNECTING
                .into_iter()
                .filter_map(|(metric, _)| {
                    let latencies = found.metrics.get(&metric)?;
                    Some((metric.name().to_owned(), Figures::of(latencies)))
                })
                .collect(),
            warm_up: PhaseView::of(&found.report.warm_up),
            measured: PhaseView::of(&found.report.measured),
            correction: match found.load.pace {
                Pace::Closed { .. } => NO_CORRECTION.to_owned(),
                Pace::Open { .. } => CORRECTION.to_owned(),
            },
            checks: found.checks.iter().map(CheckView::of).collect(),
            not_judged: found.not_judged.clone(),
            failed_dials: found.failed_dials.clone(),
            notes: found.notes.clone(),
        }
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        json_text(self)
    }

    /// The report for people.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn print(&self, out: &mut impl Write, look: &Look) -> io::Result<()> {
        let load = &self.load;
        let asked = match (load.concurrency, load.rate) {
            (Some(concurrency), _) => format!("closed loop, {concurrency} in flight"),
            (_, rate) => format!("open loop, {} a second asked for", rate.unwrap_or_default()),
        };
        let behind = match load.hops {
            0 => String::new(),
            hops => format!(" and on to {}, {hops} more", load.to),
        };
        writeln!(
            out,
            "\n{asked}, {} bytes of data, through {}'s daemon to {}{behind}",
            load.payload_bytes, load.via, load.entry
        )?;
        if load.warm_up_ms > 0 {
            writeln!(out, "warm-up, kept apart: {}", self.warm_up.line())?;
        }
        writeln!(out, "measured: {}", self.measured.line())?;
        writeln!(out, "{}", self.figures(look))?;
        writeln!(out, "{}", self.correction)?;
        writeln!(out, "{}", super::terminal::table(&self.checks, look))?;
        for line in &self.not_judged {
            writeln!(out, "not judged: {line}")?;
        }
        for line in self.failed_dials.iter().chain(&self.notes) {
            writeln!(out, "note: {line}")?;
        }
        if let Some(cause) = &self.lost {
            writeln!(out, "session lost: {cause}")?;
        }
        if let Some(found) = &self.diagnosis {
            super::terminal::diagnosis(out, found, look)?;
        }
        let interrupted = match self.interrupted {
            true => " (interrupted; this is what was measured until then)",
            false => "",
        };
        let word = self.verdict.word().to_uppercase();
        writeln!(out, "\nverdict: {word}{interrupted}")
    }

    /// Every distribution in a row of its own.
    fn figures(&self, look: &Look) -> Table {
        let mut table = look.table(TABLE_WIDTH);
        table.set_header([
            "metric", "samples", "min", "p50", "p90", "p95", "p99", "p99.9", "max",
        ]);
        let mut row = |name: &str, figures: &Figures| {
            let mut cells = vec![name.to_owned()];
            cells.extend(figures.cells());
            table.add_row(cells);
        };
        for (metric, says) in CONNECTING {
            if let Some(figures) = self.connecting.get(metric.name()) {
                row(says, figures);
            }
        }
        for (name, phase) in [("warm-up", &self.warm_up), ("round trip", &self.measured)] {
            if phase.sent == 0 {
                continue;
            }
            row(&format!("{name}, raw"), &phase.raw);
            if let Some(corrected) = &phase.corrected {
                row(&format!("{name}, corrected"), corrected);
            }
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}
