//! `slow`: the links are as long as the topology's `[wan]` says.

use super::step::{Step, Steps};
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(_plan: &Plan, _fault: &Fault, _session: &[String]) -> Result<Steps, String> {
    Ok(Steps {
        apply: vec![Step::Shape { on: true }],
        undo: vec![Step::Shape { on: false }],
        over_at_once: false,
    })
}
