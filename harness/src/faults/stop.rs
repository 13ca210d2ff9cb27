//! `stop`: SIGTERM, and SIGKILL where that is not followed. When its time is over it is started again. A daemon that a
//! connector runs hangs, while the connector is told to end: it has to end all the same.

use super::managed;
use super::step::{ENDS_DAEMON_WITHIN, Step, Steps, ended_for_a_time};
use super::victim::Now;
use super::victim::Victim;
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, now: &Now) -> Result<Steps, String> {
    let Some(home) = managed::home(plan, fault) else {
        return ended_for_a_time(plan, fault, now, "SIGTERM");
    };
    let connector = Victim::connector(plan, home)?;
    let hangs = Step::Inside {
        home: home.to_owned(),
        signal: "stop",
    };
    let ends = Step::End {
        victim: connector.clone(),
        signal: "SIGTERM",
        within: ENDS_DAEMON_WITHIN,
    };
    Ok(Steps {
        apply: vec![hangs, ends],
        undo: fault
            .lasts
            .map(|_| Step::Start(connector))
            .into_iter()
            .collect(),
        over_at_once: false,
    })
}
