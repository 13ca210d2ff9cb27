//! The homes enter the network: bootstrap and publication.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::engine::FileSpec;
use crate::events::Stage;
use crate::evidence::Subject;
use crate::onion::monitor::Monitor;
use crate::plan::{FORWARDS_OPEN, HomePlan};
use crate::run::bring_up::{enter, preflight};
use crate::run::context::{Run, within};
use crate::run::error::{RunError, StageFailure};
use crate::run::publication::{is_published, uploads_expected};

/// Lets the daemon of a home into the network if it was not let in (`on`), and waits for bootstrap and
/// for its descriptor uploads. Returns how long that took since it was let in.
pub(in crate::run) async fn publish(
    run: &Run,
    home: &HomePlan,
    monitor: &mut Monitor,
    on: Option<Instant>,
) -> Result<Duration, RunError> {
    let deadline = run.plan.topology.deadlines.publication;
    let begun = match on {
        None => {
            let begun = enter::switch_on(run, home, monitor).await?;
            enter::bootstrap(run, home, monitor).await?;
            begun
        }
        Some(begun) if run.plan.joins_others() => {
            preflight::entered(run, home, monitor).await?;
            enter::bootstrap(run, home, monitor).await?;
            begun
        }
        Some(begun) => begun,
    };
    let mut watch = monitor.watch();
    let subject = Subject::Home(home.id.clone());
    let guard = run
        .recorder
        .stage_within(Stage::Publication, subject, deadline);
    let wait = async {
        loop {
            let state = watch.borrow_and_update().clone();
            guard.saw(format!(
                "{} of {} descriptor uploads confirmed{}",
                state.uploaded,
                uploads_expected(&run.plan, &state),
                if state.failed.is_empty() {
                    String::new()
                } else {
                    format!(", failed with {}", state.failed.join(", "))
                }
            ));
            if is_published(&run.plan, &state, &monitor.timeline()) {
                return Ok((state.uploaded, state.uploads));
            }
            if state.gone || watch.changed().await.is_err() {
                return Err(
                    StageFailure::of(&guard, "the daemon closed its control connection").into(),
                );
            }
        }
    };
    let (confirmed, of) = within(&guard, wait).await?;
    guard.reached(format!("{confirmed} of {of} uploads confirmed"));
    Ok(begun.elapsed())
}

/// Lets the homes' forwarders dial, once every connector listens. What connectors have dialled until then has
/// waited.
pub(in crate::run) async fn open_forwarders(run: &Run) -> Result<(), RunError> {
    let homes = run.plan.homes.iter();
    let forwarded: Vec<&HomePlan> = homes
        .filter(|home| !run.plan.forwards(&home.id).is_empty())
        .collect();
    let open = FileSpec {
        path: FORWARDS_OPEN.to_owned(),
        mode: 0o600,
        content: Some(Vec::new()),
    };
    let files = [open];
    let opening = forwarded
        .iter()
        .map(|home| run.engine_of(home).upload(&home.bls, &files));
    try_join_all(opening).await?;
    if !forwarded.is_empty() {
        let names: Vec<&str> = forwarded.iter().map(|home| home.id.as_str()).collect();
        run.recorder.note(format!(
            "{} does not dial by SOCKS: a forwarder of the harness dialled the onion services for it, in {}",
            run.plan.topology.connector.name(),
            names.join(", ")
        ));
    }
    Ok(())
}
