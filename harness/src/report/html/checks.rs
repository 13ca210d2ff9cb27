//! Every check, by family.

use maud::{Markup, html as markup};

use super::super::model::{CheckView, Report};
use super::super::words::{WORST_FIRST, past};
use super::links;
use super::parts::chip;
use crate::checks::Verdict;

/// The table.
pub(super) fn checks(report: &Report) -> Markup {
    if report.checks.is_empty() {
        return markup! { p { "No check was made." } };
    }
    markup! {
        (filter(report))
        table class="checks" {
            caption { "Every check with its evidence, by family." }
            thead { tr {
                th scope="col" { "Check" }
                th scope="col" { "Verdict" }
                th scope="col" { "Measured" }
                th scope="col" { "Budget" }
                th scope="col" { "Evidence" }
            } }
            @for (family, checks) in families(&report.checks) {
                tbody {
                    tr class="group" { th scope="rowgroup" colspan="5" { (family) } }
                    @for check in checks {
                        tr id=(links::check(&check.id)) class=(check.verdict.word()) {
                            th scope="row" {
                                span class="id" { (check.id) }
                                span class="says" { (check.says) }
                                @if let Some(basis) = check.basis {
                                    span class="says" {
                                        "Level: " (basis.words()) @if check.accepted { ", accepted" }
                                    }
                                }
                            }
                            td class="verdict" { (chip(check.verdict)) }
                            td class="measured" data-label="measured " { (check.measured) }
                            td class="budget" data-label="budget " { (check.budget) }
                            td class="evidence" {
                                (check.evidence)
                                @if check.verdict != Verdict::Pass { (links::of_check(report, check)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Which checks are shown, without a script: the style hides the others' rows.
fn filter(report: &Report) -> Markup {
    let count = |verdict: Verdict| {
        let mut all = report.checks.iter();
        all.by_ref()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let there = WORST_FIRST
        .into_iter()
        .filter(|verdict| count(*verdict) > 0);
    markup! {
        fieldset class="filter" {
            legend { "Show" }
            input type="radio" name="filter" id="filter-all" checked;
            label for="filter-all" { "all " (report.checks.len()) }
            @for verdict in there {
                input type="radio" name="filter" id={ "filter-" (verdict.word()) };
                label for={ "filter-" (verdict.word()) } { (count(verdict)) " " (past(verdict)) }
            }
        }
    }
}

/// Checks by family, in report order.
fn families(checks: &[CheckView]) -> Vec<(&str, Vec<&CheckView>)> {
    let mut families: Vec<(&str, Vec<&CheckView>)> = Vec::new();
    for check in checks {
        match families
            .iter_mut()
            .find(|(known, _)| *known == check.family())
        {
            Some((_, members)) => members.push(check),
            None => families.push((check.family(), vec![check])),
        }
    }
    families
}
