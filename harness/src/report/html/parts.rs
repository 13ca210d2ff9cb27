//! Pieces that several sections share.

use maud::{Markup, html as markup};

use crate::checks::Verdict;

/// The class of a verdict's colours.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    verdict.word()
}

/// The verdict's sign, for the eye: the word is always beside it.
pub(super) fn mark(verdict: Verdict) -> Markup {
    let sign = match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        Verdict::Inconclusive => "?",
        Verdict::Unsupported => "–",
    };
    markup! { span class="mark" aria-hidden="true" { (sign) } }
}

/// Sign and word in the verdict's colour.
pub(super) fn chip(verdict: Verdict) -> Markup {
    markup! { span class={ "chip " (class(verdict)) } { (mark(verdict)) " " (verdict.word()) } }
}

pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// A relative path as a link: everything but plain characters is percent-encoded.
pub(super) fn href(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
