//! Whether a connector that is to run the onion daemon has a program for it.

use std::time::Duration;

use tokio::time::sleep;

use crate::diagnosis::Known;
use crate::onion::anonrc;
use crate::plan::{DaemonPlan, HomePlan};
use crate::run::context::Run;

/// How long a daemon may be without its control port before its program is looked for.
const LOOKS_AFTER: Duration = Duration::from_secs(5);

/// That the program is not where the connector was told that it is. `None` where it is, where nobody knows (an
/// operator's deployment may say another place), and of a daemon that somebody else runs.
pub(in crate::run) async fn missing(run: &Run, home: &HomePlan) -> Option<Known> {
    if !matches!(home.daemon, DaemonPlan::Managed { .. }) || home.deployed.is_some() {
        return None;
    }
    let program = anonrc::program(run.plan.topology.network.family);
    let program = run.plan.topology.connector.daemon_program(program)?;
    let engine = run.engine_of(home);
    let is_there = engine.has_path(&home.connector, &program).await;
    // What cannot be looked at is not known to be missing.
    let is_missing = is_there.is_ok_and(|is_there| !is_there);
    is_missing.then(|| Known::NoDaemonProgram {
        home: home.id.clone(),
        program,
    })
}

/// Resolves when a home's daemon cannot come for want of its program, and never otherwise.
pub(in crate::run) async fn never_there(run: &Run, home: &HomePlan) -> Known {
    sleep(LOOKS_AFTER).await;
    match missing(run, home).await {
        Some(known) => known,
        None => std::future::pending().await,
    }
}
