//! What a row is: what is done, what has to come, and what it takes to be run.

use std::fmt;

use crate::conformance::seen::{self, Seen};

/// One case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name, stable once released.
    pub id: String,
    /// What it stands on: the section or statement of `docs/connector-contract.md`, as
    /// `contract#…`.
    pub source: &'static str,
    /// What is done, in words.
    pub sends: String,
    /// What only the other side's owner can arrange.
    pub need: Need,
    /// What has to come.
    pub expected: Expected,
    /// The known defect that this row is able to see.
    pub defect: Option<Defect>,
    pub(in crate::conformance) script: Script,
}

/// What a row needs besides a peer id and its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// To know that empty secrets are let in (`true`) or refused (`false`).
    NoAuth(bool),
    /// An address that the connector fulfils by local delivery.
    Fulfils,
    /// An address that the connector forwards to the peer of the test.
    Forwards,
    /// A connector set up in a particular way.
    Setup(Setup),
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

/// What has to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Exactly this, in this order, and nothing else.
    Exactly(Vec<Seen>),
    /// One of these sequences; the first is the contract's.
    OneOf(Vec<Vec<Seen>>),
}

/// A known defect: of the original, which the contract describes, or in the `rfc` dialect a
/// departure from the RFCs of the plugin that the Interledger project published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Its statement in `docs/connector-contract.md`, as `contract#…`.
    pub source: &'static str,
    /// What comes from a connector that has it.
    pub shows: Vec<Seen>,
    /// What it is, in one sentence, with the name of the plugin where it is one of that.
    pub what: &'static str,
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
    /// A ping, which has to come back as a pong.
    Ping,
    /// Two connections with one peer id, of which the older closes.
    OlderCloses,
    /// The next hop's connection ends while a packet is on its way to it.
    NextHopLeaves,
    /// Another connection answers what it was not asked.
    ForeignAnswer,
    /// The connector dials a server that does not answer its authentication.
    GiveUp,
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
            Self::Nothing => f.write_str("nothing"),
            Self::NoAuth(true) => f.write_str("to know that empty secrets are let in (--noauth)"),
            Self::NoAuth(false) => f.write_str("to know that empty secrets are refused (--noauth)"),
            Self::Fulfils => f.write_str("an address that is fulfilled (--fulfils)"),
            Self::Forwards => f.write_str("an address that is forwarded to the peer (--forwards)"),
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
    /// Whether what came is what had to come.
    pub(in crate::conformance) fn is_met_by(&self, came: &[Seen]) -> bool {
        match self {
            Self::Exactly(expected) => seen::all_met(expected, came),
            Self::OneOf(choices) => choices.iter().any(|choice| seen::all_met(choice, came)),
        }
    }

    /// The sequence that decides how to listen.
    pub(in crate::conformance) fn first(&self) -> &[Seen] {
        match self {
            Self::Exactly(expected) => expected,
            Self::OneOf(choices) => choices.first().map_or(&[], Vec::as_slice),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(expected) => f.write_str(&seen::list(expected)),
            Self::OneOf(choices) => {
                let texts: Vec<_> = choices.iter().map(|choice| seen::list(choice)).collect();
                f.write_str(&texts.join(" / or: "))
            }
        }
    }
}

impl Row {
    /// A row that needs nothing and sees no defect.
    pub(super) fn new(id: &str, source: &'static str, sends: &str, script: Script) -> Self {
        Self {
            id: id.to_owned(),
            source,
            sends: sends.to_owned(),
            need: Need::Nothing,
            expected: Expected::Exactly(Vec::new()),
            defect: None,
            script,
        }
    }

    pub(super) fn needs(mut self, need: Need) -> Self {
        self.need = need;
        self
    }

    pub(super) fn expects(mut self, expected: Vec<Seen>) -> Self {
        self.expected = Expected::Exactly(expected);
        self
    }

    pub(super) fn expects_one_of(mut self, choices: Vec<Vec<Seen>>) -> Self {
        self.expected = Expected::OneOf(choices);
        self
    }

    pub(super) fn knows(mut self, defect: Defect) -> Self {
        self.defect = Some(defect);
        self
    }
}

/// The contract's answer to every refused authentication (contract#auth-refused).
pub(super) fn refused(id: u32) -> Vec<Seen> {
    vec![error(id), authentication_failed()]
}

pub(super) fn authentication_failed() -> Seen {
    Seen::Closed {
        code: 1008,
        reason: Some("Authentication failed".to_owned()),
    }
}

/// The one ERROR the contract knows (contract#btp-error).
pub(super) fn error(id: u32) -> Seen {
    Seen::Error {
        id,
        text: Some("F00 BTPError".to_owned()),
    }
}

pub(super) fn closed(code: u16) -> Seen {
    Seen::Closed { code, reason: None }
}

pub(super) fn rejected(id: u32, code: &str) -> Seen {
    Seen::Reject {
        id,
        code: code.to_owned(),
    }
}

/// Let in, and served from then on.
pub(super) fn let_in(id: u32) -> Vec<Seen> {
    vec![Seen::Empty { id }, Seen::Served]
}
