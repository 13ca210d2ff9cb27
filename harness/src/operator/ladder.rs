//! What was found of a home, step by step, and what it comes to.

use std::time::Duration;

use serde::Serialize;

use crate::onion::redact;

/// Whose fault it is when a step does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The home's, or a peer's.
    Subject,
    /// The machine's, the engine's or the network's.
    Surroundings,
}

/// What was found of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
pub enum Found {
    /// It holds.
    Holds {
        /// By what that is known.
        told: String,
    },
    /// It does not.
    Fails {
        /// What is wrong.
        told: String,
        /// What helps.
        remedy: String,
        /// Whose fault it is.
        at_fault: Fault,
    },
    /// It could not be looked at, or what was seen tells nothing.
    Unknown {
        /// Why.
        told: String,
    },
    /// Nothing to judge: what cannot be told from this side, or has no say in the verdict.
    Note {
        /// That.
        told: String,
    },
}

impl Found {
    pub(super) fn holds(told: impl Into<String>) -> Self {
        Self::Holds { told: told.into() }
    }

    pub(super) fn fails(told: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Fails {
            told: told.into(),
            remedy: remedy.into(),
            at_fault: Fault::Subject,
        }
    }

    pub(super) fn surroundings(told: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Fails {
            told: told.into(),
            remedy: remedy.into(),
            at_fault: Fault::Surroundings,
        }
    }

    pub(super) fn unknown(told: impl Into<String>) -> Self {
        Self::Unknown { told: told.into() }
    }

    pub(super) fn note(told: impl Into<String>) -> Self {
        Self::Note { told: told.into() }
    }

    /// A word for it, of at most 7 characters.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Holds { .. } => "ok",
            Self::Fails { .. } => "FAILS",
            Self::Unknown { .. } => "unknown",
            Self::Note { .. } => "note",
        }
    }

    /// What it says, with the remedy.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Holds { told } | Self::Unknown { told } | Self::Note { told } => told.clone(),
            Self::Fails { told, remedy, .. } => format!("{told}; {remedy}"),
        }
    }

    /// The same without onion addresses, whatever it quotes.
    fn redacted(self) -> Self {
        match self {
            Self::Holds { told } => Self::Holds {
                told: redact(&told),
            },
            Self::Unknown { told } => Self::Unknown {
                told: redact(&told),
            },
            Self::Note { told } => Self::Note {
                told: redact(&told),
            },
            Self::Fails {
                told,
                remedy,
                at_fault,
            } => Self::Fails {
                told: redact(&told),
                remedy: redact(&remedy),
                at_fault,
            },
        }
    }
}

/// One step of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The peer that it is about; absent for the home's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// What was looked at.
    pub step: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub found: Found,
}

/// What all steps come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Everything holds.
    Good,
    /// Something cannot be told.
    Unclear,
    /// Something does not hold for a reason outside of the home.
    Surroundings,
    /// Something of the home or a peer does not hold.
    Fails,
}

/// The steps that were looked at. Each is told as soon as it is known.
pub struct Ladder<'t> {
    steps: Vec<Step>,
    tell: &'t mut (dyn FnMut(&Step) + Send),
}

impl<'t> Ladder<'t> {
    /// No step yet.
    #[must_use]
    pub fn new(tell: &'t mut (dyn FnMut(&Step) + Send)) -> Self {
        Self {
            steps: Vec::new(),
            tell,
        }
    }

    /// Adds a step, and says whether it holds.
    pub(super) fn add(&mut self, peer: Option<&str>, step: &'static str, found: Found) -> bool {
        let step = Step {
            peer: peer.map(str::to_owned),
            step,
            found: found.redacted(),
        };
        (self.tell)(&step);
        let holds = matches!(step.found, Found::Holds { .. });
        self.steps.push(step);
        holds
    }

    /// What they come to. Nothing that was looked at is nothing that holds.
    #[must_use]
    pub fn standing(&self) -> Standing {
        standing(&self.steps)
    }

    /// The steps.
    #[must_use]
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

fn standing(steps: &[Step]) -> Standing {
    let of = |step: &Step| match &step.found {
        Found::Holds { .. } | Found::Note { .. } => Standing::Good,
        Found::Unknown { .. } => Standing::Unclear,
        Found::Fails { at_fault, .. } => match at_fault {
            Fault::Surroundings => Standing::Surroundings,
            Fault::Subject => Standing::Fails,
        },
    };
    let any_holds = steps
        .iter()
        .any(|step| matches!(step.found, Found::Holds { .. }));
    let worst = steps.iter().map(of).max_by_key(|standing| *standing as u8);
    match worst {
        Some(Standing::Good) if !any_holds => Standing::Unclear,
        Some(worst) => worst,
        None => Standing::Unclear,
    }
}

/// A time in words, to the millisecond below 10 s.
pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.3} s", time.as_secs_f64()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: Vec<Found>) -> Standing {
        let mut told = 0;
        let mut tell = |_: &Step| told += 1;
        let mut ladder = Ladder::new(&mut tell);
        for found in all {
            ladder.add(None, "step", found);
        }
        ladder.standing()
    }

    #[test]
    fn the_worst_step_counts_and_nothing_is_not_good() {
        let good = || Found::holds("x");
        let unknown = || Found::unknown("x");
        assert_eq!(of(vec![]), Standing::Unclear);
        assert_eq!(of(vec![Found::note("x")]), Standing::Unclear);
        assert_eq!(of(vec![good(), Found::note("x")]), Standing::Good);
        assert_eq!(of(vec![good(), unknown()]), Standing::Unclear);
        let outside = Found::surroundings("x", "y");
        assert_eq!(
            of(vec![unknown(), outside.clone(), good()]),
            Standing::Surroundings
        );
        assert_eq!(
            of(vec![outside, Found::fails("x", "y"), unknown()]),
            Standing::Fails
        );
    }

    #[test]
    fn no_step_tells_an_address() {
        let label = "a2".repeat(28);
        let mut tell = |_: &Step| {};
        let mut ladder = Ladder::new(&mut tell);
        ladder.add(
            None,
            "step",
            Found::fails(format!("at {label}.anon"), &label),
        );
        let text = format!("{:?}", ladder.into_steps());
        assert!(!text.contains(&label), "{text}");
    }
}
