//! A moment of a topology that comes up, or is observed.

use std::time::Duration;

use futures_util::future::join_all;

use crate::engine::Engines;
use crate::plan::Plan;
use crate::run::context::Run;
use crate::run::pressure::Moment;

/// Now, while connectors run. `None` where nobody tells how long they have had processors, or others have waited: other
/// kernels, engines elsewhere.
pub(in crate::run) async fn now(run: &Run) -> Option<Moment> {
    of(&run.engines, &run.plan).await
}

/// The same of what a plan is about.
pub(in crate::run) async fn of(engines: &Engines, plan: &Plan) -> Option<Moment> {
    let times = plan.homes.iter().map(|home| async move {
        let time = engines.of(&home.id).processor_time(&home.connector).await;
        time.ok().flatten()
    });
    let times: Option<Duration> = join_all(times).await.into_iter().sum();
    Moment::now(times?)
}
