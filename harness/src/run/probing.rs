//! The harness as a third peer: it dials a home's onion service through another home's SOCKS port.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64;
use futures_util::stream::{self, StreamExt};
use toon_wire::Address;

use super::bring_up::Context;
use crate::checks::{Metrics, ProbeView, Refusal, UnknownDestination};
use crate::connector::{Bls, Received};
use crate::onion::anonrc::SOCKS_PORT;
use crate::plan::HomePlan;
use crate::probe::{
    AuthError, ConnectionEnd, Credentials, Dialed, Isolation, Outcome, Payment, Session,
    SessionError, SessionOptions, Target, dial,
};
use crate::secret::Secret;
use crate::topology::Metric;

/// A destination that no topology has: validation takes route prefixes from the topology only,
/// and none may be called this.
pub(super) const NOWHERE: &str = "test.ator-harness-nowhere";
/// Packets of the probe in flight. A path that crosses one relay link twice in a direction takes
/// two delayed acknowledgements, some 88 ms, per round trip; one packet at a time would turn that
/// into many seconds.
const IN_FLIGHT: usize = 8;
/// Close code of a refused authentication (contract section 2).
const POLICY_VIOLATION: u16 = 1008;

/// Where the probe dials, and how it says who it is.
struct Door {
    proxy: SocketAddr,
    target: Target,
    peer: String,
    limit: Duration,
}

impl Door {
    /// Dials over a circuit of its own: streams with different SOCKS passwords never share one.
    async fn dial(&self, circuit: &str, metrics: &mut Metrics) -> Result<Dialed, String> {
        let isolation = Isolation::new("ator-harness", circuit);
        let dialed = dial(self.proxy, &self.target, Some(&isolation), self.limit)
            .await
            .map_err(|error| format!("dial failed: {error}"))?;
        let latencies = metrics.entry(Metric::Dial).or_default();
        latencies.record(dialed.took);
        Ok(dialed)
    }

    async fn knock(&self, dialed: Dialed, secret: Secret) -> Result<Session, SessionError> {
        let credentials = Credentials::new(self.peer.clone(), secret);
        let options = SessionOptions {
            upgrade_limit: self.limit,
            auth_limit: self.limit,
            ..SessionOptions::default()
        };
        Session::connect(dialed.stream, &self.target, &credentials, options).await
    }

    /// What bad credentials lead to.
    async fn refusal(&self, circuit: &str, secret: Secret, metrics: &mut Metrics) -> Refusal {
        let dialed = match self.dial(circuit, metrics).await {
            Ok(dialed) => dialed,
            Err(reason) => return Refusal::Otherwise(reason),
        };
        match self.knock(dialed, secret).await {
            Ok(session) => {
                session.close().await;
                Refusal::Accepted
            }
            Err(SessionError::Auth(AuthError::Refused {
                code,
                end: Some(ConnectionEnd::Closed { code: close, .. }),
                ..
            })) if code == "F00" && close == POLICY_VIOLATION => Refusal::AsContract,
            Err(error) => Refusal::Otherwise(error.to_string()),
        }
    }
}

/// Everything the probe does. What it finds goes into its view, the metrics, and the answers for
/// an unknown destination.
pub(super) async fn probe(
    context: &Context<'_>,
    view: &mut ProbeView,
    metrics: &mut Metrics,
    unknown: &mut Vec<UnknownDestination>,
) {
    let plan = &context.plan.probe;
    let (Some(via), Some(to)) = (context.plan.home(&plan.via), context.plan.home(&plan.to)) else {
        return;
    };
    let door = Door {
        proxy: via.socket(SOCKS_PORT),
        target: Target::new(to.onion.expose(), HomePlan::BTP_PORT),
        peer: plan.id.clone(),
        limit: context.plan.topology.deadlines.delivery,
    };
    let session = match enter(&door, &plan.secret, metrics).await {
        Ok((session, took)) => {
            view.accepted = Ok(took);
            let latencies = metrics.entry(Metric::BtpConnect).or_default();
            latencies.record(took);
            session
        }
        Err(reason) => {
            view.accepted = Err(reason);
            return;
        }
    };
    let wrong = context.plan.seed.secret("not-the-probes-secret");
    view.wrong_secret = door.refusal("wrong", wrong, metrics).await;
    view.empty_secret = door.refusal("empty", Secret::new(""), metrics).await;
    for extra in 3..context.plan.topology.probe.dials {
        // A dial that fails is missing among the samples, and the budget asks for their number.
        if let Err(reason) = door.dial(&format!("extra-{extra}"), metrics).await {
            context.recorder.note(reason);
        }
    }
    send(context, to, &session, view, metrics).await;
    unknown.push(UnknownDestination {
        asked: format!("{}, by the probe", to.id),
        came: nowhere(&session, door.limit).await,
    });
    view.counters = session.counters();
    session.close().await;
    count_recorded(context, to, view).await;
}

async fn enter(
    door: &Door,
    secret: &Secret,
    metrics: &mut Metrics,
) -> Result<(Session, Duration), String> {
    let dialed = door.dial("right", metrics).await?;
    let dial_took = dialed.took;
    let session = door
        .knock(dialed, secret.clone())
        .await
        .map_err(|error| format!("not let in: {error}"))?;
    let took = dial_took + session.connect_times().btp_connect();
    Ok((session, took))
}

/// The payload of the probe's packet `number`. Unique per run, so that a server that serves
/// several runs can tell them apart.
fn payload(context: &Context<'_>, number: u32) -> String {
    format!("ator-harness/{}/probe/{number}", context.plan.run)
}

async fn send(
    context: &Context<'_>,
    to: &HomePlan,
    session: &Session,
    view: &mut ProbeView,
    metrics: &mut Metrics,
) {
    let limit = context.plan.topology.deadlines.delivery;
    let destination = &format!("{}.probe", to.prefix);
    let latencies = metrics.entry(Metric::RoundTrip).or_default();
    let mut answers = stream::iter(0..context.plan.topology.probe.packets)
        .map(|number| async move {
            let data = payload(context, number);
            pay(session, destination, data.as_bytes(), limit).await
        })
        .buffer_unordered(IN_FLIGHT);
    while let Some(answer) = answers.next().await {
        view.sent += 1;
        let other = match answer {
            Ok((outcome, round_trip)) => {
                latencies.record(round_trip);
                if outcome.is_fulfilled() {
                    view.fulfilled += 1;
                    continue;
                }
                describe(&outcome)
            }
            Err(reason) => reason,
        };
        *view.other_outcomes.entry(other).or_default() += 1;
    }
}

async fn pay(
    session: &Session,
    destination: &str,
    data: &[u8],
    limit: Duration,
) -> Result<(Outcome, Duration), String> {
    let destination = Address::new(destination).map_err(|error| error.to_string())?;
    let payment = Payment {
        destination,
        amount: 0,
        data,
        lifetime: limit,
    };
    let paid = session
        .pay(&payment, limit)
        .await
        .map_err(|error| error.to_string())?;
    Ok((paid.outcome, paid.round_trip))
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Fulfilled { .. } => "fulfilled".to_owned(),
        Outcome::WrongFulfillment { .. } => "answered with a wrong fulfillment".to_owned(),
        Outcome::Rejected { code, message, .. } => format!("rejected with {code} {message}"),
        Outcome::BtpError { code, .. } => format!("answered with BTP ERROR {code}"),
        Outcome::Nonsense(what) => format!("answered with {what}"),
    }
}

async fn nowhere(session: &Session, limit: Duration) -> Result<String, String> {
    match pay(session, NOWHERE, b"nowhere", limit).await? {
        (Outcome::Rejected { code, .. }, _) => Ok(code),
        (other, _) => Err(describe(&other)),
    }
}

/// Holds what the far server recorded against what was sent.
async fn count_recorded(context: &Context<'_>, to: &HomePlan, view: &mut ProbeView) {
    let bls = Bls::new(context.http, &to.id, to.socket(HomePlan::BLS_PORT));
    let received = match bls.received().await {
        Ok(received) => received,
        Err(error) => {
            context.recorder.note(error.to_string());
            Vec::new()
        }
    };
    let counts = count(&received);
    for number in 0..context.plan.topology.probe.packets {
        let data = BASE64.encode(payload(context, number).as_bytes());
        match counts.get(data.as_str()) {
            None => {}
            Some(1) => view.recorded += 1,
            Some(_) => {
                view.recorded += 1;
                view.repeated += 1;
            }
        }
    }
}

fn count(received: &[Received]) -> HashMap<&str, u64> {
    let mut counts = HashMap::new();
    for packet in received {
        *counts.entry(packet.data.as_str()).or_default() += 1;
    }
    counts
}
