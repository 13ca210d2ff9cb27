//! The key pair of an onion service, in the files that the daemon reads.

use std::fmt;

use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use sha2::{Digest, Sha512};

use super::address::{OnionAddress, TldFamily};

/// Name of the daemon's file of a secret key.
pub const SECRET_FILE: &str = "hs_ed25519_secret_key";
/// Name of the daemon's file of a public key.
pub const PUBLIC_FILE: &str = "hs_ed25519_public_key";
const SECRET_TAG: &[u8] = b"== ed25519v1-secret: type0 ==";
const PUBLIC_TAG: &[u8] = b"== ed25519v1-public: type0 ==";

/// An onion service's ed25519 key pair, made from 32 random bytes or read from the daemon's files.
/// Prints redacted.
///
/// With the key made beforehand the address is known before the daemon starts, and the daemon's
/// own hostname file can be held against it.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceKeys {
    expanded: [u8; 64],
    public: [u8; 32],
}

impl ServiceKeys {
    /// Derives the pair from a seed (RFC 8032, section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let mut expanded: [u8; 64] = Sha512::digest(seed).into();
        expanded[0] &= 248;
        expanded[31] &= 63;
        expanded[31] |= 64;
        let public = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        Self { expanded, public }
    }

    /// Reads the pair from the daemon's files. `None` when they are not what the daemon writes, or
    /// when the public key is not that of the secret one.
    #[must_use]
    pub fn from_files(secret: &[u8], public: &[u8]) -> Option<Self> {
        let expanded: [u8; 64] = untagged(SECRET_TAG, secret)?.try_into().ok()?;
        let public: [u8; 32] = untagged(PUBLIC_TAG, public)?.try_into().ok()?;
        let secret = ExpandedSecretKey::from_bytes(&expanded);
        let derived = VerifyingKey::from(&secret).to_bytes();
        (derived == public).then_some(Self { expanded, public })
    }

    /// The address in a family.
    #[must_use]
    pub fn address(&self, family: TldFamily) -> OnionAddress {
        OnionAddress::of_key(&self.public, family)
    }

    /// Signs a message, which has to begin with what it is for: the daemon signs with keys that it blinds, so that no
    /// message of its own can be taken for one of these.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let secret = ExpandedSecretKey::from_bytes(&self.expanded);
        raw_sign::<Sha512>(&secret, message, &VerifyingKey::from(&secret)).to_bytes()
    }

    /// Content of `hs_ed25519_secret_key`.
    #[must_use]
    pub fn secret_file(&self) -> Vec<u8> {
        tagged(SECRET_TAG, &self.expanded)
    }

    /// Content of `hs_ed25519_public_key`.
    #[must_use]
    pub fn public_file(&self) -> Vec<u8> {
        tagged(PUBLIC_TAG, &self.public)
    }
}

impl OnionAddress {
    /// Whether the keys of this address have signed a message ([`ServiceKeys::sign`]).
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let key = VerifyingKey::from_bytes(&self.key());
        key.is_ok_and(|key| {
            key.verify_strict(message, &Signature::from_bytes(signature))
                .is_ok()
        })
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[service keys]")
    }
}

/// What follows a tag.
fn untagged<'f>(tag: &[u8], file: &'f [u8]) -> Option<&'f [u8]> {
    let (head, key) = file.split_at_checked(32)?;
    let rest = head.strip_prefix(tag)?;
    rest.iter().all(|byte| *byte == 0).then_some(key)
}

/// The daemon's tagged key files: a tag padded to 32 bytes, then the key.
fn tagged(tag: &[u8], key: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(32 + key.len());
    file.extend_from_slice(tag);
    file.resize(32, 0);
    file.extend_from_slice(key);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_daemons_shape() {
        let keys = ServiceKeys::from_seed(&[1; 32]);
        let secret = keys.secret_file();
        assert_eq!(secret.len(), 96);
        assert!(secret.starts_with(b"== ed25519v1-secret: type0 ==\0\0\0"));
        assert_eq!(secret[32] & 7, 0);
        assert_eq!(secret[63] & 0b1100_0000, 0b0100_0000);
        assert_eq!(keys.public_file().len(), 64);
    }

    #[test]
    fn files_are_read_back_and_damaged_ones_are_not() {
        let keys = ServiceKeys::from_seed(&[2; 32]);
        let (secret, public) = (keys.secret_file(), keys.public_file());
        assert_eq!(ServiceKeys::from_files(&secret, &public), Some(keys));
        let other = ServiceKeys::from_seed(&[3; 32]);
        assert_eq!(ServiceKeys::from_files(&secret, &other.public_file()), None);
        assert_eq!(ServiceKeys::from_files(&secret[..95], &public), None);
        assert_eq!(ServiceKeys::from_files(&public, &secret), None);
        let mut padded = public.clone();
        padded[31] = 1;
        assert_eq!(ServiceKeys::from_files(&secret, &padded), None);
    }
}
