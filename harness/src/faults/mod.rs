//! Faults as steps: what is done to which containers, and what undoes it. Pure, with one file per kind; `run` does
//! the steps.

mod cut;
mod kill;
mod lose_keys;
mod pause;
mod readdress;
mod restart;
mod slow;
mod step;
mod stop;
mod victim;

use crate::plan::Plan;
use crate::topology::{Fault, FaultKind};

pub use step::{Step, Steps, outage};
pub use victim::{Part, Victim};

/// The steps of a fault. `session` are the relays on the way of a session over the onion network, the dialling home's
/// guard first; empty where none is known.
///
/// # Errors
///
/// Why there is nothing that it could be done to.
pub fn steps(plan: &Plan, fault: &Fault, session: &[String]) -> Result<Steps, String> {
    let of_kind = match fault.what {
        FaultKind::Kill => kill::steps,
        FaultKind::Stop => stop::steps,
        FaultKind::Restart => restart::steps,
        FaultKind::Pause => pause::steps,
        FaultKind::Cut => cut::steps,
        FaultKind::Readdress => readdress::steps,
        FaultKind::LoseKeys => lose_keys::steps,
        FaultKind::Slow => slow::steps,
    };
    of_kind(plan, fault, session)
}

#[cfg(test)]
mod tests;
