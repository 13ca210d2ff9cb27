//! What `swallow` prints on standard output, one JSON object per line.

use serde::{Deserialize, Serialize};

/// One line: `{"swallow":"on"}`, `{"swallow":"off"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "swallow", rename_all = "kebab-case")]
pub enum SwallowEvent {
    /// From here on nothing gets through.
    On,
    /// Everything gets through again.
    Off,
}
