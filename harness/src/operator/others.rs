//! A peer's side of the ladder, as far as it can be told from here, and what the logs give away.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::containers::Part;
use super::error::HomeError;
use super::folder::Home;
use super::ladder::{Found, Ladder, seconds};
use super::own::{Entered, NotReached, Patience, reached};
use super::peer::{Met, Peer};
use super::published::fetched;
use crate::causes::with_causes;
use crate::connectors::{Control as Connector, Level, LogEvent, Outgoing, Reply, SessionEvent};
use crate::engine::Engine;
use crate::onion::{OnionAddress, mentions_address};

/// Packets that are measured, after one that is not.
const PACKETS: usize = 5;
/// How long a packet lives.
pub(super) const EXPIRY: Duration = Duration::from_secs(10);
/// The budgets of one hop over a network that others run (docs/public-network.md): half of the packets, and each.
const BUDGETS: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(6));
/// Time between two looks.
const POLL: Duration = Duration::from_millis(500);
/// How many lines of the connector's log are looked through for sessions.
const LINES: usize = 20_000;

/// What was seen of sessions with a peer in the connector's log.
pub(super) struct Sessions {
    /// The last that the log tells of what this home dials.
    ours: Option<SessionEvent>,
    /// The last that it tells of what the peer dials, and when.
    pub(super) theirs: Option<(SessionEvent, Option<i64>)>,
    /// The last that it tells of somebody who was turned away, where it does not say who, and when.
    pub(super) somebody: Option<Option<i64>>,
}

impl Sessions {
    fn with(peer: &str, events: &[LogEvent]) -> Self {
        let of = |kinds: &'static [SessionEvent]| {
            let mut of_peer = events.iter().rev();
            of_peer.find(|one| one.peer == peer && kinds.contains(&one.what))
        };
        Self {
            ours: of(&[SessionEvent::LetIn, SessionEvent::Refused]).map(|one| one.what),
            theirs: of(&[SessionEvent::Admitted, SessionEvent::TurnedAway])
                .map(|one| (one.what, one.at_ms)),
            somebody: events
                .iter()
                .rev()
                .find(|one| one.peer.is_empty() && one.what == SessionEvent::TurnedAway)
                .map(|one| one.at_ms),
        }
    }
}

impl Home {
    /// Looks at a peer.
    pub(super) async fn climb_to(
        &self,
        peer: &Peer,
        engine: &Engine,
        entered: &mut Entered,
        patience: Patience,
        ladder: &mut Ladder<'_>,
    ) -> Result<(), HomeError> {
        let id = Some(&*peer.id);
        let place = Place {
            id: &peer.id,
            address: &peer.address,
            port: peer.port,
        };
        look_for(&place, entered, patience, ladder).await;
        let control = entered.ways.connector(self)?;
        let dialled = connected(&*control, &peer.id, patience.peer).await?;
        let sessions = self.sessions(engine, &peer.id).await?;
        let destination = format!("{}.doctor", peer.prefix);
        let send = async |data: &[u8]| {
            let packet = Outgoing {
                destination: &destination,
                amount: 0,
                data,
                limit: EXPIRY,
            };
            let sent = control.send(&packet).await;
            sent.map_err(|error| with_causes(&error).to_string())
        };
        let waits = peer.met.awaits();
        let waits = waits.map(|what| format!("{} {what}", peer.id));
        let answered = packets(send, waits.as_deref()).await?;
        let flows = matches!(answered, Found::Holds { .. });
        ladder.add(
            id,
            "our dial",
            self.our_dial(peer, dialled, flows, sessions.ours),
        );
        ladder.add(id, "their dial", self.their_dial(peer, &sessions));
        ladder.add(id, "packets", answered);
        let by = match peer.met {
            Met::Shown => "a packet that is sent there",
            Met::Invited | Met::Accepted => "`ator-harness home doctor` there",
        };
        let told = format!(
            "whether packets come from {} cannot be told from here: {by} tells it",
            peer.id
        );
        ladder.add(id, "other side", Found::note(told));
        Ok(())
    }

    pub(super) async fn sessions(
        &self,
        engine: &Engine,
        peer: &str,
    ) -> Result<Sessions, HomeError> {
        let log = engine
            .logs(&self.container(Part::Connector), Some(LINES))
            .await?;
        let events = self.settings.kind()?.events(&log);
        Ok(Sessions::with(peer, &events))
    }

    fn our_dial(
        &self,
        peer: &Peer,
        connected: bool,
        flows: bool,
        last: Option<SessionEvent>,
    ) -> Found {
        let variable = self.settings.kind().ok();
        let variable = variable.and_then(|kind| kind.secret_variable(&self.settings.id));
        let variable = variable.unwrap_or_default();
        match (connected, last) {
            (true, _) => Found::holds("they have let us in"),
            (false, Some(SessionEvent::Refused)) if let Some(what) = peer.met.awaits() => {
                Found::unknown(format!(
                    "they do not let us in; that is so until {} {what}, which cannot be told from here",
                    peer.id
                ))
            }
            (false, Some(SessionEvent::Refused)) => Found::fails(
                format!("they do not let us in: what we show is not what they have in {variable}"),
                format!(
                    "meet anew: `home forget` on both sides, and an invitation; {} may have forgotten us, or changed a file by hand",
                    peer.id
                ),
            ),
            (false, _) if flows => Found::note(
                "not connected; packets go over the session that they have dialled. `ator-harness home start` dials again",
            ),
            (false, _) => Found::fails(
                "not connected",
                "`ator-harness home start` dials again; connectors may give up after five attempts",
            ),
        }
    }

    fn their_dial(&self, peer: &Peer, sessions: &Sessions) -> Found {
        let variable = self.settings.kind().ok();
        let variable = variable.and_then(|kind| kind.secret_variable(&peer.id));
        match sessions.theirs {
            Some((SessionEvent::TurnedAway, at)) => Found::fails(
                format!(
                    "somebody came as {} with another secret than the one in {}{}",
                    peer.id,
                    variable.unwrap_or_default(),
                    when(at)
                ),
                match peer.met {
                    Met::Shown => format!(
                        "if it was {}, its peer {} has another authToken than was shown; put that right, or show it anew after `home forget {}`",
                        peer.id, self.settings.id, peer.id
                    ),
                    Met::Invited | Met::Accepted => format!(
                        "if it was {}, meet anew: `home forget` on both sides, and an invitation",
                        peer.id
                    ),
                },
            ),
            Some((_, at)) => Found::holds(format!("they came in{}", when(at))),
            None if let Some(at) = sessions.somebody => Found::note(format!(
                "they have not come in since the connector's log begins; somebody was turned away{}, and it does not say who. Over our dial packets go both ways all the same",
                when(at)
            )),
            None => Found::note(
                "they have not come in since the connector's log begins; over our dial packets go both ways all the same",
            ),
        }
    }

    /// What the logs and the containers' metadata give away.
    pub(super) async fn leaks(&self, engine: &Engine) -> Result<Found, HomeError> {
        let kind = self.settings.kind()?;
        let secrets = self.secrets();
        let holds = |text: &str| secrets.iter().any(|secret| text.contains(secret.expose()));
        let found = self.found(engine).await?;
        let (mut lines, mut wrong) = (0, Vec::new());
        for &part in self.parts() {
            let name = self.container(part);
            let telling = |text: &str| mentions_address(text) || holds(text);
            let log = engine.log(&name, None, &telling).await?;
            for (number, line) in log.text.lines().enumerate() {
                lines += 1;
                let at = format!("line {} of the log of {name}", number + 1);
                if holds(line) {
                    wrong.push(format!("{at} holds a secret"));
                }
                let quiet = part == Part::Connector
                    && kind.level(line).is_some_and(|level| level < Level::Info);
                if mentions_address(line) && !quiet {
                    wrong.push(format!("{at} holds an onion address"));
                }
            }
            let visible = found.containers.iter().find(|one| one.name == name);
            let visible = visible.map_or("", |one| &one.visible);
            if holds(visible) || mentions_address(visible) {
                wrong.push(format!(
                    "the command or the labels of {name} hold a secret or an address"
                ));
            }
        }
        Ok(match (wrong.len(), lines) {
            (0, 0) => Found::unknown("the logs are empty"),
            (0, lines) => Found::holds(format!(
                "no secret and no onion address in {lines} lines of logs, commands and labels"
            )),
            (count, _) => {
                wrong.truncate(3);
                Found::fails(
                    format!("{count} in all: {}", wrong.join("; ")),
                    "set LOG_LEVEL in connector.env to info, and have new keys made if others have read it",
                )
            }
        })
    }
}

/// How long a peer's descriptor is asked for: it may be away for good.
const FIRST: Duration = Duration::from_secs(60);

/// Whether the connector is connected to a peer that it dials, within some time.
async fn connected(
    control: &dyn Connector,
    peer: &str,
    limit: Duration,
) -> Result<bool, HomeError> {
    let until = Instant::now() + limit;
    loop {
        if control.connected(peer).await? == Some(true) {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        sleep(POLL).await;
    }
}

/// How long ago that was, by this machine's clock.
pub(super) fn when(at_ms: Option<i64>) -> String {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    at_ms.map_or_else(String::new, |at| format!(", {} s ago", now - at / 1000))
}

/// Where another home is.
pub(super) struct Place<'a> {
    /// Its connector's id.
    pub(super) id: &'a str,
    /// Its onion address.
    pub(super) address: &'a OnionAddress,
    /// The port of its onion service.
    pub(super) port: u16,
}

/// Looks for the descriptor and the port of another home's onion service, through this one's daemon. Says whether the
/// port takes connections.
pub(super) async fn look_for(
    place: &Place<'_>,
    entered: &mut Entered,
    patience: Patience,
    ladder: &mut Ladder<'_>,
) -> bool {
    let (id, port) = (place.id, place.port);
    let limit = patience.network.min(FIRST);
    let found = match fetched(&mut entered.monitor, place.address, limit).await {
        Ok(took) => Found::holds(format!("theirs was fetched in {}", seconds(took))),
        Err(why) => Found::fails(
            format!("theirs cannot be fetched: {why}"),
            format!(
                "their daemon is down, or has another address by now: ask {id} for what `home doctor` says there"
            ),
        ),
    };
    let found = match ladder.add(Some(id), "descriptor", found) {
        false => Found::unknown("not looked at without their descriptor"),
        true => match reached(&entered.ways, place.address, port, patience.network).await {
            Ok(took) => Found::holds(format!("theirs takes connections, {} away", seconds(took))),
            Err(NotReached { silent: true, why }) => Found::unknown(format!(
                "no rendezvous with their onion service: {why}; their daemon is down, or the network between: ask {id} for what `home doctor` says there"
            )),
            Err(NotReached { why, .. }) => Found::fails(
                format!("port {port} of their onion service reaches nothing: {why}"),
                format!(
                    "their daemon or their connector is down, or their HiddenServicePort leads elsewhere: ask {id} for what `home doctor` says there"
                ),
            ),
        },
    };
    ladder.add(Some(id), "port", found)
}

/// Sends packets of amount 0 to another home, and holds their times against the budgets. `waits` says what the other
/// side may not have done yet.
pub(super) async fn packets(
    send: impl AsyncFn(&[u8]) -> Result<Reply, String>,
    waits: Option<&str>,
) -> Result<Found, HomeError> {
    let mut times = Vec::new();
    for number in 0..=PACKETS {
        let mut data = [0; 16];
        getrandom::fill(&mut data).map_err(|error| HomeError::Random(error.into()))?;
        let begun = Instant::now();
        let reply = send(&data).await;
        let took = begun.elapsed();
        match reply {
            Ok(Reply::Fulfilled { fits: true }) => {}
            Ok(Reply::Fulfilled { fits: false }) => {
                return Ok(Found::fails(
                    format!("packet {number} came back with a fulfillment that does not fit it"),
                    "somebody between the two homes makes answers up",
                ));
            }
            // A refusal by whoever takes what is delivered there is an answer from there; F02 says that nobody was found.
            Ok(Reply::Rejected { code, .. }) if code.starts_with('F') && code != "F02" => {}
            Ok(Reply::Rejected { code, message }) => {
                let told = format!(
                    "packet {number} was rejected with {code}: {}",
                    message.chars().take(120).collect::<String>()
                );
                return Ok(match waits.filter(|_| number == 0) {
                    Some(until) => Found::unknown(format!(
                        "{told}; that is so until {until}, which cannot be told from here"
                    )),
                    None => Found::fails(
                        told,
                        "no session is up in either direction; the steps above say why",
                    ),
                });
            }
            Err(error) => {
                return Ok(Found::fails(
                    format!("packet {number} got no answer: {error}"),
                    "the steps above say why",
                ));
            }
        }
        if number > 0 {
            times.push(took);
        }
    }
    times.sort();
    let (half, most) = (times[times.len() / 2], times[times.len() - 1]);
    let told = format!(
        "{PACKETS} of amount 0 there and back, p50 {} (budget {}), longest {} (budget {})",
        seconds(half),
        seconds(BUDGETS.0),
        seconds(most),
        seconds(BUDGETS.1)
    );
    Ok(match half <= BUDGETS.0 && most <= BUDGETS.1 {
        true => Found::holds(told),
        false => Found::fails(
            told,
            "the network between the homes is slow at the moment; look again later",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(peer: &str, what: SessionEvent) -> LogEvent {
        LogEvent {
            at_ms: Some(1),
            peer: peer.to_owned(),
            what,
        }
    }

    #[test]
    fn of_sessions_the_last_word_counts() {
        let events = [
            event("b", SessionEvent::Refused),
            event("b", SessionEvent::LetIn),
            event("b", SessionEvent::Forwarded),
            event("c", SessionEvent::Refused),
            event("b", SessionEvent::Admitted),
            event("b", SessionEvent::TurnedAway),
            event("", SessionEvent::TurnedAway),
        ];
        let of = Sessions::with("b", &events);
        assert_eq!(of.ours, Some(SessionEvent::LetIn));
        assert_eq!(of.theirs, Some((SessionEvent::TurnedAway, Some(1))));
        let of = Sessions::with("x", &events);
        assert!(of.theirs.is_none() && of.somebody == Some(Some(1)));
        assert!(Sessions::with("x", &events[..6]).somebody.is_none());
    }
}
