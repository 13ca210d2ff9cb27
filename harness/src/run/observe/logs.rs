//! The containers' logs, and what everybody can see of them.

use futures_util::future::{join, join_all};

use crate::causes::with_causes;
use crate::checks::LogView;
use crate::run::context::{Placed, Run};
use crate::run::error::RunError;

/// Every container's log and visible metadata.
pub(in crate::run) async fn views(run: &Run) -> Result<Vec<LogView>, RunError> {
    let telling = run.plan.is_telling();
    let telling = &telling;
    let views = run.containers().into_iter().map(|one| async move {
        let Placed { engine, name, role } = one;
        let (text, visible) = join(
            engine.log(&name, None, telling),
            engine.visible(&name),
        )
        .await;
        // A connector may have been given a way to log that the engine cannot read.
        let (text, unread) = match text {
            Ok(log) => {
                if log.left_out > 0 {
                    run.recorder.note(format!(
                        "{role} has printed much: {} MiB of it were looked through and are kept nowhere",
                        log.left_out.div_ceil(1 << 20)
                    ));
                }
                (log.text, None)
            }
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
