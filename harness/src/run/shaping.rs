//! Switching link shaping on and off.

use home_agent::wan_events::WanEvent;

use crate::events::Stage;
use crate::evidence::Subject;
use crate::run::context::{Run, poll, within};
use crate::run::error::RunError;

/// Switches link shaping on or off, and waits until each says that it is. Does nothing where
/// there are none.
///
/// Before they are on, the network is as near as one machine has it, so that bootstrap takes
/// seconds. What only shows that something does not happen is looked at while they are off.
pub(super) async fn switch(run: &Run, on: bool) -> Result<(), RunError> {
    let containers: Vec<&str> = run
        .plan
        .nodes()
        .filter_map(|node| Some(node.shaping.as_ref()?.container.as_str()))
        .collect();
    if containers.is_empty() {
        return Ok(());
    }
    let (signal, word) = if on {
        ("SIGUSR1", "on")
    } else {
        ("SIGUSR2", "off")
    };
    let deadline = run.plan.topology.deadlines.delivery;
    let subject = Subject::Links { shaped: on };
    let guard = run.recorder.stage_within(Stage::Shaping, subject, deadline);
    let engine = run.engines.common();
    let wait = async {
        for container in &containers {
            engine.signal(container, signal).await?;
        }
        let mut waiting = containers.clone();
        poll(async || {
            let mut still = Vec::new();
            for container in &waiting {
                let log = engine.logs(container, Some(LINES)).await?;
                if !is_switched(&log, on) {
                    still.push(*container);
                }
            }
            guard.saw(format!(
                "{} of {} are {word}",
                containers.len() - still.len(),
                containers.len()
            ));
            waiting = still;
            Ok(waiting.is_empty().then_some(()))
        })
        .await
    };
    within(&guard, wait).await?;
    guard.reached(format!("shaping of {} links is {word}", containers.len()));
    Ok(())
}

/// How many lines of a relay's log hold its last word. Connections that it could not make are
/// lines too.
const LINES: usize = 200;

/// Whether the last event in a relay's log says that it is switched so.
fn is_switched(log: &str, on: bool) -> bool {
    let last = log
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str::<WanEvent>(line).ok());
    matches!(
        (last, on),
        (Some(WanEvent::On), true) | (Some(WanEvent::Off | WanEvent::Listening { .. }), false)
    )
}
