//! How a home's daemon enters the network: its network is switched on, it bootstraps, and its onion
//! service begins.
//!
//! A daemon does most of its work once a second, and each kind of it in a second of its own that begins
//! when that work first made sense. A daemon with a service waits three to four such seconds where
//! nothing is to be waited for: for the directory, for the first circuit, for the service's introduction
//! points and for its descriptor. So a sidecar is kept dormant and without its service until there is
//! something to do (control-spec, `SIGNAL DORMANT` and `ACTIVE`): a daemon that wakes looks after
//! everything at once, and so does a service that is new. A service keeps its daemon awake, hence this
//! order: wake for the directory, wake again for the first circuit, then the service.

use std::time::Instant;

use crate::causes::with_causes;
use crate::events::Stage;
use crate::evidence::Subject;
use crate::onion::control::ControlError;
use crate::onion::monitor::Monitor;
use crate::plan::HomePlan;
use crate::run::context::{Run, within};
use crate::run::error::{RunError, StageFailure};
use crate::run::milestones::bootstrap_evidence;

/// Bootstrap percentage from which a daemon has enough of the directory to build circuits.
const ENOUGH_DIRECTORY: u8 = 75;

/// Switches the network of a home's daemon on, and returns when.
pub(super) async fn switch_on(
    run: &Run,
    home: &HomePlan,
    monitor: &mut Monitor,
) -> Result<Instant, RunError> {
    let begun = Instant::now();
    let switched = monitor.control.command("SETCONF DisableNetwork=0").await;
    switched.map(|_| begun).map_err(|error| {
        let guard = run
            .recorder
            .stage(Stage::Bootstrap, Subject::Home(home.id.clone()));
        guard.saw("its network could not be switched");
        StageFailure::of(&guard, with_causes(&error).to_string()).into()
    })
}

/// Waits until a daemon has bootstrapped. One whose services were withheld is woken when there is
/// something to do for it, and gets them back at the end.
pub(super) async fn bootstrap(
    run: &Run,
    home: &HomePlan,
    monitor: &mut Monitor,
) -> Result<(), RunError> {
    let deadline = run.plan.topology.deadlines.publication;
    let subject = Subject::Home(home.id.clone());
    let guard = run
        .recorder
        .stage_within(Stage::Bootstrap, subject, deadline);
    let fail = |error: ControlError| {
        RunError::from(StageFailure::of(&guard, with_causes(&error).to_string()))
    };
    let mut watch = monitor.watch();
    let wait = async {
        let mut asleep = monitor.withholds();
        if asleep {
            monitor.wake().await.map_err(fail)?;
        }
        loop {
            let state = watch.borrow_and_update().clone();
            let warning = state.warning.as_ref().map_or_else(String::new, |reason| {
                format!(", the daemon warns: {reason}")
            });
            guard.saw(format!("{} % ({}){warning}", state.bootstrap, state.tag));
            if state.bootstrap == 100 {
                return Ok(());
            }
            if asleep && state.bootstrap >= ENOUGH_DIRECTORY {
                asleep = false;
                monitor.sleep().await.map_err(fail)?;
                monitor.wake().await.map_err(fail)?;
            }
            if state.gone || watch.changed().await.is_err() {
                return Err(
                    StageFailure::of(&guard, "the daemon closed its control connection").into(),
                );
            }
        }
    };
    within(&guard, wait).await?;
    monitor.give_back().await.map_err(fail)?;
    guard.reached(bootstrap_evidence(&monitor.timeline()));
    Ok(())
}
