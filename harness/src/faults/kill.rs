//! `kill`: SIGKILL. When its time is over it is started again; without a time it stays dead.

use super::step::{Steps, ended_for_a_time};
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, session: &[String]) -> Result<Steps, String> {
    ended_for_a_time(plan, fault, session, "SIGKILL")
}
