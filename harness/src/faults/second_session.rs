//! `second-session`: a peer of a connector is killed and comes back, while a session of the harness's under its id and
//! with its secret stands in for the old one that nobody has told to be dead. Then that one, the older, closes.

use super::step::{Step, Steps, ends};
use super::victim::Now;
use super::victim::Victim;
use crate::plan::Plan;
use crate::topology::Fault;

pub(super) fn steps(plan: &Plan, fault: &Fault, _now: &Now) -> Result<Steps, String> {
    let home = fault.on.home().ok_or("it is done to no home")?;
    let peer = plan.topology.comes_again_to(home);
    let peer = peer.ok_or_else(|| format!("no peer of {home} comes again"))?;
    let victim = Victim::connector(plan, peer)?;
    let mut apply = ends(std::slice::from_ref(&victim), "SIGKILL");
    apply.extend([
        Step::StandIn {
            peer: peer.to_owned(),
            home: home.to_owned(),
        },
        Step::Start(victim.clone()),
        // The older one closes while the newer stands, however long the dial of that takes.
        Step::Meet {
            peer: peer.to_owned(),
            home: home.to_owned(),
        },
    ]);
    Ok(Steps {
        apply,
        // Started in any case: it is dead where the session could not be made.
        undo: vec![Step::StandDown, Step::Start(victim)],
        over_at_once: false,
    })
}
