//! The conformance table: against the reference connector, which has to pass every row of it, and
//! against scripted connectors with faults, which must not.

mod command;
mod faulty;
mod reference;
mod rfc;
