//! What is said of one mutant.

use serde::{Serialize, Serializer};

/// A deliberately broken part, chosen by `mutant = "..."` in a topology. All are in [`MUTANTS`](super::MUTANTS).
#[derive(Debug, PartialEq, Eq)]
pub struct MutantSpec {
    /// The name in topology files.
    pub name: &'static str,
    /// What is broken, as a sentence.
    pub breaks: &'static str,
    /// The check that has to notice it.
    pub caught_by: &'static str,
    /// Checks that may notice it as well, because they look at the same thing from another side.
    pub may_also_fail: &'static [&'static str],
    /// What a topology has to have, for there to be anything to break.
    pub needs: Needs,
    /// The part that is broken.
    pub part: Part,
}

impl MutantSpec {
    /// Whether it breaks a network that others might use.
    #[must_use]
    pub const fn breaks_network(&self) -> bool {
        matches!(self.needs, Needs::OwnNetwork)
    }

    /// Whether the connector breaks itself, being told this mutant's name. Otherwise the plan, its
    /// containers or the clean-up are broken.
    #[must_use]
    pub const fn is_connector(&self) -> bool {
        matches!(self.part, Part::Connector(_))
    }
}

/// Shown by its name.
impl Serialize for MutantSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// What a topology has to have for a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing that not every topology has.
    Nothing,
    /// A private network: the part is the lockdown of a home.
    PrivateNetwork,
    /// A network that the run makes and that nobody else uses: the part is a node.
    OwnNetwork,
    /// A connector that runs its own daemon, in the home that the probe dials.
    ManagedDaemon,
    /// A home that the probe dials and that lets peers in which have no secret.
    NoAuth,
    /// Faults, in TOML, and no peering but the one by which the home that the probe dials does dial: it shows only
    /// while something is broken.
    Faults(&'static str),
    /// Faults, in TOML, and no peering but the one by which the home that the probe dials is dialled.
    FaultsWhereDialled(&'static str),
}

/// The part that is broken, and how. Of homes it is the one that the probe dials, which is looked at
/// most closely, where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The connector, which breaks itself: it is told the mutant's name, and the address that it
    /// needs for that.
    Connector(Option<MutantAddress>),
    /// The daemon: its configuration has this line more.
    Daemon(&'static str),
    /// The onion service has the port above the one that is dialled.
    ServicePort,
    /// The onion service asks its clients for a key that nobody has.
    ServiceClients,
    /// The home is locked away from the published addresses as well.
    SealShut,
    /// The lockdown leaves a route to another home's router.
    SealOpen,
    /// The environment of the connector that the probe dials through lacks a variable of the plan.
    Environment,
    /// The connector's proxy is the daemon itself, and not the relay that records.
    Proxy,
    /// All homes stand on the first one's bridge.
    Bridges,
    /// All nodes are as far apart as on a bad day of the internet.
    LinkShaping,
    /// The last relay is never told to publish its descriptor.
    LastRelay,
    /// The authorities' certificates name addresses.
    Certificates,
    /// The clean-up leaves a container behind.
    CleanUp,
    /// A home's daemon that is started again has no keys of its service, which are on no volume.
    KeysNotKept,
}

/// An address that a connector needs to break itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MutantAddress {
    /// One that the home's daemon maps to the peer that the connector dials.
    MappedToPeer,
    /// The home's own, where the SOCKS and DNS recorder waits for a dial that must not come.
    OwnHome,
}
