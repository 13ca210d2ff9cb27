//! The stages as bars on one time axis, in a table that says the same in words.

use maud::{Markup, html as markup};

use super::super::model::Report;
use super::super::stages::StageTime;
use super::super::words::{show_ms, show_us};
use super::bands::{self, Band};
use super::links;
use super::scale::linear_ticks;

/// Ticks on the time axis, besides its start.
const TICKS: usize = 5;
/// Shortest bar, in percent of the axis, so that a stage of a millisecond is still seen.
const SHORTEST: f64 = 0.8;
/// How stages of the whole topology are headed.
const WHOLE: &str = "whole topology";
/// How stages of authorities and relays are headed.
const NETWORK: &str = "network";
/// The node of stages that concern all homes together.
const HOMES: &str = "homes";

/// Everything that a bar needs to know of its surroundings.
struct Axis<'a> {
    end: f64,
    ticks: Vec<f64>,
    bands: Vec<Band<'a>>,
    report: &'a Report,
}

impl Axis<'_> {
    fn percent(&self, millis: u64) -> f64 {
        (millis as f64 / self.end * 100.0).clamp(0.0, 100.0)
    }

    /// Where something begins and how wide it is, so that it can be seen.
    fn span(&self, from: u64, to: u64) -> (f64, f64) {
        let width = (self.percent(to) - self.percent(from)).max(SHORTEST);
        (self.percent(from).min(100.0 - width), width)
    }
}

/// The table.
pub(super) fn timeline(report: &Report) -> Markup {
    if report.stages.is_empty() {
        return markup! { p { "No stage began." } };
    }
    let ends = report.stages.iter().map(|stage| stage.ended_ms);
    let deaths = report.deaths.iter().map(|death| death.at_ms);
    let end = ends.chain(deaths).chain([report.duration_ms, 1]).max();
    let end = end.unwrap_or(1) as f64;
    let axis = Axis {
        end,
        ticks: linear_ticks(end, TICKS),
        bands: bands::bands(report),
        report,
    };
    markup! {
        p class="legend" {
            span { span class="swatch reached" {} "reached" }
            span { span class="swatch missed" {} "not reached" }
            @if report.stages.iter().any(|stage| stage.interrupted) {
                span { span class="swatch interrupted" {} "interrupted" }
            }
            span { span class="swatch verdict" {} "verdict at " (show_ms(report.duration_ms)) }
            (bands::swatches(&axis.bands))
            @for death in &report.deaths {
                span { span class="swatch death" {} (death.role) " ended at " (show_ms(death.at_ms)) }
            }
        }
        (bands::list(report, &axis.bands))
        table class="timeline" style=(stripes(&axis)) {
            caption { "Every stage by node: how long it took, when, and what showed that it was reached. All bars share one time axis from the start of the run." }
            thead { tr {
                th scope="col" { "Stage" }
                th scope="col" { "Took" }
                th scope="col" { "When" }
                th scope="col" { "Evidence" }
            } }
            @for (node, rows) in groups(report) {
                tbody {
                    tr class="group" id=(links::node(node)) {
                        th scope="rowgroup" colspan="2" { (node) (links::to_checks(report, node)) }
                        td class="track" { (ticks(&axis)) }
                        td class="filler" {}
                    }
                    @for one in &rows { (row(&axis, one)) }
                }
            }
        }
    }
}

/// One bar's stage: its place in the report, and its name below the heading of its group.
struct Row<'a> {
    index: usize,
    label: String,
    stage: &'a StageTime,
}

/// Stages by home, peering, network and the whole; groups by their first stage.
fn groups(report: &Report) -> Vec<(&str, Vec<Row<'_>>)> {
    let mut ordered: Vec<(usize, &StageTime)> = report.stages.iter().enumerate().collect();
    ordered.sort_by_key(|(_, stage)| (stage.started_ms, stage.ended_ms));
    let mut groups: Vec<(&str, Vec<Row<'_>>)> = Vec::new();
    for (index, stage) in ordered {
        let (group, rest) = group(report, stage);
        let label = format!("{} {rest}", stage.stage).trim_end().to_owned();
        let row = Row {
            index,
            label,
            stage,
        };
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((group, vec![row])),
        }
    }
    groups
}

/// The group of a stage, and what its name still has to say there: `home-a` and `at relay3` of
/// `home-a at relay3`.
fn group<'a>(report: &'a Report, stage: &'a StageTime) -> (&'a str, &'a str) {
    let is_home = |id: &str| report.topology.homes.iter().any(|home| home.id == id);
    let Some(node) = stage.node.as_deref() else {
        return (WHOLE, "");
    };
    if is_home(node) {
        return (node, "");
    }
    match node.split_once(' ') {
        Some((home, rest)) if is_home(home) => match rest.strip_prefix("to ") {
            Some(_) => (node, ""),
            None => (home, rest),
        },
        _ if node == HOMES => (WHOLE, node),
        _ if node == NETWORK => (NETWORK, ""),
        _ => (NETWORK, node),
    }
}

fn row(
    axis: &Axis<'_>,
    Row {
        index,
        label,
        stage,
    }: &Row<'_>,
) -> Markup {
    markup! {
        tr id={ "stage-" (index) } class=(class(stage)) {
            th scope="row" { (label) }
            td class="took" {
                (show_ms(stage.millis))
                @if !stage.reached { " " strong { (stage.outcome()) } }
            }
            td class="track" { (bar(axis, stage)) }
            td class="evidence" {
                @if !stage.reached { span class="last-seen" { "last seen: " } }
                (stage.evidence)
            }
        }
    }
}

/// The class of a stage's colours.
const fn class(stage: &StageTime) -> &'static str {
    match (stage.reached, stage.interrupted) {
        (true, _) => "reached",
        (false, true) => "interrupted",
        (false, false) => "missed",
    }
}

fn bar(axis: &Axis<'_>, stage: &StageTime) -> Markup {
    let (from, width) = axis.span(stage.started_ms, stage.ended_ms);
    let state = stage.outcome();
    let text = format!(
        "{}: {state}, from {} to {} after the start. {}",
        stage.name(),
        show_ms(stage.started_ms),
        show_ms(stage.ended_ms),
        stage.evidence
    );
    markup! {
        svg class="bar" role="img" aria-label={ "from " (show_ms(stage.started_ms)) " to " (show_ms(stage.ended_ms)) } {
            @for tick in &axis.ticks {
                (line("grid", tick / axis.end * 100.0))
            }
            (line("verdict", axis.percent(axis.report.duration_ms)))
            @for death in &axis.report.deaths {
                (line("death", axis.percent(death.at_ms)))
            }
            rect class={ "stage " (class(stage)) }
                x=(percent(from)) y="9" width=(percent(width)) height="13" rx="2" {
                title { (text) }
            }
        }
    }
}

/// The faults and recoveries as the background of every drawing: told once, however many rows and faults there are.
fn stripes(axis: &Axis<'_>) -> String {
    let mut stops = vec!["transparent 0%".to_owned()];
    let mut end = 0.0;
    for band in &axis.bands {
        let (from, width) = axis.span(band.span().0, band.span().1);
        // Of two at once the later one shows.
        let from = from.max(end);
        end = (from + width).min(100.0);
        let (from, to) = (percent(from), percent(end));
        let colour = format!("var(--{})", band.class());
        stops.push(format!(
            "transparent {from}, {colour} {from} {to}, transparent {to}"
        ));
    }
    format!("--bands: linear-gradient(to right, {})", stops.join(", "))
}

fn percent(value: f64) -> String {
    format!("{value:.3}%")
}

fn line(class: &str, percent: f64) -> Markup {
    let at = format!("{percent:.3}%");
    markup! { line class=(class) x1=(at) x2=(at) y1="0" y2="100%" {} }
}

/// The axis' labels, once per group.
fn ticks(axis: &Axis<'_>) -> Markup {
    markup! {
        svg class="axis" aria-hidden="true" {
            @for tick in &axis.ticks {
                @let place = tick / axis.end * 100.0;
                (line("grid", place))
                text x={ (format!("{place:.3}%")) } y="13"
                    text-anchor=(if *tick == 0.0 { "start" } else if place > 94.0 { "end" } else { "middle" }) {
                    (if *tick == 0.0 { "0".to_owned() } else { show_us(tick * 1000.0) })
                }
            }
        }
    }
}
