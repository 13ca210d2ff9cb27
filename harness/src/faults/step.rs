//! The steps that faults are made of.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::victim::Now;
use super::victim::{Victim, victims};
use crate::plan::{HomePlan, Plan};
use crate::topology::Fault;

/// How long a program may take to end that is told to: what an engine gives it before it kills.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// The same of a connector whose daemon hangs, to which it has to give as much before it kills it.
pub(super) const ENDS_DAEMON_WITHIN: Duration = Duration::from_secs(12);

/// Places in a home's network that are nobody's: the next hop of what is swallowed, and the address that a home gets
/// when it moves.
pub(super) const NOBODY: u32 = 28;
pub(super) const MOVED: u32 = 27;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Sends a signal that ends nothing.
    Signal {
        /// To whom.
        victim: Victim,
        /// Which, such as `SIGSTOP`.
        signal: &'static str,
    },
    /// Ends a container by a signal, and waits until it has ended.
    End {
        /// Whom.
        victim: Victim,
        /// By which signal.
        signal: &'static str,
        /// How long it has to end; then it is killed.
        within: Duration,
    },
    /// Sends a signal to the daemon that a home's connector runs.
    Inside {
        /// The home.
        home: String,
        /// Which, in the helper's words: `kill`, `stop` or `cont`.
        signal: &'static str,
    },
    /// Starts a container again, and waits until it does what it did: a node publishes, a daemon is in the network, a
    /// connector answers and knows its peers.
    Start(Victim),
    /// Makes the container of a home's daemon anew, without the keys of its service, and lets it into the network.
    NewKeys {
        /// The home.
        home: String,
    },
    /// Starts the helper that has what a home sends swallowed, with these arguments.
    Swallow {
        /// The home.
        home: String,
        /// What the helper is told.
        arguments: Vec<String>,
    },
    /// Starts the helper over which what a home sends takes longer, with these arguments.
    Delay {
        /// The home.
        home: String,
        /// What the helper is told.
        arguments: Vec<String>,
    },
    /// Runs a helper that gives a home another address, with these arguments.
    Readdress {
        /// The home.
        home: String,
        /// What the helper is told.
        arguments: Vec<String>,
    },
    /// Ends the helper that swallows, loses or delays, which undoes what it did.
    Restore {
        /// The home.
        home: String,
    },
    /// Opens a session in the place of a home's connector, over which nothing is answered.
    StandIn {
        /// The home whose connector's place it is.
        peer: String,
        /// The home that is dialled.
        home: String,
    },
    /// Waits until a home is connected to another one that it dials, but not for ever.
    Meet {
        /// The home that dials.
        peer: String,
        /// The home that is dialled.
        home: String,
    },
    /// Closes the session that stands in.
    StandDown,
    /// Switches link shaping.
    Shape {
        /// On or off.
        on: bool,
    },
}

/// What makes a fault, and what undoes it, in order. What is undone was not all done, where a step failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps {
    /// What makes it.
    pub apply: Vec<Step>,
    /// What undoes it when its time is over; nothing of one that stays.
    pub undo: Vec<Step>,
    /// Whether it is over as soon as it is made.
    pub over_at_once: bool,
}

/// The steps that end containers by a signal.
pub(super) fn ends(victims: &[Victim], signal: &'static str) -> Vec<Step> {
    let end = |victim: &Victim| Step::End {
        victim: victim.clone(),
        signal,
        within: ENDS_WITHIN,
    };
    victims.iter().map(end).collect()
}

/// Ends the containers of a fault by a signal, and starts them again when its time is over.
pub(super) fn ended_for_a_time(
    plan: &Plan,
    fault: &Fault,
    now: &Now,
    signal: &'static str,
) -> Result<Steps, String> {
    let victims = victims(plan, fault, now)?;
    Ok(Steps {
        apply: ends(&victims, signal),
        undo: match fault.lasts {
            Some(_) => victims.into_iter().map(Step::Start).collect(),
            None => Vec::new(),
        },
        over_at_once: false,
    })
}

/// The name of a home's helper for faults.
#[must_use]
pub fn outage(home: &HomePlan) -> String {
    format!("{}-outage", home.bls)
}

/// A home, the address that it goes out to, and another place of its network.
pub(super) fn ways(
    plan: &Plan,
    home: Option<&str>,
    place: u32,
) -> Result<(String, [Ipv4Addr; 3]), String> {
    let home = home.and_then(|id| plan.home(id));
    let home = home.ok_or("there is no such home")?;
    let router = plan.router();
    let router = router.ok_or("the addresses of the public network are not known")?;
    let network = plan.networks.iter().find(|one| one.name == home.network);
    let network = network.ok_or("the home's network is not the run's")?;
    let other = Ipv4Addr::from_bits(network.subnet.to_bits() + place);
    Ok((home.id.clone(), [home.address, router, other]))
}

/// A helper's arguments.
pub(super) fn arguments<const N: usize>(
    command: &str,
    options: [(&str, Ipv4Addr); N],
) -> Vec<String> {
    let options = options.into_iter();
    let options = options.flat_map(|(name, value)| [format!("--{name}"), value.to_string()]);
    std::iter::once(command.to_owned()).chain(options).collect()
}
