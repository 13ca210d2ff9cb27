//! How the harness's own peer dials a home's onion service and says who it is.

use std::net::SocketAddr;
use std::time::Duration;

use crate::causes::with_causes;
use crate::checks::{Metrics, Refusal};
use crate::connectors::Kind;
use crate::onion::anonrc::SOCKS_PORT;
use crate::plan::{HomePlan, Plan};
use crate::probe::{
    AuthError, ConnectionEnd, Credentials, DialError, Dialed, InboundHandler, InboundReply,
    Isolation, Session, SessionError, SessionOptions, Target, dial,
};
use crate::run::reach::Reach;
use crate::secret::Secret;
use crate::topology::Metric;
use crate::trace::{Party, ask};

/// How long an answer is waited for, however short the packet lives.
pub(in crate::run) const ANSWER_LIMIT: Duration = Duration::from_secs(2);

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
        })
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
        let isolation = Isolation::new("ator-harness", format!("{}/{circuit}", self.nonce));
        let dialed = dial(self.proxy, &self.target, Some(&isolation), self.limit).await?;
        metrics.entry(metric).or_default().record(dialed.took);
        Ok(dialed)
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
    ) -> Result<(Session, Duration), String> {
        let dialed = self.dial(circuit, Metric::Dial, metrics).await?;
        let dial_took = dialed.took;
        let session = self
            .authenticate(dialed, secret.clone())
            .await
            .map_err(|error| format!("not let in: {}", with_causes(&error)))?;
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
        let dialed = match self.try_dial(circuit, Metric::Dial, metrics).await {
            Ok(dialed) => dialed,
            // Nothing was shown to the connector, so nothing is known of what it would have said.
            Err(error) if error.kind.is_of_the_way() => {
                return Refusal::Untried(failed(Metric::Dial, &error));
            }
            Err(error) => return Refusal::Otherwise(failed(Metric::Dial, &error)),
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
            ..*self
        }
    }
}

fn failed(metric: Metric, error: &DialError) -> String {
    format!("{} failed: {}", metric.name(), with_causes(error))
}
