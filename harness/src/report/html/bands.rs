//! Faults and recoveries as bands of time, behind whatever is drawn over time.

use maud::{Markup, html as markup};

use super::super::model::Report;
use super::super::stages::StageTime;
use super::super::words::show_ms;
use super::links;
use crate::events::Stage;

/// More than so many are folded.
const MANY: usize = 12;

/// A stretch of time in which something was broken, or not yet back.
pub(super) struct Band<'r> {
    /// The stage's place in the report.
    index: usize,
    stage: &'r StageTime,
}

impl Band<'_> {
    /// The class of its colour.
    pub(super) fn class(&self) -> &str {
        &self.stage.stage
    }

    /// From when to when, in milliseconds since the start.
    pub(super) const fn span(&self) -> (u64, u64) {
        (self.stage.started_ms, self.stage.ended_ms)
    }

    /// What it is, and when.
    pub(super) fn title(&self) -> String {
        let (from, to) = self.span();
        format!(
            "{} from {} to {} after the start: {}",
            self.stage.name(),
            show_ms(from),
            show_ms(to),
            self.stage.evidence
        )
    }

    fn is(&self, stage: Stage) -> bool {
        self.stage.stage == stage.name()
    }
}

/// Every fault and recovery, by the time it began.
pub(super) fn bands(report: &Report) -> Vec<Band<'_>> {
    let stages = report.stages.iter().enumerate();
    let mut bands: Vec<Band<'_>> = stages
        .map(|(index, stage)| Band { index, stage })
        .filter(|band| band.is(Stage::Fault) || band.is(Stage::Recovery))
        .collect();
    bands.sort_by_key(Band::span);
    bands
}

/// Their colours in a legend, as far as there are any.
pub(super) fn swatches(bands: &[Band<'_>]) -> Markup {
    markup! {
        @for stage in [Stage::Fault, Stage::Recovery] {
            @if bands.iter().any(|band| band.is(stage)) {
                span { span class={ "swatch " (stage.name()) } {} (stage.name()) }
            }
        }
    }
}

/// What was broken and when, each with its way to the stage, and the checks of it that did not pass.
pub(super) fn list(report: &Report, bands: &[Band<'_>]) -> Markup {
    let open: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.failed() && links::is_of_faults(check))
        .collect();
    let all = markup! {
        ul class="faults" aria-label="Faults and recoveries" {
            @for band in bands {
                li {
                    a href={ "#stage-" (band.index) } { (band.stage.name()) }
                    ", " (show_ms(band.span().0)) " to " (show_ms(band.span().1)) ": " (band.stage.evidence)
                    @if !band.stage.reached { " " strong { (band.stage.outcome()) } }
                }
            }
        }
    };
    markup! {
        @if bands.len() > MANY {
            details { summary { (bands.len()) " faults and recoveries" } (all) }
        } @else if !bands.is_empty() {
            (all)
        }
        @if !bands.is_empty() && !open.is_empty() {
            p class="faults" {
                "Did not hold: "
                @for check in open { a class="open" href={ "#" (links::check(&check.id)) } { "✗ " (check.id) } " " }
            }
        }
    }
}
