//! Legitimate differences: the other half of mutants. None of them may fail a check; what cannot be judged
//! with one is named.

use serde::{Serialize, Serializer};

/// A legitimate difference, chosen by `variant = "..."` in a topology. All are in [`VARIANTS`].
#[derive(Debug, PartialEq, Eq)]
pub struct VariantSpec {
    /// The name in topology files.
    pub name: &'static str,
    /// What differs, as a sentence.
    pub differs: &'static str,
    /// The checks that cannot be judged then; all others pass.
    pub unsupported: &'static [&'static str],
    /// The faults of the catalogue under which it shows; empty of one that shows where nothing is broken.
    pub faults: &'static [&'static str],
    /// What differs.
    pub part: Different,
}

/// What differs, in every home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Different {
    /// The connector, which is told the variant's name.
    Connector,
    /// The daemon: its configuration has this line more.
    Daemon(&'static str),
}

/// Shown by its name.
impl Serialize for VariantSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// A connector that differs, and with which all is judged.
const fn connector(name: &'static str, differs: &'static str) -> VariantSpec {
    without(name, differs, &[])
}

/// A connector that differs, and what cannot be judged then.
const fn without(
    name: &'static str,
    differs: &'static str,
    unsupported: &'static [&'static str],
) -> VariantSpec {
    VariantSpec {
        name,
        differs,
        unsupported,
        faults: &[],
        part: Different::Connector,
    }
}

/// A connector that differs while something is broken.
const fn broken(
    name: &'static str,
    differs: &'static str,
    faults: &'static [&'static str],
    unsupported: &'static [&'static str],
) -> VariantSpec {
    VariantSpec {
        faults,
        ..without(name, differs, unsupported)
    }
}

const SECRECY: &[&str] = &["secrecy.addresses", "secrecy.secrets"];
const AMOUNTS: &[&str] = &["packets.amounts"];
const HEALTH: &[&str] = &["resilience.health", "resilience.health-live"];
/// A short outage, a connector that goes and a daemon that does.
const OUTAGES: &[&str] = &["cut-10s", "connector-restart", "daemon-restart"];
/// Of faults that say nothing of how much may be lost, and tell no connector to end.
const OF_FAULTS: &[&str] = &["faults.lost", "faults.shutdown"];
/// The same of faults that start no daemon again either.
const OF_SESSIONS: &[&str] = &[
    "faults.in-flight",
    "faults.lost",
    "faults.shutdown",
    "identity.kept",
];

/// Every variant, in the order of the matrix.
pub static VARIANTS: &[VariantSpec] = &[
    connector("plain-text-logs", "The connector logs plain text."),
    without("no-logs", "The connector writes no log.", SECRECY),
    connector(
        "redacts-at-every-level",
        "The connector writes no onion address at any level.",
    ),
    connector(
        "other-log-fields",
        "The connector logs other events in other fields.",
    ),
    connector(
        "one-error",
        "The connector answers a packet that cannot be read with one ERROR.",
    ),
    connector(
        "closes-late",
        "The connector closes two seconds after a refused login, with another code.",
    ),
    connector("other-texts", "The connector's rejects have other texts."),
    without(
        "demands-claims",
        "The connector wants a claim for each packet above 0 (F06).",
        AMOUNTS,
    ),
    without(
        "lacks-settlement",
        "The connector hands on nothing above 0, for want of settlement (T00).",
        AMOUNTS,
    ),
    connector(
        "counts-file-peers",
        "The connector's health counts the peers of its file alone.",
    ),
    connector(
        "adds-peers-late",
        "The connector answers a second after it was told of a peer.",
    ),
    connector(
        "adds-peers-at-once",
        "The connector answers as soon as it is told of a peer.",
    ),
    without("no-health", "The connector has no `/health`.", HEALTH),
    connector(
        "fragments-and-pings",
        "The connector sends each message in two fragments with a ping between them.",
    ),
    connector(
        "offers-deflate",
        "The connector offers compression when it dials.",
    ),
    connector(
        "other-case-ids",
        "The connector lists its peers under their ids in upper case.",
    ),
    connector(
        "tells-server-more",
        "The connector tells its business-logic server more than it has to.",
    ),
    connector(
        "takes-less-time",
        "The connector takes 300 ms off an expiry.",
    ),
    connector(
        "says-r02",
        "The connector rejects with R02 what has too little time left.",
    ),
    VariantSpec {
        name: "daemon-logs-more",
        differs: "The homes' daemons log at INFO as well.",
        unsupported: &[],
        faults: &[],
        part: Different::Daemon("Log info stdout"),
    },
    broken(
        "backs-off-slowly",
        "The connector's pauses between dials grow by half up to 30 s, each a little by chance.",
        OUTAGES,
        OF_FAULTS,
    ),
    broken(
        "leaves-redial-to-peer",
        "Of two connectors that dial each other one dials again only where the other has not for 10 s.",
        OUTAGES,
        OF_FAULTS,
    ),
    broken(
        "sends-again",
        "The connector sends what its next hop has not answered once more when that is back.",
        OUTAGES,
        OF_FAULTS,
    ),
    broken(
        "closes-older",
        "The connector closes a peer's older session when that peer comes again.",
        &["second-session"],
        OF_SESSIONS,
    ),
];
