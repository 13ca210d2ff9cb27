//! The command as a user meets it, where it can be met without an engine.

mod deployments;
mod engine;
mod environment;
mod homes;
mod interrupts;
mod json;
mod ledger;
mod limits;
mod people;
mod refusals;
mod standalone;
mod state;
mod support;
mod usage;
