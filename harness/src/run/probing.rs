//! The harness as a third peer: it dials a home's onion service through another home's SOCKS port.

use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64;
use futures_util::stream::{self, StreamExt};
use toon_wire::Address;

use super::bring_up::Context;
use super::reach::Reach;
use super::sending::{hops, millis, now_ms, payload};
use crate::checks::{Answer, Delivery, Metrics, Observations, Reason, Refusal, Reject};
use crate::onion::anonrc::SOCKS_PORT;
use crate::plan::{HomePlan, Plan};
use crate::probe::{
    AuthError, ConnectionEnd, Credentials, Dialed, Isolation, Outcome, Payment, Session,
    SessionError, SessionOptions, Target, dial,
};
use crate::secret::Secret;
use crate::topology::{Metric, NOWHERE};

/// Size of a payload of the probe.
const PAYLOAD: usize = 64;
/// How long an answer is waited for, however short the packet lives.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// Less than the second that a connector keeps for itself (contract section 3.2).
const TOO_LITTLE_TIME: Duration = Duration::from_millis(900);
/// Packets of the probe in flight. A path that crosses one relay link twice in a direction takes
/// two delayed acknowledgements, some 88 ms, per round trip; one packet at a time would turn that
/// into many seconds.
const IN_FLIGHT: usize = 8;
/// Packets to a home before the ones that count. As many as are in flight, so that the first round
/// of them is apart: it opens windows and wakes what sleeps.
const WARM_UP: u32 = 8;
/// Close code of a refused authentication (contract section 2).
const POLICY_VIOLATION: u16 = 1008;

/// Where the probe dials, and how it says who it is.
pub(super) struct Door {
    proxy: SocketAddr,
    target: Target,
    peer: String,
    limit: Duration,
    /// Names the circuits of this look at the topology: those of an earlier one may still be open.
    nonce: String,
}

impl Door {
    /// The probe's door in a plan. `None` when the plan lacks one of its homes.
    pub(super) fn of(plan: &Plan, reach: &Reach, nonce: &str) -> Option<Self> {
        let (via, to) = (plan.home(&plan.probe.via)?, plan.home(&plan.probe.to)?);
        Some(Self {
            proxy: reach.socket(via, SOCKS_PORT),
            target: Target::new(to.onion.expose(), HomePlan::BTP_PORT),
            peer: plan.probe.id.clone(),
            limit: plan.topology.deadlines.delivery,
            nonce: nonce.to_owned(),
        })
    }

    /// Dials over the circuit of this name: streams with different SOCKS passwords never share one.
    async fn dial(
        &self,
        circuit: &str,
        metric: Metric,
        metrics: &mut Metrics,
    ) -> Result<Dialed, String> {
        let isolation = Isolation::new("ator-harness", format!("{}/{circuit}", self.nonce));
        let dialed = dial(self.proxy, &self.target, Some(&isolation), self.limit)
            .await
            .map_err(|error| format!("{} failed: {error}", metric.name()))?;
        metrics.entry(metric).or_default().record(dialed.took);
        Ok(dialed)
    }

    /// Dials over the circuit of an earlier dial.
    pub(super) async fn redial(&self, circuit: &str, metrics: &mut Metrics) -> Result<(), String> {
        self.dial(circuit, Metric::Redial, metrics).await?;
        Ok(())
    }

    /// Dials over a circuit of its own and is let in. Returns how long that took together, too.
    pub(super) async fn enter(
        &self,
        circuit: &str,
        secret: &Secret,
        metrics: &mut Metrics,
    ) -> Result<(Session, Duration), String> {
        let dialed = self.dial(circuit, Metric::Dial, metrics).await?;
        let dial_took = dialed.took;
        let session = self
            .knock(dialed, secret.clone())
            .await
            .map_err(|error| format!("not let in: {error}"))?;
        let times = session.connect_times();
        let took = dial_took + times.btp_connect();
        metrics.entry(Metric::BtpConnect).or_default().record(took);
        let latencies = metrics.entry(Metric::Authentication).or_default();
        latencies.record(times.auth);
        Ok((session, took))
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
        let dialed = match self.dial(circuit, Metric::Dial, metrics).await {
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

/// Everything the probe does. What it finds goes into the observations and the metrics.
pub(super) async fn probe(
    context: &Context<'_>,
    nonce: &str,
    seen: &mut Observations,
    metrics: &mut Metrics,
) {
    let plan = &context.plan.probe;
    let (Some(door), Some(to)) = (
        Door::of(context.plan, context.reach, nonce),
        context.plan.home(&plan.to),
    ) else {
        return;
    };
    let entered = door.enter("right", &plan.secret, metrics).await;
    let wrong = context.plan.seed.secret("not-the-probes-secret");
    let view = &mut seen.probe;
    view.wrong_secret = door.refusal("wrong", wrong, metrics).await;
    view.empty_secret = door.refusal("empty", Secret::new(""), metrics).await;
    view.configured_secret = configured(context, &door, metrics).await;
    for extra in 4..context.plan.topology.probe.dials {
        // A dial that fails is missing among the samples, and the budget asks for their number.
        let circuit = format!("extra-{extra}");
        if let Err(reason) = door.dial(&circuit, Metric::Dial, metrics).await {
            context.recorder.note(reason);
        }
    }
    for _ in 0..context.plan.topology.probe.dials {
        if let Err(reason) = door.redial("right", metrics).await {
            context.recorder.note(reason);
        }
    }
    let session = match entered {
        Ok((session, took)) => {
            view.accepted = Ok(took);
            session
        }
        Err(reason) => {
            view.accepted = Err(reason);
            return;
        }
    };
    let near = [Metric::WarmUp, Metric::RoundTrip];
    send(context, nonce, to, &session, seen, metrics, near).await;
    let far = context.plan.topology.probe.far.as_ref();
    if let Some(far) = far.and_then(|id| context.plan.home(id)) {
        let metric = [Metric::FarWarmUp, Metric::FarRoundTrip];
        send(context, nonce, far, &session, seen, metrics, metric).await;
    }
    reject(context, to, &session, door.limit, seen).await;
    seen.probe.counters = session.counters();
    session.close().await;
}

/// As the peer that every connector is told to dial, with the token that it would send there. The
/// token stands in no environment.
async fn configured(context: &Context<'_>, door: &Door, metrics: &mut Metrics) -> Refusal {
    let absent = &context.plan.absent;
    let door = Door {
        proxy: door.proxy,
        target: door.target.clone(),
        peer: absent.id.clone(),
        limit: door.limit,
        nonce: door.nonce.clone(),
    };
    door.refusal("configured", absent.token.clone(), metrics)
        .await
}

/// Sends the probe's packets to one home: the warm-up, and when all of it is answered the ones that
/// count.
async fn send(
    context: &Context<'_>,
    nonce: &str,
    to: &HomePlan,
    session: &Session,
    seen: &mut Observations,
    metrics: &mut Metrics,
    [warm_up, counted]: [Metric; 2],
) {
    let plan = &context.plan.probe;
    let limit = context.plan.topology.deadlines.delivery;
    let hops = hops(&context.plan.topology, &plan.to, &to.id);
    let last = WARM_UP + context.plan.topology.probe.packets;
    for (metric, numbers) in [(warm_up, 0..WARM_UP), (counted, WARM_UP..last)] {
        let latencies = metrics.entry(metric).or_default();
        let mut answers = stream::iter(numbers)
            .map(|number| async move {
                let destination = format!("{}.{nonce}.probe.{number}", to.prefix).to_lowercase();
                let data = payload(&destination, nonce, PAYLOAD);
                let before = now_ms();
                let paid = pay(session, &destination, &data, limit).await;
                (destination, data, before, paid)
            })
            .buffer_unordered(IN_FLIGHT);
        while let Some((destination, data, before, paid)) = answers.next().await {
            let answer = match paid {
                Ok((outcome, round_trip)) => {
                    latencies.record(round_trip);
                    read(&outcome)
                }
                Err(reason) => Answer::Otherwise(reason),
            };
            seen.deliveries.push(Delivery {
                from: plan.id.clone(),
                to: to.id.clone(),
                destination,
                amount: 0,
                payload: BASE64.encode(&data),
                answer,
                hops,
                // The packet is made at once, but this task may have had to wait for its turn.
                expires_ms: (before + millis(limit), now_ms() + millis(limit)),
                arrived: Vec::new(),
                arrived_elsewhere: 0,
            });
        }
    }
}

fn read(outcome: &Outcome) -> Answer {
    match outcome {
        Outcome::Fulfilled { .. } => Answer::Fulfilled { fits: true },
        Outcome::WrongFulfillment { .. } => Answer::Fulfilled { fits: false },
        Outcome::Rejected { code, message, .. } => Answer::Rejected {
            code: code.clone(),
            message: message.clone(),
        },
        Outcome::BtpError { code, .. } => {
            Answer::Otherwise(format!("answered with BTP ERROR {code}"))
        }
        Outcome::Nonsense(what) => Answer::Otherwise(format!("answered with {what}")),
    }
}

async fn pay(
    session: &Session,
    destination: &str,
    data: &[u8],
    lifetime: Duration,
) -> Result<(Outcome, Duration), String> {
    let destination = Address::new(destination).map_err(|error| error.to_string())?;
    let payment = Payment {
        destination,
        amount: 0,
        data,
        lifetime,
    };
    // The answer may come as late as the packet lives, and has to come back.
    let paid = session
        .pay(&payment, lifetime.max(ANSWER_LIMIT))
        .await
        .map_err(|error| error.to_string())?;
    Ok((paid.outcome, paid.round_trip))
}

/// Packets that have to be rejected.
async fn reject(
    context: &Context<'_>,
    to: &HomePlan,
    session: &Session,
    limit: Duration,
    seen: &mut Observations,
) {
    let asked = format!("{}, by the probe", to.id);
    let mut note = |reason: Reason, came: Result<Answer, String>| {
        let came = match came {
            Ok(Answer::Rejected { code, .. }) => Ok(code),
            Ok(Answer::Fulfilled { .. }) => Err("fulfilled".to_owned()),
            Ok(Answer::Otherwise(what)) | Err(what) => Err(what),
        };
        seen.rejects.push(Reject {
            reason,
            asked: asked.clone(),
            came,
        });
    };
    let asks = |destination: String, lifetime: Duration| async move {
        let (outcome, _) = pay(session, &destination, b"to be rejected", lifetime).await?;
        Ok::<_, String>(read(&outcome))
    };
    note(Reason::NoRoute, asks(NOWHERE.to_owned(), limit).await);
    note(
        Reason::Expired,
        asks(format!("{}.expired", to.prefix), Duration::ZERO).await,
    );
    let application = format!("{}.rej_application_error", to.prefix);
    note(Reason::Application, asks(application, limit).await);
    // To a home behind this one.
    let behind = context
        .plan
        .homes
        .iter()
        .find(|home| context.plan.topology.next_hop(&to.id, &home.id).is_some());
    if let Some(behind) = behind {
        let destination = format!("{}.too-late", behind.prefix);
        note(
            Reason::TooLittleTime,
            asks(destination, TOO_LITTLE_TIME).await,
        );
    }
}
