//! How a topology will be run: every name, address, port, secret and file resolved.
//!
//! Planning is pure. Time, randomness and what is occupied come in as [`Inputs`]; equal inputs
//! give equal plans, which is how `verify` finds its way in a topology that `up` left running.

mod containers;
mod homes;
mod model;
mod seed;
mod subnets;

pub use containers::{AGENT, HomeSpecs, Images, RECORD, Specs};
pub(crate) use containers::{ANONRC, KEYS};
pub(crate) use homes::ALLOW_NO_AUTH;
pub(crate) use model::refuse_crowd;
pub use model::{
    AbsentPlan, Control, DistancePlan, HomePlan, Inputs, NodePlan, PeeringPlan, Persistent, Plan,
    ProbePlan, Role,
};
pub use seed::{RunId, Seed};
pub use subnets::{Occupied, PlanError};
