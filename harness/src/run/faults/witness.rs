//! A session of the harness's with a connector that is told to end: how it ends is what the connector's peers are told.

use std::time::Duration;

use tokio::time::timeout;

use crate::checks::Metrics;
use crate::probe::Session;
use crate::run::context::Run;
use crate::run::packet::now_ms;
use crate::run::probe_dialer::ProbeDialer;

/// How long it may take to be there: what is told to end may be out of reach already.
const THERE: Duration = Duration::from_secs(3);
/// How long its end may take to be heard of, once the connector has ended.
const HEARD: Duration = Duration::from_secs(3);

/// The probe's session with the connector of a home. `None` of a home that it does not dial, or cannot reach.
pub(super) async fn session(run: &Run, home: &str) -> Option<Session> {
    if run.plan.probe.to != home {
        return None;
    }
    let nonce = format!("w{}", now_ms());
    let dialer = ProbeDialer::of(&run.plan, run.reach(), &nonce)?;
    // What it takes is no sample of anything.
    let mut metrics = Metrics::new();
    let connected = dialer.connect("witness", &run.plan.probe.secret, &mut metrics);
    let (session, _) = timeout(THERE, connected).await.ok()?.ok()?;
    Some(session)
}

/// How it ended, in words.
pub(super) async fn farewell(run: &Run, session: Option<Session>) -> Option<String> {
    let end = timeout(HEARD, session?.ended()).await;
    Some(match end {
        Ok(end) => run.plan.redact(&end.to_string()),
        Err(_) => "told nothing".to_owned(),
    })
}
