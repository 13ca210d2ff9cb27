//! `readdress`: a home goes out by another address, and what it had open by the old one is reset: a router that was
//! restarted, or got another lease. It keeps the new address.

use super::step::{MOVED, Step, Steps, arguments, ways};
use super::victim::Now;
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, _now: &Now) -> Result<Steps, String> {
    let (home, [own, router, moved]) = ways(plan, fault.on.home(), MOVED)?;
    let options = [("to", router), ("from", own), ("moves-to", moved)];
    Ok(Steps {
        apply: vec![Step::Readdress {
            home,
            arguments: arguments("readdress", options),
        }],
        undo: Vec::new(),
        over_at_once: true,
    })
}
