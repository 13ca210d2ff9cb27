//! The conformance table: against the reference connector, which has to pass every row of it, and
//! against scripted connectors with faults, which must not.

mod command;
mod faulty;
mod junit;
mod mutants;
mod reference;
mod rfc;
mod survive;
mod urls;
