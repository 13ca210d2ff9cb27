//! Running a program inside a container.

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use futures_util::StreamExt;

use super::archive::USER;
use super::call::shown;
use super::connect::Engine;
use super::error::EngineError;
use crate::answer::{self, Held, TooLong};

/// What a program inside a container left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// Its exit status.
    pub code: i64,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Engine {
    /// Runs a program in a container, as its ordinary user, and waits for its end.
    ///
    /// # Errors
    ///
    /// [`EngineError::Exec`] when the program can't be started. A program that fails is not an
    /// error, see [`ExecOutput::code`].
    pub async fn exec(&self, container: &str, command: &[&str]) -> Result<ExecOutput, EngineError> {
        let program = command.first().copied().unwrap_or_default();
        let user = format!("{USER}:{USER}");
        let options = CreateExecOptions {
            cmd: Some(command.to_vec()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            user: Some(&user),
            ..Default::default()
        };
        let ran = async {
            let exec = self.docker.create_exec(container, options).await?;
            let (mut stdout, mut stderr) = (Held::new(answer::MOST), Held::new(answer::MOST));
            let started = self.docker.start_exec(&exec.id, None).await?;
            if let StartExecResults::Attached { mut output, .. } = started {
                while let Some(chunk) = output.next().await {
                    let taken = match chunk? {
                        LogOutput::StdErr { message } => stderr.take(&message),
                        LogOutput::StdOut { message } | LogOutput::Console { message } => {
                            stdout.take(&message)
                        }
                        LogOutput::StdIn { .. } => Ok(()),
                    };
                    // Whoever removes the container ends the program.
                    if let Err(error) = taken {
                        return Ok(Err(error));
                    }
                }
            }
            let inspected = self.docker.inspect_exec(&exec.id).await?;
            Ok(Ok(ExecOutput {
                code: inspected.exit_code.unwrap_or(-1),
                stdout: stdout.into_text(),
                stderr: stderr.into_text(),
            }))
        };
        let action = format!("run {} in {container}", shown(command));
        let words = |result: &Result<ExecOutput, TooLong>| match result {
            Ok(output) => format!("status {}", output.code),
            Err(error) => error.to_string(),
        };
        let result = self
            .call_for(action.clone(), ran, words)
            .await?
            .map_err(|source| EngineError::TooLong { action, source })?;
        // The engine reports a program that it cannot start as exit status 126 with its own
        // message on standard output.
        if result.code == 126 || result.code == 127 {
            return Err(EngineError::Exec {
                container: container.to_owned(),
                command: program.to_owned(),
                message: result.stdout.trim().to_owned(),
            });
        }
        Ok(result)
    }
}
