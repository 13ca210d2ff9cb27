//! The `ator-harness` command: one file per subcommand.

mod audit;
mod compare;
pub mod conformance;
mod definition;
mod doctor;
mod engines;
mod error;
mod examples;
mod exit;
mod export;
mod failure;
mod fetch;
mod home;
mod images;
mod init;
mod ledger;
mod load;
mod manage;
mod missing;
mod network;
mod new_files;
mod open;
mod out;
mod plan;
mod probe;
mod program;
mod repeat;
mod run;
mod screen;
mod show;
mod soak;
mod subnets;
mod topologies;
mod values;
mod verify;
mod version;
pub mod wire;

use std::ffi::OsStr;
use std::io::Write;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

pub use audit::{AuditError, AuditReport};
pub use error::CliError;
pub use exit::Exit;
pub use export::{ComposeError, ExportError};
pub use failure::Failure;
pub use ledger::LedgerError;
pub use out::Out;
pub use run::conclude;

use crate::causes::{clipped, with_causes};
use crate::engine::EngineAddress;
use crate::environment::variable;
use crate::run::Interrupts;
use crate::trace;

/// Tells whether two ILP connectors can meet through onion services, with evidence.
#[derive(Debug, Parser)]
#[command(name = "ator-harness", version, long_version = version::long())]
pub struct Cli {
    #[command(flatten)]
    common: load::Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring a topology up and leave it running
    Up(run::RunArgs),
    /// Bring a topology up, judge it and remove it; or judge what `up` left running
    Verify(verify::Args),
    /// Keep a topology busy for hours, with faults or without, judge it and remove it
    Soak(Box<soak::Args>),
    /// Measure what `up` left running, for a time, at a rate or with packets in flight
    Probe(probe::Args),
    /// Remove what `up` left running: one topology, or all
    Down(manage::Args),
    /// Say what runs, since when and for how long; exit code 1 when not in full
    Status(manage::Args),
    /// Keep a private network that runs of many topologies join with homes of their own
    Network(network::Args),
    /// Print how a topology would be run, secrets redacted; needs no engine
    Plan(plan::Args),
    /// Say whether this machine has what a run needs
    Doctor(doctor::Args),
    /// Show what a run came to, or list the runs that there are
    Report(show::Args),
    /// Bring the onion daemon from its npm package, with its integrity checked
    Fetch(fetch::Args),
    /// Write a topology, a connector's profile and a CI job to start from
    Init(init::Args),
    /// Show what got slower or worse between two reports; exit code 1 when something did
    Compare(compare::Args),
    /// Keep what nights came to in a file, and show which checks fail again and again
    Ledger(ledger::Args),
    /// Hold one connector, running or started for it, against the contract's rows
    Conformance(Box<conformance::Args>),
    /// Hold the files of a deployment against a list of checks, without starting anything
    Audit(audit::Args),
    /// Print pieces of configuration, such as the transport that TRANSPORT_MODE asks for
    Export(export::Args),
    /// Run a connector of your own behind an onion address, and peer it with a friend's
    Home(home::Args),
    /// Print BTP frames as JSON, or turn that JSON into bytes
    Wire(wire::Args),
    /// List the topologies that there are
    Topologies(topologies::Args),
    /// Print what a shell completes this command by
    Completions(definition::CompletionsArgs),
    /// Write man pages of this command and its subcommands into a folder
    Man(definition::ManArgs),
    /// Wait for standard input to end, then remove a run; started by every run as its last guard
    #[command(hide = true)]
    Reap {
        /// The run id.
        run: String,
        /// Its engines.
        engines: Vec<EngineAddress>,
    },
}

/// The command's definition.
#[must_use]
pub fn command() -> clap::Command {
    definition::completed(Cli::command())
}

/// Reads the arguments of this process.
///
/// # Errors
///
/// What is wrong with them, or the help that was asked for.
pub fn parse() -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command().try_get_matches()?)
}

/// Tells what is wrong with the arguments, or shows the help that was asked for, and returns the exit code.
#[must_use]
pub fn refuse(error: &clap::Error, out: &Out) -> Exit {
    let plain = error.render().to_string();
    let short = clipped(&plain);
    // In colours where the terminal has them, unless it quotes too much. Whoever closed the stream does not
    // want to know.
    if short == plain {
        let _ = error.print();
    } else {
        let _ = write!(std::io::stderr().lock(), "{short}");
    }
    if error.use_stderr() {
        out.failed(&Failure::of_arguments(error));
        Exit::Usage
    } else {
        Exit::Pass
    }
}

/// Tells what kept the command from beginning, and returns the exit code.
#[must_use]
pub fn not_started(error: &std::io::Error, out: &Out) -> Exit {
    // Whoever closed standard error does not want to know.
    let _ = writeln!(
        std::io::stderr().lock(),
        "ator-harness: failed to start: {}",
        with_causes(error)
    );
    out.failed(&Failure::at_start(error));
    Exit::Environment
}

/// Runs a command and returns its exit code. Errors are told on standard error, and on standard output as well where
/// a document is asked for.
pub async fn main(cli: Cli, out: &Out) -> Exit {
    trace(cli.common.verbose);
    let ended = if cli.command.ends_in_order() {
        Box::pin(dispatch(&cli, out)).await
    } else {
        Box::pin(until_interrupted(cli, out)).await
    };
    match ended {
        Ok(exit) => exit,
        Err(error) => {
            error.tell();
            out.failed(&Failure::new(&error));
            error.exit()
        }
    }
}

/// Runs a command that has nothing to put in order when it is interrupted. What it waits for may be anything, a pipe
/// or another process's lock, and so it has a thread of its own.
async fn until_interrupted(cli: Cli, out: &Out) -> Result<Exit, CliError> {
    let interrupts = Interrupts::listen()?;
    let (cli, out) = (Arc::new(cli), out.clone());
    let work = spawn_blocking(move || Handle::current().block_on(Box::pin(dispatch(&cli, &out))));
    match interrupts.unless_asked(work).await {
        Some(Ok(ended)) => ended,
        Some(Err(broken)) => std::panic::resume_unwind(broken.into_panic()),
        None => Err(CliError::Interrupted),
    }
}

/// Starts the readers of what is asked of others. A variable that cannot be followed is said, and
/// keeps nobody from the work: it may be meant for another program.
fn trace(verbose: u8) {
    trace::redact_by(crate::onion::redact);
    let variable = variable("RUST_LOG");
    let variable = variable.as_deref().map(OsStr::to_string_lossy);
    if let Err(error) = trace::install(verbose, variable.as_deref()) {
        // Whoever closed standard error does not want to know.
        let _ = writeln!(
            std::io::stderr().lock(),
            "ator-harness: {}",
            with_causes(&error)
        );
    }
}

impl Command {
    /// Whether it follows signals itself, because it has something to put in order before it ends.
    const fn ends_in_order(&self) -> bool {
        match self {
            Self::Up(_)
            | Self::Verify(_)
            | Self::Soak(_)
            | Self::Probe(_)
            | Self::Conformance(_)
            | Self::Reap { .. } => true,
            Self::Network(args) => args.brings_up(),
            Self::Doctor(args) => args.starts_containers(),
            Self::Down(_)
            | Self::Status(_)
            | Self::Plan(_)
            | Self::Fetch(_)
            | Self::Init(_)
            | Self::Topologies(_)
            | Self::Report(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Compare(_)
            | Self::Ledger(_)
            | Self::Audit(_)
            | Self::Export(_)
            | Self::Home(_)
            | Self::Wire(_) => false,
        }
    }
}

async fn dispatch(cli: &Cli, out: &Out) -> Result<Exit, CliError> {
    let common = &cli.common;
    match &cli.command {
        Command::Up(args) => verify::up(common, args, out).await,
        Command::Verify(args) => verify::run(common, args, out).await,
        Command::Soak(args) => soak::run(common, args, out).await,
        Command::Probe(args) => probe::run(common, args, out).await,
        Command::Down(args) => manage::down(common, args, out).await,
        Command::Status(args) => manage::status(common, args, out).await,
        Command::Network(args) => network::run(common, args, out).await,
        Command::Plan(args) => plan::run(common, args, out).await,
        Command::Report(args) => show::run(common, args, out),
        Command::Fetch(args) => fetch::run(args, out).await,
        Command::Init(args) => Ok(init::run(args, out)?),
        Command::Compare(args) => compare::run(args, out),
        Command::Ledger(args) => Ok(ledger::run(args, out)?),
        Command::Topologies(args) => topologies::run(common, args, out),
        Command::Completions(args) => {
            definition::completions(args, command(), out)?;
            Ok(Exit::Pass)
        }
        Command::Man(args) => {
            definition::man(args, command())?;
            Ok(Exit::Pass)
        }
        Command::Doctor(args) => doctor::run(common, args, out).await,
        Command::Audit(args) => Ok(audit::run(args, out).await?),
        Command::Export(args) => export::run(common, args, out).await,
        Command::Home(args) => home::run(common, args, out).await,
        Command::Wire(args) => {
            let mut input = std::io::stdin().lock();
            wire::run(args, &mut input, &mut out.clone())?;
            Ok(Exit::Pass)
        }
        Command::Conformance(args) => {
            conformance::run(common, args, &mut out.clone()).await?;
            Ok(Exit::Pass)
        }
        Command::Reap { run, engines } => {
            crate::run::reap(run, engines).await?;
            Ok(Exit::Pass)
        }
    }
}
