//! `lose`: a share of the packets between a home and the network is lost, in both directions, as on a bad line.

use super::step::{NOBODY, Step, Steps, ways};
use super::victim::Now;
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, _now: &Now) -> Result<Steps, String> {
    let (home, [_, router, _]) = ways(plan, fault.on.home(), NOBODY)?;
    let percent = fault.percent.to_string();
    let arguments = ["lose", "--to", &router.to_string(), "--percent", &percent];
    Ok(Steps {
        apply: vec![Step::Swallow {
            home: home.clone(),
            arguments: arguments.map(str::to_owned).to_vec(),
        }],
        undo: vec![Step::Restore { home }],
        over_at_once: false,
    })
}
