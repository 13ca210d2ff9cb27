//! `stop`: SIGTERM, as an operator's engine ends a container. When its time is over it is started again.

use super::step::{Steps, ended_for_a_time};
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, session: &[String]) -> Result<Steps, String> {
    ended_for_a_time(plan, fault, session, "SIGTERM")
}
