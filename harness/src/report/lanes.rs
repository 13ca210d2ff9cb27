//! What a live display shows of a run: a line for the run, its network and each home, with what each is at.

use std::collections::BTreeMap;

use super::look::{Look, Tone};
use super::plain::plain;
use super::progress::took;
use crate::events::{Event, EventKind, Stage};
use crate::evidence::Subject;

/// What a line is about, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    Run,
    Network,
    Home(String),
}

impl Lane {
    /// The line that a stage belongs to.
    fn of(stage: Stage, node: Option<&Subject>) -> Self {
        match (node, stage) {
            (Some(Subject::Home(home)), _) => Self::Home(home.clone()),
            (Some(Subject::Peering { from, .. }), _) => Self::Home(from.clone()),
            (Some(Subject::Descriptor { by, .. }), _) => Self::Home(by.clone()),
            (Some(Subject::Upload { home, .. }), _) => Self::Home(home.clone()),
            (Some(Subject::Network | Subject::Node(_) | Subject::Links { .. }), _)
            | (None, Stage::Descriptors | Stage::Consensus) => Self::Network,
            (Some(Subject::Homes) | None, _) => Self::Run,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Run => "run",
            Self::Network => "network",
            Self::Home(home) => home,
        }
    }
}

/// A stage under way.
#[derive(Debug)]
struct Open {
    stage: Stage,
    node: Option<Subject>,
    name: String,
    started_ms: u64,
    limit_ms: Option<u64>,
}

/// What is known of one line.
#[derive(Debug, Default)]
struct Course {
    /// The oldest first.
    open: Vec<Open>,
    /// How many stages were reached, those among them that were found afterwards.
    reached: usize,
    /// The one that took longest, of those that were waited for.
    longest: Option<(String, u64)>,
    /// When the last of them was reached, since the run began.
    last_ms: u64,
    /// What was left without being reached, with what was seen last.
    left: Option<(String, u64, String)>,
}

/// The lines of one run.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: BTreeMap<Lane, Course>,
}

impl Lanes {
    /// Takes an event in. Returns whether it is one that is told by itself, above the lines: a run that begins, a
    /// container that ended, a note.
    pub fn take(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::RunStarted { .. } => {
                self.lanes.clear();
                return true;
            }
            EventKind::NodeDied { .. } | EventKind::Note { .. } => return true,
            EventKind::CheckJudged(_) => {}
            EventKind::StageStarted {
                stage,
                node,
                limit_ms,
            } => self.course(*stage, node.as_ref()).open.push(Open {
                stage: *stage,
                node: node.clone(),
                name: name(*stage, node.as_ref()),
                started_ms: event.at_ms,
                limit_ms: *limit_ms,
            }),
            EventKind::StageReached {
                stage,
                node,
                millis,
                ..
            } => {
                let course = self.ended(*stage, node.as_ref());
                course.reached += 1;
                course.last_ms = event.at_ms;
                if course
                    .longest
                    .as_ref()
                    .is_none_or(|(_, most)| most < millis)
                {
                    course.longest = Some((name(*stage, node.as_ref()), *millis));
                }
            }
            EventKind::StageSeen { stage, node, .. } => {
                self.course(*stage, node.as_ref()).reached += 1;
            }
            EventKind::StageFailed {
                stage,
                node,
                millis,
                interrupted,
                evidence,
            } => {
                let course = self.ended(*stage, node.as_ref());
                let why = if *interrupted { "interrupted; " } else { "" };
                let seen = format!("{why}last seen: {evidence}");
                // The first that is left is what the others wait for.
                course
                    .left
                    .get_or_insert((name(*stage, node.as_ref()), *millis, seen));
            }
        }
        false
    }

    fn course(&mut self, stage: Stage, node: Option<&Subject>) -> &mut Course {
        self.lanes.entry(Lane::of(stage, node)).or_default()
    }

    fn ended(&mut self, stage: Stage, node: Option<&Subject>) -> &mut Course {
        let course = self.course(stage, node);
        let is_it = |open: &Open| open.stage == stage && open.node.as_ref() == node;
        if let Some(place) = course.open.iter().position(is_it) {
            course.open.remove(place);
        }
        course
    }

    /// The lines at a time of the stream, `most` of them; those that are at something come before the others where not
    /// all fit.
    #[must_use]
    pub fn lines(&self, now_ms: u64, look: &Look, most: usize) -> Vec<String> {
        let wide = self.name_width(look);
        let mut shown: Vec<_> = self.lanes.iter().collect();
        if shown.len() > most {
            shown.sort_by_key(|(lane, course)| (course.open.is_empty(), *lane));
            shown.truncate(most.saturating_sub(1));
            shown.sort_by_key(|(lane, _)| *lane);
        }
        let hidden = self.lanes.len() - shown.len();
        let mut lines: Vec<String> = shown
            .into_iter()
            .map(|(lane, course)| course.line(lane.name(), wide, now_ms, look))
            .collect();
        if hidden > 0 {
            lines.push(look.line(&format!("      and {hidden} more")));
        }
        lines
    }

    /// What each line comes to when the run is over.
    #[must_use]
    pub fn ends(&self, look: &Look) -> Vec<String> {
        let wide = self.name_width(look);
        let lanes = self.lanes.iter();
        lanes
            .map(|(lane, course)| course.end(lane.name(), wide, look))
            .collect()
    }

    /// How wide the names are. A long one leaves room for what is said of it.
    fn name_width(&self, look: &Look) -> usize {
        let names = self.lanes.keys().map(|lane| lane.name().len());
        names.max().unwrap_or(0).min(look.line_width() / 3)
    }
}

impl Course {
    fn line(&self, name: &str, wide: usize, now_ms: u64, look: &Look) -> String {
        if let Some(open) = self.open.first() {
            let lasts = took(now_ms.saturating_sub(open.started_ms));
            let limit = open
                .limit_ms
                .map_or_else(String::new, |limit| format!(" of {}", took(limit)));
            let more = match self.open.len() {
                1 => String::new(),
                all => format!(", and {} more", all - 1),
            };
            // In columns where there is room for them.
            let (wide_name, wide_time) = if look.line_width() < 70 {
                (0, 0)
            } else {
                (24, 8)
            };
            let what = format!("{:<wide_name$} {lasts:>wide_time$}{limit}{more}", open.name);
            return row(look, Tone::Strong, "...", name, wide, &what);
        }
        match &self.left {
            Some(_) => self.end(name, wide, look),
            None => row(look, Tone::Good, "ok", name, wide, &self.so_far()),
        }
    }

    fn end(&self, name: &str, wide: usize, look: &Look) -> String {
        match (&self.left, self.open.first()) {
            (Some((stage, millis, seen)), _) => {
                let what = format!("{stage} after {}, {seen}", took(*millis));
                row(look, Tone::Bad, "left", name, wide, &what)
            }
            (None, Some(open)) => {
                let what = format!("{} did not end", open.name);
                row(look, Tone::Bad, "left", name, wide, &what)
            }
            (None, None) => row(look, Tone::Good, "ok", name, wide, &self.so_far()),
        }
    }

    fn so_far(&self) -> String {
        let stages = match self.reached {
            1 => "1 stage".to_owned(),
            all => format!("{all} stages"),
        };
        let longest = self
            .longest
            .as_ref()
            .map_or_else(String::new, |(stage, millis)| {
                format!(", longest {stage} {}", took(*millis))
            });
        format!("{stages} in {}{longest}", took(self.last_ms))
    }
}

/// A stage's name on the line of whom it is about.
fn name(stage: Stage, node: Option<&Subject>) -> String {
    match node {
        Some(Subject::Peering { to, .. }) => format!("{stage} to {to}"),
        Some(Subject::Network | Subject::Homes | Subject::Home(_)) | None => stage.to_string(),
        Some(node) => format!("{stage} {node}"),
    }
}

/// A line: how it stands, what it is about, and what is said. It is cut before it is painted, so that no colour is cut.
fn row(look: &Look, tone: Tone, word: &str, name: &str, wide: usize, what: &str) -> String {
    let name = console::truncate_str(name, wide, "…");
    let whole = look.line(&plain(&format!("{word:<5} {name:<wide$}  {what}")));
    let end = word.len();
    match (whole.get(..end), whole.get(end..)) {
        (Some(word), Some(rest)) => format!("{}{rest}", look.paint(tone, word)),
        _ => whole,
    }
}
