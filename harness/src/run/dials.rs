//! Dials from inside a home's network namespace, by the harness's helper.

use std::net::SocketAddr;

use crate::engine::EngineError;
use crate::evidence::Dialled;
use crate::plan::{AGENT, HomePlan, Plan};
use crate::run::context::Run;

/// Every address that a home may reach.
pub(in crate::run) fn published(plan: &Plan) -> Vec<SocketAddr> {
    plan.nodes()
        .flat_map(|node| {
            let at = node.published;
            std::iter::once(at.or_port)
                .chain(at.dir_port)
                .map(move |port| SocketAddr::from((at.address, port)))
        })
        .collect()
}

/// Dials from inside a home's network namespace, all targets at once. The answers are in their order,
/// one for each. `timeout_ms` is for each, in milliseconds.
pub(in crate::run) async fn dial(
    run: &Run,
    home: &HomePlan,
    targets: &[SocketAddr],
    timeout_ms: &str,
) -> Result<Vec<Dialled>, EngineError> {
    let command = vec![AGENT, "dial", "--timeout-ms", timeout_ms];
    ask(run, home, targets, command).await
}

/// As [`dial`], once the home's egress is locked down.
pub(in crate::run) async fn dial_locked_down(
    run: &Run,
    home: &HomePlan,
    targets: &[SocketAddr],
    timeout_ms: &str,
) -> Result<Vec<Dialled>, EngineError> {
    let command = vec![AGENT, "dial", "--locked-down", "--timeout-ms", timeout_ms];
    ask(run, home, targets, command).await
}

async fn ask(
    run: &Run,
    home: &HomePlan,
    targets: &[SocketAddr],
    mut command: Vec<&str>,
) -> Result<Vec<Dialled>, EngineError> {
    let addresses: Vec<String> = targets.iter().map(ToString::to_string).collect();
    command.extend(addresses.iter().map(String::as_str));
    let output = run.engine_of(home).exec(&home.bls, &command).await?;
    let failed = |message: String| EngineError::Exec {
        container: home.bls.clone(),
        command: AGENT.to_owned(),
        message,
    };
    if output.code != 0 {
        return Err(failed(output.stderr.trim().to_owned()));
    }
    let lines = output.stdout.lines().map(serde_json::from_str::<Dialled>);
    let mut dialled = lines
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed(format!("a line of its answer is not to be read: {error}")))?;
    dialled.retain(|one| targets.contains(&one.target));
    if dialled.len() != targets.len() {
        let answered = dialled.len();
        return Err(failed(format!(
            "{answered} of {} dials were answered",
            targets.len()
        )));
    }
    Ok(dialled)
}
