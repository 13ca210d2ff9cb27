//! What a home is invited by: who it is, where it is, and what to seal for it with. It holds no secret.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::line::{self, LineError, LineKind};
use super::sealing::PublicKey;
use crate::onion::{OnionAddress, ServiceKeys, TldFamily};

/// What the signature is for.
const PURPOSE: &[u8] = b"ator-harness home key 1\n";

/// Who and where a home is.
#[derive(Clone)]
pub struct Card {
    /// Its connector's id.
    pub id: String,
    /// What is delivered there.
    pub prefix: String,
    /// Where it is.
    pub address: OnionAddress,
    /// The port of its onion service.
    pub port: u16,
    /// What to seal for it with.
    pub key: PublicKey,
}

/// Why a text is no card of a home.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// It is no such line.
    #[error(transparent)]
    Line(#[from] LineError),
    /// It was not made by the home that it names.
    #[error(
        "it is not what a home has made: {0}; have the other side run `ator-harness home key` again"
    )]
    Forged(&'static str),
}

/// What is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    id: String,
    prefix: String,
    family: TldFamily,
    address: String,
    port: u16,
    key: PublicKey,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    content: String,
    signature: String,
}

impl Card {
    /// The line of a home that has these keys.
    #[must_use]
    pub fn to_line(&self, keys: &ServiceKeys) -> String {
        let content = Content {
            id: self.id.clone(),
            prefix: self.prefix.clone(),
            family: self.address.family(),
            address: self.address.expose().to_owned(),
            port: self.port,
            key: self.key,
        };
        let content = serde_json::json!(content).to_string();
        let signature = keys.sign(&[PURPOSE, content.as_bytes()].concat());
        let signed = Signed {
            content,
            signature: BASE64URL_NOPAD.encode(&signature),
        };
        line::encode(
            LineKind::Key,
            serde_json::json!(signed).to_string().as_bytes(),
        )
    }

    /// Reads a line. Who is in it has signed it.
    ///
    /// # Errors
    ///
    /// [`CardError`], which quotes nothing of it.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let bytes = line::decode(LineKind::Key, text)?;
        let read = || {
            let signed: Signed = serde_json::from_slice(&bytes).ok()?;
            let content: Content = serde_json::from_str(&signed.content).ok()?;
            let signature = signature(&signed.signature)?;
            Some((content, signed.content, signature))
        };
        let (content, text, signature) = read().ok_or(CardError::Forged("it cannot be read"))?;
        let address: OnionAddress = content
            .address
            .parse()
            .map_err(|_| CardError::Forged("its address is none"))?;
        if address.family() != content.family
            || !address.has_signed(&[PURPOSE, text.as_bytes()].concat(), &signature)
        {
            return Err(CardError::Forged("its address has not signed it"));
        }
        Ok(Self {
            id: content.id,
            prefix: content.prefix,
            address,
            port: content.port,
            key: content.key,
        })
    }
}

/// A signature as text.
pub(super) fn signature(text: &str) -> Option<[u8; 64]> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::sealing::SealKey;

    fn card(keys: &ServiceKeys) -> Card {
        Card {
            id: "home-b".to_owned(),
            prefix: "test.home-b".to_owned(),
            address: keys.address(TldFamily::Anon),
            port: 3000,
            key: SealKey::from_bytes([5; 32]).public(),
        }
    }

    #[test]
    fn a_card_is_read_back() {
        let keys = ServiceKeys::from_seed(&[1; 32]);
        let line = card(&keys).to_line(&keys);
        let read = Card::parse(&line).expect("is one");
        assert_eq!(
            (&*read.id, &*read.prefix, read.port),
            ("home-b", "test.home-b", 3000)
        );
        assert!(read.address == keys.address(TldFamily::Anon));
        assert_eq!(read.key, SealKey::from_bytes([5; 32]).public());
    }

    #[test]
    fn nobody_else_makes_the_card_of_an_address() {
        let keys = ServiceKeys::from_seed(&[1; 32]);
        let line = card(&keys).to_line(&ServiceKeys::from_seed(&[2; 32]));
        assert!(matches!(Card::parse(&line), Err(CardError::Forged(_))));
    }
}
