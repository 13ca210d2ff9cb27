//! What `witness` says, one JSON object per line: on standard output once it listens, and on its
//! connections.

use serde::{Deserialize, Serialize};

use crate::dialled::DialOutcome;

/// The line that ends the witness.
pub const END: &str = "end";

/// Who and when it is: on standard output, and first on every connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Here {
    /// What it was started with, by which it is told from anybody else.
    pub token: String,
    /// What its clock says, in milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// How many bytes an ordinary user may still write to its root file system, which is on the engine's disk.
    pub free_bytes: u64,
}

/// The answer to a line with a target, `ADDRESS:PORT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// How the attempt ended.
    pub outcome: DialOutcome,
    /// The token of the witness that was met there, if one was.
    pub token: Option<String>,
}
