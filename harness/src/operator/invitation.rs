//! An invitation: all that the invited side needs to know, sealed for it alone.
//!
//! Each side of a peering shows the other a secret of its own. The inviting side makes both, so that one line is
//! enough. Who invites and who is invited stand in clear, so that mistakes can be named by whoever is not meant; where
//! the inviting side is, and the secrets, are sealed. The whole is signed with the keys of the inviting side's onion
//! service, whose address is inside.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};

use super::card::{Card, signature};
use super::line::{self, LineError, LineKind};
use super::sealing::{PublicKey, SealKey};
use crate::onion::{OnionAddress, ServiceKeys, TldFamily};
use crate::secret::Secret;

/// What the signature is for.
const PURPOSE: &[u8] = b"ator-harness home invitation 1\n";
/// How far the clocks of two sides may be apart, in seconds.
const CLOCKS_DIFFER: i64 = 300;

/// What an invitation makes of two homes.
#[derive(Clone)]
pub struct Invitation {
    /// What tells it from every other.
    pub id: String,
    /// Who invites.
    pub from: Card,
    /// What the invited side shows to the inviting one.
    pub invited_shows: Secret,
    /// What the inviting side shows to the invited one.
    pub inviter_shows: Secret,
}

/// An invitation that was read as far as everybody can.
#[derive(Debug, Clone)]
pub struct Envelope {
    clear: Clear,
    sealed: Vec<u8>,
    signature: [u8; 64],
}

/// What stands in clear.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    invitation: String,
    from: String,
    from_key: PublicKey,
    family: TldFamily,
    to: String,
    to_key: PublicKey,
    /// Unix time in seconds.
    made: i64,
    expires: i64,
}

#[derive(Serialize, Deserialize)]
struct Inside {
    prefix: String,
    address: String,
    port: u16,
    invited_shows: String,
    inviter_shows: String,
}

#[derive(Serialize, Deserialize)]
struct Whole {
    clear: String,
    sealed: String,
    signature: String,
}

/// What can be wrong with an invitation. No text quotes what is sealed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// It is no such line.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Its bytes are none of an invitation.
    #[error("its checksum fits, but it is no invitation of this version; ask for another")]
    Unreadable,
    /// The home has made it itself.
    #[error(
        "it is one that this home has made itself, for {to}; give it to {to}, and accept the one that somebody else has made for this home"
    )]
    Own {
        /// For whom.
        to: String,
    },
    /// It is for another home.
    #[error(
        "it was sealed for another key than this home's: for {to}, while this is {home}; send {from} what `ator-harness home key` prints here, and ask for an invitation for that"
    )]
    ForAnother {
        /// For whom.
        to: String,
        /// Who was to accept it.
        home: String,
        /// Who has made it.
        from: String,
    },
    /// Its daemons are of another TLD family.
    #[error(
        "{from} is on a .{theirs} daemon and this home on a .{ours} one, and neither resolves the other's names; both need daemons of one family"
    )]
    Family {
        /// Who has made it.
        from: String,
        /// Its family.
        theirs: TldFamily,
        /// The home's.
        ours: TldFamily,
    },
    /// It is too old.
    #[error(
        "it expired {ago} s ago, by this machine's clock; ask {from} for another, or set the clock by NTP if it is wrong"
    )]
    Expired {
        /// Who has made it.
        from: String,
        /// Since when, in seconds.
        ago: i64,
    },
    /// It comes from the future.
    #[error(
        "it was made {ahead} s from now, by this machine's clock: that clock is behind, or {from}'s is ahead; set both by NTP, because packets expire by them"
    )]
    Clock {
        /// Who has made it.
        from: String,
        /// How far ahead, in seconds.
        ahead: i64,
    },
    /// What is sealed does not fit what stands in clear, or the signature is another's.
    #[error("it was tampered with: {0}; ask for another, by a way on which nobody can change it")]
    Tampered(&'static str),
    /// It could not be made.
    #[error(
        "the invited home's key is none that can be sealed for; have it run `ator-harness home key` again"
    )]
    NoKey,
}

impl Invitation {
    /// The line for the invited home, good until `expires`, both times in seconds of Unix time.
    ///
    /// # Errors
    ///
    /// [`InvitationError::NoKey`] when nothing can be sealed for the invited home.
    pub fn to_line(
        &self,
        keys: &ServiceKeys,
        to: &Card,
        made: i64,
        expires: i64,
    ) -> Result<String, InvitationError> {
        let clear = Clear {
            invitation: self.id.clone(),
            from: self.from.id.clone(),
            from_key: self.from.key,
            family: self.from.address.family(),
            to: to.id.clone(),
            to_key: to.key,
            made,
            expires,
        };
        let clear = serde_json::json!(clear).to_string();
        let inside = Inside {
            prefix: self.from.prefix.clone(),
            address: self.from.address.expose().to_owned(),
            port: self.from.port,
            invited_shows: self.invited_shows.expose().to_owned(),
            inviter_shows: self.inviter_shows.expose().to_owned(),
        };
        let inside = serde_json::json!(inside).to_string();
        let sealed = to.key.seal(clear.as_bytes(), inside.as_bytes());
        let sealed = sealed.ok_or(InvitationError::NoKey)?;
        let signature = keys.sign(&signed(clear.as_bytes(), &sealed));
        let whole = Whole {
            clear,
            sealed: BASE64URL_NOPAD.encode(&sealed),
            signature: BASE64URL_NOPAD.encode(&signature),
        };
        let whole = serde_json::json!(whole).to_string();
        Ok(line::encode(LineKind::Invitation, whole.as_bytes()))
    }
}

fn signed(clear: &[u8], sealed: &[u8]) -> Vec<u8> {
    [PURPOSE, clear, b"\n", sealed].concat()
}

/// Who is to accept an invitation.
pub struct Invited<'a> {
    /// The home's id.
    pub id: &'a str,
    /// Its daemon's family.
    pub family: TldFamily,
    /// What it reads with.
    pub key: &'a SealKey,
}

impl Envelope {
    /// Reads what everybody can of a line.
    ///
    /// # Errors
    ///
    /// [`InvitationError::Line`] and [`InvitationError::Unreadable`].
    pub fn parse(text: &str) -> Result<Self, InvitationError> {
        let bytes = line::decode(LineKind::Invitation, text)?;
        let read = || {
            let whole: Whole = serde_json::from_slice(&bytes).ok()?;
            let clear: Clear = serde_json::from_str(&whole.clear).ok()?;
            // It is signed and sealed as it was written.
            let again = serde_json::json!(clear).to_string();
            (again == whole.clear).then_some(Self {
                clear,
                sealed: BASE64URL_NOPAD.decode(whole.sealed.as_bytes()).ok()?,
                signature: signature(&whole.signature)?,
            })
        };
        read().ok_or(InvitationError::Unreadable)
    }

    /// What tells it from every other.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.clear.invitation
    }

    /// Who says that it invites.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.clear.from
    }

    /// Refuses what is wrong with it at a time, in seconds of Unix time.
    ///
    /// # Errors
    ///
    /// [`InvitationError::Clock`] and [`InvitationError::Expired`].
    pub fn in_time(&self, now: i64) -> Result<(), InvitationError> {
        let Clear { made, expires, .. } = self.clear;
        let from = self.clear.from.clone();
        if made - now > CLOCKS_DIFFER {
            let ahead = made - now;
            return Err(InvitationError::Clock { from, ahead });
        }
        match now - expires {
            ago @ 0.. => Err(InvitationError::Expired { from, ago }),
            _ => Ok(()),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// [`InvitationError`] for an invitation that is not for this home, and one that was tampered with.
    pub fn open(&self, by: &Invited<'_>) -> Result<Invitation, InvitationError> {
        let clear = &self.clear;
        let own = by.key.public();
        if clear.from_key == own {
            let to = clear.to.clone();
            return Err(InvitationError::Own { to });
        }
        if clear.to_key != own {
            return Err(InvitationError::ForAnother {
                to: clear.to.clone(),
                home: by.id.to_owned(),
                from: clear.from.clone(),
            });
        }
        if clear.family != by.family {
            return Err(InvitationError::Family {
                from: clear.from.clone(),
                theirs: clear.family,
                ours: by.family,
            });
        }
        let beside = serde_json::json!(clear).to_string();
        let opened = by.key.open(beside.as_bytes(), &self.sealed);
        let opened = opened.ok_or(InvitationError::Tampered(
            "what is sealed does not fit what stands in clear",
        ))?;
        let inside: Inside = serde_json::from_slice(&opened)
            .map_err(|_| InvitationError::Tampered("what is sealed is no invitation"))?;
        let address: OnionAddress = inside
            .address
            .parse()
            .map_err(|_| InvitationError::Tampered("the address in it is none"))?;
        let message = signed(beside.as_bytes(), &self.sealed);
        if address.family() != clear.family || !address.has_signed(&message, &self.signature) {
            return Err(InvitationError::Tampered(
                "the address in it has not signed it",
            ));
        }
        Ok(Invitation {
            id: clear.invitation.clone(),
            from: Card {
                id: clear.from.clone(),
                prefix: inside.prefix,
                address,
                port: inside.port,
                key: clear.from_key,
            },
            invited_shows: Secret::new(inside.invited_shows),
            inviter_shows: Secret::new(inside.inviter_shows),
        })
    }
}

/// An invitation's id of random bytes.
#[must_use]
pub fn invitation_id(random: [u8; 8]) -> String {
    HEXLOWER.encode(&random)
}

#[cfg(test)]
#[path = "invitation_tests.rs"]
mod tests;
