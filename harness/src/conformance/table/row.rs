//! What a row is: what is done, what has to come, and what it takes to be run.

use std::fmt;

use super::stands::{Stands, stands};
use crate::conformance::forwarding::Forward;
use crate::conformance::seen::{self, Seen};
use crate::evidence::Basis;

/// One case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name, stable once released.
    pub id: String,
    /// What it stands on: the section or statement of `docs/connector-contract.md`, as
    /// `contract#…`.
    pub source: &'static str,
    /// What that holds a connector to.
    pub basis: Basis,
    /// By what: a section of a specification, `safety`, `interop`, or `contract` where only that
    /// says which answers there are.
    pub by: &'static str,
    /// What is done, in words.
    pub sends: String,
    /// What only the other side's owner can arrange.
    pub need: Need,
    /// Every legitimate answer.
    pub expected: Expected,
    /// The known defects that this row is able to see.
    pub defects: Vec<Defect>,
    pub(in crate::conformance) script: Script,
}

/// What a row needs besides a peer id and its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// To know that empty secrets are let in (`true`) or refused (`false`).
    NoAuth(bool),
    /// Nothing; but whoever sets the connector up lets in empty secrets, because what is looked for would
    /// not show otherwise.
    BestWithNoAuth,
    /// An address that the connector fulfils by local delivery.
    Fulfils,
    /// An address that the connector forwards to the peer of the test.
    Forwards,
    /// A connector set up in a particular way.
    Setup(Setup),
    /// The connector's process at hand, to be ended and started again.
    Keeper,
}

/// How a connector has to be set up for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setup {
    /// Environment variables: `Some` sets one, `None` makes sure it is unset.
    pub env: &'static [(&'static str, Option<&'static str>)],
    /// `peers[]` of its configuration, as id and `authToken`; their URLs don't matter.
    pub peers: &'static [(&'static str, &'static str)],
    /// Whether it has to dial the tester.
    pub dials_us: bool,
}

/// Every legitimate answer, each a sequence of which nothing may be missing and to which nothing may
/// be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected(pub(in crate::conformance) Vec<Vec<Seen>>);

/// A known defect: wrong, whoever does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Its statement in `docs/connector-contract.md`, as `contract#…`.
    pub source: &'static str,
    /// What comes from a connector that has it.
    pub shows: Vec<Seen>,
    /// What it is, in one sentence, with the name of a program that has it where there is one.
    pub what: &'static str,
}

impl Defect {
    /// Its stable name: the anchor of its statement.
    #[must_use]
    pub fn id(&self) -> &'static str {
        defect_name(self.source)
    }
}

/// The stable name of a defect, from its source.
pub(in crate::conformance) fn defect_name(source: &str) -> &str {
    source.split_once('#').map_or(source, |(_, anchor)| anchor)
}

/// How to go on listening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::conformance) enum Listen {
    /// Something may still have to come of itself.
    Receive,
    /// Nothing need come any more: what is asked now, and this noted once it was answered.
    Ask(Seen),
    /// All is said.
    Done,
}

/// What is done on which connection.
#[derive(Debug, Clone)]
pub(in crate::conformance) enum Script {
    /// On a connection that has not authenticated; what follows is by what is expected.
    Fresh(Vec<Send>),
    /// On a connection that has authenticated.
    Admitted(Vec<Send>),
    /// On a TCP connection, before any upgrade; the answer is an HTTP status.
    Http(String),
    /// An upgrade that offers subprotocols; the note says which one came back.
    Subprotocol(&'static str),
    /// Two connections of one peer, and a PREPARE on the first.
    SecondConnection,
    /// On a connection that has not authenticated, while another of the same peer is open that has; the packet is
    /// sent on that one afterwards.
    RefusedElsewhere(Vec<u8>),
    /// A login with the tester's id is refused; then a packet that is forwarded to the tester.
    RefusedThenForward,
    /// A ping, which has to come back as a pong.
    Ping,
    /// A packet that is forwarded to the tester.
    Forward(Forward),
    /// Two connections with one peer id, of which the older closes.
    OlderCloses,
    /// The next hop's connection ends while a packet is on its way to it.
    NextHopLeaves,
    /// Another connection answers what it was not asked.
    ForeignAnswer,
    /// The connector dials a server that does not answer its authentication.
    GiveUp,
    /// The connector is told to end while a connection is open that never said who it is.
    Shutdown,
}

/// One thing to send.
#[derive(Debug, Clone)]
pub(in crate::conformance) enum Send {
    /// A binary message.
    Message(Vec<u8>),
    /// Several, with one flush.
    Burst(Vec<Vec<u8>>),
    /// A text message.
    Text(&'static str),
    /// Bytes below the WebSocket.
    Raw(Vec<u8>),
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing | Self::BestWithNoAuth => f.write_str("nothing"),
            Self::NoAuth(true) => f.write_str("to know that empty secrets are let in (--noauth)"),
            Self::NoAuth(false) => f.write_str("to know that empty secrets are refused (--noauth)"),
            Self::Fulfils => f.write_str("an address that is fulfilled (--fulfils)"),
            Self::Forwards => f.write_str("an address that is forwarded to the peer (--forwards)"),
            Self::Keeper => f.write_str("its process at hand (--connector in place of --url)"),
            Self::Setup(setup) => {
                f.write_str("control over the connector's ")?;
                let parts: Vec<String> = setup
                    .env
                    .iter()
                    .map(|(name, value)| match value {
                        Some(value) if name.ends_with("_SECRET") && !value.is_empty() => {
                            (*name).to_owned()
                        }
                        Some(value) => format!("{name}={value}"),
                        None => format!("{name} unset"),
                    })
                    .chain((!setup.peers.is_empty()).then(|| "peers[]".to_owned()))
                    .chain(setup.dials_us.then(|| "dialling".to_owned()))
                    .collect();
                f.write_str(&parts.join(", "))
            }
        }
    }
}

impl Expected {
    /// Whether what came is a legitimate answer.
    pub(in crate::conformance) fn is_met_by(&self, came: &[Seen]) -> bool {
        self.0.iter().any(|choice| seen::all_met(choice, came))
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().map(|choice| seen::list(choice)).collect();
        f.write_str(&texts.join(" / or: "))
    }
}

impl Row {
    /// A row that needs nothing and sees no defect.
    pub(super) fn new(id: &str, source: &'static str, sends: &str, script: Script) -> Self {
        let Stands { basis, by, .. } = stands(source);
        Self {
            id: id.to_owned(),
            source,
            basis: *basis,
            by,
            sends: sends.to_owned(),
            need: Need::Nothing,
            expected: Expected(Vec::new()),
            defects: Vec::new(),
            script,
        }
    }

    pub(super) fn needs(mut self, need: Need) -> Self {
        self.need = need;
        self
    }

    pub(super) fn expects(self, expected: Vec<Seen>) -> Self {
        self.expects_one_of(vec![expected])
    }

    pub(super) fn expects_one_of(mut self, choices: Vec<Vec<Seen>>) -> Self {
        self.expected = Expected(choices);
        self
    }

    pub(super) fn knows(mut self, defect: Defect) -> Self {
        self.defects.push(defect);
        self
    }

    /// How to listen after this: by what the answers that are still possible, the wrong ones that
    /// are known included, have next. Who need not say anything is asked, because two round trips
    /// without a word are the proof that none was to come.
    pub(in crate::conformance) fn listen(&self, came: &[Seen]) -> Listen {
        let shows = self.defects.iter().map(|defect| &defect.shows);
        let mut next = Listen::Done;
        for choice in self.expected.0.iter().chain(shows) {
            let begins = choice.len() > came.len() && seen::all_met(&choice[..came.len()], came);
            if !begins {
                continue;
            }
            match &choice[came.len()] {
                asked @ (Seen::Served | Seen::Admitted) => return Listen::Ask(asked.clone()),
                _ => next = Listen::Receive,
            }
        }
        next
    }
}
