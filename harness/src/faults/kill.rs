//! `kill`: SIGKILL. When its time is over it is started again; without a time it stays dead. A home's server, whose
//! container holds the home's network, is told to be away instead: its port and its connections are closed.

use super::managed;
use super::step::{Step, Steps, ended_for_a_time};
use super::victim::Now;
use super::victim::victims;
use crate::plan::Plan;
use crate::topology::{Fault, FaultTarget};

pub(super) fn steps(plan: &Plan, fault: &Fault, now: &Now) -> Result<Steps, String> {
    if let Some(home) = managed::home(plan, fault) {
        return Ok(managed::signalled(home, "kill", None));
    }
    if !matches!(fault.on, FaultTarget::Server(_)) {
        return ended_for_a_time(plan, fault, now, "SIGKILL");
    }
    let victims = victims(plan, fault, now)?;
    let told = |signal| {
        victims
            .iter()
            .cloned()
            .map(move |victim| Step::Signal { victim, signal })
    };
    Ok(Steps {
        apply: told("SIGUSR1").collect(),
        undo: fault
            .lasts
            .map(|_| told("SIGUSR2").collect())
            .unwrap_or_default(),
        over_at_once: false,
    })
}
