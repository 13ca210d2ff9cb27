//! Standard output. With `--json` it holds one document and nothing else, however a command ends.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::exit::Exit;
use crate::report::{VERSION, json_text};

/// What asks for a document.
const OPTION: &str = "--json";

/// Standard output, which its copies share.
#[derive(Debug, Clone)]
pub struct Out {
    json: bool,
    said: Arc<Mutex<Said>>,
}

/// What was written so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Something,
    /// How the command failed; nothing may follow it.
    TheEnd,
}

/// What a command comes to, for programs: told of itself what a report tells of itself.
#[derive(Debug, Serialize)]
pub(super) struct Answer<T> {
    /// Which command's answer it is.
    kind: &'static str,
    version: u32,
    harness: &'static str,
    exit_code: u8,
    #[serde(flatten)]
    content: T,
}

impl<T: Serialize> Answer<T> {
    pub(super) const fn new(kind: &'static str, exit: Exit, content: T) -> Self {
        Self {
            kind,
            version: VERSION,
            harness: env!("CARGO_PKG_VERSION"),
            exit_code: exit.code(),
            content,
        }
    }

    pub(super) fn to_text(&self) -> String {
        json_text(self)
    }
}

impl Out {
    /// Standard output of a command with these arguments. They are read as they came: those that are refused may ask
    /// for a document as well.
    pub fn of_arguments(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut options = arguments.into_iter().take_while(|one| one != "--");
        Self {
            json: options.any(|one| asks(&one)),
            said: Arc::new(Mutex::new(Said::Nothing)),
        }
    }

    /// Writes a whole document, in one piece.
    pub(super) fn document(&self, text: &str) -> io::Result<()> {
        self.whole(&mut self.said(), text)
    }

    /// Writes how the command failed, where a document is asked for and none is there.
    pub(super) fn failed(&self, failure: &impl Serialize) {
        // A document that is being written at this moment is the one document.
        let Ok(mut said) = self.said.try_lock() else {
            return;
        };
        if self.json && *said == Said::Nothing {
            // Whoever closed standard output does not want to know.
            let _ = self.whole(&mut said, &json_text(failure));
        }
        *said = Said::TheEnd;
    }

    fn whole(&self, said: &mut Said, text: &str) -> io::Result<()> {
        may_follow(*said)?;
        *said = Said::Something;
        let mut out = io::stdout().lock();
        unless_closed(writeln!(out, "{text}").and_then(|()| out.flush()), ())
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn asks(argument: &OsStr) -> bool {
    // With a value it is refused, and asks all the same.
    let text = argument.to_str().and_then(|text| text.strip_prefix(OPTION));
    text.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// Whoever closed standard output, as `head` does, has seen enough: the command goes on to its end without a reader, and
/// ends with its own exit code.
fn unless_closed<T>(written: io::Result<T>, otherwise: T) -> io::Result<T> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(otherwise),
        written => written,
    }
}

/// A command that was given up may be at work yet; what it would say now comes too late.
fn may_follow(said: Said) -> io::Result<()> {
    match said {
        Said::Nothing | Said::Something => Ok(()),
        Said::TheEnd => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut said = self.said();
        may_follow(*said)?;
        *said = Said::Something;
        unless_closed(io::stdout().write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_closed(io::stdout().flush(), ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(arguments: &[&str]) -> bool {
        Out::of_arguments(arguments.iter().map(OsString::from)).json
    }

    #[test]
    fn a_document_is_asked_for_by_the_option_alone() {
        assert!(json(&["ator-harness", "fly", "--json"]));
        assert!(json(&["ator-harness", "--json=yes", "plan"]));
        assert!(!json(&["ator-harness", "plan", "--jsonic"]));
        assert!(!json(&["ator-harness", "wire", "decode", "--", "--json"]));
    }

    #[test]
    fn nothing_follows_the_end() {
        let mut out = Out::of_arguments([]);
        out.failed(&());
        assert!(out.document("{}").is_err());
        assert!(out.write(b"late").is_err());
    }
}
