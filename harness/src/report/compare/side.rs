//! What of a report is compared, alike for one run and for many.

use std::fmt;

use super::super::model::{MetricView, Report};
use super::super::read::Saved;
use super::super::repeat::RepeatReport;
use crate::checks::Verdict;

/// One report.
pub(super) struct Side {
    pub(super) topology: String,
    pub(super) times: Vec<Time>,
    pub(super) standings: Vec<(String, Standing)>,
}

/// One figure.
pub(super) struct Time {
    pub(super) name: String,
    pub(super) figure: &'static str,
    micros: f64,
}

/// How a check or a stage came out, over one or many runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Check {
        worst: Verdict,
        not_passed: usize,
        runs: usize,
    },
    Stage {
        missed: usize,
    },
}

impl Standing {
    /// Whether the second is worse than the first.
    pub(super) fn is_worse(a: Option<&Self>, b: Option<&Self>) -> bool {
        match (a, b) {
            (
                Some(Self::Check {
                    worst: before,
                    not_passed: bad_before,
                    runs: runs_before,
                }),
                Some(Self::Check {
                    worst: after,
                    not_passed: bad_after,
                    runs: runs_after,
                }),
            ) => after > before || bad_after * runs_before > bad_before * runs_after,
            // What is not judged any more is not known any more.
            (Some(Self::Check { .. }), None) => true,
            (None, Some(Self::Check { worst, .. })) => *worst > Verdict::Unsupported,
            (Some(Self::Stage { missed: before }), Some(Self::Stage { missed: after })) => {
                after > before
            }
            (None, Some(Self::Stage { missed })) => *missed > 0,
            _ => false,
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check { worst, runs: 1, .. } => f.write_str(worst.word()),
            Self::Check {
                worst,
                not_passed: 0,
                runs,
            } => write!(f, "{} in {runs} runs", worst.word()),
            Self::Check {
                worst,
                not_passed,
                runs,
            } => write!(
                f,
                "{} at worst, not passed in {not_passed} of {runs} runs",
                worst.word()
            ),
            Self::Stage { missed: 0 } => f.write_str("reached"),
            Self::Stage { missed: 1 } => f.write_str("not reached"),
            Self::Stage { missed } => write!(f, "not reached in {missed} runs"),
        }
    }
}

impl Side {
    pub(super) fn of(content: &Saved) -> Self {
        match content {
            Saved::Run(report) => Self::of_run(report),
            Saved::Repeat(report) => Self::of_repeat(report),
        }
    }

    fn of_run(report: &Report) -> Self {
        let mut times = Vec::new();
        let mut took = |name: String, millis: u64| {
            times.push(Time {
                name,
                figure: "took",
                micros: millis as f64 * 1000.0,
            });
        };
        for stage in report.stages.iter().filter(|stage| stage.reached) {
            took(format!("stage {}", stage.name()), stage.millis);
        }
        if report.error.is_none() {
            took("start to verdict".to_owned(), report.duration_ms);
        }
        if let Some(millis) = report.clean_up_ms {
            took("clean-up".to_owned(), millis);
        }
        for (name, metric) in &report.metrics {
            times.extend(figures(format!("metric {name}"), metric));
        }
        let checks = report.checks.iter().map(|check| {
            let standing = Standing::Check {
                worst: check.verdict,
                not_passed: usize::from(check.verdict > Verdict::Unsupported),
                runs: 1,
            };
            (format!("check {}", check.id), standing)
        });
        let told = report.stages.iter().filter(|stage| !stage.interrupted);
        let stages = told.map(|stage| {
            let missed = usize::from(stage.missed());
            (
                format!("stage {}", stage.name()),
                Standing::Stage { missed },
            )
        });
        Self {
            topology: report.topology.name.clone(),
            times,
            standings: checks.chain(stages).collect(),
        }
    }

    fn of_repeat(report: &RepeatReport) -> Self {
        let stages = report
            .stages
            .iter()
            .flat_map(|stage| figures(format!("stage {}", stage.name), &stage.took));
        let whole = [
            ("start to verdict", &report.duration),
            ("clean-up", &report.clean_up),
        ];
        let whole = whole
            .into_iter()
            .flat_map(|(name, took)| figures(name.to_owned(), took));
        let metrics = report
            .metrics
            .iter()
            .flat_map(|(name, metric)| figures(format!("metric {name}"), metric));
        let checks = report.checks.iter().map(|check| {
            let standing = Standing::Check {
                worst: if check.failed > 0 {
                    Verdict::Fail
                } else if check.inconclusive > 0 {
                    Verdict::Inconclusive
                } else if check.unsupported > 0 {
                    Verdict::Unsupported
                } else {
                    Verdict::Pass
                },
                not_passed: check.failed + check.inconclusive,
                runs: check.runs,
            };
            (format!("check {}", check.id), standing)
        });
        let missed = report.stages.iter().map(|stage| {
            (
                format!("stage {}", stage.name),
                Standing::Stage {
                    missed: stage.missed,
                },
            )
        });
        Self {
            topology: report.topology.name.clone(),
            times: stages.chain(whole).chain(metrics).collect(),
            standings: checks.chain(missed).collect(),
        }
    }

    /// The same figure here, in microseconds.
    pub(super) fn time(&self, wanted: &Time) -> Option<f64> {
        let mut times = self.times.iter();
        let same = times.find(|time| time.name == wanted.name && time.figure == wanted.figure);
        Some(same?.micros)
    }

    /// How something came out here.
    pub(super) fn standing(&self, wanted: &str) -> Option<&Standing> {
        let found = self.standings.iter().find(|(what, _)| what == wanted);
        found.map(|(_, standing)| standing)
    }
}

/// The figures of a distribution; none when it is empty.
fn figures(name: String, metric: &MetricView) -> Vec<Time> {
    if metric.count == 0 {
        return Vec::new();
    }
    [
        ("p50", metric.p50_us),
        ("p95", metric.p95_us),
        ("max", metric.max_us),
    ]
    .into_iter()
    .map(|(figure, micros)| Time {
        name: name.clone(),
        figure,
        micros,
    })
    .collect()
}
