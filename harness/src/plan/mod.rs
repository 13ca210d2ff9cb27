//! How a topology will be run: every name, address, port, secret and file resolved.
//!
//! Planning is pure. Time, randomness and what is occupied come in as [`Inputs`]; equal inputs
//! give equal plans, which is how `verify` finds its way in a topology that `up` left running.

mod addresses;
mod build;
mod containers;
mod control;
mod home;
mod model;
mod node;
mod peer;
mod seed;
mod shown;
mod site;
mod standing;
mod subnets;

pub use addresses::{AddressSpace, NotARange, Range, Route};
pub(crate) use build::refuse_crowd;
pub use containers::{AGENT, FORWARDS_OPEN, HomeSpecs, HostProgram, Images, RECORD, Specs};
pub(crate) use containers::{ANONRC, KEYS, config_files, daemon_arguments, daemon_files, file};
pub use control::Control;
pub use home::{DaemonPlan, DeployedPlan, HomePlan, OnionPlan};
pub use model::{Inputs, Persistent, Plan};
pub use node::{NodePlan, Role, ShapingPlan};
pub use peer::{DecoyPlan, PeeringPlan, ProbePlan};
pub use seed::{RunId, Seed};
pub use site::ForwardPlan;
pub use standing::Standing;
pub use subnets::{PREFIX, PlanError, free_network};
