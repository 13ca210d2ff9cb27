//! The `ator-harness` command.

use std::process::ExitCode;

use ator_harness::causes::with_causes;
use ator_harness::{cli, environment};
use clap::Parser;

fn main() -> ExitCode {
    environment::settle();
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(cli::refuse(&error).code()),
    };
    // Two workers are enough for what mostly waits, and keep memory small.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => ExitCode::from(runtime.block_on(Box::pin(cli::main(cli))).code()),
        Err(error) => {
            eprintln!("ator-harness: failed to start: {}", with_causes(&error));
            ExitCode::from(cli::Exit::Environment.code())
        }
    }
}
