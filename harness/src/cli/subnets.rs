//! `--subnets`: where runs take their addresses from.

use crate::plan::Range;

/// Options about addresses.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SubnetArgs {
    /// Ranges that the run's bridges take their addresses from, with commas between them, the first choice
    /// first, instead of parts of 10.192.0.0/11, 172.24.0.0/14, 198.18.0.0/15 and 192.168.128.0/17
    #[arg(
        long = "subnets",
        value_name = "RANGE,…",
        value_delimiter = ',',
        help_heading = "Network and engines"
    )]
    pub(super) ranges: Vec<Range>,
}
