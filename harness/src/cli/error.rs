//! Everything that a subcommand can fail with.

use std::io::Write;

use super::exit::Exit;
use super::home::home_exit;
use super::missing::told;
use super::program::ProgramError;
use crate::causes::{clipped, with_causes};
use crate::deployment::DeploymentError;
use crate::descriptors::TooFew;
use crate::engine::{EngineError, FilesError};
use crate::ingredients::{IngredientError, Missing};
use crate::input::InputError;
use crate::npm::FetchError;
use crate::onion::TldFamily;
use crate::operator::HomeError;
use crate::plan::PlanError;

use crate::run::{RunError, SourceError, StateError};
use crate::suggest::did_you_mean;
use crate::topology::TopologyError;

/// A subcommand's failure. Its text with its causes is the whole message to the user.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The topology file or the connector's profile has mistakes.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A deployment that a home is to be cannot be.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The profile cannot be read.
    #[error("failed to read the connector's profile {path}")]
    ProfileFile {
        /// The file.
        path: String,
        /// Why.
        source: InputError,
    },
    /// Nothing is known to make a connector's image of.
    #[error(
        "the profile of {connector} names no image; give one with --connector-image IMAGE, a program of this machine with --connector-command and --connector-dir, or add image or tree to the profile"
    )]
    NoConnector {
        /// The connector.
        connector: &'static str,
    },
    /// A program of this machine cannot be run as the connector.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The topology file cannot be read.
    #[error("failed to read topology file {path}")]
    TopologyFile {
        /// The file.
        path: String,
        /// Why.
        source: InputError,
    },
    /// A topology file does not tell its topology's name.
    #[error(
        "failed to find a topology's name in its file; give the name or the run id instead of the file{}",
        runs(known)
    )]
    TopologyName {
        /// Why.
        source: NoName,
        /// What the state folder knows: a topology's name and a run id, in words.
        known: Vec<String>,
    },
    /// No topology of that name.
    #[error(
        "there is no topology {name:?}; there are {}; a path to a file works too{}",
        known.join(", "),
        did_you_mean(name, known.iter().map(String::as_str))
    )]
    UnknownTopology {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A soak was to draw a fault that nobody gets over.
    #[error(
        "--fault {fault}: nothing comes back after it, so a soak cannot go on; use `verify --fault {fault}`"
    )]
    NotGotOver {
        /// Its name.
        fault: &'static str,
    },
    /// A soak of a topology that has faults of its own.
    #[error(
        "{topology} has faults of its own ([[fault]]), which `verify` makes; a soak draws its own by --seed or makes none: name a topology without them"
    )]
    SoakOfFaults {
        /// The topology.
        topology: String,
    },
    /// What `--engine` says does not fit the topology.
    #[error("failed to place the homes on engines with --engine: {}", mistakes.join("; "))]
    Engines {
        /// Everything that is wrong.
        mistakes: Vec<String>,
    },
    /// What is given as the project's folder is none.
    #[error(
        "{root}, which --root or ATOR_HARNESS_ROOT names, is no folder; name a checkout, or leave it out: topologies and programs come along"
    )]
    NoRoot {
        /// What was given.
        root: String,
    },
    /// No daemon of this family comes with the project.
    #[error(
        "no onion daemon of the .{family} family comes with this project; give one with --anon-binary PATH or --anon-image IMAGE"
    )]
    NoDaemon {
        /// The family.
        family: TldFamily,
    },
    /// Files cannot go into an image.
    #[error("failed to use {what}")]
    Files {
        /// What they are, or the option that names them.
        what: &'static str,
        /// Which file, and why.
        source: FilesError,
    },
    /// Binaries for images are missing.
    #[error("{}", told(missing))]
    MissingBinaries {
        /// What it is.
        missing: Vec<Missing>,
    },
    /// The onion daemon cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Files to start from cannot be written.
    #[error(transparent)]
    Init(#[from] super::init::InitError),
    /// This process may not have as many files open as a run takes.
    #[error(transparent)]
    Descriptors(#[from] TooFew),
    /// No run of that name.
    #[error("failed to find a run {run:?} in {folder}; {}", of_runs(run, known))]
    NoSuchRun {
        /// What was asked for.
        run: String,
        /// Where it was looked for.
        folder: String,
        /// The runs there are.
        known: Vec<String>,
    },
    /// A report could not be read.
    #[error(transparent)]
    Report(#[from] crate::report::ReadError),
    /// Many runs that were summed up have no page.
    #[error(
        "many runs that were summed up have no page; name one of them with --open, as `report list` has them"
    )]
    NoPageOfMany,
    /// A page that was to be shown is not there.
    #[error("there is no page {page}; it was removed, or the run ended before there was one")]
    NoPage {
        /// The page.
        page: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A page could not be shown.
    #[error("failed to show {page} with {program}; BROWSER names the program to use")]
    Open {
        /// The page.
        page: String,
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A page could not be written.
    #[error("failed to write {path}; choose another file with --page")]
    Page {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The man pages could not be written.
    #[error("failed to write the man pages to {folder}; choose another folder")]
    ManPages {
        /// The folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A run ended before its verdict.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The state folder could not be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The engine refused something or is not there.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No plan could be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Frames or inputs of `wire` could not be converted.
    #[error(transparent)]
    Wire(#[from] super::wire::Error),
    /// A connector is not as the contract has it, or could not be asked.
    #[error(transparent)]
    Conformance(#[from] super::conformance::error::Error),
    /// Two reports could not be compared.
    #[error(transparent)]
    Compare(#[from] crate::report::compare::CompareError),
    /// A ledger could not be read or added to.
    #[error(transparent)]
    Ledger(#[from] super::ledger::LedgerError),
    /// An audit could not be told.
    #[error(transparent)]
    Audit(#[from] super::audit::AuditError),
    /// A piece of configuration could not be made.
    #[error(transparent)]
    Export(#[from] super::export::ExportError),
    /// No deployment is exported.
    #[error(transparent)]
    ExportCompose(#[from] super::export::ComposeError),
    /// What an operator asked of a home was not done.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The job's summary could not be written.
    #[error(transparent)]
    Summary(#[from] crate::report::SummaryError),
    /// The user ended it before it had anything to report.
    #[error("interrupted")]
    Interrupted,
    /// Output could not be written.
    #[error("failed to write the output")]
    Output(#[from] std::io::Error),
}

/// Why a file does not tell a topology's name.
#[derive(Debug, thiserror::Error)]
pub enum NoName {
    /// It cannot be read.
    #[error("failed to read {path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: InputError,
    },
    /// It is no TOML, or has no name.
    #[error(transparent)]
    Topology(TopologyError),
}

fn runs(known: &[String]) -> String {
    match known {
        [] => String::new(),
        known => format!("; known here: {}", known.join(", ")),
    }
}

/// How many of the runs there are a message names.
const NAMED: usize = 5;

fn of_runs(run: &str, known: &[String]) -> String {
    let names = known.iter().map(String::as_str).chain(["latest"]);
    let meant = did_you_mean(run, names.filter(|name| *name != run));
    let latest: Vec<&str> = known.iter().rev().take(NAMED).map(String::as_str).collect();
    match known.len() {
        0 => "no run is there; --artefacts names another folder".to_owned(),
        count if count > NAMED => format!(
            "the latest of {count} are {}, and `report list` lists all{meant}",
            latest.join(", ")
        ),
        _ => format!("there are {}{meant}", latest.join(", ")),
    }
}

impl From<IngredientError> for CliError {
    fn from(error: IngredientError) -> Self {
        match error {
            IngredientError::Missing { missing } => Self::MissingBinaries { missing },
            IngredientError::Files { what, source } => Self::Files { what, source },
            IngredientError::NoDaemon { family } => Self::NoDaemon { family },
            IngredientError::NoConnector { connector } => Self::NoConnector { connector },
        }
    }
}

impl CliError {
    /// Prints the message with its causes to standard error.
    pub(super) fn tell(&self) {
        // Whoever closed standard error does not want to know.
        let _ = writeln!(
            std::io::stderr().lock(),
            "ator-harness: {}",
            clipped(&with_causes(self).to_string())
        );
    }

    /// The exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Source(_)
            | Self::Deployment(_)
            | Self::ProfileFile { .. }
            | Self::NoConnector { .. }
            | Self::Program(_)
            | Self::TopologyFile { .. }
            | Self::TopologyName { .. }
            | Self::UnknownTopology { .. }
            | Self::NotGotOver { .. }
            | Self::SoakOfFaults { .. }
            | Self::NoSuchRun { .. }
            | Self::NoPageOfMany
            | Self::Report(_)
            | Self::NoDaemon { .. }
            | Self::Files { .. }
            | Self::NoRoot { .. }
            | Self::Engines { .. } => Exit::Usage,
            Self::Fetch(error) => Exit::of_fetch(error),
            Self::Init(error) => error.exit(),
            Self::Wire(error) => error.exit(),
            Self::Conformance(error) => error.exit(),
            Self::Compare(_) => Exit::Usage,
            Self::Ledger(error) => error.exit(),
            Self::Audit(error) => error.exit(),
            Self::Export(error) => error.exit(),
            Self::ExportCompose(error) => error.exit(),
            Self::Home(error) => home_exit(error),
            Self::MissingBinaries { .. }
            | Self::Descriptors(_)
            | Self::ManPages { .. }
            | Self::Open { .. }
            | Self::NoPage { .. }
            | Self::Page { .. }
            | Self::State(_)
            | Self::Summary(_)
            | Self::Output(_) => Exit::Environment,
            Self::Interrupted => Exit::Interrupted,
            Self::Run(error) => Exit::of_error(error),
            Self::Engine(error) => Exit::of_engine(error),
            Self::Plan(PlanError::NoFreeSubnet { .. }) => Exit::Environment,
            Self::Plan(
                PlanError::TooManyHomes { .. }
                | PlanError::TooManyNodes { .. }
                | PlanError::TooManyNeighbours { .. }
                | PlanError::NoOwnDaemon { .. }
                | PlanError::NotRead { .. }
                | PlanError::Configuration(_),
            ) => Exit::Usage,
        }
    }
}
