//! The containers' logs, and what everybody can see of them.

use futures_util::future::{join, join_all};

use crate::causes::with_causes;
use crate::checks::LogView;
use crate::run::context::{Placed, Run};
use crate::run::error::RunError;

/// Every container's log and visible metadata.
pub(in crate::run) async fn views(run: &Run) -> Result<Vec<LogView>, RunError> {
    let views = run.containers().into_iter().map(|one| async move {
        let Placed { engine, name, role } = one;
        let (text, visible) = join(engine.logs(&name, None), engine.visible(&name)).await;
        // A connector may have been given a way to log that the engine cannot read.
        let (text, unread) = match text {
            Ok(text) => (text, None),
            Err(error) if role.is_connector() => {
                (String::new(), Some(with_causes(&error).to_string()))
            }
            Err(error) => return Err(error.into()),
        };
        Ok(LogView {
            role,
            text,
            unread,
            visible: visible?,
        })
    });
    join_all(views).await.into_iter().collect()
}
