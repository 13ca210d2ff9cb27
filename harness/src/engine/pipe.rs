//! A connection from inside a container's network, carried by the engine.

use std::pin::Pin;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;

use super::archive::USER;
use super::call::shown;
use super::connect::Engine;
use super::error::{EngineError, LibraryError};

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
            let chunk = chunk.map_err(|error| EngineError::Api {
                action: self.action.clone(),
                source: LibraryError::new(error),
            });
            match chunk? {
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
        let action = format!("run {} in {container}", shown(command));
        let user = format!("{USER}:{USER}");
        let options = CreateExecOptions {
            cmd: Some(command.to_vec()),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            user: Some(&user),
            ..Default::default()
        };
        let attach = StartExecOptions {
            output_capacity: Some(CHUNK),
            ..Default::default()
        };
        let begun = async {
            let exec = self.docker.create_exec(container, options).await?;
            self.docker.start_exec(&exec.id, Some(attach)).await
        };
        let started = self.call(action.clone(), begun).await?;
        match started {
            StartExecResults::Attached { output, input } => Ok((input, Pipe { output, action })),
            StartExecResults::Detached => Err(EngineError::Exec {
                container: container.to_owned(),
                command: shown(command),
                message: "the engine did not attach to it".to_owned(),
            }),
        }
    }
}
