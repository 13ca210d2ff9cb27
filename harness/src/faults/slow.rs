//! `slow`: what a home sends to the network takes longer, or the links are as long as the topology's `[wan]` says.

use super::step::{NOBODY, Step, Steps, ways};
use super::victim::Now;
use crate::plan::Plan;
use crate::topology::{Fault, FaultTarget};

pub(super) fn steps(plan: &Plan, fault: &Fault, _now: &Now) -> Result<Steps, String> {
    if fault.on == FaultTarget::Links {
        return Ok(Steps {
            apply: vec![Step::Shape { on: true }],
            undo: vec![Step::Shape { on: false }],
            over_at_once: false,
        });
    }
    let (home, [_, router, _]) = ways(plan, fault.on.home(), NOBODY)?;
    let by = fault.by.ok_or("it is not known by how much")?;
    let by = by.as_millis().max(1).to_string();
    let arguments = ["slow", "--to", &router.to_string(), "--by-ms", &by];
    Ok(Steps {
        apply: vec![Step::Delay {
            home: home.clone(),
            arguments: arguments.map(str::to_owned).to_vec(),
        }],
        undo: vec![Step::Restore { home }],
        over_at_once: false,
    })
}
