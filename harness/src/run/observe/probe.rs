//! The harness as a third peer: it dials a home's onion service through another home's SOCKS port.

use std::time::Duration;

use data_encoding::BASE64;
use futures_util::stream::{self, StreamExt};
use wire::Address;

use crate::causes::with_causes;
use crate::checks::{Answer, Delivery, Entry, Metrics, Observations, Reason, Reject};
use crate::plan::HomePlan;
use crate::probe::{Outcome, Payment, Session};
use crate::run::context::Run;
use crate::run::moment;
use crate::run::packet::{millis, now_ms, payload};
use crate::run::pressure::{self, Moment};
use crate::run::probe_dialer::{ANSWER_LIMIT, DIALS, ProbeDialer};
use crate::secret::Secret;
use crate::topology::{Metric, NOWHERE, WARM_UP};

/// Size of a payload of the probe.
const PAYLOAD: usize = 64;
/// Packets of the probe in flight. A path that crosses one relay link twice in a direction takes
/// two delayed acknowledgements, some 88 ms, per round trip; one packet at a time would turn that
/// into many seconds.
const IN_FLIGHT: usize = 16;
/// As many over shaped links: twice as many do not fit into what a circuit takes before the first
/// acknowledgement is back, and every other packet would wait for one more round trip.
const IN_FLIGHT_SHAPED: usize = 8;
/// The probe at the door as the peer that every connector is told to dial, with the token that it would send
/// there: that stands in no environment. The peer has to be there still.
pub(in crate::run) async fn enter_as_decoy(
    run: &Run,
    dialer: &ProbeDialer,
    seen: &mut Observations,
    metrics: &mut Metrics,
) {
    let decoy = &run.plan.decoy;
    seen.probe.configured_secret = dialer
        .under(&decoy.id)
        .refusal("configured", decoy.token.clone(), metrics)
        .await;
}

/// The probe at the door: let in with the right secret, and refused with others. What it finds goes into the
/// observations and the metrics; its session is returned, if it has one.
pub(in crate::run) async fn enter(
    run: &Run,
    dialer: &ProbeDialer,
    seen: &mut Observations,
    metrics: &mut Metrics,
) -> Option<Session> {
    let plan = &run.plan.probe;
    // Before it is let in: some connectors take a refused login for the end of its account's session.
    let wrong = run.plan.seed.secret("not-the-probes-secret");
    let view = &mut seen.probe;
    view.wrong_secret = dialer.refusal("wrong", wrong, metrics).await;
    view.empty_secret = dialer.refusal("empty", Secret::new(""), metrics).await;
    if view.no_auth_allowed {
        let stranger = dialer.under(&format!("nobody-{}", dialer.nonce));
        let circuit = "stranger";
        view.stranger = stranger.refusal(circuit, Secret::new(""), metrics).await;
    }
    let entered = dialer.connect("right", &plan.secret, metrics).await;
    match entered {
        Ok((session, took)) => {
            view.accepted = Entry::LetIn(took);
            Some(session)
        }
        Err(not) => {
            view.accepted = not.into();
            None
        }
    }
}

/// Everything that the probe does after that: more dials, and its packets over the session. `began` is when its first
/// dial was.
pub(in crate::run) async fn work(
    run: &Run,
    dialer: &ProbeDialer,
    session: Option<Session>,
    began: Option<Moment>,
    (seen, metrics): (&mut Observations, &mut Metrics),
) {
    for extra in 4..run.plan.topology.probe.dials {
        // A dial that fails is missing among the samples, and the budget asks for their number.
        let circuit = format!("extra-{extra}");
        if let Err(reason) = dialer.dial(&circuit, Metric::Dial, metrics).await {
            run.recorder.note(reason);
        }
    }
    for _ in 0..run.plan.topology.probe.dials {
        if let Err(reason) = dialer.redial("right", metrics).await {
            run.recorder.note(reason);
        }
    }
    let dialled = moment::now(run).await;
    seen.waited(&DIALS, pressure::between(began, dialled));
    let (Some(session), Some(to)) = (session, run.plan.home(&run.plan.probe.to)) else {
        return;
    };
    let nonce = &dialer.nonce;
    let near = [Metric::WarmUp, Metric::RoundTrip];
    send(run, nonce, to, &session, seen, metrics, near).await;
    let sent = moment::now(run).await;
    seen.waited(&near, pressure::between(dialled, sent));
    let far = run.plan.topology.probe.far.as_ref();
    if let Some(far) = far.and_then(|id| run.plan.home(id)) {
        let metric = [Metric::FarWarmUp, Metric::FarRoundTrip];
        send(run, nonce, far, &session, seen, metrics, metric).await;
        seen.waited(&metric, pressure::between(sent, moment::now(run).await));
    }
    reject(run, to, &session, dialer.limit, seen).await;
    seen.probe.counters = session.counters();
    session.close().await;
}

/// Sends the probe's packets to one home: the warm-up, and when all of it is answered the ones that
/// count.
async fn send(
    run: &Run,
    nonce: &str,
    to: &HomePlan,
    session: &Session,
    seen: &mut Observations,
    metrics: &mut Metrics,
    [warm_up, counted]: [Metric; 2],
) {
    let plan = &run.plan.probe;
    let limit = run.plan.topology.deadlines.delivery;
    let hops = run.plan.hops(&plan.to, &to.id);
    let in_flight = match run.plan.topology.wan {
        Some(_) => IN_FLIGHT_SHAPED,
        None => IN_FLIGHT,
    };
    let last = WARM_UP + run.plan.topology.probe.packets;
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
            .buffer_unordered(in_flight);
        while let Some((destination, data, before, paid)) = answers.next().await {
            let answer = match paid {
                Ok((outcome, round_trip)) => {
                    latencies.record_at(run.recorder.elapsed(), round_trip);
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
    let destination = Address::new(destination).map_err(|error| with_causes(&error).to_string())?;
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
        .map_err(|error| with_causes(&error).to_string())?;
    Ok((paid.outcome, paid.round_trip))
}

/// Packets that have to be rejected.
async fn reject(
    run: &Run,
    to: &HomePlan,
    session: &Session,
    limit: Duration,
    seen: &mut Observations,
) {
    let asked = format!("{}, by the probe", to.id);
    let mut note = |reason: Reason, came: Result<Answer, String>| {
        let fulfilled = matches!(came, Ok(Answer::Fulfilled { .. }));
        let came = match came {
            Ok(Answer::Rejected { code, .. }) => Ok(code),
            Ok(Answer::Fulfilled { .. }) => Err("fulfilled".to_owned()),
            Ok(Answer::Otherwise(what)) | Err(what) => Err(what),
        };
        seen.rejects.push(Reject {
            reason,
            asked: asked.clone(),
            came,
            fulfilled,
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
    let connector = run.plan.topology.connector;
    if let Some(refused) = connector.refused_destination(&to.prefix) {
        note(Reason::Application, asks(refused, limit).await);
    }
    // To a home behind this one.
    let behind = run
        .plan
        .homes
        .iter()
        .find(|home| run.plan.topology.next_hop(&to.id, &home.id).is_some());
    if let Some(behind) = behind {
        let destination = format!("{}.too-late", behind.prefix);
        note(
            Reason::TooLittleTime,
            // Less than the connector keeps for itself.
            asks(destination, connector.answers().too_short()).await,
        );
    }
}
