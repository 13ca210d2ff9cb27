//! The thread that holds a topology for a test: it brings it up, does what the test asks of it, judges and removes it.
//!
//! It has a runtime of its own, so that removing goes on where the test's has ended or waits.

use std::cell::Cell;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, oneshot, watch};

use super::error::TestError;
use super::judged::Judged;
use super::signals::Held;
use crate::causes::with_causes;
use crate::checks::Verdict;
use crate::cli::conclude;
use crate::plan::Plan;
use crate::run::{Interrupts, Live, Options, RunError, Then, Verb, hold};
use crate::topology::Topology;

/// Something to do with a topology that runs.
type Job = Box<dyn for<'l> FnOnce(Live<'l>) -> LocalBoxFuture<'l, ()> + Send>;

enum Order {
    Do(Job),
    Judge,
    End,
}

/// A topology that came up.
pub(super) struct Up {
    pub(super) plan: Plan,
    /// The run's folder.
    pub(super) folder: PathBuf,
}

/// What a topology came to in the end.
pub(super) enum Done {
    /// It was judged, or it ended with an error that says something about it.
    Judged(Judged),
    /// It was removed, and nobody asked for a verdict.
    Removed,
    /// It could not even begin.
    NotBegun(Arc<RunError>),
}

/// A topology that is held by a thread. Dropped, it is removed.
pub(super) struct Keeper {
    orders: mpsc::UnboundedSender<Order>,
    interrupts: Interrupts,
    done: watch::Receiver<Option<Arc<Done>>>,
    thread: Option<JoinHandle<()>>,
    /// Whether the thread takes orders: it does once the topology runs, and until it is told how that ends.
    takes_orders: bool,
}

impl Keeper {
    /// Brings a topology up. Where this is dropped before it is, it is removed.
    pub(super) async fn start(
        topology: Topology,
        options: Options,
    ) -> Result<(Self, Up), TestError> {
        let (orders, taken) = mpsc::unbounded_channel();
        let (up, runs) = oneshot::channel();
        let (done, ended) = watch::channel(None);
        let interrupts = Interrupts::default();
        let held = Held::new(&interrupts).map_err(TestError::Process)?;
        let thread = Thread {
            topology,
            options,
            interrupts: interrupts.clone(),
            up,
            orders: taken,
        };
        let thread = thread::Builder::new()
            .name("ator-two-homes".to_owned())
            .spawn(move || {
                done.send_replace(thread.run().map(Arc::new));
                // The end of the process may have waited for this.
                drop(held);
            })
            .map_err(TestError::Process)?;
        let mut keeper = Self {
            orders,
            interrupts,
            done: ended,
            thread: Some(thread),
            takes_orders: false,
        };
        match runs.await {
            Ok(up) => {
                keeper.takes_orders = true;
                Ok((keeper, up))
            }
            Err(_) => Err(match keeper.done().await.as_deref() {
                Some(Done::NotBegun(error)) => TestError::Run(error.clone()),
                Some(Done::Judged(judged)) => TestError::NotUp(Box::new(judged.clone())),
                Some(Done::Removed) | None => panicked(),
            }),
        }
    }

    /// Has something done with the topology.
    ///
    /// # Errors
    ///
    /// [`TestError::Ended`] when it does not run any more.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl for<'l> FnOnce(Live<'l>) -> LocalBoxFuture<'l, T> + Send + 'static,
    ) -> Result<T, TestError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |live| {
            let work = job(live);
            Box::pin(async move {
                // Whoever asked may have given up.
                let _ = answer.send(work.await);
            })
        });
        // One that is not taken is dropped, and its answer with it.
        let _ = self.orders.send(Order::Do(job));
        match answered.await {
            Ok(answer) => Ok(answer),
            Err(_) => Err(self.ended().await),
        }
    }

    /// Has it judged and removed.
    pub(super) async fn judge(mut self) -> Result<Judged, TestError> {
        // Whoever drops this meanwhile has to interrupt the judging.
        self.takes_orders = false;
        let _ = self.orders.send(Order::Judge);
        let done = self.done().await;
        self.join();
        match done.as_deref() {
            Some(Done::Judged(judged)) => Ok(judged.clone()),
            Some(Done::NotBegun(error)) => Err(TestError::Run(error.clone())),
            Some(Done::Removed) | None => Err(panicked()),
        }
    }

    /// Has it removed.
    pub(super) async fn remove(mut self) -> Result<(), TestError> {
        let _ = self.orders.send(Order::End);
        let done = self.done().await;
        self.join();
        match done.as_deref() {
            Some(Done::Removed) => Ok(()),
            Some(Done::Judged(judged)) => Err(TestError::NotUp(Box::new(judged.clone()))),
            Some(Done::NotBegun(error)) => Err(TestError::Run(error.clone())),
            None => Err(panicked()),
        }
    }

    /// What it came to; `None` if its thread has panicked.
    async fn done(&self) -> Option<Arc<Done>> {
        let mut done = self.done.clone();
        done.wait_for(Option::is_some).await.ok()?.clone()
    }

    async fn ended(&self) -> TestError {
        match self.done().await.as_deref() {
            Some(Done::Judged(judged)) => TestError::Ended {
                how: judged.headline().to_owned(),
            },
            Some(Done::NotBegun(error)) => TestError::Run(error.clone()),
            Some(Done::Removed) => TestError::Ended {
                how: "it was removed".to_owned(),
            },
            None => panicked(),
        }
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // One that has panicked has told why by itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    /// Waits until everything is removed: the process may end right after.
    fn drop(&mut self) {
        if self.thread.is_none() {
            return;
        }
        match self.takes_orders {
            true => drop(self.orders.send(Order::End)),
            false => self.interrupts.ask(),
        }
        self.join();
    }
}

fn panicked() -> TestError {
    TestError::Ended {
        how: "the thread that held it panicked".to_owned(),
    }
}

/// What the thread takes with it.
struct Thread {
    topology: Topology,
    options: Options,
    interrupts: Interrupts,
    up: oneshot::Sender<Up>,
    orders: mpsc::UnboundedReceiver<Order>,
}

impl Thread {
    fn run(self) -> Option<Done> {
        // As many workers as the command has: it mostly waits.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return Some(Done::NotBegun(Arc::new(unusable(&self.options, error)))),
        };
        let Self {
            topology,
            options,
            interrupts,
            up,
            orders,
        } = self;
        let judged = Cell::new(false);
        let work = hold(&topology, &options, &interrupts, Verb::Test, async |live| {
            let then = serve(*live, up, orders).await;
            judged.set(then == Then::Judge);
            then
        });
        let outcome = runtime.block_on(Box::pin(work));
        // A command that was given up may hang in a call that nothing ends.
        runtime.shutdown_background();
        Some(match outcome {
            Err(error) => Done::NotBegun(Arc::new(error)),
            // Of what was not judged, it is known whether something was left.
            Ok(outcome) if !judged.get() && outcome.verdict() == Verdict::Pass => Done::Removed,
            Ok(mut outcome) => {
                let (report, saved) = conclude(&mut outcome);
                let unsaved = saved.err().map(|error| with_causes(&error).to_string());
                Done::Judged(Judged::new(report, unsaved))
            }
        })
    }
}

fn unusable(options: &Options, source: io::Error) -> RunError {
    let path = options.artefacts.display().to_string();
    crate::run::ArtefactError { path, source }.into()
}

/// Does what a test asks for, side by side, until it says how that ends, or is gone.
async fn serve(
    live: Live<'_>,
    up: oneshot::Sender<Up>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Then {
    let here = Up {
        plan: live.plan().clone(),
        folder: live.artefacts().to_owned(),
    };
    if up.send(here).is_err() {
        return Then::End;
    }
    let mut jobs = FuturesUnordered::new();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Do(job)) => jobs.push(job(live)),
                Some(Order::Judge) => return Then::Judge,
                Some(Order::End) | None => return Then::End,
            },
            Some(()) = jobs.next(), if !jobs.is_empty() => {}
        }
    }
}
