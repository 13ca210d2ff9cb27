//! `kill`: SIGKILL. When its time is over it is started again; without a time it stays dead.

use super::step::{Step, Steps};
use super::victim::{Victim, victims};
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, session: &[String]) -> Result<Steps, String> {
    let victims = victims(plan, fault, session)?;
    let end = |victim: &Victim| Step::End {
        victim: victim.clone(),
        signal: "SIGKILL",
    };
    Ok(Steps {
        apply: victims.iter().map(end).collect(),
        undo: match fault.lasts {
            Some(_) => victims.into_iter().map(Step::Start).collect(),
            None => Vec::new(),
        },
        over_at_once: false,
    })
}
