//! Faults as steps: what is done to which containers, and what undoes it. Pure, with one file per kind; `run` does
//! the steps.

mod cut;
mod kill;
mod lose;
mod lose_keys;
mod managed;
mod pause;
mod readdress;
mod restart;
mod second_session;
mod slow;
mod step;
mod stop;
mod victim;

use crate::plan::Plan;
use crate::topology::{Fault, FaultKind};

pub use step::{Step, Steps, outage};
pub use victim::{Now, Part, Victim};

/// The steps of a fault, as things are now.
///
/// # Errors
///
/// Why there is nothing that it could be done to.
pub fn steps(plan: &Plan, fault: &Fault, now: &Now) -> Result<Steps, String> {
    let of_kind = match fault.what {
        FaultKind::Kill => kill::steps,
        FaultKind::Stop => stop::steps,
        FaultKind::Restart => restart::steps,
        FaultKind::Pause => pause::steps,
        FaultKind::Cut => cut::steps,
        FaultKind::Lose => lose::steps,
        FaultKind::Readdress => readdress::steps,
        FaultKind::LoseKeys => lose_keys::steps,
        FaultKind::Slow => slow::steps,
        FaultKind::SecondSession => second_session::steps,
    };
    of_kind(plan, fault, now)
}

#[cfg(test)]
mod tests;
