//! Texts that only one home can read (RFC 9180, HPKE in its base mode).

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// What keys are used for, so that nothing that is sealed for another purpose can be read as this.
const PURPOSE: &[u8] = b"ator-harness home 1";
/// Bytes of a key of either kind, and of what precedes a sealed text.
const LENGTH: usize = 32;

/// What others seal for a home with. Known to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; LENGTH]);

/// What a home reads with.
#[derive(Clone)]
pub struct SealKey([u8; LENGTH]);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SealKey {
    /// The key of 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a file of mode 0600.
    #[must_use]
    pub fn expose(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Reads what [`SealKey::expose`] gave.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.trim().as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// Its other half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        // Any 32 bytes are a key of X25519.
        let public = self.key().map(|key| X25519HkdfSha256::sk_to_pk(&key));
        PublicKey(public.map_or([0; LENGTH], |key| key.to_bytes().into()))
    }

    fn key(&self) -> Option<<X25519HkdfSha256 as Kem>::PrivateKey> {
        Deserializable::from_bytes(&self.0).ok()
    }

    /// Reads a sealed text; `None` when it was sealed for somebody else, or with other words beside it.
    #[must_use]
    pub fn open(&self, beside: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, text) = sealed.split_at_checked(LENGTH)?;
        let head = Deserializable::from_bytes(head).ok()?;
        single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.key()?,
            &head,
            PURPOSE,
            text,
            beside,
        )
        .ok()
    }
}

impl PublicKey {
    /// Seals a text, together with words in clear that stand beside it and cannot be changed either. `None` for a
    /// key that nobody can have.
    #[must_use]
    pub fn seal(&self, beside: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let key = Deserializable::from_bytes(&self.0).ok()?;
        let (head, sealed) = single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &key,
            PURPOSE,
            text,
            beside,
        )
        .ok()?;
        let head: [u8; LENGTH] = head.to_bytes().into();
        Some([&head[..], &sealed].concat())
    }

    /// What tells it from others, as long as a label of an engine should be.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.0)[..8])
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| de::Error::custom("a key has 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_it_is_for_reads_it_and_only_beside_the_same_words() {
        let (one, other) = (SealKey::from_bytes([1; 32]), SealKey::from_bytes([2; 32]));
        let sealed = one.public().seal(b"to one", b"the text").expect("seals");
        assert_eq!(
            one.open(b"to one", &sealed).as_deref(),
            Some(&b"the text"[..])
        );
        assert_eq!(one.open(b"to two", &sealed), None);
        assert_eq!(other.open(b"to one", &sealed), None);
        let mut changed = sealed.clone();
        changed[40] ^= 1;
        assert_eq!(one.open(b"to one", &changed), None);
        assert_eq!(one.open(b"to one", &sealed[..31]), None);
        assert!(!sealed.windows(8).any(|part| part == b"the text"));
    }

    #[test]
    fn a_key_is_read_back() {
        let key = SealKey::from_bytes([3; 32]);
        let again = SealKey::parse(&key.expose()).expect("is one");
        assert_eq!(again.public(), key.public());
        assert!(SealKey::parse("x").is_none());
        let text = serde_json::to_string(&key.public()).expect("is text");
        assert_eq!(
            serde_json::from_str::<PublicKey>(&text).expect("reads"),
            key.public()
        );
        assert_eq!(format!("{key:?}"), "[redacted]");
    }
}
