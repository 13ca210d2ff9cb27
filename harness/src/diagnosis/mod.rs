//! Why a run is stuck: from evidence to one named cause, or the honest word that it is not known.
//!
//! Pure: evidence is gathered by the run, and nothing is looked up here.

mod cause;
mod evidence;
mod rules;

pub use cause::{Cause, Diagnosis};
pub use evidence::{Authorities, DaemonSigns, Ending, Evidence, NodeText};
pub use rules::diagnose;

#[cfg(test)]
mod tests;
