//! `restart`: SIGKILL, and started again at once.

use super::step::{Step, Steps, ends};
use super::victim::Now;
use super::victim::{Part, Victim, victims};
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, now: &Now) -> Result<Steps, String> {
    let victims = victims(plan, fault, now)?;
    // What a home loses that has its keys on no volume.
    let again = |victim: Victim| match &victim.part {
        Part::Daemon(home) if !plan.keeps_keys => Step::NewKeys { home: home.clone() },
        _ => Step::Start(victim),
    };
    Ok(Steps {
        apply: ends(&victims, "SIGKILL"),
        undo: victims.into_iter().map(again).collect(),
        over_at_once: true,
    })
}
