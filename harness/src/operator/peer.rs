//! A peer of a home: `peers/ID.toml`, with both secrets of the peering.

use std::path::Path;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::card::Card;
use super::error::{HomeError, PeerConflict};
use super::settings::{FORMAT, Settings, home_id, home_prefix, line_of};
use crate::connectors::{Connector, PeerToDial};
use crate::onion::{OnionAddress, TldFamily};
use crate::secret::Secret;
use crate::topology::overlaps;

/// How a home and its peer have met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Met {
    /// This home has invited the peer.
    Invited,
    /// This home has accepted the peer's invitation.
    Accepted,
    /// The peer's operator was shown in clear what its connector has to be told.
    Shown,
}

impl Met {
    /// What the other side still has to do before it lets this home in, as far as can be told from here.
    pub(super) const fn awaits(self) -> Option<&'static str> {
        match self {
            Self::Invited => Some("has accepted the invitation"),
            Self::Shown => Some("has been told what `home invite --show-secret` has shown"),
            Self::Accepted => None,
        }
    }
}

/// A peer.
#[derive(Clone)]
pub struct Peer {
    /// Its connector's id.
    pub id: String,
    /// What is delivered there.
    pub prefix: String,
    /// Where it is.
    pub address: OnionAddress,
    /// The port of its onion service.
    pub port: u16,
    /// What this home shows to it.
    pub we_show: Secret,
    /// What it shows to this home.
    pub they_show: Secret,
    /// The invitation by which they have met.
    pub invitation: String,
    /// Who had invited.
    pub met: Met,
    /// Since when, in seconds of Unix time.
    pub since: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    id: String,
    prefix: String,
    address: String,
    port: u16,
    we_show: String,
    they_show: String,
    invitation: String,
    met: Met,
    since: i64,
    check: String,
}

impl Peer {
    /// The peer of a card.
    #[must_use]
    pub fn of(card: &Card, we_show: Secret, they_show: Secret, by: (&str, Met), now: i64) -> Self {
        Self {
            id: card.id.clone(),
            prefix: card.prefix.clone(),
            address: card.address.clone(),
            port: card.port,
            we_show,
            they_show,
            invitation: by.0.to_owned(),
            met: by.1,
            since: now,
        }
    }

    /// The peer as the home's connector dials it.
    #[must_use]
    pub fn dial(&self) -> PeerToDial {
        PeerToDial {
            id: self.id.clone(),
            url: Secret::new(format!("ws://{}:{}", self.address.expose(), self.port)),
            token: self.we_show.clone(),
            proxied: true,
        }
    }

    /// What shows that nobody has changed the file. It holds no secret: 8 bytes of a hash of random ones.
    fn check(&self, home: &str, we_show: &Secret, they_show: &Secret) -> String {
        let mut hash = Sha256::new();
        hash.update("ator-harness peer 1");
        let port = self.port.to_string();
        for part in [
            home,
            &self.id,
            &self.prefix,
            self.address.expose(),
            &port,
            we_show.expose(),
            they_show.expose(),
        ] {
            hash.update("\n");
            hash.update(part);
        }
        HEXLOWER.encode(&hash.finalize()[..8])
    }

    /// The file's text, for a home of this id.
    #[must_use]
    pub fn to_text(&self, home: &str) -> String {
        let file = File {
            format: FORMAT,
            id: self.id.clone(),
            prefix: self.prefix.clone(),
            address: self.address.expose().to_owned(),
            port: self.port,
            we_show: self.we_show.expose().to_owned(),
            they_show: self.they_show.expose().to_owned(),
            invitation: self.invitation.clone(),
            met: self.met,
            since: self.since,
            check: self.check(home, &self.we_show, &self.they_show),
        };
        // Texts and numbers, all of which TOML has.
        toml::to_string(&file).unwrap_or_default()
    }

    /// Reads the file's text, for a home of this id. Nothing of it is quoted.
    ///
    /// # Errors
    ///
    /// [`HomeError::Mistake`], [`HomeError::Swapped`] and [`HomeError::PeerChanged`] name the file.
    pub fn parse(path: &Path, text: &str, home: &str) -> Result<Self, HomeError> {
        let shown = path.display().to_string();
        let mistake = |line, what: &str| HomeError::Mistake {
            path: shown.clone(),
            line,
            what: what.to_owned(),
        };
        let file: File = toml::from_str(text).map_err(|error| {
            mistake(
                line_of(text, &error),
                "is no peer's file; bring it back from a backup",
            )
        })?;
        if file.format != FORMAT {
            return Err(mistake(
                None,
                "is of another format; use the harness that has written it",
            ));
        }
        let address = file.address.parse();
        let address = address.map_err(|_| {
            mistake(
                None,
                "address is no onion address; bring the file back from a backup",
            )
        })?;
        let peer = Self {
            id: file.id,
            prefix: file.prefix,
            address,
            port: file.port,
            we_show: Secret::new(file.we_show),
            they_show: Secret::new(file.they_show),
            invitation: file.invitation,
            met: file.met,
            since: file.since,
        };
        if file.check == peer.check(home, &peer.we_show, &peer.they_show) {
            return Ok(peer);
        }
        let swapped = file.check == peer.check(home, &peer.they_show, &peer.we_show);
        let (path, peer) = (shown, peer.id);
        Err(match swapped {
            true => HomeError::Swapped { path, peer },
            false => HomeError::PeerChanged { path, peer },
        })
    }
}

/// What somebody says of itself that decides whether it can become a peer.
pub struct Claims<'a> {
    /// Its connector's id.
    pub id: &'a str,
    /// What is delivered there.
    pub prefix: &'a str,
    /// The TLD family of its daemon.
    pub family: TldFamily,
}

impl<'a> From<&'a Card> for Claims<'a> {
    fn from(card: &'a Card) -> Self {
        Self {
            id: &card.id,
            prefix: &card.prefix,
            family: card.address.family(),
        }
    }
}

/// Refuses who cannot become a peer of a home that has these.
///
/// # Errors
///
/// [`PeerConflict`] names both sides of the conflict.
pub fn may_become_peer(
    who: &Claims<'_>,
    settings: &Settings,
    connector: &dyn Connector,
    peers: &[Peer],
) -> Result<(), PeerConflict> {
    let (peer, prefix) = (who.id.to_owned(), who.prefix.to_owned());
    let unfit = |what, value: &str| PeerConflict::Unfit {
        what,
        value: value.chars().take(60).collect(),
    };
    home_id(&peer).map_err(|_| unfit("id", &peer))?;
    home_prefix(&prefix).map_err(|_| unfit("prefix", &prefix))?;
    if peer == settings.id {
        return Err(PeerConflict::OwnId { id: peer });
    }
    if peers.iter().any(|known| known.id == peer) {
        return Err(PeerConflict::Known { peer });
    }
    if who.family != settings.family {
        return Err(PeerConflict::Family {
            peer,
            theirs: who.family,
            ours: settings.family,
        });
    }
    let others = peers.iter().map(|known| (&known.id, &known.prefix));
    let others = others.chain([(&settings.id, &settings.prefix)]);
    let variable = connector.secret_variable(&peer);
    for (other, others) in others {
        if let Some(variable) = &variable
            && connector.secret_variable(other).as_ref() == Some(variable)
        {
            let (variable, other) = (variable.clone(), other.clone());
            return Err(PeerConflict::OneVariable {
                peer,
                other,
                variable,
            });
        }
        if overlaps(&prefix, others) {
            return Err(PeerConflict::Prefix {
                peer,
                prefix,
                other: other.clone(),
                others: others.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "peer_tests.rs"]
mod tests;
