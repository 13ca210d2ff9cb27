//! The containers' logs, and what everybody can see of them.

use futures_util::future::{join, join_all};

use crate::checks::LogView;
use crate::run::context::{Placed, Run};
use crate::run::error::RunError;

/// Every container's log and visible metadata.
pub(in crate::run) async fn views(run: &Run) -> Result<Vec<LogView>, RunError> {
    let views = run.containers().into_iter().map(|one| async move {
        let Placed { engine, name, role } = one;
        let (text, visible) = join(engine.logs(&name, None), engine.visible(&name)).await;
        Ok(LogView {
            // A connector's may have; nothing else has.
            leveled: run.plan.topology.connector.capabilities().logs_levels && role.is_connector(),
            role,
            text: text?,
            visible: visible?,
        })
    });
    join_all(views).await.into_iter().collect()
}
