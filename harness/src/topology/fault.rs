//! Faults: what is broken while packets flow, as a topology says it.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::units::{format_duration, millis, optional_millis};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// SIGKILL. Started again when its time is over; with no time it stays dead.
    Kill,
    /// SIGTERM, which it has 10 s to follow. Started again when its time is over; with no time it stays
    /// away.
    Stop,
    /// SIGKILL, and started again at once.
    Restart,
    /// SIGSTOP, and SIGCONT when its time is over.
    Pause,
    /// A home's way to the network swallows whatever is sent.
    Cut,
    /// A share of the packets between a home and the network is lost, in both directions.
    Lose,
    /// A home goes out by another address, and what it had open by the old one is swallowed: a router that was
    /// restarted.
    Readdress,
    /// A home's daemon is started again without the keys of its onion service.
    LoseKeys,
    /// What a home sends to the network takes longer. Or the links of the topology's `[wan]` are as long as it says, and
    /// else as short as one machine has them.
    Slow,
    /// A peer of a connector is killed and comes back before its old session is told to be dead: for a time the
    /// connector has two sessions of one peer, of which the older, over which nothing is answered, then closes.
    SecondSession,
}

impl FaultKind {
    /// Every kind, in the order of messages.
    pub const ALL: [Self; 10] = [
        Self::Kill,
        Self::Stop,
        Self::Restart,
        Self::Pause,
        Self::Cut,
        Self::Lose,
        Self::Readdress,
        Self::LoseKeys,
        Self::Slow,
        Self::SecondSession,
    ];

    /// The name in topology files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Cut => "cut",
            Self::Lose => "lose",
            Self::Readdress => "readdress",
            Self::LoseKeys => "lose-keys",
            Self::Slow => "slow",
            Self::SecondSession => "second-session",
        }
    }

    /// Whether it goes on for a time: it has to, it may, or it is over at once.
    #[must_use]
    pub const fn lasts(self) -> Lasts {
        match self {
            Self::Pause | Self::Cut | Self::Lose | Self::Slow | Self::SecondSession => {
                Lasts::Always
            }
            Self::Kill | Self::Stop => Lasts::Sometimes,
            Self::Restart | Self::Readdress | Self::LoseKeys => Lasts::Never,
        }
    }

    /// Whether it can be done to this.
    #[must_use]
    pub const fn takes(self, target: &FaultTarget) -> bool {
        match self {
            Self::Stop | Self::Restart => matches!(
                target,
                FaultTarget::Nodes(_) | FaultTarget::Daemon(_) | FaultTarget::Connector(_)
            ),
            Self::Kill | Self::Pause => matches!(
                target,
                FaultTarget::Nodes(_)
                    | FaultTarget::Daemon(_)
                    | FaultTarget::Connector(_)
                    | FaultTarget::Server(_)
            ),
            Self::Cut | Self::Lose | Self::Readdress => matches!(target, FaultTarget::Home(_)),
            Self::LoseKeys => matches!(target, FaultTarget::Daemon(_)),
            Self::Slow => matches!(target, FaultTarget::Home(_) | FaultTarget::Links),
            Self::SecondSession => matches!(target, FaultTarget::Connector(_)),
        }
    }

    /// What it can be done to, as an example.
    #[must_use]
    pub const fn example(self) -> &'static str {
        match self {
            Self::Stop | Self::Restart => {
                "relay1, relay-on-path, home-b/daemon or home-b/connector"
            }
            Self::Kill | Self::Pause => "relays, home-b/daemon, home-b/connector or home-b/bls",
            Self::Cut | Self::Lose | Self::Readdress => "home-b",
            Self::LoseKeys => "home-b/daemon",
            Self::Slow => "home-b or links",
            Self::SecondSession => "home-b/connector",
        }
    }
}

/// Whether a kind of fault goes on for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// It has to be said for how long.
    Always,
    /// It may be said for how long; else it stays.
    Sometimes,
    /// It is over at once.
    Never,
}

/// Which authorities and relays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultNodes {
    /// The one with this nickname.
    Named(String),
    /// A relay that is not on the way of a session, where there is one.
    OneRelay,
    /// All of them: authorities relay as well.
    Relays,
    /// The last relay that the dialling daemon chose of a session's rendezvous circuit.
    OnPath,
    /// The first of that circuit.
    Guard,
    /// The first authority.
    OneAuthority,
    /// The first two authorities.
    TwoAuthorities,
}

impl FaultNodes {
    /// Every kind that has a name of its own, with it.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("one-relay", Self::OneRelay),
        ("relays", Self::Relays),
        ("relay-on-path", Self::OnPath),
        ("guard", Self::Guard),
        ("authority", Self::OneAuthority),
        ("two-authorities", Self::TwoAuthorities),
    ];
}

/// What something is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultTarget {
    /// Authorities and relays.
    Nodes(FaultNodes),
    /// A home's onion daemon.
    Daemon(String),
    /// A home's connector.
    Connector(String),
    /// The server beside a home's connector.
    Server(String),
    /// A home's way to the network: `HOME`, or `HOME/link`.
    Home(String),
    /// The links of `[wan]`.
    Links,
}

impl FaultTarget {
    /// What may stand after a home's id and a slash.
    pub const PARTS: [&'static str; 4] = ["daemon", "connector", "bls", "link"];

    /// Reads a target. `is_home` says whether there is a home of this id; whatever else has no part after a slash is
    /// taken for the nickname of an authority or relay.
    #[must_use]
    pub fn read(text: &str, is_home: impl Fn(&str) -> bool) -> Option<Self> {
        if text == "links" {
            return Some(Self::Links);
        }
        let named = FaultNodes::NAMES.into_iter();
        if let Some((_, nodes)) = named.into_iter().find(|(name, _)| *name == text) {
            return Some(Self::Nodes(nodes));
        }
        match text.split_once('/') {
            None if is_home(text) => Some(Self::Home(text.to_owned())),
            None => Some(Self::Nodes(FaultNodes::Named(text.to_owned()))),
            Some((home, part)) if is_home(home) => {
                let home = home.to_owned();
                match part {
                    "daemon" => Some(Self::Daemon(home)),
                    "connector" => Some(Self::Connector(home)),
                    "bls" => Some(Self::Server(home)),
                    "link" => Some(Self::Home(home)),
                    _ => None,
                }
            }
            Some(_) => None,
        }
    }

    /// The home that it is about, if it is about one.
    #[must_use]
    pub fn home(&self) -> Option<&str> {
        match self {
            Self::Daemon(home) | Self::Connector(home) | Self::Server(home) | Self::Home(home) => {
                Some(home)
            }
            Self::Nodes(_) | Self::Links => None,
        }
    }

    /// Whether it is about authorities or relays.
    #[must_use]
    pub const fn is_of_network(&self) -> bool {
        matches!(self, Self::Nodes(_))
    }
}

impl fmt::Display for FaultTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(FaultNodes::Named(nickname)) => f.write_str(nickname),
            Self::Nodes(nodes) => {
                let mut names = FaultNodes::NAMES.into_iter();
                let name = names.find(|(_, known)| known == nodes);
                f.write_str(name.map_or("", |(name, _)| name))
            }
            Self::Daemon(home) => write!(f, "{home}/daemon"),
            Self::Connector(home) => write!(f, "{home}/connector"),
            Self::Server(home) => write!(f, "{home}/bls"),
            Self::Home(home) => f.write_str(home),
            Self::Links => f.write_str("links"),
        }
    }
}

impl Serialize for FaultTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One fault. A topology's are made one after the other, each while packets flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What is done.
    pub what: FaultKind,
    /// What it is done to.
    pub on: FaultTarget,
    /// How many of a hundred packets are lost; 0 of what loses none by itself.
    #[serde(skip_serializing_if = "is_zero")]
    pub percent: u8,
    /// How much longer each packet of a home takes, from 1 ms to 10 s; `None` of what slows no home.
    #[serde(with = "optional_millis", skip_serializing_if = "Option::is_none")]
    pub by: Option<Duration>,
    /// How long packets flow before it, with nothing broken.
    #[serde(with = "millis")]
    pub after: Duration,
    /// For how long; `None` of one that is over at once, or stays.
    #[serde(with = "optional_millis", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// How long it may take, from its end (from its beginning, if it stays), until packets are fulfilled again in
    /// every direction that it concerns. `None` where none of them comes back: then none may.
    #[serde(with = "optional_millis", skip_serializing_if = "Option::is_none")]
    pub recovers_within: Option<Duration>,
    /// How many packets may be lost by it, over all directions; `None` does not judge that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loses_at_most: Option<u64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
const fn is_zero(percent: &u8) -> bool {
    *percent == 0
}

impl Fault {
    /// How long packets flow before a fault, where nothing is said.
    pub const AFTER: Duration = Duration::from_secs(2);

    /// Whether what was broken stays so.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.lasts.is_none() && self.what.lasts() == Lasts::Sometimes
    }

    /// Whether it takes what the home of its target needs to be reached, for good: no session with that home
    /// comes back by itself.
    #[must_use]
    pub fn takes_a_home_away(&self) -> bool {
        self.what == FaultKind::LoseKeys || (self.stays() && self.on.home().is_some())
    }
}

/// As a sentence's subject: `cut home-b for 10.0 s`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.what.name())?;
        if self.percent > 0 {
            write!(f, "{} % of ", self.percent)?;
        }
        write!(f, "{}", self.on)?;
        if let Some(by) = self.by {
            write!(f, " by {}", format_duration(by))?;
        }
        match self.lasts {
            Some(lasts) => write!(f, " for {}", format_duration(lasts)),
            None if self.stays() => f.write_str(" for good"),
            None => Ok(()),
        }
    }
}
