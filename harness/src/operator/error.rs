//! What keeps an operator's command from being done. Each text names the file or the container, and the remedy.

use std::path::Path;

use super::card::CardError;
use super::invitation::InvitationError;
use crate::connectors::{ConfigureError, ControlError as ConnectorError};
use crate::engine::EngineError;
use crate::input::InputError;
use crate::onion::AddressError;
use crate::onion::control::ControlError;

/// Why an operator's command is not done.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// There is no such folder.
    #[error(
        "there is no home in {folder}; `ator-harness home init` makes one, `ator-harness home restore` brings one back from a backup, and --home names another folder"
    )]
    NoFolder {
        /// The folder.
        folder: String,
    },
    /// Something is there already.
    #[error(
        "{folder} is there already and holds something; nothing was changed. Name another folder with --home, or remove that one"
    )]
    NotEmpty {
        /// The folder.
        folder: String,
    },
    /// Others may read what only the operator may.
    #[error("others than you may read {}; `chmod -R go-rwx {folder}` takes that from them. If somebody may have read it, `ator-harness home rotate` makes new keys", files.join(", "))]
    Modes {
        /// The home's folder.
        folder: String,
        /// The files.
        files: Vec<String>,
    },
    /// A file cannot be read.
    #[error("failed to read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: InputError,
    },
    /// A file of the home is missing.
    #[error("{path} is missing; bring it back from a backup, with `ator-harness home restore`")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file cannot be written.
    #[error("failed to write {path}; name a folder that can be written, with space")]
    Write {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file has a mistake.
    #[error("{path}{}: {what}", line.map_or_else(String::new, |line| format!(", line {line}")))]
    Mistake {
        /// The file.
        path: String,
        /// The line, from 1.
        line: Option<usize>,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The two secrets of a peering stand in each other's place.
    #[error(
        "{path}: the two secrets are swapped: `we_show` is what {peer} shows to us, and `they_show` what we show to it; exchange the two values"
    )]
    Swapped {
        /// The file.
        path: String,
        /// The peer.
        peer: String,
    },
    /// A peer's file is not what was written.
    #[error(
        "{path} was changed by hand: what is in it does not fit its `check`; bring it back from a backup, or remove the peer with `ator-harness home forget {peer}` and meet it anew"
    )]
    PeerChanged {
        /// The file.
        path: String,
        /// The peer.
        peer: String,
    },
    /// A file that would be written anew was changed by hand.
    #[error(
        "{path} was changed by hand, and would be written anew; nothing was changed. Move it away, do this again, and make your changes to the new one"
    )]
    Edited {
        /// The file.
        path: String,
    },
    /// The connector cannot be a home's.
    #[error("the connector {connector} cannot serve a home: nothing tells how its peers are kept; the ones that can are {}", others.join(", "))]
    Connector {
        /// Its name.
        connector: String,
        /// Those that can.
        others: Vec<String>,
    },
    /// The connector cannot be configured.
    #[error("failed to configure the home's connector")]
    Configure(#[from] ConfigureError),
    /// The network's terms are not agreed to.
    #[error(
        "the network's terms and conditions are not agreed to, and without that its daemon ends; read them, and write terms = \"agreed\" into {path}"
    )]
    Terms {
        /// The home's settings.
        path: String,
    },
    /// A card is none.
    #[error("{file} is no key of a home")]
    Card {
        /// Where it was read from.
        file: String,
        /// Why.
        source: CardError,
    },
    /// A text does not say where a connector is.
    #[error(
        "{file} holds no address of an onion service; give what the `hostname` file of that connector's onion daemon has, which is not there until the daemon has made its keys"
    )]
    Address {
        /// Where it was read from.
        file: String,
        /// Why.
        source: AddressError,
    },
    /// What follows an address is no port.
    #[error(
        "what follows the address in {file} is no port: write ADDRESS, ADDRESS:PORT or ws://ADDRESS:PORT, the port from 1 to 65535"
    )]
    AddressPort {
        /// Where it was read from.
        file: String,
    },
    /// The address is the home's own.
    #[error(
        "the address in {file} is this home's own; ask the other side for what the `hostname` file of its onion daemon has"
    )]
    OwnAddress {
        /// Where it was read from.
        file: String,
    },
    /// An invitation is none, or not for this home.
    #[error("{file} is no invitation that can be accepted")]
    Invitation {
        /// Where it was read from.
        file: String,
        /// Why.
        source: InvitationError,
    },
    /// An invitation was accepted before.
    #[error(
        "this invitation of {from} was accepted already, and each is good for once; ask {from} for another if the peering has to be made anew"
    )]
    Used {
        /// Who had made it.
        from: String,
    },
    /// Somebody cannot become a peer.
    #[error(transparent)]
    Peer(#[from] PeerConflict),
    /// A peer is not known.
    #[error("{home} has no peer {peer:?}{}", known(known_peers))]
    NoPeer {
        /// The home.
        home: String,
        /// Who was named.
        peer: String,
        /// Who there is.
        known_peers: Vec<String>,
    },
    /// Somebody else's home has these names on the engine.
    #[error(
        "the engine has a home {home} already, of another folder, as {container} shows; give one of the two another id, or remove it from its own folder"
    )]
    OtherHome {
        /// The id.
        home: String,
        /// One of its containers or networks.
        container: String,
    },
    /// No addresses could be had.
    #[error(transparent)]
    Addresses(#[from] crate::plan::PlanError),
    /// The system has no randomness.
    #[error("failed to get random bytes from the system")]
    Random(#[source] std::io::Error),
    /// No port of this machine is left.
    #[error("failed to open a port on this machine for a way into the home")]
    Port(#[source] std::io::Error),
    /// The engine refused something or is not there.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The home's daemon could not be asked.
    #[error(transparent)]
    Daemon(#[from] ControlError),
    /// The home's connector could not be asked.
    #[error(transparent)]
    Asked(#[from] ConnectorError),
    /// A backup would be lost with its home.
    #[error(
        "{path} lies in the home's own folder, and would be lost with it; name a file elsewhere"
    )]
    BackupWithin {
        /// The file.
        path: String,
    },
    /// A backup is none.
    #[error("{path} is no backup of a home: {what}")]
    Backup {
        /// The file.
        path: String,
        /// What is wrong.
        what: String,
    },
}

/// Why somebody cannot become a peer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerConflict {
    /// It is one.
    #[error(
        "{peer} is a peer of this home already; `ator-harness home forget {peer}` removes it, and then it can be met anew"
    )]
    Known {
        /// The peer.
        peer: String,
    },
    /// It has the home's own id.
    #[error(
        "the other home is called {id} as this one is, and a connector tells its peers apart by their ids; one of the two has to have another, given to `ator-harness home init`"
    )]
    OwnId {
        /// The id.
        id: String,
    },
    /// Its secret would be looked for where another's is.
    #[error(
        "{peer} and {other} map to one variable, {variable}, so that a connector cannot tell their secrets apart; one of the two homes has to have another id, given to `ator-harness home init`"
    )]
    OneVariable {
        /// Who was to become one.
        peer: String,
        /// Who has the variable.
        other: String,
        /// The variable.
        variable: String,
    },
    /// Packets to it would go elsewhere.
    #[error(
        "the prefix {prefix} of {peer} overlaps with {other}'s, {others}: a packet would have two places to go; one of the two homes has to have another prefix, given to `ator-harness home init`"
    )]
    Prefix {
        /// Who was to become one.
        peer: String,
        /// Its prefix.
        prefix: String,
        /// Whose prefix it overlaps with.
        other: String,
        /// That.
        others: String,
    },
    /// What it says of itself cannot be.
    #[error("what the other home says of itself cannot be used: its {what} is {value:?}")]
    Unfit {
        /// What.
        what: &'static str,
        /// That.
        value: String,
    },
    /// The card is another's.
    #[error(
        "the key is that of {is}, and not of {named}; make sure whose it is, and name that one"
    )]
    OtherName {
        /// Whose it is.
        is: String,
        /// Who was named.
        named: String,
    },
    /// The card is the home's own.
    #[error(
        "the key is this home's own; ask the other side for what `ator-harness home key` prints there"
    )]
    OwnKey,
    /// Its daemon is of another family.
    #[error(
        "{peer} is on a .{theirs} daemon and this home on a .{ours} one, and neither resolves the other's names; both need daemons of one family"
    )]
    Family {
        /// The peer.
        peer: String,
        /// Its family.
        theirs: crate::onion::TldFamily,
        /// The home's.
        ours: crate::onion::TldFamily,
    },
}

fn known(peers: &[String]) -> String {
    match peers {
        [] => "; it has none".to_owned(),
        peers => format!("; there are {}", peers.join(", ")),
    }
}

impl HomeError {
    pub(super) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Write { path, source }
    }
}
