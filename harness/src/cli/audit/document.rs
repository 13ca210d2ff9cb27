//! An audit as a document for programs, from which its other forms are drawn.

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::{Audit, Finding, Level, Outcome, Verdict};
use crate::causes::clipped;
use crate::cli::exit::Exit;
use crate::onion::redact;
use crate::report::{ReportKind, VERSION, plain};

/// What `audit --json` prints. Holds no secret and no onion address.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "audit", deny_unknown_fields)]
pub struct AuditReport {
    /// What the document is about.
    #[schemars(with = "String", extend("const" = "audit"))]
    kind: ReportKind,
    /// Version of this shape. It changes when a field is removed or changes its meaning.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// Version of the harness.
    #[schemars(length(min = 1))]
    harness: &'static str,
    /// The exit code as a word.
    outcome: Exit,
    /// The command's exit code.
    #[schemars(transform = crate::report::exit_codes)]
    exit_code: u8,
    /// Which way of running a connector it is, in words.
    #[schemars(length(min = 1))]
    pub(super) mode: String,
    /// How many connectors a packet goes through at the most.
    #[schemars(range(min = 1))]
    hops: u32,
    /// The files that were read.
    pub(super) files: Vec<String>,
    /// How many checks came out how.
    pub(super) summary: Summary,
    /// Every check.
    pub(super) checks: Vec<AuditCheck>,
}

/// How many checks came out how.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "auditSummary", deny_unknown_fields)]
pub(super) struct Summary {
    /// Something is wrong.
    pub(super) fail: usize,
    /// The worst finding is a warning.
    pub(super) warning: usize,
    /// It cannot be told from what was given.
    pub(super) unknown: usize,
    /// All that was looked at is as it should be.
    pub(super) pass: usize,
    /// There was nothing of what it is about.
    pub(super) not_looked_at: usize,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "auditVerdict")]
pub(super) enum Word {
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

/// A check.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "auditCheck", deny_unknown_fields)]
pub(super) struct AuditCheck {
    /// Its id, `family.name`.
    #[schemars(regex(pattern = r"^[a-z]+\.[a-z-]+$"))]
    pub(super) id: &'static str,
    /// What is to be so.
    #[schemars(length(min = 1))]
    pub(super) says: &'static str,
    /// What it came to.
    pub(super) verdict: Word,
    /// How many things were looked at.
    pub(super) looked: usize,
    /// What is to be done where it is not so.
    #[schemars(length(min = 1))]
    pub(super) remedy: &'static str,
    /// What was not given, and need not be.
    pub(super) notes: Vec<String>,
    /// What was found.
    pub(super) findings: Vec<AuditFinding>,
    /// Why it matters; told by `--explain`.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) why: &'static str,
}

/// Something that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "auditFinding", deny_unknown_fields)]
pub(super) struct AuditFinding {
    /// How bad it is.
    pub(super) level: AuditLevel,
    /// The file, as it was named or found.
    #[schemars(length(min = 1))]
    pub(super) file: String,
    /// The line.
    #[schemars(range(min = 1))]
    pub(super) line: usize,
    /// What is there.
    #[schemars(length(min = 1))]
    pub(super) evidence: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "auditLevel")]
pub(super) enum AuditLevel {
    /// It cannot be told from what was given.
    Unknown,
    /// It works, and fails on a bad day or for somebody else.
    Warning,
    /// It does not work, or is not safe.
    Fail,
}

impl AuditReport {
    /// Of an audit.
    #[must_use]
    pub fn new(audit: &Audit, hops: u32) -> Self {
        let exit = exit_of(audit);
        let checks: Vec<AuditCheck> = audit.outcomes.iter().map(AuditCheck::new).collect();
        let count = |word| checks.iter().filter(|check| check.verdict == word).count();
        Self {
            kind: ReportKind::Audit,
            version: VERSION,
            harness: env!("CARGO_PKG_VERSION"),
            outcome: exit,
            exit_code: exit.code(),
            mode: audit.mode.clone(),
            hops,
            files: audit.files.iter().map(|name| shown(name)).collect(),
            summary: Summary {
                fail: count(Word::Fail),
                warning: count(Word::Warning),
                unknown: count(Word::Unknown),
                pass: count(Word::Pass),
                not_looked_at: count(Word::NotLookedAt),
            },
            checks,
        }
    }

    /// The exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.outcome
    }
}

/// What was found against the deployment stays found, whatever could not be read besides.
fn exit_of(audit: &Audit) -> Exit {
    if audit.count(Level::Fail, false) + audit.count(Level::Warning, false) > 0 {
        Exit::Fail
    } else if audit.count(Level::Fail, true) > 0 {
        Exit::Usage
    } else if audit.count(Level::Unknown, false) + audit.count(Level::Unknown, true) > 0
        || !audit.looked()
    {
        Exit::Inconclusive
    } else {
        Exit::Pass
    }
}

impl AuditCheck {
    fn new(outcome: &Outcome) -> Self {
        Self {
            id: outcome.check.id,
            says: outcome.check.says,
            verdict: match outcome.verdict {
                Verdict::NotLookedAt => Word::NotLookedAt,
                Verdict::Pass => Word::Pass,
                Verdict::Unknown => Word::Unknown,
                Verdict::Warning => Word::Warning,
                Verdict::Fail => Word::Fail,
            },
            looked: outcome.looked,
            remedy: outcome.check.remedy,
            notes: outcome.notes.iter().map(|note| shown(note)).collect(),
            findings: outcome.findings.iter().map(AuditFinding::new).collect(),
            why: outcome.check.why,
        }
    }

    /// The part of the id before the dot.
    pub(super) fn family(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }
}

impl AuditFinding {
    fn new(finding: &Finding) -> Self {
        Self {
            level: match finding.level {
                Level::Unknown => AuditLevel::Unknown,
                Level::Warning => AuditLevel::Warning,
                Level::Fail => AuditLevel::Fail,
            },
            file: shown(&finding.at.file),
            line: finding.at.line,
            evidence: shown(&finding.evidence),
        }
    }
}

impl AuditLevel {
    /// The word in reports.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Fail => "fail",
        }
    }
}

/// A text of others as a document may have it: of a line, not too long, without addresses.
fn shown(text: &str) -> String {
    clipped(&redact(&plain(text)))
}
