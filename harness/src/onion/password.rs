//! The control port's password and its salted hash.

use data_encoding::HEXUPPER;
use sha1::{Digest, Sha1};

use crate::secret::Secret;

/// RFC 2440 iteration indicator; 96 means 65,536 bytes are hashed, as the daemon's own
/// `--hash-password` does.
const INDICATOR: u8 = 96;

/// A control-port password, with the salt for its `HashedControlPassword` line.
#[derive(Clone)]
pub struct ControlPassword {
    password: Secret,
    salt: [u8; 8],
}

impl ControlPassword {
    /// Takes 24 random bytes: 16 become the password, 8 the salt.
    #[must_use]
    pub fn from_bytes(random: &[u8; 24]) -> Self {
        let (password, salt) = random.split_at(16);
        let mut own = [0; 8];
        own.copy_from_slice(salt);
        Self {
            password: Secret::new(HEXUPPER.encode(password)),
            salt: own,
        }
    }

    /// The password to authenticate with.
    #[must_use]
    pub const fn password(&self) -> &Secret {
        &self.password
    }

    /// The value of `HashedControlPassword` (control-spec, section 5.1; RFC 2440, section 3.6.1.3).
    #[must_use]
    pub fn hashed(&self) -> String {
        let count = (16 + usize::from(INDICATOR & 15)) << (usize::from(INDICATOR >> 4) + 6);
        let block = [&self.salt[..], self.password.expose().as_bytes()].concat();
        let mut hash = Sha1::new();
        let mut left = count;
        while left > 0 {
            let take = left.min(block.len());
            hash.update(&block[..take]);
            left -= take;
        }
        format!(
            "16:{}{INDICATOR:02X}{}",
            HEXUPPER.encode(&self.salt),
            HEXUPPER.encode(&hash.finalize())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_the_daemon_makes() {
        // `anon --hash-password` gave this line for the password "foo".
        let known = "16:4F871164BF599C0E60F21469289F5F53B0CC6C1C7DE61B974600DBDD12";
        let mut salt = [0; 8];
        salt.copy_from_slice(&HEXUPPER.decode(&known.as_bytes()[3..19]).expect("hex"));
        let password = ControlPassword {
            password: Secret::new("foo"),
            salt,
        };
        assert_eq!(password.hashed(), known);
    }
}
