//! Dials from inside a home's network namespace, by the harness's helper.

use serde::Deserialize;

use crate::engine::EngineError;
use crate::plan::{AGENT, HomePlan, Plan};
use crate::run::context::Context;
use crate::run::error::RunError;

/// One line of the helper's answer.
#[derive(Debug, Deserialize)]
pub(in crate::run) struct DialLine {
    pub(in crate::run) target: String,
    pub(in crate::run) outcome: String,
}

/// Every address that a home may reach.
pub(in crate::run) fn published(plan: &Plan) -> Vec<String> {
    plan.nodes()
        .flat_map(|node| {
            let at = node.published;
            std::iter::once(at.or_port)
                .chain(at.dir_port)
                .map(move |port| format!("{}:{port}", at.address))
        })
        .collect()
}

/// Dials from inside a home's network namespace.
pub(in crate::run) async fn dial(
    context: &Context<'_>,
    home: &HomePlan,
    targets: &[String],
    timeout_ms: &str,
) -> Result<Vec<DialLine>, RunError> {
    let mut command = vec![AGENT, "dial", "--timeout-ms", timeout_ms];
    command.extend(targets.iter().map(String::as_str));
    let output = context.engine_of(home).exec(&home.bls, &command).await?;
    if output.code != 0 {
        return Err(EngineError::Exec {
            container: home.bls.clone(),
            command: AGENT.to_owned(),
            message: output.stderr.trim().to_owned(),
        }
        .into());
    }
    Ok(output
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}
