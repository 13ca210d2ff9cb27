//! A comparison as one page, which like a report's loads nothing and runs nothing.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::super::drawing;
use super::super::html::{POLICY, STYLE};
use super::super::words::show_us;
use super::text::{change, judged};
use super::{Comparison, TimeRow};

impl Comparison {
    /// The comparison as a page.
    #[must_use]
    pub fn to_html(&self) -> String {
        let (class, word) = match self.holds() {
            true => ("pass", "Nothing got slower or worse"),
            false => ("fail", "Something got slower or worse"),
        };
        markup! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { (self.topology) ": two reports compared" }
                    style { (PreEscaped(drawing::SCHEME)) (PreEscaped(STYLE)) }
                }
                body {
                    a class="skip" href="#main" { "Skip to what came out differently" }
                    header class=(class) {
                        p class="kicker" { "ator-harness · " (self.topology) }
                        h1 { (word) }
                        p class="description" { (judged(self)) "." }
                        nav aria-label="Sections" { ul {
                            li { a href="#changes" { "What came out differently" } }
                            li { a href="#times" { "Times" } }
                        } }
                    }
                    main id="main" tabindex="-1" {
                        dl class="facts" {
                            div { dt { "A, before" } dd { (self.a) } }
                            div { dt { "B, after" } dd { (self.b) } }
                        }
                        section id="changes" aria-labelledby="changes-title" {
                            h2 id="changes-title" { "What came out differently" }
                            (changes(self))
                        }
                        section id="times" aria-labelledby="times-title" {
                            h2 id="times-title" { "Times" }
                            (times(&self.times))
                        }
                    }
                    footer { p { "Written by ator-harness " (env!("CARGO_PKG_VERSION")) "." } }
                }
            }
        }
        .into_string()
    }
}

fn changes(comparison: &Comparison) -> Markup {
    if comparison.changes.is_empty() {
        return markup! { p { "Every check and every stage came out alike." } };
    }
    markup! {
        table class="checks" {
            caption { "Checks and stages that came out differently in B." }
            thead { tr {
                th scope="col" { "Check or stage" }
                th scope="col" { "A" }
                th scope="col" { "B" }
                th scope="col" { "Which is" }
            } }
            tbody {
                @for one in &comparison.changes {
                    tr class=(if one.worse { "fail" } else { "pass" }) {
                        th scope="row" { span class="id" { (one.what) } }
                        td data-label="A " { (one.a) }
                        td data-label="B " { (one.b) }
                        td { (if one.worse { "worse" } else { "not worse" }) }
                    }
                }
            }
        }
    }
}

fn times(rows: &[TimeRow]) -> Markup {
    let show = |micros: Option<f64>| micros.map_or_else(|| "-".to_owned(), show_us);
    markup! {
        table class="checks" {
            caption { "Every figure that either report has." }
            thead { tr {
                th scope="col" { "Stage or metric" }
                th scope="col" { "Figure" }
                th scope="col" { "A" }
                th scope="col" { "B" }
                th scope="col" { "Change" }
            } }
            tbody {
                @for row in rows {
                    tr class=(if row.slower { "fail" } else { "pass" }) {
                        th scope="row" { span class="id" { (row.name) } }
                        td { (row.figure) }
                        td data-label="A " { (show(row.a_us)) }
                        td data-label="B " { (show(row.b_us)) }
                        td { (change(row)) @if row.slower { ", slower" } }
                    }
                }
            }
        }
    }
}
