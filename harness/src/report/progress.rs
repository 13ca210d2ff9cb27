//! One line for each event that people wait for, in the order in which they are learnt.

use std::time::Duration;

use super::look::{Look, Tone};
use super::plain::plain;
use crate::events::{Event, EventKind, Stage};
use crate::evidence::Subject;
use crate::topology::{format_age, format_duration};

/// One line about an event, or nothing for events that only the files need.
#[must_use]
pub fn progress_line(event: &Event, look: &Look) -> Option<String> {
    let (head, rest) = parts(event)?;
    // Cut before it is painted, so that no colour is cut.
    let whole = look.line(&plain(&format!(
        "{}{}{rest}",
        seconds(event.at_ms),
        head.word()
    )));
    let at = seconds(event.at_ms).len();
    let until = at + head.word().len();
    Some(
        match (whole.get(..at), whole.get(at..until), whole.get(until..)) {
            (Some(time), Some(word), Some(rest)) => {
                let time = look.paint(Tone::Faint, time);
                format!("{time}{}{rest}", look.paint(head.tone(), word))
            }
            _ => whole,
        },
    )
}

/// What a line is about.
#[derive(Debug, Clone, Copy)]
enum Head {
    Run,
    Reached,
    Seen,
    Left,
    Died,
    Note,
}

impl Head {
    /// The word that says it.
    const fn word(self) -> &'static str {
        match self {
            Self::Run => "",
            Self::Reached => "ok    ",
            Self::Seen => "seen  ",
            Self::Left => "left  ",
            Self::Died => "died  ",
            Self::Note => "note  ",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Run => Tone::Strong,
            Self::Reached => Tone::Good,
            Self::Seen | Self::Note => Tone::Faint,
            Self::Left | Self::Died => Tone::Bad,
        }
    }
}

/// When something was learnt, as a line begins.
fn seconds(at_ms: u64) -> String {
    format!("{:>7.2} s  ", at_ms as f64 / 1000.0)
}

pub(super) fn took(millis: u64) -> String {
    format_duration(Duration::from_millis(millis))
}

fn parts(event: &Event) -> Option<(Head, String)> {
    let stage = |stage: &Stage, node: &Option<Subject>, millis: u64| {
        let name = match node {
            Some(node) => format!("{stage} {node}"),
            None => stage.to_string(),
        };
        format!("{name:<28} {:>8}  ", took(millis))
    };
    Some(match &event.kind {
        EventKind::RunStarted {
            run,
            topology,
            network,
        } => {
            let over = network.as_ref().map_or_else(String::new, |network| {
                let age = format_age(Duration::from_millis(network.age_ms));
                format!(", over the standing network {}, {age} old", network.run)
            });
            (Head::Run, format!("{topology}, run {run}{over}"))
        }
        EventKind::StageStarted { .. } | EventKind::CheckJudged(_) => return None,
        EventKind::StageReached {
            stage: name,
            node,
            millis,
            evidence,
        } => (Head::Reached, stage(name, node, *millis) + evidence),
        // One line for every relay, and for every HSDir of every home, is for the files.
        EventKind::StageSeen {
            stage: Stage::Listed | Stage::Upload,
            ..
        } => return None,
        // It ended before it was learnt of, which is what the line begins with.
        EventKind::StageSeen {
            stage: name,
            node,
            started_ms,
            ended_ms,
            evidence,
        } => {
            let lasted = stage(name, node, ended_ms.saturating_sub(*started_ms));
            let ended = *ended_ms as f64 / 1000.0;
            (Head::Seen, format!("{lasted}at {ended:.2} s: {evidence}"))
        }
        EventKind::StageFailed {
            stage: name,
            node,
            millis,
            interrupted,
            evidence,
        } => {
            let why = if *interrupted { "interrupted; " } else { "" };
            let stage = stage(name, node, *millis);
            (Head::Left, format!("{stage}{why}last seen: {evidence}"))
        }
        EventKind::NodeDied { role, status } => (Head::Died, format!("{role}, status {status}")),
        EventKind::Note { text } => (Head::Note, text.clone()),
    })
}
