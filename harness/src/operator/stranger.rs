//! A home that is no peer yet, looked at from this one by its invitation or its key, before anything is changed.
//!
//! Nothing is asked of the other side but what its connector does for every peer. So whatever shows here shows without
//! a second program there, which somebody would have to start, and to let in.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wire::{Address, RejectCode};

use super::card::Card;
use super::error::{HomeError, PeerConflict};
use super::folder::Home;
use super::ladder::{Found, Ladder, seconds};
use super::line::{LineKind, kind};
use super::meeting::Given;
use super::others::{EXPIRY, Place, Sessions, look_for, packets, when};
use super::own::{Entered, Patience};
use super::peer::Claims;
use crate::causes::with_causes;
use crate::connectors::{Reply, SessionEvent};
use crate::engine::Engine;
use crate::onion::redact;
use crate::probe::{
    AuthError, Credentials, InboundHandler, InboundReply, Isolation, Outcome, Payment, Route,
    Session, SessionError, SessionOptions, Target, UpgradeError, WebSocket, open,
};
use crate::secret::Secret;

/// How long each step towards a session may take.
const STEP: Duration = Duration::from_secs(30);

/// A home that is no peer yet.
pub struct Stranger {
    /// Who and where it is.
    card: Card,
    /// What its invitation has this home show to it; its key alone agrees on nothing.
    we_show: Option<Secret>,
    /// What its line was, in words.
    told: &'static str,
}

/// Data of packets that this home has sent to itself by way of the other, until they are back.
type Away = Arc<Mutex<BTreeSet<Vec<u8>>>>;

impl Home {
    /// The home of an invitation that could be accepted now (in seconds of Unix time), or of a key that could be
    /// invited. Nothing is changed.
    ///
    /// # Errors
    ///
    /// Those of [`Home::accept`] and [`Home::invite`].
    pub fn stranger(&self, given: &Given<'_>, now: i64) -> Result<Stranger, HomeError> {
        if kind(given.text) != Some(LineKind::Key) {
            let invitation = self.acceptable(given, now)?;
            return Ok(Stranger {
                card: invitation.from,
                we_show: Some(invitation.invited_shows),
                told: "the invitation is for this home, and could be accepted",
            });
        }
        let card = self.card_of(given)?;
        match self.may_meet(&Claims::from(&card)) {
            // Whether it still is where it was is what its key tells.
            Ok(()) | Err(HomeError::Peer(PeerConflict::Known { .. })) => {}
            Err(error) => return Err(error),
        }
        Ok(Stranger {
            card,
            we_show: None,
            told: "the key is signed by the address in it",
        })
    }

    /// Looks at the home's own side, and at one that is no peer yet. The other side's connector sees somebody who comes,
    /// shows what was agreed on, sends packets of amount 0 and goes.
    ///
    /// # Errors
    ///
    /// As [`Home::look`].
    pub async fn look_at_stranger(
        &self,
        stranger: &Stranger,
        engine: &Engine,
        patience: Patience,
        ladder: &mut Ladder<'_>,
    ) -> Result<(), HomeError> {
        let Some(mut entered) = Box::pin(self.climb(engine, patience, ladder)).await? else {
            return Ok(());
        };
        let card = &stranger.card;
        let id = &*card.id;
        ladder.add(Some(id), "line", self.still_true(stranger));
        let place = Place {
            id,
            address: &card.address,
            port: card.port,
        };
        if Box::pin(look_for(&place, &mut entered, patience, ladder)).await {
            match &stranger.we_show {
                Some(we_show) => self.visit(card, we_show, &entered, ladder).await?,
                None => {
                    ladder.add(Some(id), "WebSocket", upgraded(card, &entered).await);
                }
            }
        }
        let sessions = self.sessions(engine, id).await?;
        ladder.add(Some(id), "their dial", came(id, &sessions));
        let told = match stranger.we_show {
            Some(_) => format!(
                "whether {id} is let in here shows when the invitation is accepted; its clock, its logs and what its daemon says of itself, `ator-harness home doctor` there alone"
            ),
            None => format!(
                "a key agrees on no secret, so whether the two let each other in shows by an invitation: `ator-harness home doctor --with` takes that at {id}'s"
            ),
        };
        ladder.add(Some(id), "other side", Found::note(told));
        Ok(())
    }

    /// Whether what the line says is what is known of a peer of that name.
    fn still_true(&self, stranger: &Stranger) -> Found {
        let card = &stranger.card;
        match self.peers.iter().find(|peer| peer.id == card.id) {
            Some(peer)
                if (&peer.address, peer.port, &peer.prefix)
                    != (&card.address, card.port, &card.prefix) =>
            {
                Found::fails(
                    format!(
                        "{} is a peer, and elsewhere than this home knows: its address, port or prefix is another by now",
                        card.id
                    ),
                    format!(
                        "meet anew: `home forget {}` here, and another invitation",
                        card.id
                    ),
                )
            }
            _ => Found::holds(stranger.told),
        }
    }

    /// Comes to the other side's connector as its peer, sends packets, and goes.
    async fn visit(
        &self,
        card: &Card,
        we_show: &Secret,
        entered: &Entered,
        ladder: &mut Ladder<'_>,
    ) -> Result<(), HomeError> {
        let id = Some(&*card.id);
        let credentials = Credentials::new(&*self.settings.id, we_show.clone());
        let away = Away::default();
        let options = SessionOptions {
            dialect: self.settings.kind()?.capabilities().dialect,
            dial_limit: STEP,
            upgrade_limit: STEP,
            auth_limit: STEP,
            inbound: Some(taking_back(Arc::clone(&away))),
        };
        let (route, target) = way(card, entered);
        let session = match Session::open(&route, &target, &credentials, options).await {
            Err(error) => {
                self.not_let_in(card, &error, ladder);
                return Ok(());
            }
            Ok(session) => session,
        };
        let times = session.connect_times();
        let told = format!("a connector answers, in {}", seconds(times.upgrade));
        ladder.add(id, "WebSocket", Found::holds(told));
        let told = format!(
            "they let this home in by what the invitation gives, in {}",
            seconds(times.auth)
        );
        ladder.add(id, "our secret", Found::holds(told));
        let there = format!("{}.doctor", card.prefix);
        let found = packets(async |data: &[u8]| sent(&session, &there, data).await, None).await?;
        ladder.add(id, "packets", found);
        ladder.add(
            id,
            "their packets",
            self.round(card, &session, &away).await?,
        );
        session.close().await;
        Ok(())
    }

    /// Why there is no session, step by step.
    fn not_let_in(&self, card: &Card, error: &SessionError, ladder: &mut Ladder<'_>) {
        let id = Some(&*card.id);
        let why = redact(&with_causes(error).to_string());
        let error = match error {
            SessionError::Dial(_) => {
                let told = format!("they were reached once, and not again: {why}");
                ladder.add(id, "WebSocket", Found::unknown(told));
                return;
            }
            SessionError::Upgrade(error) => {
                ladder.add(id, "WebSocket", no_connector(error));
                return;
            }
            SessionError::Auth(error) => error,
        };
        ladder.add(id, "WebSocket", Found::holds("a connector answers"));
        let variable = self.settings.kind().ok();
        let variable = variable.and_then(|kind| kind.secret_variable(&self.settings.id));
        let found = match error {
            AuthError::Refused { .. } => Found::fails(
                format!(
                    "they do not let this home in: what the invitation gives is not what they have in {} ({why})",
                    variable.unwrap_or_default()
                ),
                format!(
                    "{0} may have forgotten this home, invited it again, or changed a file by hand: ask {0} for `home status` there, and for another invitation",
                    card.id
                ),
            ),
            _ => Found::unknown(format!("whether they let this home in is not known: {why}")),
        };
        ladder.add(id, "our secret", found);
    }

    /// Sends a packet to this home itself by way of the other: it comes back over the session if their connector hands
    /// on what is for this home.
    async fn round(&self, card: &Card, session: &Session, away: &Away) -> Result<Found, HomeError> {
        let mut data = [0; 16];
        getrandom::fill(&mut data).map_err(|error| HomeError::Random(error.into()))?;
        let ours = format!("{}.doctor", self.settings.prefix);
        let on_its_way = |away: &Away| {
            away.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(&data[..])
        };
        away.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(data.to_vec());
        let answer = sent(session, &ours, &data).await;
        let came_back = !on_its_way(away);
        Ok(match answer {
            Ok(Reply::Fulfilled { fits: true }) if came_back => Found::holds(format!(
                "a packet from this home to itself came back by way of {}: what is for this home comes here",
                card.id
            )),
            Ok(Reply::Fulfilled { .. }) => Found::fails(
                format!(
                    "{} answered a packet for this home itself, and did not hand it on",
                    card.id
                ),
                "somebody there has taken this home's prefix; ask for their routes",
            ),
            Ok(Reply::Rejected { code, .. }) if code == "F02" => Found::fails(
                format!("{} has no route to this home's prefix (F02)", card.id),
                "ask for another invitation, or give this home the prefix that they know by `home init --prefix`",
            ),
            // A connector may refuse to hand on to whom a packet came from.
            Ok(Reply::Rejected { code, .. }) => Found::note(format!(
                "whether packets come from {} is not told: it does not hand back what this home sends to itself ({code})",
                card.id
            )),
            Err(why) => Found::unknown(format!(
                "whether packets come from {} is not known: {why}",
                card.id
            )),
        })
    }
}

/// The way to another home, on a circuit that nothing else uses.
fn way(card: &Card, entered: &Entered) -> (Route, Target) {
    let apart = Isolation::new("ator-harness-home", format!("{}-visit", std::process::id()));
    let route = Route::Socks {
        proxy: entered.ways.proxy(),
        isolation: Some(apart),
    };
    (route, Target::new(card.address.expose(), card.port))
}

/// Whether a connector answers there.
async fn upgraded(card: &Card, entered: &Entered) -> Found {
    let (route, target) = way(card, entered);
    let stream = match open(&route, &target, STEP).await {
        Ok((stream, _)) => stream,
        Err(error) => {
            let why = redact(&with_causes(&error).to_string());
            return Found::unknown(format!("they were reached once, and not again: {why}"));
        }
    };
    match WebSocket::upgrade(stream, &target, STEP).await {
        Ok(socket) => Found::holds(format!(
            "a connector answers, in {}",
            seconds(socket.upgrade_time())
        )),
        Err(error) => no_connector(&error),
    }
}

/// Why what listens there is no connector.
fn no_connector(error: &UpgradeError) -> Found {
    let why = redact(&with_causes(error).to_string());
    match error {
        UpgradeError::TimedOut(_) => {
            Found::unknown(format!("whether a connector answers is not known: {why}"))
        }
        _ => Found::fails(
            format!("what listens at their onion service is no connector: {why}"),
            "their HiddenServicePort leads elsewhere than to their connector, or that is just starting",
        ),
    }
}

/// Takes what this home has sent to itself, and nothing else.
fn taking_back(away: Away) -> InboundHandler {
    InboundHandler::new(move |prepare| {
        let mut away = away.lock().unwrap_or_else(PoisonError::into_inner);
        match away.remove(prepare.data) {
            true => InboundReply::fulfilling(prepare),
            false => InboundReply::Reject {
                code: RejectCode::F02,
                triggered_by: String::new(),
                message: "this home is being looked at, and no peer yet".to_owned(),
            },
        }
    })
}

/// Sends a packet of amount 0 over a session.
async fn sent(session: &Session, destination: &str, data: &[u8]) -> Result<Reply, String> {
    let payment = Payment {
        destination: Address::new(destination).map_err(|error| error.to_string())?,
        amount: 0,
        data,
        lifetime: EXPIRY,
    };
    let paid = session.pay(&payment, EXPIRY).await;
    let paid = paid.map_err(|error| with_causes(&error).to_string())?;
    match paid.outcome {
        Outcome::Fulfilled { .. } => Ok(Reply::Fulfilled { fits: true }),
        Outcome::WrongFulfillment { .. } => Ok(Reply::Fulfilled { fits: false }),
        Outcome::Rejected { code, message, .. } => Ok(Reply::Rejected { code, message }),
        Outcome::BtpError { code, name } => Err(format!("{code} {name}")),
        Outcome::Nonsense(what) => Err(what),
    }
}

/// What this home's connector has seen of the other side's dials.
fn came(id: &str, seen: &Sessions) -> Found {
    match (seen.theirs, seen.somebody) {
        (Some((SessionEvent::TurnedAway, at)), _) => Found::holds(format!(
            "somebody came as {id}{}, and was turned away, as long as no invitation of {id}'s is accepted: dials from there reach this home",
            when(at)
        )),
        (Some((_, at)), _) => Found::holds(format!("they came in{}", when(at))),
        (None, Some(at)) => Found::note(format!(
            "somebody was turned away{}, as {id} has to be before its invitation is accepted; the connector does not say who it was",
            when(at)
        )),
        (None, None) => Found::note(format!(
            "nobody has come since the connector's log begins; connectors may give up after five attempts, so whether {id} reaches this home is not told"
        )),
    }
}
