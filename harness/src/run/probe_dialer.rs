//! How the harness's own peer dials a home's onion service and says who it is.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::causes::with_causes;
use crate::checks::{Entry, Metrics, Refusal};
use crate::connectors::Kind;
use crate::onion::anonrc::SOCKS_PORT;
use crate::onion::monitor::{History, Timeline};
use crate::plan::{HomePlan, Plan};
use crate::probe::{
    AuthError, ConnectionEnd, Credentials, DialError, DialErrorKind, Dialed, InboundHandler,
    InboundReply, Isolation, ReplyCode, Session, SessionError, SessionOptions, Target, dial,
};
use crate::run::context::POLL;
use crate::run::reach::Reach;
use crate::secret::Secret;
use crate::topology::Metric;
use crate::trace::{Party, ask};

/// How long an answer is waited for, however short the packet lives.
pub(in crate::run) const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// How long the daemon may take to tell on its control port why a dial failed that it has answered.
const TOLD_WITHIN: Duration = Duration::from_millis(500);

/// What its dials measure.
pub(in crate::run) const DIALS: [Metric; 4] = [
    Metric::Dial,
    Metric::Redial,
    Metric::BtpConnect,
    Metric::Authentication,
];

/// Where the probe dials, and how it says who it is.
pub(in crate::run) struct ProbeDialer {
    pub(in crate::run) proxy: SocketAddr,
    /// The home whose service it dials.
    pub(in crate::run) to: String,
    pub(in crate::run) target: Target,
    pub(in crate::run) peer: String,
    pub(in crate::run) connector: Kind,
    pub(in crate::run) limit: Duration,
    /// Names the circuits of this look at the topology: those of an earlier one may still be open.
    pub(in crate::run) nonce: String,
    /// What the daemon tells that it dials through, where that is followed.
    pub(in crate::run) told: Option<History>,
}

/// Why nobody was let in.
pub(in crate::run) struct NotLetIn {
    /// In words.
    pub(in crate::run) why: String,
    /// Whether nothing came as far as the connector.
    on_the_way: bool,
}

impl From<NotLetIn> for Entry {
    fn from(not: NotLetIn) -> Self {
        match not.on_the_way {
            true => Self::Untried(not.why),
            false => Self::Shut(not.why),
        }
    }
}

impl ProbeDialer {
    /// The probe's dialer in a plan. `None` when the plan lacks one of its homes.
    pub(in crate::run) fn of(plan: &Plan, reach: &Reach, nonce: &str) -> Option<Self> {
        let homes = (plan.home(&plan.probe.via)?, plan.home(&plan.probe.to)?);
        Self::between(plan, reach, homes, &plan.probe.id, nonce)
    }

    /// The dialler of a peer of this id, through one home's proxy to another home.
    pub(in crate::run) fn between(
        plan: &Plan,
        reach: &Reach,
        (via, to): (&HomePlan, &HomePlan),
        peer: &str,
        nonce: &str,
    ) -> Option<Self> {
        Some(Self {
            proxy: reach.socket(via, SOCKS_PORT),
            to: to.id.clone(),
            target: Target::new(to.onion()?.address.expose(), to.ports.of(peer)?),
            peer: peer.to_owned(),
            connector: plan.topology.connector,
            limit: plan.topology.deadlines.delivery,
            nonce: nonce.to_owned(),
            told: None,
        })
    }

    /// The same, which asks why its dials fail.
    pub(in crate::run) fn asking(self, told: Option<History>) -> Self {
        Self { told, ..self }
    }

    /// Dials over the circuit of this name: streams with different SOCKS passwords never share one.
    pub(in crate::run) async fn dial(
        &self,
        circuit: &str,
        metric: Metric,
        metrics: &mut Metrics,
    ) -> Result<Dialed, String> {
        let dialed = self.try_dial(circuit, metric, metrics).await;
        dialed.map_err(|error| failed(metric, &error))
    }

    async fn try_dial(
        &self,
        circuit: &str,
        metric: Metric,
        metrics: &mut Metrics,
    ) -> Result<Dialed, DialError> {
        let isolation = Isolation::new("ator-harness", self.password(circuit));
        let dialed = dial(self.proxy, &self.target, Some(&isolation), self.limit).await?;
        metrics.entry(metric).or_default().record(dialed.took);
        Ok(dialed)
    }

    /// Dials over a circuit of its own, and asks why where that fails.
    async fn reach(&self, circuit: &str, metrics: &mut Metrics) -> Result<Dialed, NotLetIn> {
        match self.try_dial(circuit, Metric::Dial, metrics).await {
            Ok(dialed) => Ok(dialed),
            Err(error) => Err(NotLetIn {
                why: failed(Metric::Dial, &error),
                on_the_way: self.failed_on_the_way(circuit, &error).await,
            }),
        }
    }

    /// What keeps a circuit apart from others, as the proxy is shown it.
    fn password(&self, circuit: &str) -> String {
        format!("{}/{circuit}", self.nonce)
    }

    /// Whether a dial came to nothing on the way, without a word from its end. A general failure is what the proxy answers
    /// for a circuit that broke and for a port that leads nowhere alike; its daemon tells which.
    async fn failed_on_the_way(&self, circuit: &str, error: &DialError) -> bool {
        if error.kind != DialErrorKind::Refused(ReplyCode::GeneralFailure) {
            return error.kind.is_of_the_way();
        }
        let until = Instant::now() + TOLD_WITHIN;
        while let Some(told) = &self.told {
            let ended = ended_by_far_end(&told.timeline(), &self.password(circuit));
            if let Some(ended) = ended {
                return !ended;
            }
            if Instant::now() >= until {
                break;
            }
            sleep(POLL).await;
        }
        // Nothing is known of the connector then.
        true
    }

    /// Dials over the circuit of an earlier dial.
    pub(in crate::run) async fn redial(
        &self,
        circuit: &str,
        metrics: &mut Metrics,
    ) -> Result<(), String> {
        self.dial(circuit, Metric::Redial, metrics).await?;
        Ok(())
    }

    /// Dials over a circuit of its own and is let in. Returns how long that took together, too.
    pub(in crate::run) async fn connect(
        &self,
        circuit: &str,
        secret: &Secret,
        metrics: &mut Metrics,
    ) -> Result<(Session, Duration), NotLetIn> {
        let dialed = self.reach(circuit, metrics).await?;
        let dial_took = dialed.took;
        let session = self.authenticate(dialed, secret.clone()).await;
        let session = session.map_err(|error| NotLetIn {
            why: format!("not let in: {}", with_causes(&error)),
            on_the_way: false,
        })?;
        let times = session.connect_times();
        let took = dial_took + times.btp_connect();
        metrics.entry(Metric::BtpConnect).or_default().record(took);
        let latencies = metrics.entry(Metric::Authentication).or_default();
        latencies.record(times.auth);
        Ok((session, took))
    }

    pub(in crate::run) async fn authenticate(
        &self,
        dialed: Dialed,
        secret: Secret,
    ) -> Result<Session, SessionError> {
        self.enter(dialed, secret, None).await
    }

    /// Is let in, and leaves every packet unanswered that comes.
    pub(in crate::run) async fn enter_in_silence(
        &self,
        dialed: Dialed,
        secret: Secret,
    ) -> Result<Session, SessionError> {
        let silent = InboundHandler::new(|_| InboundReply::Silence);
        self.enter(dialed, secret, Some(silent)).await
    }

    async fn enter(
        &self,
        dialed: Dialed,
        secret: Secret,
        inbound: Option<InboundHandler>,
    ) -> Result<Session, SessionError> {
        let credentials = Credentials::new(self.peer.clone(), secret);
        let options = SessionOptions {
            dialect: self.connector.capabilities().dialect,
            upgrade_limit: self.limit,
            auth_limit: self.limit,
            inbound,
            ..SessionOptions::default()
        };
        let session = Session::connect(dialed.stream, &self.target, &credentials, options);
        let asked = format!("let {} in", self.peer);
        ask(Party::Connector, &self.to, asked, session).await
    }

    /// What bad credentials lead to.
    pub(in crate::run) async fn refusal(
        &self,
        circuit: &str,
        secret: Secret,
        metrics: &mut Metrics,
    ) -> Refusal {
        let dialed = match self.reach(circuit, metrics).await {
            Ok(dialed) => dialed,
            // Nothing was shown to the connector, so nothing is known of what it would have said.
            Err(not) if not.on_the_way => return Refusal::Untried(not.why),
            Err(not) => return Refusal::Otherwise(not.why),
        };
        match self.authenticate(dialed, secret).await {
            Ok(session) => {
                session.close().await;
                Refusal::Accepted
            }
            Err(SessionError::Auth(AuthError::Refused {
                code,
                end: Some(end),
                ..
            })) if !matches!(end, ConnectionEnd::Violation(_)) => {
                Refusal::Refused(format!("refused with ERROR {code}, connection {end}"))
            }
            Err(error) => Refusal::Otherwise(with_causes(&error).to_string()),
        }
    }

    /// The same dialler under another peer's id.
    pub(in crate::run) fn under(&self, peer: &str) -> Self {
        Self {
            peer: peer.to_owned(),
            target: self.target.clone(),
            to: self.to.clone(),
            nonce: self.nonce.clone(),
            told: self.told.clone(),
            ..*self
        }
    }
}

/// Whether the far end ended the stream of this name; `None` while no such stream has failed.
fn ended_by_far_end(timeline: &Timeline, password: &str) -> Option<bool> {
    let named = |name: &Option<Secret>| name.as_ref().is_some_and(|one| one.expose() == password);
    let mut streams = timeline.streams.values().rev();
    streams
        .find(|stream| named(&stream.isolation))?
        .was_ended_by_far_end()
}

fn failed(metric: Metric, error: &DialError) -> String {
    format!("{} failed: {}", metric.name(), with_causes(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_that_was_opened_last_for_a_circuit_tells_why_it_failed() {
        let mut timeline = Timeline::default();
        let now = std::time::Instant::now();
        let mut tell = |event: &str| timeline.apply(now, event);
        let opened = |id: u64, password: &str| {
            format!("STREAM {id} NEW 0 a.anon:3000 PURPOSE=USER SOCKS_PASSWORD=\"{password}\"")
        };
        tell(&opened(1, "n1/right"));
        tell("STREAM 1 FAILED 60 a.anon:3000 REASON=END REMOTE_REASON=MISC");
        tell(&opened(2, "n2/right"));
        tell(&opened(3, "n2/wrong"));
        tell("STREAM 3 FAILED 61 a.anon:3000 REASON=DESTROY");
        assert_eq!(ended_by_far_end(&timeline, "n1/right"), Some(true));
        // It has not failed yet, or is not known.
        assert_eq!(ended_by_far_end(&timeline, "n2/right"), None);
        assert_eq!(ended_by_far_end(&timeline, "n3/right"), None);
        assert_eq!(ended_by_far_end(&timeline, "n2/wrong"), Some(false));
    }
}
