//! Nothing of a run is left.

use super::{CheckResult, Finding};
use crate::engine::Leftovers;

/// Judges what is on the engine, and which files, after everything was removed.
#[must_use]
pub fn judge_leftovers(
    removed: usize,
    left: Result<&Leftovers, String>,
    files: &[String],
) -> CheckResult {
    let finding = match left {
        Err(reason) => Finding::inconclusive(reason),
        Ok(_) if removed == 0 => Finding::fail("nothing was found to remove"),
        Ok(left) => {
            let mut wrong: Vec<String> = left
                .containers
                .iter()
                .chain(&left.networks)
                .chain(&left.volumes)
                .map(|name| format!("{name} is still on the engine"))
                .collect();
            wrong.extend(files.iter().map(|file| format!("{file} still exists")));
            Finding::all(
                removed,
                &wrong,
                format!("{removed} containers and networks removed, none left"),
            )
        }
    };
    CheckResult::new(
        "hygiene.nothing-left",
        "no container, network, volume or state file of the run is left",
        finding,
    )
}
