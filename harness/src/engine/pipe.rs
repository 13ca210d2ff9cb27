//! A connection from inside a container's network, carried by the engine.

use std::pin::Pin;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;

use super::archive::USER;
use super::connect::Engine;
use super::error::EngineError;

/// Bytes that one read from the engine may bring.
const CHUNK: usize = 64 * 1024;

/// What comes out of a program that runs in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piped {
    /// Bytes of its standard output.
    Output(Vec<u8>),
    /// Bytes of its standard error.
    Error(Vec<u8>),
}

/// Standard input of a program that runs in a container. Dropping or shutting it ends that.
pub type PipeInput = Pin<Box<dyn AsyncWrite + Send>>;

/// Both outputs of a program that runs in a container with a standard input. They end with it.
pub struct Pipe {
    output: Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
    action: String,
}

impl Pipe {
    /// What comes next; nothing when the program has ended.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine breaks off.
    pub async fn next(&mut self) -> Result<Option<Piped>, EngineError> {
        loop {
            let chunk = self.output.next().await.transpose();
            match chunk.map_err(EngineError::api(self.action.clone()))? {
                None => return Ok(None),
                Some(LogOutput::StdErr { message }) => {
                    return Ok(Some(Piped::Error(message.to_vec())));
                }
                Some(LogOutput::StdOut { message } | LogOutput::Console { message }) => {
                    return Ok(Some(Piped::Output(message.to_vec())));
                }
                Some(LogOutput::StdIn { .. }) => {}
            }
        }
    }
}

impl Engine {
    /// Runs a program in a container, as its ordinary user, with its standard input and both
    /// outputs in our hands.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine refuses.
    pub async fn pipe(
        &self,
        container: &str,
        command: &[&str],
    ) -> Result<(PipeInput, Pipe), EngineError> {
        let program = command.first().copied().unwrap_or_default();
        let action = format!("run {program} in {container}");
        let user = format!("{USER}:{USER}");
        let exec = self
            .docker
            .create_exec(
                container,
                CreateExecOptions {
                    cmd: Some(command.to_vec()),
                    attach_stdin: Some(true),
                    attach_stdout: Some(true),
                    attach_stderr: Some(true),
                    user: Some(&user),
                    ..Default::default()
                },
            )
            .await
            .map_err(EngineError::api(action.clone()))?;
        let options = StartExecOptions {
            output_capacity: Some(CHUNK),
            ..Default::default()
        };
        let started = self
            .docker
            .start_exec(&exec.id, Some(options))
            .await
            .map_err(EngineError::api(action.clone()))?;
        match started {
            StartExecResults::Attached { output, input } => Ok((input, Pipe { output, action })),
            StartExecResults::Detached => Err(EngineError::Exec {
                container: container.to_owned(),
                command: program.to_owned(),
                message: "the engine did not attach to it".to_owned(),
            }),
        }
    }
}
