//! A peer that is no home of this harness: a connector whose operator configures it by hand, and is shown in clear what
//! it has to be told.
//!
//! That is a secret in each direction and where this home is. Nothing of it is sealed or signed, and it has no end: it
//! is good until the peer is forgotten.

use super::error::HomeError;
use super::folder::Home;
use super::invitation::invitation_id;
use super::meeting::{Given, randomness};
use super::peer::{Claims, Met, Peer};
use crate::onion::OnionAddress;
use crate::secret::Secret;

/// What WebSocket URLs begin with.
const SCHEME: &str = "ws://";

/// A connector that is no home of this harness.
pub struct Elsewhere<'a> {
    /// Its id, which is its `nodeId`.
    pub id: &'a str,
    /// What is delivered there.
    pub prefix: &'a str,
    /// The text that says where it is reached: an onion address as its daemon's `hostname` file has it, with or without
    /// the port, or the URL.
    pub address: &'a Given<'a>,
}

impl Home {
    /// Makes a connector that is no home a peer. Returns what its operator has to tell it, with both secrets in clear.
    /// `now` is in seconds of Unix time.
    ///
    /// # Errors
    ///
    /// [`HomeError::Address`] and [`HomeError::Peer`]; nothing is changed then.
    pub fn show(&mut self, who: &Elsewhere<'_>, now: i64) -> Result<Secret, HomeError> {
        let (address, port) = self.place_of(who.address)?;
        if address == self.address() {
            let file = who.address.file.to_owned();
            return Err(HomeError::OwnAddress { file });
        }
        self.may_meet(&Claims {
            id: who.id,
            prefix: who.prefix,
            family: address.family(),
        })?;
        let seed = randomness()?;
        let random = seed.derive("invitation");
        let peer = Peer {
            id: who.id.to_owned(),
            prefix: who.prefix.to_owned(),
            address,
            port,
            we_show: seed.secret("inviter-shows"),
            they_show: seed.secret("invited-shows"),
            invitation: invitation_id(random.first_chunk().copied().unwrap_or_default()),
            met: Met::Shown,
            since: now,
        };
        let text = self.told_to(&peer)?;
        self.meet(peer)?;
        Ok(text)
    }

    /// Where a text says that an onion service is.
    fn place_of(&self, given: &Given<'_>) -> Result<(OnionAddress, u16), HomeError> {
        let text = given.text.trim();
        let text = text.strip_prefix(SCHEME).unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        let (name, port) = match text.split_once(':') {
            None => (text, self.port()?),
            Some((name, port)) => match port.parse() {
                Ok(port) if port > 0 => (name, port),
                _ => {
                    let file = given.file.to_owned();
                    return Err(HomeError::AddressPort { file });
                }
            },
        };
        let address = name.parse().map_err(|source| HomeError::Address {
            file: given.file.to_owned(),
            source,
        })?;
        Ok((address, port))
    }

    /// What a peer's connector has to be told so that it is a peer of this home.
    fn told_to(&self, peer: &Peer) -> Result<Secret, HomeError> {
        let settings = &self.settings;
        let (id, prefix) = (&settings.id, &settings.prefix);
        let variable = settings.kind()?.secret_variable(id).unwrap_or_default();
        // An id, a prefix and an address are letters, digits and what YAML takes without quotes.
        Ok(Secret::new(format!(
            "# For the operator of {peer_id} alone: what makes that connector a peer of {id}. Two secrets are in clear.\n\
             # Its nodeId is {peer_id}, what is delivered to it begins with {peer_prefix}, and it dials by the SOCKS port of\n\
             # an onion daemon (transport: type: socks5).\n\
             \n\
             # Into its environment: what {id} shows when it dials {peer_id}.\n\
             {variable}={we_show}\n\
             \n\
             # Into its configuration: where {id} is, what {peer_id} shows there, and what goes there.\n\
             peers:\n  \
               - id: {id}\n    \
                 url: {SCHEME}{address}:{port}\n    \
                 authToken: {they_show}\n    \
                 transport: socks5\n\
             routes:\n  \
               - prefix: {prefix}\n    \
                 nextHop: {id}\n    \
                 priority: 0\n",
            peer_id = peer.id,
            peer_prefix = peer.prefix,
            we_show = peer.we_show.expose(),
            they_show = peer.they_show.expose(),
            address = self.address().expose(),
            port = self.port()?,
        )))
    }
}

#[cfg(test)]
#[path = "shown_tests.rs"]
mod tests;
