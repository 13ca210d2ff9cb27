//! `pause`: SIGSTOP, and SIGCONT when its time is over: a program that hangs, a machine that sleeps. What runs beside
//! the container's first program goes on, such as the recorder beside a home's server.

use super::managed;
use super::step::{Step, Steps};
use super::victim::Now;
use super::victim::victims;
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, now: &Now) -> Result<Steps, String> {
    if let Some(home) = managed::home(plan, fault) {
        return Ok(managed::signalled(home, "stop", Some("cont")));
    }
    let victims = victims(plan, fault, now)?;
    let signal = |signal: &'static str| {
        let each = victims.iter().cloned();
        each.map(move |victim| Step::Signal { victim, signal })
            .collect()
    };
    Ok(Steps {
        apply: signal("SIGSTOP"),
        undo: signal("SIGCONT"),
        over_at_once: false,
    })
}
