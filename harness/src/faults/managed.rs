//! What is done to a daemon that a connector runs: it is a process of the connector's container.

use super::step::{Step, Steps};
use crate::plan::{DaemonPlan, Plan};
use crate::topology::{Fault, FaultTarget};

/// The home whose connector runs the daemon that a fault is done to.
pub(super) fn home<'p>(plan: &'p Plan, fault: &Fault) -> Option<&'p str> {
    let FaultTarget::Daemon(id) = &fault.on else {
        return None;
    };
    let home = plan.home(id)?;
    matches!(home.daemon, DaemonPlan::Managed { .. }).then_some(home.id.as_str())
}

/// A signal to that daemon, and another one when its time is over.
pub(super) fn signalled(home: &str, signal: &'static str, then: Option<&'static str>) -> Steps {
    let inside = |signal| Step::Inside {
        home: home.to_owned(),
        signal,
    };
    Steps {
        apply: vec![inside(signal)],
        undo: then.map(inside).into_iter().collect(),
        over_at_once: false,
    }
}
