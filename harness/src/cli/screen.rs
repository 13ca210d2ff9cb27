//! Where people look: what standard output and standard error can show, and what a run shows while it goes on. On a
//! terminal that is a live display of a few lines; elsewhere a line for each stage.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::environment::variable;
use crate::events::Event;
use crate::report::{Lanes, Look, progress_line};
use crate::run::Progress;

/// How often the times on a live display go on.
const TICK: Duration = Duration::from_millis(100);

/// How text on standard output is set.
pub(super) fn of_output(verbose: u8) -> Look {
    look(&io::stdout(), &Term::stdout(), verbose)
}

/// How text on standard error is set.
fn of_errors(verbose: u8) -> Look {
    look(&io::stderr(), &Term::stderr(), verbose)
}

/// Colours are as `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM` have them, alike for these and for messages about
/// arguments.
fn look<S: RawStream>(stream: &S, term: &Term, verbose: u8) -> Look {
    let size = term.is_term().then(|| term.size_checked()).flatten();
    Look {
        colours: AutoStream::choice(stream) != ColorChoice::Never,
        columns: size.map(|(_, columns)| columns.into()),
        verbose: verbose > 0,
    }
}

/// What shows a run while it goes on, on standard error, so that standard output holds the report alone.
pub(super) struct Screen {
    progress: Progress,
    live: Option<Live>,
}

impl Screen {
    /// A live display where standard error is a terminal that can have one. Whoever asked for what others are asked
    /// gets lines: these would tear the display apart.
    pub(super) fn open(verbose: u8) -> Self {
        let lines = verbose > 0 || variable("RUST_LOG").is_some();
        let term = Term::stderr();
        if lines || !term.is_term() || console::is_dumb() {
            let look = of_errors(verbose);
            let progress: Progress = Arc::new(move |event| {
                if let Some(line) = progress_line(event, &look) {
                    // Whoever closed standard error does not want to know.
                    let _ = writeln!(io::stderr().lock(), "{line}");
                }
            });
            return Self {
                progress,
                live: None,
            };
        }
        let live = Live::start();
        let shown = Arc::clone(&live.shown);
        let progress: Progress = Arc::new(move |event| lock(&shown).take(event));
        Self {
            progress,
            live: Some(live),
        }
    }

    /// The reader of a run's events.
    pub(super) fn progress(&self) -> Progress {
        Arc::clone(&self.progress)
    }

    /// Ends a live display in one line for each of its own. A further run opens it again.
    pub(super) fn close(&self) {
        if let Some(live) = &self.live {
            lock(&live.shown).end();
        }
    }
}

/// A live display, and the thread that lets its times go on.
struct Live {
    shown: Arc<Mutex<Shown>>,
    stop: Option<Sender<()>>,
    ticks: Option<JoinHandle<()>>,
}

impl Live {
    fn start() -> Self {
        let shown = Arc::new(Mutex::new(Shown::default()));
        let (stop, stopped) = mpsc::channel();
        let ticked = Arc::clone(&shown);
        let ticks = thread::spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                lock(&ticked).draw();
            }
        });
        Self {
            shown,
            stop: Some(stop),
            ticks: Some(ticks),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(ticks) = self.ticks.take() {
            // Where it panicked, it has said so.
            let _ = ticks.join();
        }
        lock(&self.shown).end();
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is shown, and since when.
#[derive(Default)]
struct Shown {
    lanes: Lanes,
    /// When the event stream began, and where it is drawn; none before the first event and after the end.
    at: Option<(Instant, ProgressBar)>,
}

impl Shown {
    fn take(&mut self, event: &Event) {
        let told = self.lanes.take(event);
        let bar = &self.at.get_or_insert_with(|| begin(event.at_ms)).1;
        if told && let Some(line) = progress_line(event, &of_errors(0)) {
            bar.println(line);
        }
        self.draw();
    }

    fn draw(&self) {
        let Some((began, bar)) = &self.at else {
            return;
        };
        let rows = Term::stderr().size_checked().map_or(24, |(rows, _)| rows);
        let most = usize::from(rows.saturating_sub(2)).max(1);
        let now = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let lines = self.lanes.lines(now, &of_errors(0), most);
        // A terminal that shows the user's ^C goes on to the next line, and what is drawn then is a line too low: the
        // first line stays, which therefore is an empty one.
        bar.set_message(format!("\n{}", lines.join("\n")));
    }

    fn end(&mut self) {
        let Some((_, bar)) = self.at.take() else {
            return;
        };
        bar.finish_and_clear();
        for line in self.lanes.ends(&of_errors(0)) {
            // Whoever closed standard error does not want to know.
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
        self.lanes = Lanes::default();
    }
}

/// A display of a stream that is so far already.
fn begin(at_ms: u64) -> (Instant, ProgressBar) {
    let now = Instant::now();
    let began = now.checked_sub(Duration::from_millis(at_ms)).unwrap_or(now);
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    (began, bar.with_style(style))
}
