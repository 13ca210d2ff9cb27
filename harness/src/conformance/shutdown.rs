//! The row in which the connector is told to end.

use std::time::Duration;

use super::keeper::Keeper;
use super::report::RowReport;
use super::seen::Seen;
use super::subject::Subject;
use super::table::Row;
use crate::causes::with_causes;

/// How long a connector that is told to end may take (contract#shutdown).
const LIMIT: Duration = Duration::from_secs(10);

/// What the row notes, for tables to expect.
pub(super) mod said {
    pub(in crate::conformance) const ENDED: &str = "it ended";
    pub(in crate::conformance) const RUNS: &str = "it still runs after 10 s";
}

/// Opens a connection that never says who it is, and has the connector told to end.
pub(super) async fn row(row: &Row, subject: &Subject, keeper: &dyn Keeper) -> RowReport {
    let idle = match subject.socket().await {
        Ok(idle) => idle,
        Err(error) => return RowReport::not_judged(row, with_causes(&error).to_string()),
    };
    let came = match keeper.terminate(LIMIT).await {
        Ok(Some(took)) => {
            let took = format!("after {:.1} s", took.as_secs_f64());
            vec![Seen::Note(said::ENDED.to_owned()), Seen::Aside(took)]
        }
        Ok(None) => vec![Seen::Note(said::RUNS.to_owned())],
        Err(why) => return RowReport::not_judged(row, why),
    };
    // It was open until now.
    drop(idle);
    RowReport::judged(row, &came)
}
