//! How checks, stages, nodes and logs lead to each other within the page.

use maud::{Markup, html as markup};

use super::super::model::{CheckView, Report};
use super::parts::href;
use crate::checks::Verdict;
use crate::events::Stage;

/// Where a check's row is.
pub(super) fn check(id: &str) -> String {
    format!("check-{id}")
}

/// Where a node's stages are: a home's, a peering's, the network's or those of all.
pub(super) fn node(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("node-{}", name.chars().map(plain).collect::<String>())
}

/// The homes whose name stands in a text by itself.
fn homes<'r>(report: &'r Report, text: &str) -> Vec<&'r str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words: Vec<&str> = text.split(|c: char| !is_part(c)).collect();
    let homes = report.topology.homes.iter().map(|home| home.id.as_str());
    homes.filter(|home| words.contains(home)).collect()
}

/// The stage that was under way when a check was judged, or ended last before, by its place in the report.
fn stage_before(report: &Report, at: u64) -> Option<usize> {
    let stages = report.stages.iter().enumerate();
    let before = stages.filter(|(_, stage)| stage.started_ms <= at && stage.node.is_none());
    before
        .max_by_key(|(_, stage)| stage.started_ms)
        .map(|(index, _)| index)
}

/// Whether a check is about what holds while something is broken.
pub(super) fn is_of_faults(check: &CheckView) -> bool {
    ["faults", "identity"].contains(&check.family())
}

/// The homes that a check's evidence speaks of, with their stages and logs, and the stage after which it was judged.
pub(super) fn of_check(report: &Report, check: &CheckView) -> Markup {
    let has_stages = |home: &str| {
        let mut nodes = report
            .stages
            .iter()
            .filter_map(|stage| stage.node.as_deref());
        nodes.any(|node| node == home)
    };
    let homes = homes(report, &check.evidence);
    let stage = check.judged_ms.and_then(|at| stage_before(report, at));
    let faults = report.stages.iter().enumerate().filter(|(_, stage)| {
        let broken = [Stage::Fault.name(), Stage::Recovery.name()];
        is_of_faults(check)
            && check.verdict != Verdict::Unsupported
            && broken.contains(&stage.stage.as_str())
    });
    markup! {
        @if !homes.is_empty() || stage.is_some() {
            p class="see" {
                "See "
                @if let Some(index) = stage {
                    "stage " a href={ "#stage-" (index) } { (report.stages[index].name()) }
                }
                @for (index, stage) in faults { ", " a href={ "#stage-" (index) } { (stage.name()) } }
                @for (index, home) in homes.iter().enumerate() {
                    @if index > 0 || stage.is_some() { "; " }
                    @if has_stages(home) { a href={ "#" (node(home)) } { (home) } } @else { (home) }
                    @for log in logs(report, home) { ", " a href={ "./" (href(log)) } { (log) } }
                }
            }
        }
    }
}

/// The saved logs of a home's containers.
fn logs<'r>(report: &'r Report, home: &str) -> Vec<&'r str> {
    let files = report.artefacts.files.iter().map(String::as_str);
    let is_of = |file: &&str| {
        let name = file
            .strip_prefix("logs/")
            .and_then(|file| file.strip_suffix(".log"));
        let role = name.and_then(|name| name.strip_prefix(home));
        role.and_then(|role| role.strip_prefix('-'))
            .is_some_and(|role| !role.contains('-'))
    };
    files.filter(is_of).collect()
}

/// The checks that did not pass and speak of a node, for the heading of its stages.
pub(super) fn to_checks(report: &Report, name: &str) -> Markup {
    let open = report.checks.iter().filter(|check| check.failed());
    let about: Vec<&CheckView> = open
        .filter(|check| homes(report, &check.evidence).contains(&name))
        .collect();
    markup! {
        @for one in about {
            " " a class="open" href={ "#" (check(&one.id)) } { "✗ " (one.id) }
        }
    }
}
