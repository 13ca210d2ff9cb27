//! What is gathered when a run has failed, so that its cause can be named. Nothing is removed yet.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use crate::causes::with_causes;
use crate::diagnosis::{
    DaemonSigns, Diagnosis, EndState, Ending, Evidence, Known, NodeText, diagnose,
};
use crate::evidence::{ContainerRole, Subject};
use crate::onion::monitor::Timeline;
use crate::onion::refused_folder;
use crate::run::context::{Placed, Run};
use crate::run::daemon_program;
use crate::run::error::RunError;
use crate::run::{explain, votes};

/// How many folders are looked at that daemons refused: they are all of one making.
const FOLDERS: usize = 4;

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
    let nodes: Vec<String> = plan.nodes().map(|node| node.nickname.clone()).collect();
    let mut evidence = Evidence {
        nicknames: nodes.iter().cloned().chain(homes).collect(),
        nodes,
        family: Some(plan.topology.network.family),
        daemons: daemons.collect(),
        logs,
        ..Evidence::default()
    };
    match error {
        RunError::NodeDied(death) => {
            let role = ContainerRole::from(&*death.role);
            let container = containers.iter().find(|one| one.role == role);
            evidence.known = no_program(run, Some(&role)).await;
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
            evidence.authorities = Some(match &evidence.known {
                // From when it was refused.
                Some(Known::Votes(ballots)) => ballots.clone(),
                _ => votes::gather(run).await,
            });
        }
        _ => return None,
    }
    evidence.folders = folders(containers, &evidence.logs).await;
    let mut diagnosis = diagnose(&evidence);
    for line in &mut diagnosis.evidence {
        *line = plan.redact(line);
    }
    Some((diagnosis, evidence.ending.map(|ending| ending.role)))
}

/// That a connector that ended had no program of the daemon that it is to run.
async fn no_program(run: &Run, ended: Option<&ContainerRole>) -> Option<Known> {
    let Some(ContainerRole::Connector(home)) = ended else {
        return None;
    };
    daemon_program::missing(run, run.plan.home(home)?).await
}

/// The folders that daemons refused, as they are in their containers.
async fn folders(containers: &[Placed<'_>], logs: &[NodeText]) -> Vec<String> {
    let said = logs.iter().flat_map(|log| {
        let refused = log.text.lines().filter_map(refused_folder);
        refused.map(move |folder| (&log.role, folder))
    });
    let refused: BTreeSet<_> = said
        .map(|(role, folder)| (role.to_string(), folder))
        .collect();
    let looks = refused.into_iter().map(|(role, folder)| async move {
        let one = containers.iter().find(|one| one.role.to_string() == role)?;
        let owned = one.engine.owned(&one.name, folder).await.ok()?;
        Some(format!("{role}: {folder} {owned}"))
    });
    join_all(looks)
        .await
        .into_iter()
        .flatten()
        .take(FOLDERS)
        .collect()
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
            killed_unasked: end.killed_unasked,
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
