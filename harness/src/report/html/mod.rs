//! The report as one page: no script, no font, no image and no request outside it.
//!
//! Everything that came from a run is escaped by the templates, and a content policy in the page
//! forbids whatever an escape could miss.

mod bands;
mod checks;
mod failures;
mod histogram;
mod links;
mod parts;
mod scale;
mod series;
mod soak;
mod timeline;
mod topology;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use self::parts::{capitalised, class, href, mark};
use super::drawing;
use super::model::Report;
use super::words::{WORST_FIRST, past, show_bytes, show_ms};
use crate::checks::Verdict;

/// How the page looks, in the colours that it has in common with drawings.
pub(super) const STYLE: &str = include_str!("style.css");
/// Nothing is loaded, run, framed or sent.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page.
pub(super) fn html(report: &Report) -> String {
    let sections = [
        ("overview", "Overview", overview(report)),
        ("timeline", "Timeline", timeline::timeline(report)),
        ("latency", "Latency", histogram::histograms(report)),
        ("checks", "All checks", checks::checks(report)),
        ("topology", "Topology", topology::topology(report)),
        ("artefacts", "Artefacts", artefacts(report)),
    ];
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (past(report.verdict)) ": " (report.topology.name) ", run " (report.run) }
                style { (PreEscaped(drawing::SCHEME)) (PreEscaped(STYLE)) (PreEscaped(drawing::STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the findings" }
                (header(report))
                main id="main" tabindex="-1" {
                    (failures::failures(report))
                    @if let Some(soak) = &report.soak {
                        section id="soak" aria-labelledby="soak-title" {
                            h2 id="soak-title" { "Soak" }
                            (soak::soak(soak))
                        }
                    }
                    @for (id, title, content) in &sections {
                        section id=(id) aria-labelledby={ (id) "-title" } {
                            h2 id={ (id) "-title" } { (title) }
                            (content)
                        }
                    }
                }
                footer {
                    p { "Written by ator-harness " (report.harness) ". Secrets and onion addresses are redacted." }
                }
            }
        }
    }
    .into_string()
}

fn header(report: &Report) -> Markup {
    markup! {
        header class=(class(report.verdict)) {
            p class="kicker" { "ator-harness · " (report.topology.name) }
            h1 { (mark(report.verdict)) " " (capitalised(&report.headline)) }
            p class="description" { (capitalised(&report.topology.description)) "." }
            nav aria-label="Sections" {
                ul {
                    @if failures::anything(report) { li { a href="#failures" { "What did not pass" } } }
                    @if report.soak.is_some() { li { a href="#soak" { "Soak" } } }
                    li { a href="#timeline" { "Timeline" } }
                    li { a href="#latency" { "Latency" } }
                    li { a href="#checks" { "All checks" } }
                    li { a href="#topology" { "Topology" } }
                    li { a href="#artefacts" { "Artefacts" } }
                }
            }
        }
    }
}

/// Counts of verdicts, times, versions.
fn overview(report: &Report) -> Markup {
    let count = |verdict: Verdict| {
        let of_it = report
            .checks
            .iter()
            .filter(|check| check.verdict == verdict);
        of_it.count()
    };
    markup! {
        ul class="counts" aria-label="Checks by verdict" {
            @for verdict in WORST_FIRST {
                li class=(if count(verdict) == 0 { "none" } else { class(verdict) }) {
                    strong { (count(verdict)) } " " (past(verdict))
                }
            }
        }
        dl class="facts" {
            (fact("Verdict", report.verdict.word()))
            (fact("Start to verdict", &show_ms(report.duration_ms)))
            (fact("Removed in", &report.clean_up_ms.map_or_else(|| "left running".to_owned(), show_ms)))
            @if let Some(started) = &report.started { (fact("Started", &short_time(started))) }
            @if let Some(finished) = &report.finished { (fact("Finished", &short_time(finished))) }
            (fact("Run", &report.run))
            (fact("Exit code", &report.exit_code.to_string()))
            @if let Some(bytes) = report.memory.harness_peak_bytes {
                (fact("Memory, harness", &show_bytes(bytes)))
            }
            @if let Some(bytes) = report.memory.containers_bytes {
                (fact("Memory, containers", &show_bytes(bytes)))
            }
        }
        @if !report.notes.is_empty() {
            h3 { "Notes" }
            ul class="notes" {
                @for note in &report.notes {
                    li { span class="when" { (show_ms(note.at_ms)) } " " (note.text) }
                }
            }
        }
    }
}

fn fact(name: &str, value: &str) -> Markup {
    markup! { div { dt { (name) } dd { (value) } } }
}

/// To the second: `2026-11-22 17:52:50 UTC`.
fn short_time(rfc3339: &str) -> String {
    match (
        rfc3339.get(..10),
        rfc3339.get(11..19),
        rfc3339.ends_with('Z'),
    ) {
        (Some(day), Some(time), true) => format!("{day} {time} UTC"),
        _ => rfc3339.to_owned(),
    }
}

fn artefacts(report: &Report) -> Markup {
    markup! {
        p { "In the folder " code { (report.artefacts.folder) } "; the links work where this page lies beside the files. Logs are as the containers wrote them and may hold onion addresses: they are for their owner only." }
        ul class="files" {
            @for file in &report.artefacts.files {
                li { a href={ "./" (href(file)) } { (file) } }
            }
        }
    }
}
