//! Reading the evidence while a peering is waited for: what is enough for a cause ends the wait at once.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::checks::{Metrics, Refusal};
use crate::diagnosis::{DiallingSigns, Known, LoginOutcome, LoginSign, RequestSign};
use crate::events::StageGuard;
use crate::onion::monitor::Timeline;
use crate::plan::{HomePlan, PeeringPlan};
use crate::probe::ReplyCode;
use crate::run::context::Run;
use crate::run::error::StageFailure;
use crate::run::packet::now_ms;
use crate::run::probe_dialer::ProbeDialer;
use crate::run::record;

/// Time between two looks at the evidence.
const LOOK: Duration = Duration::from_millis(500);
/// How long it has to stay the same: a connector may be asked for one thing a moment before another.
const STAYS: Duration = Duration::from_millis(1500);

/// What is known of a peering's dials. What cannot be read is left out: the wait goes on without it.
pub(in crate::run) async fn signs(
    run: &Run,
    peering: &PeeringPlan,
    timeline: Option<&Timeline>,
) -> Option<DiallingSigns> {
    let (from, to) = run.ends(peering)?;
    let address = &to.onion()?.address;
    let wire = record::read(run, from).await.ok()?;
    let is_it = |name: &str| {
        let name = name.trim_end_matches('.');
        name.eq_ignore_ascii_case(address.expose())
    };
    let queries = wire.queries.iter();
    let requests = wire.requests.iter();
    let requests = requests.filter(|request| is_it(request.host.expose()));
    let streams = timeline.map_or_else(Vec::new, |timeline| {
        let streams = timeline.streams.values();
        let to_it = streams.filter(|stream| {
            let target = stream.target.expose();
            target.rsplit_once(':').is_some_and(|(host, _)| is_it(host))
        });
        to_it.filter_map(|stream| stream.failure.clone()).collect()
    });
    Some(DiallingSigns {
        from: from.id.clone(),
        to: to.id.clone(),
        resolved: queries.filter(|name| is_it(name.expose())).count(),
        requests: requests
            .map(|request| RequestSign {
                answer: request.reply.map(answer),
                granted: request.reply == Some(0),
                ended: request.ended,
                spoke: request.sent > 0,
            })
            .collect(),
        ended_streams: streams,
        ports: (to.ports.of(&from.id).unwrap_or_default(), to.ports.btp()),
        login: None,
    })
}

/// A proxy's answer with its meaning.
fn answer(code: u8) -> String {
    ReplyCode::from_byte(code).map_or_else(|| "00 (granted)".to_owned(), |code| code.to_string())
}

/// Resolves when there is enough to know why a peering does not come up, and never otherwise.
pub(in crate::run) async fn watch(
    run: &Run,
    peering: &PeeringPlan,
    timeline: impl Fn() -> Option<Timeline>,
    guard: &StageGuard,
) -> StageFailure {
    let mut since: Option<Instant> = None;
    let mut login = None;
    loop {
        sleep(LOOK).await;
        let Some(mut signs) = signs(run, peering, timeline().as_ref()).await else {
            continue;
        };
        if let Some(summary) = signs.summary() {
            guard.saw(format!("not connected yet; {summary}"));
        }
        if login.is_none() && signs.suspects_login() {
            login = try_login(run, peering).await;
        }
        signs.login.clone_from(&login);
        let Some((cause, evidence)) = signs.cause() else {
            since = None;
            continue;
        };
        if since.get_or_insert_with(Instant::now).elapsed() >= STAYS {
            guard.saw(evidence.join("; "));
            return StageFailure {
                known: Some(Box::new(Known::Dials(signs))),
                ..StageFailure::of(guard, format!("{cause}, so it was given up early"))
            };
        }
    }
}

/// Logs in as the dialling home's connector should.
async fn try_login(run: &Run, peering: &PeeringPlan) -> Option<LoginSign> {
    let (from, to) = run.ends(peering)?;
    let peer = run.plan.dial(peering)?;
    let dialer = dialer(run, from, to)?;
    let variable = run.plan.topology.connector.secret_variable(&from.id);
    // What it takes is no sample of anything.
    let mut metrics = Metrics::new();
    let refusal = dialer.refusal("login", peer.token.clone(), &mut metrics);
    Some(LoginSign {
        variable: variable.filter(|_| !peer.token.is_empty()),
        outcome: match refusal.await {
            Refusal::Accepted => LoginOutcome::LetIn,
            Refusal::Refused(how) => LoginOutcome::Refused(how),
            Refusal::Otherwise(what) | Refusal::Untried(what) => LoginOutcome::Unclear(what),
        },
    })
}

/// The harness in the place of a home's connector.
fn dialer(run: &Run, from: &HomePlan, to: &HomePlan) -> Option<ProbeDialer> {
    ProbeDialer::between(
        &run.plan,
        run.reach(),
        (from, to),
        &from.id,
        &format!("n{}", now_ms()),
    )
}
