//! A moment of a topology that comes up, or is observed.

use std::time::Duration;

use futures_util::future::join_all;

use crate::run::context::Run;
use crate::run::pressure::Moment;

/// Now, while connectors run. `None` where nobody tells how long they have had processors, or others have waited: other
/// kernels, engines elsewhere.
pub(in crate::run) async fn now(run: &Run) -> Option<Moment> {
    let times = run.plan.homes.iter().map(|home| async move {
        let time = run.engine_of(home).processor_time(&home.connector).await;
        time.ok().flatten()
    });
    let times: Option<Duration> = join_all(times).await.into_iter().sum();
    Moment::now(times?)
}
