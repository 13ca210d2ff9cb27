//! Running a program inside a container.

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use futures_util::StreamExt;

use super::archive::USER;
use super::call::shown;
use super::connect::Engine;
use super::error::EngineError;

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
            let mut result = ExecOutput {
                code: -1,
                stdout: String::new(),
                stderr: String::new(),
            };
            let started = self.docker.start_exec(&exec.id, None).await?;
            if let StartExecResults::Attached { mut output, .. } = started {
                while let Some(chunk) = output.next().await {
                    match chunk? {
                        LogOutput::StdErr { message } => {
                            result.stderr.push_str(&String::from_utf8_lossy(&message));
                        }
                        LogOutput::StdOut { message } | LogOutput::Console { message } => {
                            result.stdout.push_str(&String::from_utf8_lossy(&message));
                        }
                        LogOutput::StdIn { .. } => {}
                    }
                }
            }
            let inspected = self.docker.inspect_exec(&exec.id).await?;
            result.code = inspected.exit_code.unwrap_or(-1);
            Ok(result)
        };
        let action = format!("run {} in {container}", shown(command));
        let status = |result: &ExecOutput| format!("status {}", result.code);
        let result = self.call_for(action, ran, status).await?;
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
