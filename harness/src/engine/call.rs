//! One call to an engine, from the question to its answer.

use std::time::Duration;

use super::connect::Engine;
use super::error::{EngineError, LibraryError};
use crate::causes::with_causes;
use crate::trace::{Party, Question};

/// How long apart an engine is asked whether it still answers.
const PULSE: Duration = Duration::from_secs(2);
/// How long an engine may take to say that it does. It does nothing for it; a busy machine takes a moment.
const SILENCE: Duration = Duration::from_secs(10);

impl Engine {
    /// Asks the engine, and traces what came of it. `action` reads on from "failed to", and holds no
    /// secret.
    pub(super) async fn call<T>(
        &self,
        action: impl Into<String>,
        asked: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, EngineError> {
        self.call_for(action, asked, |_| "ok".to_owned()).await
    }

    /// As [`Engine::call`], with words for an answer that says more than yes.
    pub(super) async fn call_for<T>(
        &self,
        action: impl Into<String>,
        asked: impl Future<Output = Result<T, bollard::errors::Error>>,
        words: impl FnOnce(&T) -> String,
    ) -> Result<T, EngineError> {
        let action = action.into();
        let question = self.question(&action);
        let mut lost = self.lost.subscribe();
        let answer = tokio::select! {
            biased;
            // The library's futures are large, and callers put several side by side.
            answer = Box::pin(asked) => answer,
            why = lost.wait_for(Option::is_some) => {
                // Its sender is this engine's own.
                let why = why.map_or_else(|_| String::new(), |why| why.clone().unwrap_or_default());
                question.answered(&why);
                return Err(self.gone(action, why));
            }
        };
        match answer {
            Ok(value) => {
                question.answered(&words(&value));
                Ok(value)
            }
            Err(error) => {
                let source = LibraryError::new(error);
                let told = with_causes(&source).to_string();
                question.answered(&told);
                if source.is_silence() {
                    return Err(self.gone(action, told));
                }
                Err(match source.is_out_of_space() {
                    true => EngineError::NoSpace {
                        engine: self.address().to_string(),
                        action,
                        source,
                    },
                    false => EngineError::Api { action, source },
                })
            }
        }
    }

    fn gone(&self, action: String, why: String) -> EngineError {
        EngineError::Lost {
            engine: self.address().to_string(),
            action,
            why,
        }
    }

    /// Gives up every call, those under way and those to come.
    fn give_up(&self, why: String) {
        self.lost.send_replace(Some(why));
    }

    /// Asks the engine over and over whether it still answers, and gives it up when it does not. An engine
    /// that is gone ends its connections, which shows by itself; one that hangs shows here alone.
    pub(super) async fn until_silent(&self) -> EngineError {
        loop {
            tokio::time::sleep(PULSE).await;
            if tokio::time::timeout(SILENCE, self.docker.ping())
                .await
                .is_err()
            {
                let why = format!("no answer within {} s", SILENCE.as_secs());
                self.give_up(why.clone());
                return self.gone("ask whether it is there".to_owned(), why);
            }
        }
    }

    /// A question to the engine whose answer is traced by whoever gets it.
    pub(super) fn question(&self, action: &str) -> Question {
        Question::new(Party::Engine, self.address(), action)
    }
}

/// A command as it may be told: its program and what that is to do, without anything that may be meant
/// for nobody else.
pub(super) fn shown(command: &[&str]) -> String {
    command[..command.len().min(2)].join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Answer, Scripted};
    use super::*;
    use crate::trace::told_by;

    #[tokio::test]
    async fn a_question_is_told_with_its_answer() {
        let scripted = Scripted::start(|request, _| match request {
            request if request.contains("/containers/there/json") => {
                Answer::Json(200, "{}".to_owned())
            }
            _ => Answer::Json(404, r#"{"message":"no such container"}"#.to_owned()),
        });
        let engine = scripted.engine().await;
        let told = told_by(async {
            engine.inspect("there").await.expect("is there");
            engine.inspect("gone").await.expect_err("is not there");
        })
        .await;
        let answers: Vec<&str> = told
            .lines()
            .filter(|line| line.contains("outcome"))
            .collect();
        let [there, gone] = answers[..] else {
            panic!("an answer for each: {told}")
        };
        assert!(
            there.contains("look at there") && there.contains("outcome=\"ok\""),
            "{there}"
        );
        assert!(
            gone.contains("look at gone") && gone.contains("(status 404)"),
            "{gone}"
        );
    }

    #[test]
    fn a_command_is_shown_without_its_values() {
        assert_eq!(
            shown(&["/home-agent", "dial", "192.0.2.1:80"]),
            "/home-agent dial"
        );
        assert_eq!(shown(&["/home-agent"]), "/home-agent");
        assert_eq!(shown(&[]), "");
    }
}
