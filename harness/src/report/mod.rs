//! Readers of what a run left. [`Report`] is gathered from the event stream and what was judged;
//! JSON, JUnit XML, the page, the job summary and comparisons are drawn from it alone.

mod build;
mod cases;
pub mod compare;
mod constraints;
mod drawing;
mod faults;
mod forms;
mod html;
mod json;
mod junit;
mod lanes;
mod look;
mod markdown;
mod metric;
mod model;
mod plain;
mod probe;
mod progress;
mod read;
mod repeat;
mod repeat_junit;
mod repeat_text;
mod save;
mod soak;
mod stages;
mod terminal;
mod topology;
mod usage_rows;
mod words;

pub use build::peak_memory_bytes;
pub(crate) use cases::{RUN, Suites, not_passed, skipped};
pub(crate) use constraints::exit_codes;
pub use drawing::topology_svg;
pub use faults::FaultReport;
pub use forms::{FORMS, Form, REPEAT_FORMS};
pub(crate) use json::json_text;
pub use lanes::Lanes;
pub use look::Look;
pub(crate) use look::TABLE_WIDTH;
pub(crate) use markdown::{code, escape};
pub use model::{
    ArtefactsView, Bucket, BudgetView, CheckView, DeathView, DiagnosisView, ErrorKind, ErrorView,
    LogTail, Memory, MetricView, Moment, NoteView, Report, ReportKind, VERSION,
};
pub(crate) use plain::plain;
pub use probe::{Figures, LoadView, Loop, PhaseView, ProbeReport};
pub use progress::progress_line;
pub use read::{ReadError, Saved};
pub use repeat::{
    CheckTally, ErrorTally, FirstFailure, RepeatReport, Repeats, RunTally, StageTally,
};
pub use save::{SummaryError, append_summary};
pub use soak::{Series, SoakReport, UnexplainedDial, UsageReport};
pub use stages::{StageTime, stage_times};
pub use terminal::{looks, print_report};
pub use topology::{HomeView, NetworkView, PeeringView, ProbeView, TopologyView};
pub use words::PAGE;
pub(crate) use words::show_us;
