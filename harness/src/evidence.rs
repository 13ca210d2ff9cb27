//! What evidence is made of, below everything that gathers, judges or tells it: what it is about, how
//! a check came out, and how a dial ended.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

pub use home_agent::dialled::{DialOutcome, Dialled};

/// Something that was looked for: what was found, or why it could not be looked at. The latter says
/// nothing of the thing itself.
pub type Gathered<T> = Result<T, String>;

/// What a stage, a failure or a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The private network of authorities and relays.
    Network,
    /// All homes together.
    Homes,
    /// The nodes' shaped links, switched on or off.
    Links {
        /// Whether they delay and pace.
        shaped: bool,
    },
    /// One authority or relay, by its nickname.
    Node(String),
    /// One home, by its id.
    Home(String),
    /// A session between two homes.
    Peering {
        /// The home that dials.
        from: String,
        /// The home that accepts.
        to: String,
    },
    /// A descriptor that a home's daemon fetches.
    Descriptor {
        /// The home that fetches.
        by: String,
        /// The home whose descriptor it is.
        of: String,
    },
    /// A home's descriptors at one HSDir.
    Upload {
        /// The home.
        home: String,
        /// The HSDir, by its nickname.
        hsdir: String,
    },
}

impl Subject {
    /// A session between two homes.
    #[must_use]
    pub fn peering(from: &str, to: &str) -> Self {
        Self::Peering {
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    /// The authorities, relays and homes that it is about, by name; none where it is about all.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Network | Self::Homes | Self::Links { .. } => Vec::new(),
            Self::Node(name) | Self::Home(name) => vec![name],
            Self::Peering { from: one, to: two }
            | Self::Descriptor { by: one, of: two }
            | Self::Upload {
                home: one,
                hsdir: two,
            } => vec![one, two],
        }
    }

    /// Whether it is about this authority, relay or home: by its name, or because it is about all.
    #[must_use]
    pub fn concerns(&self, name: &str) -> bool {
        let names = self.names();
        names.is_empty() || names.contains(&name)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => f.write_str("network"),
            Self::Homes => f.write_str("homes"),
            Self::Links { shaped: true } => f.write_str("on"),
            Self::Links { shaped: false } => f.write_str("off"),
            Self::Node(name) | Self::Home(name) => f.write_str(name),
            Self::Peering { from, to } => write!(f, "{from} to {to}"),
            Self::Descriptor { by, of } => write!(f, "{by} of {of}'s descriptor"),
            Self::Upload { home, hsdir } => write!(f, "{home} at {hsdir}"),
        }
    }
}

/// Reads what [`Subject`]'s `Display` writes, as reports carry it. The name of a home reads as that of a
/// node: the text does not tell them apart.
impl From<&str> for Subject {
    fn from(text: &str) -> Self {
        match text {
            "network" => return Self::Network,
            "homes" => return Self::Homes,
            "on" => return Self::Links { shaped: true },
            "off" => return Self::Links { shaped: false },
            _ => {}
        }
        if let Some((from, to)) = text.split_once(" to ") {
            return Self::peering(from, to);
        }
        if let Some((home, hsdir)) = text.split_once(" at ") {
            return Self::Upload {
                home: home.to_owned(),
                hsdir: hsdir.to_owned(),
            };
        }
        let descriptor = text.strip_suffix("'s descriptor");
        match descriptor.and_then(|text| text.split_once(" of ")) {
            Some((by, of)) => Self::Descriptor {
                by: by.to_owned(),
                of: of.to_owned(),
            },
            None => Self::Node(text.to_owned()),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a container is in its topology.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerRole {
    /// An authority or a relay, by its nickname.
    Node(String),
    /// What shapes the links of an authority or relay.
    Shaping(String),
    /// A home's onion daemon.
    Sidecar(String),
    /// A home's connector.
    Connector(String),
    /// A home's business-logic server.
    Bls(String),
    /// Anything else that the harness made, such as what fills a volume with keys.
    Other(String),
}

impl ContainerRole {
    const SHAPING: &str = "distance";
    const SIDECAR: &str = "sidecar";
    const CONNECTOR: &str = "connector";
    const BLS: &str = "bls";

    /// The home that it belongs to.
    #[must_use]
    pub fn home(&self) -> Option<&str> {
        match self {
            Self::Sidecar(home) | Self::Connector(home) | Self::Bls(home) => Some(home),
            Self::Node(_) | Self::Shaping(_) | Self::Other(_) => None,
        }
    }

    /// The authority, relay or home that it belongs to.
    #[must_use]
    pub fn owner(&self) -> &str {
        match self {
            Self::Node(name)
            | Self::Shaping(name)
            | Self::Sidecar(name)
            | Self::Connector(name)
            | Self::Bls(name)
            | Self::Other(name) => name,
        }
    }

    /// Whether it is the program under test.
    #[must_use]
    pub const fn is_connector(&self) -> bool {
        matches!(self, Self::Connector(_))
    }
}

impl fmt::Display for ContainerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) | Self::Other(name) => f.write_str(name),
            Self::Shaping(node) => write!(f, "{node}/{}", Self::SHAPING),
            Self::Sidecar(home) => write!(f, "{home}/{}", Self::SIDECAR),
            Self::Connector(home) => write!(f, "{home}/{}", Self::CONNECTOR),
            Self::Bls(home) => write!(f, "{home}/{}", Self::BLS),
        }
    }
}

/// Reads what [`ContainerRole`]'s `Display` writes, as containers carry it in a label.
impl From<&str> for ContainerRole {
    fn from(label: &str) -> Self {
        match label.rsplit_once('/') {
            None => Self::Node(label.to_owned()),
            Some((node, Self::SHAPING)) => Self::Shaping(node.to_owned()),
            Some((home, Self::SIDECAR)) => Self::Sidecar(home.to_owned()),
            Some((home, Self::CONNECTOR)) => Self::Connector(home.to_owned()),
            Some((home, Self::BLS)) => Self::Bls(home.to_owned()),
            Some(_) => Self::Other(label.to_owned()),
        }
    }
}

impl Serialize for ContainerRole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How a check, or a run, came out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "verdict")]
pub enum Verdict {
    /// What the check says is true.
    Pass,
    /// This connector or daemon cannot do what the check needs.
    Unsupported,
    /// There was too little to judge by.
    Inconclusive,
    /// What the check says is not true.
    Fail,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unsupported => "unsupported",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

/// What a check, or a row of `conformance`, holds a connector to: the levels of
/// `docs/connector-contract.md`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "basis")]
pub enum Basis {
    /// A specification, safety, or bytes and interfaces without which two connectors don't work
    /// together.
    Required,
    /// Several answers are legitimate: every one of them passes, anything else does not.
    EitherWay,
    /// Something that is wrong whoever does it, the original too.
    Defect,
}

impl Basis {
    /// The words in reports and documents.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::EitherWay => "either way",
            Self::Defect => "defect",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it came out.
    pub verdict: Verdict,
    /// What was measured, with its unit; empty for a yes-or-no check.
    pub measured: String,
    /// The bound, with its unit; empty without a budget.
    pub budget: String,
    /// What was seen, where and when. Holds no secret and no onion address.
    pub evidence: String,
}

impl Finding {
    fn plain(verdict: Verdict, evidence: impl Into<String>) -> Self {
        Self {
            verdict,
            measured: String::new(),
            budget: String::new(),
            evidence: evidence.into(),
        }
    }

    pub(crate) fn pass(evidence: impl Into<String>) -> Self {
        Self::plain(Verdict::Pass, evidence)
    }

    pub(crate) fn fail(evidence: impl Into<String>) -> Self {
        Self::plain(Verdict::Fail, evidence)
    }

    pub(crate) fn unsupported(evidence: impl Into<String>) -> Self {
        Self::plain(Verdict::Unsupported, evidence)
    }

    pub(crate) fn inconclusive(evidence: impl Into<String>) -> Self {
        Self::plain(Verdict::Inconclusive, evidence)
    }

    /// As [`Finding::all`], with what could not be looked at, each with its reason: then what is right
    /// of the rest is not enough to pass, and what is wrong is wrong all the same.
    pub(crate) fn known(
        looked_at: usize,
        wrong: &[String],
        unknown: &[String],
        good: impl Into<String>,
    ) -> Self {
        if wrong.is_empty() && !unknown.is_empty() {
            return Self::inconclusive(unknown.join("; "));
        }
        Self::all(looked_at, wrong, good)
    }

    /// Passes when there were things to look at and none was wrong.
    pub(crate) fn all(looked_at: usize, wrong: &[String], good: impl Into<String>) -> Self {
        if !wrong.is_empty() {
            Self::fail(wrong.join("; "))
        } else if looked_at == 0 {
            Self::fail("found nothing to look at")
        } else {
            Self::pass(good)
        }
    }
}

/// One check's outcome, as every report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// `family.name`, stable once released.
    pub id: String,
    /// What it holds its subject to.
    pub basis: Basis,
    /// What is true when it passes.
    pub says: String,
    /// How it came out.
    pub verdict: Verdict,
    /// Whether it failed for a defect that whoever asked accepts: then the run may pass.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
    /// What was measured.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub measured: String,
    /// The bound.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub budget: String,
    /// What was seen.
    pub evidence: String,
}

impl CheckResult {
    /// What a check of this id and sentence found, which is required.
    pub(crate) fn new(id: &str, says: &str, finding: Finding) -> Self {
        Self {
            id: id.to_owned(),
            basis: Basis::Required,
            accepted: false,
            says: says.to_owned(),
            verdict: finding.verdict,
            measured: finding.measured,
            budget: finding.budget,
            evidence: finding.evidence,
        }
    }

    /// The same on another basis.
    pub(crate) fn on(self, basis: Basis) -> Self {
        Self { basis, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let name = |text: &str| text.to_owned();
        for subject in [
            Subject::Network,
            Subject::Homes,
            Subject::Links { shaped: true },
            Subject::Links { shaped: false },
            Subject::Node(name("da1")),
            Subject::peering("home-a", "home-b"),
            Subject::Descriptor {
                by: name("home-a"),
                of: name("home-b"),
            },
            Subject::Upload {
                home: name("home-a"),
                hsdir: name("relay2"),
            },
        ] {
            assert_eq!(Subject::from(&*subject.to_string()), subject);
        }
        for role in [
            ContainerRole::Node(name("relay1")),
            ContainerRole::Shaping(name("relay1")),
            ContainerRole::Sidecar(name("home-a")),
            ContainerRole::Connector(name("home-a")),
            ContainerRole::Bls(name("home-a")),
            ContainerRole::Other(name("home-a/keys")),
        ] {
            assert_eq!(ContainerRole::from(&*role.to_string()), role);
        }
    }

    #[test]
    fn a_peering_concerns_its_ends_alone() {
        let peering = Subject::peering("home-a", "home-b");
        assert!(peering.concerns("home-b"));
        assert!(!peering.concerns("home"));
        assert!(Subject::Network.concerns("home-a"));
    }

    #[test]
    fn what_could_not_be_looked_at_neither_passes_nor_accuses() {
        let unknown = ["no answer".to_owned()];
        let finding = Finding::known(1, &[], &unknown, "fine");
        assert_eq!(finding.verdict, Verdict::Inconclusive);
        let wrong = ["broken".to_owned()];
        let finding = Finding::known(1, &wrong, &unknown, "fine");
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(Finding::known(0, &[], &[], "fine").verdict, Verdict::Fail);
        assert_eq!(Finding::known(1, &[], &[], "fine").verdict, Verdict::Pass);
    }
}
