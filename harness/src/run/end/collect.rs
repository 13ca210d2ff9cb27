//! The end of a run: save the logs, then remove everything.

use std::time::Duration;

use futures_util::future::join_all;

use crate::causes::with_causes;
use crate::diagnosis::NodeText;
use crate::events::Stage;
use crate::run::context::{Placed, Run};
use crate::run::outcome::NodeLog;

/// Lines of a log that a failure report shows.
const TAIL: usize = 12;
/// How long collecting may take. An engine that hangs must not keep us from removing.
const COLLECT_LIMIT: Duration = Duration::from_secs(20);

/// What was collected.
#[derive(Default)]
pub(in crate::run) struct Collected {
    /// The ends of the logs, for people.
    pub(in crate::run) tails: Vec<NodeLog>,
    /// The whole logs, for the diagnosis.
    pub(in crate::run) texts: Vec<NodeText>,
}

/// Saves every container's log, and returns them. Never fails: what can't be collected is noted, and must not hide why the run ended. A second interrupt skips it.
pub(in crate::run) async fn collect(run: &Run, containers: &[Placed<'_>]) -> Collected {
    let guard = run.recorder.stage(Stage::Collect, None);
    let reading = async {
        let reads = containers
            .iter()
            .map(|one| async move { (one.role.clone(), one.engine.logs(&one.name, None).await) });
        let mut logs = Collected::default();
        for (role, result) in join_all(reads).await {
            let text = match result {
                Ok(text) => text,
                // A run that ended early has not created every container.
                Err(error) if error.is_absence() => continue,
                Err(error) => with_causes(&error).to_string(),
            };
            if let Err(error) = run.artefacts.write(
                &format!("logs/{}.log", role.to_string().replace('/', "-")),
                text.as_bytes(),
            ) {
                run.recorder.note(with_causes(&error).to_string());
            }
            let lines: Vec<&str> = text.lines().collect();
            let tail = &lines[lines.len().saturating_sub(TAIL)..];
            logs.tails.push(NodeLog {
                role: role.clone(),
                tail: tail.iter().map(|line| run.plan.redact(line)).collect(),
            });
            logs.texts.push(NodeText {
                role: role.clone(),
                text,
            });
        }
        logs
    };
    let logs = tokio::select! {
        logs = reading => logs,
        () = run.interrupts.at_least(2) => {
            guard.saw("interrupted again");
            return Collected::default();
        }
        () = tokio::time::sleep(COLLECT_LIMIT) => {
            guard.saw(format!("not done within {} s", COLLECT_LIMIT.as_secs()));
            return Collected::default();
        }
    };
    guard.reached(format!("{} logs saved", logs.tails.len()));
    logs
}
