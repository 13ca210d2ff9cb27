//! `cut`: whatever a home sends to the network is swallowed, as behind a router whose line is down.

use super::step::{NOBODY, Step, Steps, arguments, ways};
use super::victim::Now;
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, _now: &Now) -> Result<Steps, String> {
    let (home, [_, router, nobody]) = ways(plan, fault.on.home(), NOBODY)?;
    Ok(Steps {
        apply: vec![Step::Swallow {
            home: home.clone(),
            arguments: arguments("swallow", [("to", router), ("nobody", nobody)]),
        }],
        undo: vec![Step::Restore { home }],
        over_at_once: false,
    })
}
