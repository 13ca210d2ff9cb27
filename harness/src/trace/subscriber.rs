//! Who reads what is told: standard error and the memory.

use std::io::{self, Write};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, ParseError, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use super::memory;

/// What every target of ours begins with. Libraries tell of bytes and headers, so they are not heard.
const OURS: &str = "ator_harness";
/// The variable that says what to show without `-v`.
const VARIABLE: &str = "RUST_LOG";

/// `RUST_LOG` says nothing that can be followed.
#[derive(Debug, thiserror::Error)]
#[error(
    "{VARIABLE} is {text:?}, which is no list of levels as in {OURS}::engine=debug; nothing is shown"
)]
pub struct FilterError {
    text: String,
    source: ParseError,
}

type Redactor = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// What takes secrets out of a line before anybody reads it.
static REDACTOR: RwLock<Option<Redactor>> = RwLock::new(None);

/// Has every line pass through this from now on. The words are chosen without secrets; this is for what
/// others quote.
pub fn redact_by(redactor: impl Fn(&str) -> String + Send + Sync + 'static) {
    *REDACTOR.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(redactor));
}

/// Starts both readers. `verbose` is how often `-v` was given: once for every answer, twice for every
/// question as well; without it, `RUST_LOG` says what is shown.
///
/// # Errors
///
/// [`FilterError`] when `RUST_LOG` cannot be followed. Then nothing is shown, and all is kept.
pub fn install(verbose: u8, variable: Option<&str>) -> Result<(), FilterError> {
    let (shown, said) = match (verbose, variable) {
        (0, None | Some("")) => (Targets::new(), Ok(())),
        (0, Some(text)) => match Targets::from_str(text) {
            Ok(targets) => (targets, Ok(())),
            Err(source) => (
                Targets::new(),
                Err(FilterError {
                    text: text.to_owned(),
                    source,
                }),
            ),
        },
        (1, _) => (ours(LevelFilter::DEBUG), Ok(())),
        (_, _) => (ours(LevelFilter::TRACE), Ok(())),
    };
    let readers = readers(shown, Reader::Terminal, Reader::Memory);
    // A program that uses the library may have readers of its own, which then are the ones.
    let _ = tracing::subscriber::set_global_default(readers);
    said
}

pub(super) fn ours(level: LevelFilter) -> Targets {
    Targets::new().with_target(OURS, level)
}

/// One reader of what is to be shown and one that keeps every answer.
pub(super) fn readers(
    shown: Targets,
    terminal: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
    memory: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let only_ours = filter_fn(|about| about.target().starts_with(OURS));
    Registry::default()
        .with(lines(terminal).with_filter(shown.and(only_ours)))
        .with(lines(memory).with_filter(ours(LevelFilter::DEBUG)))
}

/// A line for each event, without colours. Texts of others are quoted, so that they stay one line and
/// cannot steer a terminal.
fn lines<S, W>(writer: W) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'s> tracing_subscriber::registry::LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    fmt::layer().with_ansi(false).with_writer(writer)
}

/// Where a line goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reader {
    Terminal,
    Memory,
}

/// One line, until it is whole.
pub(super) struct Line {
    reader: Reader,
    text: Vec<u8>,
}

impl MakeWriter<'_> for Reader {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line {
            reader: *self,
            text: Vec::new(),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = redacted(&String::from_utf8_lossy(&self.text));
        match self.reader {
            Reader::Memory => memory::keep(text),
            // Whoever closed standard error does not want to know.
            Reader::Terminal => drop(io::stderr().lock().write_all(text.as_bytes())),
        }
    }
}

fn redacted(text: &str) -> String {
    let redactor = REDACTOR.read().unwrap_or_else(PoisonError::into_inner);
    redactor
        .as_ref()
        .map_or_else(|| text.to_owned(), |redactor| redactor(text))
}
