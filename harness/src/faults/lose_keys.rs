//! `lose-keys`: a home's onion daemon is made anew without its service's keys, as where their folder is on no volume.

use super::step::{Step, Steps, ends};
use super::victim::Now;
use super::victim::victims;
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, now: &Now) -> Result<Steps, String> {
    let victims = victims(plan, fault, now)?;
    let homes = victims.iter().filter_map(|victim| victim.home());
    let new_keys = |home: &str| Step::NewKeys {
        home: home.to_owned(),
    };
    let made = homes.map(new_keys).collect();
    Ok(Steps {
        apply: ends(&victims, "SIGKILL"),
        undo: made,
        over_at_once: true,
    })
}
