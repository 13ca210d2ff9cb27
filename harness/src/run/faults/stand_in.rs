//! A session in the place of a home's connector, as an old one of which nobody has told that it is dead.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::causes::with_causes;
use crate::checks::Metrics;
use crate::plan::HomePlan;
use crate::probe::Session;
use crate::run::context::{POLL, Run};
use crate::run::packet::now_ms;
use crate::run::probe_dialer::ProbeDialer;
use crate::topology::{Metric, Transport};

/// How long it may take to be let in: a connector that holds one session of a peer alone has to see first that the
/// one before has ended.
const LET_IN: Duration = Duration::from_secs(20);

/// How long the connector may take to come back beside it, whose place it is.
const BACK: Duration = Duration::from_secs(20);

/// The session that stands in, where one does.
#[derive(Default)]
pub(super) struct StandIn(Mutex<Option<Session>>);

impl StandIn {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// Why it is not there.
    pub(super) async fn open(&self, run: &Run, peer: &str, home: &str) -> Result<(), String> {
        let plan = &run.plan;
        let mut peerings = plan.peerings.iter();
        let peering = peerings
            .find(|one| one.from == peer && one.to == home && one.transport == Transport::Onion);
        let ends = peering.and_then(|peering| Some((peering, run.ends(peering)?)));
        let (peering, ends) = ends.ok_or_else(|| format!("{peer} does not dial {home}"))?;
        let nonce = format!("f{}", now_ms());
        let dialer = ProbeDialer::between(plan, run.reach(), ends, peer, &nonce);
        let dialer = dialer.ok_or_else(|| format!("{home} cannot be dialled"))?;
        let until = Instant::now() + LET_IN;
        // What it takes is no sample of anything.
        let mut metrics = Metrics::new();
        let session = loop {
            let dialed = dialer.dial("stand-in", Metric::Dial, &mut metrics).await;
            let why = match dialed {
                Err(why) => why,
                Ok(dialed) => {
                    let secret = peering.secret.clone();
                    match dialer.enter_in_silence(dialed, secret).await {
                        Ok(session) => break session,
                        Err(error) => with_causes(&error).to_string(),
                    }
                }
            };
            if Instant::now() >= until {
                let why = plan.redact(&why);
                return Err(format!("{home} lets nobody in as {peer}: {why}"));
            }
            sleep(POLL).await;
        };
        *self.0.lock().await = Some(session);
        Ok(())
    }

    /// Closes it, where the connector has not.
    pub(super) async fn close(&self, run: &Run) {
        let Some(session) = self.0.lock().await.take() else {
            return;
        };
        if let Some(end) = session.end() {
            let note = format!("the older of two sessions with one peer had ended by then: {end}");
            run.recorder.note(run.plan.redact(&note));
        }
        session.close().await;
    }
}

/// Waits until a home's connector says that it is connected to another one. Where it does not come to that, the checks say
/// whose fault that is.
pub(super) async fn meet(run: &Run, peer: &HomePlan, home: &str) {
    let control = run.control(peer);
    let until = Instant::now() + BACK;
    while !matches!(control.connected(home).await, Ok(Some(true))) {
        if Instant::now() >= until {
            let note = format!(
                "{} has not come back to {home} while its older session stands",
                peer.id
            );
            run.recorder.note(note);
            return;
        }
        sleep(POLL).await;
    }
}
