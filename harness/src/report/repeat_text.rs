//! Many runs, for people: on the terminal and in a job's summary.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::look::{Look, TABLE_WIDTH};
use super::markdown::{code, escape};
use super::model::MetricView;
use super::repeat::{CheckTally, RepeatReport};
use super::words::{WORST_FIRST, past, show_bytes, show_us};
use crate::checks::Verdict;

impl RepeatReport {
    /// The sum as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        super::json::json_text(self)
    }

    /// Prints tables of times and of what did not pass, and which artefacts are kept.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn print(&self, out: &mut impl Write, look: &Look) -> io::Result<()> {
        let mut table = look.table(TABLE_WIDTH);
        table.set_header(["stage or metric", "samples", "min", "p50", "p95", "max"]);
        for (name, figures) in self.times() {
            let mut row = vec![name];
            row.extend(cells(figures));
            table.add_row(row);
        }
        writeln!(out, "\n{table}")?;
        for check in self.not_always_passed() {
            writeln!(out, "{}: {}", check.id, tally(check))?;
            if let Some(first) = &check.first {
                writeln!(out, "  first in {}: {}", first.run, first.evidence)?;
            }
        }
        for stage in self.stages.iter().filter(|stage| stage.missed > 0) {
            writeln!(
                out,
                "stage {} not reached in {} runs",
                stage.name, stage.missed
            )?;
            if let Some(first) = &stage.first_missed {
                writeln!(
                    out,
                    "  first in {}, last seen: {}",
                    first.run, first.evidence
                )?;
            }
        }
        for error in &self.errors {
            writeln!(out, "{}: {}", error.run, error.message)?;
        }
        writeln!(out, "{} runs: {}", self.runs.len(), self.counts())?;
        if let Some(bytes) = self.containers_bytes_most {
            writeln!(out, "all containers at most {}", show_bytes(bytes))?;
        }
        writeln!(out, "{}", self.kept())
    }

    /// The sum as Markdown (GitHub's dialect). Writing to a `String` does not fail.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "## {}: {} runs, {}\n",
            escape(&self.topology.name),
            self.runs.len(),
            self.counts()
        );
        let bad: Vec<_> = self.not_always_passed().collect();
        if !bad.is_empty() {
            let _ = writeln!(
                out,
                "| check | failed | inconclusive | of runs | first | evidence |\n|---|---|---|---|---|---|"
            );
        }
        for check in &bad {
            let (run, evidence) = check.first.as_ref().map_or(("", ""), |first| {
                (first.run.as_str(), first.evidence.as_str())
            });
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | `{}` | {} |",
                escape(&check.id),
                check.failed,
                check.inconclusive,
                check.runs,
                code(run),
                escape(evidence)
            );
        }
        if !bad.is_empty() {
            out.push('\n');
        }
        for error in &self.errors {
            let _ = writeln!(out, "- `{}`: {}", code(&error.run), escape(&error.message));
        }
        let _ = writeln!(
            out,
            "\n| stage or metric | samples | min | p50 | p95 | max |\n|---|---|---|---|---|---|"
        );
        for (name, figures) in self.times() {
            let _ = writeln!(
                out,
                "| {} | {} |",
                escape(&name),
                cells(figures).join(" | ")
            );
        }
        let _ = writeln!(out, "\n{}", escape(&self.kept()));
        out
    }

    fn times(&self) -> Vec<(String, &MetricView)> {
        let stages = self
            .stages
            .iter()
            .map(|stage| (stage.name.clone(), &stage.took));
        let whole = [
            ("start to verdict".to_owned(), &self.duration),
            ("clean-up".to_owned(), &self.clean_up),
        ];
        let metrics = self
            .metrics
            .iter()
            .map(|(name, view)| (format!("metric {name}"), view));
        stages
            .chain(whole)
            .chain(metrics)
            .filter(|(_, figures)| figures.count > 0)
            .collect()
    }

    fn not_always_passed(&self) -> impl Iterator<Item = &CheckTally> {
        self.checks.iter().filter(|check| check.passed < check.runs)
    }

    /// How many runs came out how, the best first.
    #[must_use]
    pub fn counts(&self) -> String {
        let counts: Vec<String> = WORST_FIRST
            .iter()
            .rev()
            .filter_map(|verdict| Some((self.verdicts.get(verdict)?, verdict)))
            .map(|(count, verdict)| format!("{count} {}", past(*verdict)))
            .collect();
        counts.join(", ")
    }

    /// Which artefacts are still there, and why.
    fn kept(&self) -> String {
        let kept: Vec<&str> = self
            .runs
            .iter()
            .filter_map(|run| run.artefacts.as_deref())
            .collect();
        let removed = self.runs.len() - kept.len();
        let rest = match removed {
            0 => String::new(),
            removed => format!(
                "; those of {removed} passed runs are removed (--keep-artefacts keeps them)"
            ),
        };
        match kept.as_slice() {
            [] => format!("artefacts kept: none{rest}"),
            kept => format!("artefacts kept: {}{rest}", kept.join(", ")),
        }
    }
}

fn cells(figures: &MetricView) -> [String; 5] {
    [
        figures.count.to_string(),
        show_us(figures.min_us),
        show_us(figures.p50_us),
        show_us(figures.p95_us),
        show_us(figures.max_us),
    ]
}

fn tally(check: &CheckTally) -> String {
    let parts: Vec<String> = [
        (check.failed, Verdict::Fail),
        (check.inconclusive, Verdict::Inconclusive),
        (check.unsupported, Verdict::Unsupported),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, verdict)| format!("{} in {count} of {} runs", past(verdict), check.runs))
    .collect();
    parts.join(", ")
}
