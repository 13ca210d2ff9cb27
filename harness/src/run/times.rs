//! What bringing up measures.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::topology::Metric;

/// What bringing up measures, per metric.
pub type Times = BTreeMap<Metric, Vec<Duration>>;
