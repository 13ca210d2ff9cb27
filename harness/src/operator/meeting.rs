//! How a home comes to be, and how two of them become peers of each other.
//!
//! Each side shows the other a secret of its own: what it shows is the `authToken` of its peer, and what the other shows
//! is in its own environment (contract#auth-token-is-shown, contract#auth-secret).

use std::net::Ipv4Addr;
use std::path::Path;

use data_encoding::HEXLOWER;

use super::card::Card;
use super::error::{HomeError, PeerConflict};
use super::folder::{Home, SETTINGS};
use super::invitation::{Envelope, Invitation, InvitationError, Invited, invitation_id};
use super::keys::Keys;
use super::peer::{Claims, Met, Peer, may_become_peer};
use super::settings::Settings;
use crate::onion::anonrc::AuthorityLine;
use crate::plan::{AddressSpace, Seed, free_network};
use crate::secret::Secret;

/// What is read from a text of somebody else's.
pub struct Given<'a> {
    /// Where it was read from, for messages.
    pub file: &'a str,
    /// The text.
    pub text: &'a str,
}

/// 32 random bytes to derive keys and secrets from.
///
/// # Errors
///
/// [`HomeError::Random`].
pub fn randomness() -> Result<Seed, HomeError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| HomeError::Random(error.into()))?;
    Ok(Seed::new(bytes))
}

/// Makes a home with keys of its own. `space` is what its bridge's addresses are taken from.
///
/// # Errors
///
/// [`HomeError::NotEmpty`] when something is in the folder, and nothing is written then.
pub fn init(
    folder: &Path,
    settings: Settings,
    authorities: Vec<AuthorityLine>,
    space: &AddressSpace,
) -> Result<Home, HomeError> {
    Home::is_free(folder)?;
    settings.kind()?;
    // What could not be read back is told before anything is written.
    Settings::parse(&folder.join(SETTINGS), &settings.to_text())?;
    let seed = randomness()?;
    let home = Home {
        folder: folder.to_owned(),
        settings: Settings {
            network: free_network(&seed, space)?,
            ..settings
        },
        keys: Keys::of(&seed),
        peers: Vec::new(),
        authorities,
    };
    home.save()?;
    home.save_rendered(None)?;
    Ok(home)
}

impl Home {
    /// What the home is invited by.
    ///
    /// # Errors
    ///
    /// [`HomeError::Connector`].
    pub fn card(&self) -> Result<Card, HomeError> {
        Ok(Card {
            id: self.settings.id.clone(),
            prefix: self.settings.prefix.clone(),
            address: self.address(),
            port: self.port()?,
            key: self.keys.seal.public(),
        })
    }

    /// Changes the home, and writes what is made of it, and then what it is made of by `keep`. Nothing is changed when
    /// a file that would have to change was changed by hand.
    fn change(
        &mut self,
        change: impl FnOnce(&mut Self),
        keep: impl FnOnce(&Self) -> Result<(), HomeError>,
    ) -> Result<(), HomeError> {
        let mut after = self.clone();
        change(&mut after);
        after.save_rendered(Some(self))?;
        keep(&after)?;
        *self = after;
        Ok(())
    }

    /// Moves the home's bridge to another subnet.
    ///
    /// # Errors
    ///
    /// As of a peer that is added.
    pub fn move_to(&mut self, network: Ipv4Addr) -> Result<(), HomeError> {
        self.change(|home| home.settings.network = network, Self::save_settings)
    }

    /// Invites the home of a card, which is to be the one that is named, and makes it a peer. Returns the line for it.
    /// Both times are in seconds of Unix time.
    ///
    /// # Errors
    ///
    /// [`HomeError::Card`] and [`HomeError::Peer`] say what is wrong with the card; nothing is changed then.
    pub fn invite(
        &mut self,
        named: &str,
        given: &Given<'_>,
        now: i64,
        expires: i64,
    ) -> Result<String, HomeError> {
        let to = self.card_of(given)?;
        if to.id != named {
            let (is, named) = (to.id, named.to_owned());
            return Err(PeerConflict::OtherName { is, named }.into());
        }
        self.may_meet(&Claims::from(&to))?;
        let seed = randomness()?;
        let random = seed.derive("invitation");
        let invitation = Invitation {
            id: invitation_id(random.first_chunk().copied().unwrap_or_default()),
            from: self.card()?,
            invited_shows: seed.secret("invited-shows"),
            inviter_shows: seed.secret("inviter-shows"),
        };
        let refused = |source| HomeError::Invitation {
            file: given.file.to_owned(),
            source,
        };
        let line = invitation.to_line(&self.keys.service, &to, now, expires);
        let line = line.map_err(refused)?;
        let (we, they) = (invitation.inviter_shows, invitation.invited_shows);
        self.meet(Peer::of(&to, we, they, (&invitation.id, Met::Invited), now))?;
        Ok(line)
    }

    /// Reads the card of another home.
    pub(super) fn card_of(&self, given: &Given<'_>) -> Result<Card, HomeError> {
        let card = Card::parse(given.text).map_err(|source| HomeError::Card {
            file: given.file.to_owned(),
            source,
        })?;
        match card.key == self.keys.seal.public() {
            true => Err(PeerConflict::OwnKey.into()),
            false => Ok(card),
        }
    }

    /// Refuses who cannot become a peer.
    pub(super) fn may_meet(&self, who: &Claims<'_>) -> Result<(), HomeError> {
        let kind = self.settings.kind()?;
        Ok(may_become_peer(who, &self.settings, &*kind, &self.peers)?)
    }

    pub(super) fn meet(&mut self, peer: Peer) -> Result<(), HomeError> {
        let added = peer.clone();
        self.change(|home| home.add_peer(added), |home| home.save_peer(&peer))
    }

    /// Accepts an invitation, and makes who invites a peer. Returns its id.
    ///
    /// # Errors
    ///
    /// [`HomeError::Invitation`], [`HomeError::Used`] and [`HomeError::Peer`] say what is wrong with it; nothing is
    /// changed then.
    pub fn accept(&mut self, given: &Given<'_>, now: i64) -> Result<String, HomeError> {
        let invitation = self.acceptable(given, now)?;
        let from = &invitation.from;
        let (we, they) = (
            invitation.invited_shows.clone(),
            invitation.inviter_shows.clone(),
        );
        let by = (&*invitation.id, Met::Accepted);
        self.meet(Peer::of(from, we, they, by, now))?;
        self.use_up(&invitation.id)?;
        Ok(invitation.from.id)
    }

    /// An invitation that could be accepted at this time.
    ///
    /// # Errors
    ///
    /// As [`Home::accept`].
    pub(super) fn acceptable(&self, given: &Given<'_>, now: i64) -> Result<Invitation, HomeError> {
        let (envelope, invitation) = self.opened(given)?;
        // What it is comes before whether it is too late.
        if self.has_used(&invitation.id)? {
            let from = invitation.from.id;
            return Err(HomeError::Used { from });
        }
        let refused = |source| HomeError::Invitation {
            file: given.file.to_owned(),
            source,
        };
        envelope.in_time(now).map_err(refused)?;
        self.may_meet(&Claims::from(&invitation.from))?;
        Ok(invitation)
    }

    /// Opens an invitation that is for this home.
    fn opened(&self, given: &Given<'_>) -> Result<(Envelope, Invitation), HomeError> {
        let refused = |source: InvitationError| HomeError::Invitation {
            file: given.file.to_owned(),
            source,
        };
        let envelope = Envelope::parse(given.text).map_err(refused)?;
        let invited = Invited {
            id: &self.settings.id,
            family: self.settings.family,
            key: &self.keys.seal,
        };
        let invitation = envelope.open(&invited).map_err(refused)?;
        Ok((envelope, invitation))
    }

    /// Removes a peer, and what is made of it.
    ///
    /// # Errors
    ///
    /// [`HomeError::NoPeer`] and [`HomeError::Edited`].
    pub fn forget(&mut self, peer: &str) -> Result<(), HomeError> {
        self.peer(peer)?;
        self.change(
            |home| home.peers.retain(|one| one.id != peer),
            |home| home.remove_peer_file(peer),
        )
    }

    /// Makes a new key of the connector's admin API. Peers have nothing to do with it.
    ///
    /// # Errors
    ///
    /// [`HomeError::Edited`] and [`HomeError::Write`].
    pub fn rotate_admin_key(&mut self) -> Result<(), HomeError> {
        let fresh = Keys::of(&randomness()?);
        self.change(|home| home.keys.admin = fresh.admin, Self::save)
    }

    /// Makes new keys of the onion service, and with them another address. Every peer has to meet the home anew, so
    /// all of them are forgotten.
    ///
    /// # Errors
    ///
    /// [`HomeError::Edited`] and [`HomeError::Write`].
    pub fn rotate_address(&mut self) -> Result<(), HomeError> {
        let fresh = Keys::of(&randomness()?);
        let forgotten = self.peers.clone();
        self.change(
            |home| {
                home.keys.service = fresh.service;
                home.peers.clear();
            },
            |home| {
                for peer in &forgotten {
                    home.remove_peer_file(&peer.id)?;
                }
                home.save()
            },
        )
    }

    /// What tells this home from others of its id on an engine.
    #[must_use]
    pub fn owner(&self) -> String {
        self.keys.seal.public().fingerprint()
    }

    /// Every secret of the home, none of which may be seen anywhere.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let service = self.keys.service.secret_file();
        let own = [
            self.keys.admin.clone(),
            self.keys.control.password().clone(),
            Secret::new(self.keys.seal.expose()),
            Secret::new(HEXLOWER.encode(&service[32..])),
        ];
        let peers = self.peers.iter();
        let of_peers = peers.flat_map(|peer| [peer.we_show.clone(), peer.they_show.clone()]);
        own.into_iter().chain(of_peers).collect()
    }
}

#[cfg(test)]
#[path = "meeting_tests.rs"]
mod tests;
