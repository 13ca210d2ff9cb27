//! What is gathered when a run has failed, so that its cause can be named. Nothing is removed yet.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::causes::with_causes;
use crate::diagnosis::{
    Authorities, DaemonSigns, Diagnosis, EndState, Ending, Evidence, Known, NodeText, diagnose,
};
use crate::evidence::{ContainerRole, Subject};
use crate::onion::monitor::Timeline;
use crate::run::context::{Placed, Run};
use crate::run::error::RunError;
use crate::run::explain;

/// How long an authority may take to answer. It is on this machine, and the run has failed.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Names the cause of a stage that was not reached or a container that ended, and that container if one
/// did; other errors speak for themselves.
pub(in crate::run) async fn diagnosed(
    run: &Run,
    error: &RunError,
    containers: &[Placed<'_>],
    logs: Vec<NodeText>,
) -> Option<(Diagnosis, Option<ContainerRole>)> {
    let plan = &run.plan;
    let timelines = run.milestones.timelines();
    let daemons = timelines
        .iter()
        .map(|(home, timeline)| DaemonSigns::of(home, timeline));
    let homes = plan
        .homes
        .iter()
        .filter_map(|home| Some(home.onion()?.nickname.clone()));
    let nodes = plan.nodes().map(|node| node.nickname.clone());
    let mut evidence = Evidence {
        nicknames: nodes.chain(homes).collect(),
        family: Some(plan.topology.network.family),
        daemons: daemons.collect(),
        logs,
        ..Evidence::default()
    };
    match error {
        RunError::NodeDied(death) => {
            let role = ContainerRole::from(&*death.role);
            let container = containers.iter().find(|one| one.role == role);
            evidence.ending = Some(Ending {
                role,
                status: death.status.clone(),
                state: match container {
                    Some(one) => state(run, one).await,
                    None => EndState::default(),
                },
            });
        }
        RunError::Stage(failure) => {
            evidence.stage = Some(failure.stage);
            evidence.subject = failure.node.clone();
            evidence.failed_dials = failure.dials.clone();
            evidence.known = match &failure.known {
                Some(known) => Some((**known).clone()),
                None => dials(run, failure.node.as_ref(), &timelines).await,
            };
            evidence.last_seen = format!("{} ({})", failure.evidence, failure.cause);
            // A program that ends closes its connections, which may be noticed before its end is.
            evidence.ending = ended(run, containers).await;
            evidence.authorities = Some(authorities(run).await);
        }
        _ => return None,
    }
    let mut diagnosis = diagnose(&evidence);
    for line in &mut diagnosis.evidence {
        *line = plan.redact(line);
    }
    Some((diagnosis, evidence.ending.map(|ending| ending.role)))
}

/// A container that has ended. One that cannot be looked at is noted, and counts as neither.
async fn ended(run: &Run, containers: &[Placed<'_>]) -> Option<Ending> {
    let looks = containers.iter().map(|one| async move {
        match one.engine.exit_status(&one.name).await {
            Ok(status) => Some(Ending {
                role: one.role.clone(),
                status: status?.to_string(),
                state: state(run, one).await,
            }),
            // A run that ended early has not created every container.
            Err(error) if error.is_absence() => None,
            Err(error) => {
                run.recorder.note(with_causes(&error).to_string());
                None
            }
        }
    });
    join_all(looks).await.into_iter().flatten().next()
}

/// What the engine knows of a container's end. What it does not tell is noted.
async fn state(run: &Run, one: &Placed<'_>) -> EndState {
    match one.engine.end_state(&one.name).await {
        Ok(end) => EndState {
            out_of_memory: end.out_of_memory,
            memory_limit: end.memory_limit,
            error: end.error,
        },
        Err(error) => {
            run.recorder.note(with_causes(&error).to_string());
            EndState::default()
        }
    }
}

/// What is known of the dials of a peering that did not come up.
async fn dials(
    run: &Run,
    subject: Option<&Subject>,
    timelines: &[(String, Timeline)],
) -> Option<Known> {
    let Some(Subject::Peering { from, to }) = subject else {
        return None;
    };
    let mut peerings = run.plan.peerings.iter();
    let peering = peerings.find(|peering| peering.from == *from && peering.to == *to)?;
    let timeline = timelines.iter().find(|(home, _)| home == from);
    let signs = explain::signs(run, peering, timeline.map(|(_, timeline)| timeline)).await?;
    Some(Known::Dials(signs))
}

async fn authorities(run: &Run) -> Authorities {
    let directories = run.directories();
    let asked = directories
        .iter()
        .map(|directory| timeout(ANSWER_LIMIT, directory.consensus()));
    let mut found = Authorities::default();
    for (directory, answer) in directories.iter().zip(join_all(asked).await) {
        let nickname = directory.nickname().to_owned();
        match answer {
            Ok(Ok(_)) => found.answering.push(nickname),
            Ok(Err(error)) => found
                .silent
                .push((nickname, with_causes(&error).to_string())),
            Err(_) => {
                let reason = format!("no answer within {} s", ANSWER_LIMIT.as_secs());
                found.silent.push((nickname, reason));
            }
        }
    }
    found
}
