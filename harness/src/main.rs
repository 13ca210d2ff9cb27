//! The `ator-harness` command.

use std::process::ExitCode;

use ator_harness::{cli, descriptors, environment};

fn main() -> ExitCode {
    environment::settle();
    descriptors::raise();
    let out = cli::Out::of_arguments(std::env::args_os());
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(cli::refuse(&error, &out).code()),
    };
    // Two workers are enough for what mostly waits, and keep memory small.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return ExitCode::from(cli::not_started(&error, &out).code()),
    };
    let exit = runtime.block_on(Box::pin(cli::main(cli, &out)));
    // A command that was given up may hang in a call that nothing ends.
    runtime.shutdown_background();
    ExitCode::from(exit.code())
}
