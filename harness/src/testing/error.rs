//! Why a test's topology is not there, or does not do what it is asked.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use super::judged::Judged;
use crate::connectors::ControlError;
use crate::embedded;
use crate::engine::EngineError;
use crate::ingredients::{IngredientError, Missing};
use crate::input::InputError;
use crate::npm::FetchError;
use crate::run::{RunError, SourceError};
use crate::suggest::did_you_mean;

/// Why a test's topology is not there, or does not do what it is asked.
#[derive(thiserror::Error)]
pub enum TestError {
    /// What images are made of is not there.
    #[error("{}", told(missing, checkout))]
    Missing {
        /// All of it.
        missing: Vec<Missing>,
        /// The checkout that was looked in.
        checkout: Option<String>,
    },
    /// The images' ingredients cannot be used.
    #[error(transparent)]
    Ingredients(IngredientError),
    /// The topology or the connector's profile has mistakes, or nobody knows the connector.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The profile cannot be read.
    #[error("failed to read the connector's profile {path}")]
    Profile {
        /// The file.
        path: String,
        /// Why.
        source: InputError,
    },
    /// Nobody knows a fault of this name.
    #[error(
        "{name:?} is no fault of the catalogue (docs/faults.md){}",
        did_you_mean(name, crate::topology::FAULTS.iter().map(|fault| fault.name))
    )]
    NoSuchFault {
        /// The name.
        name: String,
    },
    /// Nobody knows a defect of this name.
    #[error("accept_defect: {0}")]
    NoSuchDefect(String),
    /// The engine is not on this machine.
    #[error(
        "{address} is no engine's socket on this machine, and tests reach containers at their addresses; give one as in unix:///var/run/docker.sock"
    )]
    OtherMachine {
        /// The engine's address.
        address: String,
    },
    /// The run could not begin.
    #[error(transparent)]
    Run(Arc<RunError>),
    /// The topology did not come up, or one of its containers has ended: the verdict says which, and whose fault it is.
    #[error("{0}")]
    NotUp(Box<Judged>),
    /// It does not run any more.
    #[error("the topology has ended: {how}")]
    Ended {
        /// How.
        how: String,
    },
    /// A connector does not answer, or refuses.
    #[error(transparent)]
    Connector(#[from] ControlError),
    /// The engine does not answer, or refuses.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The harness's own peer was not let in.
    #[error("the session could not be had: {why}")]
    Session {
        /// Why.
        why: String,
    },
    /// A fault could not be made, or not be undone.
    #[error("{what}: {why}")]
    Fault {
        /// Which.
        what: String,
        /// Why.
        why: String,
    },
    /// This process has no thread, no signal handler or no files left.
    #[error("this process cannot hold a topology")]
    Process(#[source] io::Error),
    /// The onion daemon cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// As it is printed, with its causes: a test that returns it shows this.
impl std::fmt::Debug for TestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", crate::causes::with_causes(self))
    }
}

/// What is not there, and how it is had.
fn told(missing: &[Missing], checkout: &Option<String>) -> String {
    let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let is_daemon = |one: &Missing| match one {
        Missing::Daemon => true,
        Missing::File(path) => path.ends_with("anon"),
        Missing::Program(_) | Missing::Tree(_) => false,
    };
    let mut text = format!("missing for the images of the homes: {}", names.join(", "));
    if missing.iter().any(|one| !is_daemon(one)) {
        let why = embedded::lacking().unwrap_or("they are not part of it");
        let _ = write!(
            text,
            "; depend on ator-harness with the feature `programs`, which builds them in (this build has none: {why})"
        );
        if let Some(checkout) = checkout {
            let _ = write!(text, ", or run `make images` in {checkout}");
        }
    }
    if missing.iter().any(is_daemon) {
        text.push_str(
            "; the onion daemon is had once and for all by `ator-harness fetch` or by ator_harness::testing::fetch_onion_daemon()",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_what_brings_it() {
        let text = told(&[Missing::Daemon], &None);
        assert!(
            text.contains("the onion daemon; the onion daemon is had"),
            "{text}"
        );
        assert!(!text.contains("programs"), "{text}");
        let text = told(
            &[Missing::Program("bls".to_owned())],
            &Some("/x".to_owned()),
        );
        assert!(text.contains("bls; depend on"), "{text}");
        assert!(text.ends_with("or run `make images` in /x"), "{text}");
    }

    #[test]
    fn a_name_that_is_nearly_a_faults_is_guessed() {
        let name = "relay-on-pat".to_owned();
        let text = TestError::NoSuchFault { name }.to_string();
        assert!(text.ends_with("did you mean \"relay-on-path\"?"), "{text}");
    }
}
