//! The key pair of an onion service, in the files that the daemon reads.

use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha512};

use super::address::{OnionAddress, TldFamily};

/// An onion service's ed25519 key pair, made from 32 random bytes.
///
/// With the key made beforehand the address is known before the daemon starts, and the daemon's
/// own hostname file can be held against it.
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

    /// The address in a family.
    #[must_use]
    pub fn address(&self, family: TldFamily) -> OnionAddress {
        OnionAddress::of_key(&self.public, family)
    }

    /// Content of `hs_ed25519_secret_key`.
    #[must_use]
    pub fn secret_file(&self) -> Vec<u8> {
        tagged(b"== ed25519v1-secret: type0 ==", &self.expanded)
    }

    /// Content of `hs_ed25519_public_key`.
    #[must_use]
    pub fn public_file(&self) -> Vec<u8> {
        tagged(b"== ed25519v1-public: type0 ==", &self.public)
    }
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
}
