//! What did not pass, on top of the page: what should be true, what was seen, and when.

use maud::{Markup, html as markup};

use super::super::model::{CheckView, Report};
use super::super::words::{self, alike, show_ms};
use super::links;
use super::parts::{capitalised, chip, class, mark};
use crate::checks::Verdict;

/// Whether there is anything to say.
pub(super) fn anything(report: &Report) -> bool {
    report.verdict != Verdict::Pass
        || !report.deaths.is_empty()
        || report.stages.iter().any(|stage| !stage.reached)
}

/// The section, or nothing.
pub(super) fn failures(report: &Report) -> Markup {
    let of = |verdict| {
        report
            .checks
            .iter()
            .filter(move |check| check.verdict == verdict)
    };
    markup! {
        @if anything(report) {
            section id="failures" aria-labelledby="failures-title" {
                h2 id="failures-title" { "What did not pass" }
                @if let Some(error) = &report.error {
                    article class={ "finding " (class(report.verdict)) } {
                        h3 { (chip(report.verdict)) " The run ended before its checks" }
                        p class="evidence" { (error.message) }
                        @if let Some(diagnosis) = &report.diagnosis {
                            p { strong { "Cause: " (diagnosis.cause) } ". " (capitalised(&diagnosis.remedy)) "." }
                            ul class="causes" { @for line in &diagnosis.evidence { li { (line) } } }
                            @if let Some(whose) = words::at_fault(diagnosis) {
                                p { strong { "At fault: " } (whose) "." }
                            }
                        }
                        p class="when" { "After " (show_ms(report.duration_ms)) ". Kind of error: " (error.kind) "." }
                    }
                } @else if report.checks.is_empty() {
                    article class={ "finding " (class(report.verdict)) } {
                        h3 { (chip(report.verdict)) " Nothing was judged" }
                        p class="evidence" { "The run made no check, so there is nothing to trust." }
                    }
                }
                @for check in of(Verdict::Fail) { (finding(report, check)) }
                @for open in alike(report) {
                    @if let [check] = open.as_slice() { (finding(report, check)) } @else { (many(&open)) }
                }
                (stages_and_deaths(report))
                @for log in &report.logs {
                    details {
                        summary { "Last lines of " (log.role) }
                        @if log.tail.is_empty() { p { "None were written." } }
                        @else { pre tabindex="0" { @for line in &log.tail { (line) "\n" } } }
                    }
                }
            }
        }
    }
}

fn finding(report: &Report, check: &CheckView) -> Markup {
    markup! {
        article class={ "finding " (class(check.verdict)) } {
            h3 { (chip(check.verdict)) " " a href={ "#" (links::check(&check.id)) } { (check.id) } }
            p class="evidence" { (check.evidence) }
            @if !check.measured.is_empty() || !check.budget.is_empty() {
                p class="measured" {
                    "Measured " strong { (check.measured) }
                    @if !check.budget.is_empty() { ", budget " strong { (check.budget) } }
                    "."
                }
            }
            p class="says" { "Should be true: " (check.says) "." }
            @if let Some(at) = check.judged_ms {
                p class="when" { "Judged " (show_ms(at)) " after the start." }
            }
            (links::of_check(report, check))
        }
    }
}

/// Checks that are open for one and the same reason, which is said once.
fn many(checks: &[&CheckView]) -> Markup {
    markup! {
        article class={ "finding " (class(Verdict::Inconclusive)) } {
            h3 { (chip(Verdict::Inconclusive)) " " (checks.len()) " checks" }
            @if let Some(first) = checks.first() { p class="evidence" { (first.evidence) } }
            p class="says" {
                @for (index, check) in checks.iter().enumerate() {
                    @if index > 0 { ", " }
                    a href={ "#" (links::check(&check.id)) } { (check.id) }
                }
            }
        }
    }
}

/// Stages that were left and containers that died, each with a link to its bar.
fn stages_and_deaths(report: &Report) -> Markup {
    let left: Vec<_> = report
        .stages
        .iter()
        .enumerate()
        .filter(|(_, stage)| !stage.reached)
        .collect();
    markup! {
        @if !left.is_empty() || !report.deaths.is_empty() {
            ul class="left" {
                @for death in &report.deaths {
                    li {
                        (mark(Verdict::Fail)) " " strong { (death.role) } " ended with status " (death.status)
                        ", " (show_ms(death.at_ms)) " after the start."
                    }
                }
                @for (index, stage) in left {
                    li {
                        (mark(if stage.interrupted { Verdict::Inconclusive } else { Verdict::Fail })) " Stage "
                        a href={ "#stage-" (index) } { (stage.name()) }
                        @if stage.interrupted { " was interrupted after " } @else { " was not reached within " }
                        (show_ms(stage.millis)) ". Last seen: "
                        span class="evidence" { (stage.evidence) }
                    }
                }
            }
        }
    }
}
