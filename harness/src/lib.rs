//! Test harness and topology verifier for ILP connectors that peer over ATOR.

pub mod answer;
pub mod causes;
pub mod checks;
pub mod cli;
pub mod conformance;
pub mod connectors;
pub mod diagnosis;
pub mod engine;
pub mod environment;
pub mod events;
pub mod evidence;
pub mod input;
pub mod ledger;
pub mod local;
pub mod mutants;
pub mod onion;
pub mod plan;
pub mod probe;
pub mod report;
pub mod run;
pub mod sabotage;
pub mod secret;
pub mod stand;
pub mod toml_file;
pub mod topology;
pub mod trace;
