//! What a check is, and what comes of one.

use super::model::Model;
use super::place::At;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It cannot be told from what was given.
    Unknown,
    /// It works, and fails on a bad day or for somebody else.
    Warning,
    /// It does not work, or is not safe.
    Fail,
}

impl Level {
    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Fail => "fail",
        }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// Where.
    pub at: At,
    /// What is there.
    pub evidence: String,
}

/// What a check looked at, and what it found.
#[derive(Debug, Default)]
pub struct Look {
    looked: usize,
    notes: Vec<String>,
    findings: Vec<Finding>,
}

impl Look {
    /// Something is looked at.
    pub const fn at_one(&mut self) {
        self.looked += 1;
    }

    /// Something does not work, or is not safe.
    pub fn fail(&mut self, at: &At, evidence: impl Into<String>) {
        self.found(Level::Fail, at, evidence.into());
    }

    /// Something will do harm on a bad day.
    pub fn warn(&mut self, at: &At, evidence: impl Into<String>) {
        self.found(Level::Warning, at, evidence.into());
    }

    /// Something cannot be told.
    pub fn unknown(&mut self, at: &At, evidence: impl Into<String>) {
        self.found(Level::Unknown, at, evidence.into());
    }

    /// Something that was not given and need not be, such as a secret's value.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    fn found(&mut self, level: Level, at: &At, evidence: String) {
        let finding = Finding {
            level,
            at: at.clone(),
            evidence,
        };
        // A file that belongs to two projects is read in both.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// There was nothing of what it is about.
    NotLookedAt,
    /// All that was looked at is as it should be.
    Pass,
    /// It cannot be told from what was given.
    Unknown,
    /// The worst finding is a warning.
    Warning,
    /// Something is wrong.
    Fail,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotLookedAt => "not looked at",
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Fail => "fail",
        }
    }
}

/// One thing that is to be so.
pub struct Check {
    /// Its id, `family.name`, stable once released.
    pub id: &'static str,
    /// What is to be so.
    pub says: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// What happens where it is not so.
    pub why: &'static str,
    /// What is to be done then.
    pub remedy: &'static str,
    /// Looks.
    pub run: fn(&Model, &mut Look),
}

impl Check {
    /// The part of the id before the dot.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }
}

/// What a check came to.
pub struct Outcome {
    /// The check.
    pub check: &'static Check,
    /// How it came out.
    pub verdict: Verdict,
    /// How many things were looked at.
    pub looked: usize,
    /// What was found, in order.
    pub findings: Vec<Finding>,
    /// What was not given and need not be.
    pub notes: Vec<String>,
}

impl Outcome {
    /// Lets a check look.
    #[must_use]
    pub fn of(check: &'static Check, model: &Model) -> Self {
        let mut look = Look::default();
        (check.run)(model, &mut look);
        let Look {
            looked,
            notes,
            mut findings,
        } = look;
        findings.sort_by(|one, other| one.at.cmp(&other.at));
        let worst = findings.iter().map(|finding| finding.level).max();
        let verdict = match worst {
            Some(Level::Fail) => Verdict::Fail,
            Some(Level::Warning) => Verdict::Warning,
            Some(Level::Unknown) => Verdict::Unknown,
            None if looked > 0 => Verdict::Pass,
            None => Verdict::NotLookedAt,
        };
        Self {
            check,
            verdict,
            looked,
            findings,
            notes,
        }
    }
}
