//! How a command failed, as a document for programs.

use std::error::Error;

use schemars::JsonSchema;
use serde::Serialize;

use super::conformance;
use super::error::{CliError, NoName};
use super::exit::Exit;
use super::export::{ComposeError, ExportError};
use crate::causes::{causes, clipped};
use crate::connectors::ProfileError;
use crate::onion::redact;
use crate::report::{ReportKind, VERSION};
use crate::run::SourceError;
use crate::toml_file;
use crate::topology::TopologyError;

/// How a command with `--json` failed that has no report to print. Holds no onion address.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "failure", deny_unknown_fields)]
pub struct Failure {
    /// What the document is about.
    #[schemars(with = "String", extend("const" = "failure"))]
    kind: ReportKind,
    /// Version of this shape. It changes when a field is removed or changes its meaning.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// Version of the harness.
    #[schemars(length(min = 1))]
    harness: &'static str,
    /// The exit code as a word.
    outcome: Exit,
    /// The command's exit code.
    #[schemars(transform = crate::report::exit_codes)]
    exit_code: u8,
    /// What is wrong.
    error: Told,
}

/// What is wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "told", deny_unknown_fields)]
struct Told {
    /// In words, without what caused it.
    #[schemars(length(min = 1))]
    message: String,
    /// What caused it, each the cause of the one before.
    causes: Vec<String>,
    /// Where several things may be wrong at once, each of them.
    mistakes: Vec<Mistake>,
}

/// One of several things that are wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "mistake", deny_unknown_fields)]
struct Mistake {
    /// The line of the file; absent where it is in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    line: Option<usize>,
    /// The key's path, such as `home[1].id`; absent where it is in no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// What is wrong and what to do about it.
    #[schemars(length(min = 1))]
    message: String,
}

impl Failure {
    /// Of an error.
    #[must_use]
    pub fn new(error: &CliError) -> Self {
        Self::of(error.exit(), error, mistakes(error))
    }

    /// Of arguments that are refused.
    #[must_use]
    pub fn of_arguments(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        // What follows is how to use the command, which is for people.
        let message = text.split("\n\nUsage:").next().unwrap_or_default().trim();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        Self::told(Exit::Usage, message, Vec::new(), Vec::new())
    }

    /// Of an error that kept the command from beginning.
    #[must_use]
    pub fn at_start(error: &std::io::Error) -> Self {
        Self::of(Exit::Environment, error, Vec::new())
    }

    fn of(exit: Exit, error: &(dyn Error + 'static), mistakes: Vec<Mistake>) -> Self {
        let causes = causes(error).iter().map(|cause| shown(cause)).collect();
        Self::told(exit, &error.to_string(), causes, mistakes)
    }

    fn told(exit: Exit, message: &str, causes: Vec<String>, mistakes: Vec<Mistake>) -> Self {
        Self {
            kind: ReportKind::Failure,
            version: VERSION,
            harness: env!("CARGO_PKG_VERSION"),
            outcome: exit,
            exit_code: exit.code(),
            error: Told {
                message: shown(message),
                causes,
                mistakes,
            },
        }
    }
}

/// A text as a document may have it.
fn shown(text: &str) -> String {
    clipped(&redact(text))
}

fn mistakes(error: &CliError) -> Vec<Mistake> {
    match error {
        CliError::Source(SourceError::Topology(error)) => of_topology(error),
        CliError::TopologyName {
            source: NoName::Topology(error),
            ..
        } => of_topology(error),
        CliError::Source(SourceError::Profile(ProfileError::Invalid { mistakes, .. })) => {
            of_file(mistakes)
        }
        CliError::Engines { mistakes }
        | CliError::Conformance(conformance::Error::Usage { mistakes }) => in_words(mistakes),
        CliError::Export(ExportError::Mistakes { mistakes }) => in_words(mistakes),
        CliError::ExportCompose(ComposeError::Mistakes { mistakes, .. }) => in_words(mistakes),
        CliError::Deployment(error) => {
            let told: Vec<String> = error.mistakes.iter().map(ToString::to_string).collect();
            in_words(&told)
        }
        CliError::MissingBinaries { missing } => {
            let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
            in_words(&missing)
        }
        _ => Vec::new(),
    }
}

fn of_topology(error: &TopologyError) -> Vec<Mistake> {
    match error {
        TopologyError::Invalid { mistakes, .. } => of_file(mistakes),
        TopologyError::Syntax { .. } | TopologyError::NotMany { .. } => Vec::new(),
    }
}

fn of_file(mistakes: &[toml_file::Mistake]) -> Vec<Mistake> {
    let mistakes = mistakes.iter().map(|one| Mistake {
        line: one.line,
        key: one.line.map(|_| shown(&one.path)),
        message: match one.line {
            Some(_) => shown(&one.message),
            None => shown(&one.to_string()),
        },
    });
    mistakes.collect()
}

fn in_words(mistakes: &[String]) -> Vec<Mistake> {
    let mistakes = mistakes.iter().map(|one| Mistake {
        line: None,
        key: None,
        message: shown(one),
    });
    mistakes.collect()
}
