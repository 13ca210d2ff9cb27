//! An operator's home: a connector behind an onion service that stays, and its peerings with others' homes.
//!
//! A home is a folder of plain files, and containers that are made of them and start with their engine. Two operators
//! meet by two lines of text: the key of the one, and the invitation that the other has sealed for it.

mod backup;
mod card;
mod containers;
mod entering;
mod error;
mod folder;
mod invitation;
mod keys;
mod ladder;
mod line;
mod look;
mod meeting;
mod others;
mod own;
mod peer;
mod published;
#[cfg(test)]
mod published_tests;
mod render;
mod sealing;
mod settings;
#[cfg(test)]
mod settings_tests;
mod shown;
mod stay;
mod stranger;
mod ways;

pub use backup::{backup, restore};
pub use card::{Card, CardError};
pub use containers::{HomeImages, Part};
pub use error::{HomeError, PeerConflict};
pub use folder::{Home, SETTINGS};
pub use invitation::{Envelope, Invitation, InvitationError, Invited, invitation_id};
pub use keys::Keys;
pub use ladder::{Fault, Found, Ladder, Standing, Step};
pub use line::{LineError, LineKind};
pub use look::Depth;
pub use meeting::{Given, init, randomness};
pub use own::Patience;
pub use peer::{Claims, Met, Peer, may_become_peer};
pub use sealing::{PublicKey, SealKey};
pub use settings::{AGREED, FORMAT, Mode, Settings, handler_url, home_id, home_prefix};
pub use shown::Elsewhere;
pub use stay::Done;
pub use stranger::Stranger;
