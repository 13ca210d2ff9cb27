//! Why a run is stuck: from evidence to one named cause, or the honest word that it is not known.
//!
//! Pure: evidence is gathered by the run, and nothing is looked up here.

mod absent;
mod cause;
mod dialling;
mod ending;
mod evidence;
mod quotes;
mod rules;

pub use cause::{Cause, Diagnosis};
pub use dialling::{DiallingSigns, LoginOutcome, LoginSign, RequestSign};
pub use ending::cannot_be_executed;
pub use evidence::{DaemonSigns, EndState, Ending, Evidence, Known, NodeText};
pub use rules::diagnose;

#[cfg(test)]
mod tests;
