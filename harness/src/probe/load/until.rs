//! How long a load goes on.

use std::time::Duration;

/// When a load ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// After that many packets.
    Packets(u64),
    /// After that long; packets then in flight are still awaited.
    Elapsed(Duration),
}

impl Until {
    /// Never begun: what a load without a warm-up has as one.
    pub const NONE: Self = Self::Packets(0);
}
