//! Onion addresses of every TLD family, with their checksum.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize, Serializer};
use sha3::{Digest, Sha3_256};

/// Version byte of the only onion service protocol in use (rend-spec-v3, "encoding onion addresses").
const VERSION: u8 = 3;
/// Length of the label before the TLD: base32 of 35 bytes.
pub(super) const LABEL: usize = 56;

/// Which TLD a daemon publishes. The family also goes into the checksum, so one key has a
/// different name in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TldFamily {
    /// `.onion`: tor, and anon up to 0.4.9.8.
    Onion,
    /// `.anon`: anon 0.4.9.9 to 0.4.9.13.
    Anon,
    /// `.anyone`: anon from 0.4.10.0-beta on.
    Anyone,
}

impl TldFamily {
    /// Every family.
    pub const ALL: [Self; 3] = [Self::Onion, Self::Anon, Self::Anyone];

    /// The TLD without its dot.
    #[must_use]
    pub const fn tld(self) -> &'static str {
        match self {
            Self::Onion => "onion",
            Self::Anon => "anon",
            Self::Anyone => "anyone",
        }
    }

    fn checksum(self, key: &[u8; 32]) -> [u8; 2] {
        let mut hash = Sha3_256::new();
        hash.update(format!(".{} checksum", self.tld()));
        hash.update(key);
        hash.update([VERSION]);
        let digest = hash.finalize();
        [digest[0], digest[1]]
    }
}

impl fmt::Display for TldFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tld())
    }
}

impl FromStr for TldFamily {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|family| family.tld() == text)
            .ok_or(AddressError::UnknownTld)
    }
}

/// Why a text is not an onion address. The texts name no part of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no dot, or what follows it is no TLD family.
    #[error("does not end in .anon, .anyone or .onion")]
    UnknownTld,
    /// The label has the wrong length.
    #[error("has {0} characters before its TLD, an address has 56")]
    Length(usize),
    /// The label is not lower-case base32.
    #[error("holds a character outside a-z and 2-7")]
    Alphabet,
    /// The version byte is not 3.
    #[error("carries version {0}, only version 3 exists")]
    Version(u8),
    /// The checksum does not fit this family; it may fit another one.
    #[error("has a checksum that does not fit .{family}{}", other_family(*fits))]
    Checksum {
        /// The family that the TLD names.
        family: TldFamily,
        /// The family whose constant would fit, if there is one.
        fits: Option<TldFamily>,
    },
}

fn other_family(family: Option<TldFamily>) -> String {
    family.map_or_else(String::new, |family| {
        format!("; it was made by a daemon of the .{family} family")
    })
}

/// An onion address whose length, alphabet, version and checksum are right for its family.
///
/// `Debug`, `Display` and `Serialize` print `[onion address].<tld>`; the name itself is reached
/// through [`OnionAddress::expose`] only.
#[derive(Clone, PartialEq, Eq)]
pub struct OnionAddress {
    name: String,
    family: TldFamily,
}

impl OnionAddress {
    /// The address of an onion service key in a family.
    #[must_use]
    pub fn of_key(key: &[u8; 32], family: TldFamily) -> Self {
        let mut bytes = [0u8; 35];
        bytes[..32].copy_from_slice(key);
        bytes[32..34].copy_from_slice(&family.checksum(key));
        bytes[34] = VERSION;
        let label = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        Self {
            name: format!("{label}.{}", family.tld()),
            family,
        }
    }

    /// The name itself, for a SOCKS request, a peer URL or a file of mode 0600.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.name
    }

    /// The 56 characters before the TLD, as the control port reports them.
    #[must_use]
    pub fn expose_label(&self) -> &str {
        &self.name[..LABEL]
    }

    /// The public key that it is made of.
    pub(super) fn key(&self) -> [u8; 32] {
        let label = self.expose_label().to_ascii_uppercase();
        // It was decoded when it was parsed.
        let bytes = BASE32_NOPAD.decode(label.as_bytes()).unwrap_or_default();
        bytes.first_chunk().copied().unwrap_or_default()
    }

    /// The family that the TLD and the checksum agree on.
    #[must_use]
    pub const fn family(&self) -> TldFamily {
        self.family
    }
}

impl FromStr for OnionAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (label, tld) = text.rsplit_once('.').ok_or(AddressError::UnknownTld)?;
        let family: TldFamily = tld.parse()?;
        if label.len() != LABEL {
            return Err(AddressError::Length(label.chars().count()));
        }
        if label.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(AddressError::Alphabet);
        }
        let bytes = BASE32_NOPAD
            .decode(label.to_ascii_uppercase().as_bytes())
            .map_err(|_| AddressError::Alphabet)?;
        let (Some(key), Some(sum), Some(version)) =
            (bytes.first_chunk::<32>(), bytes.get(32..34), bytes.get(34))
        else {
            return Err(AddressError::Length(label.len()));
        };
        if *version != VERSION {
            return Err(AddressError::Version(*version));
        }
        if family.checksum(key) != sum {
            let fits = TldFamily::ALL
                .into_iter()
                .find(|other| other.checksum(key) == sum);
            return Err(AddressError::Checksum { family, fits });
        }
        Ok(Self {
            name: text.to_owned(),
            family,
        })
    }
}

/// Whether 56 characters, of whatever case, are an address of any family by their version and checksum.
pub(super) fn is_address(label: &[u8; LABEL]) -> bool {
    // The version is the last character and the lower bits of the one before. This is looked at first because it
    // spares nearly every window of a long text its decoding and its hashes.
    let [.., before, last] = label;
    if !b"Dd".contains(last) || !b"AIQYaiqy".contains(before) {
        return false;
    }
    let Ok(bytes) = BASE32_NOPAD.decode(&label.to_ascii_uppercase()) else {
        return false;
    };
    let (Some(key), Some(sum)) = (bytes.first_chunk::<32>(), bytes.get(32..34)) else {
        return false;
    };
    TldFamily::ALL
        .into_iter()
        .any(|family| family.checksum(key) == sum)
}

impl fmt::Display for OnionAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[onion address].{}", self.family.tld())
    }
}

impl fmt::Debug for OnionAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for OnionAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn every_family_reads_back_its_own() {
        for family in TldFamily::ALL {
            let address = OnionAddress::of_key(&KEY, family);
            assert_eq!(address.expose().parse(), Ok(address.clone()));
            assert_eq!(address.family(), family);
        }
    }

    #[test]
    fn a_published_onion_address_is_well_formed() {
        // The address of the Tor Project's site, to check the `.onion` constant against one that
        // this code did not make.
        let known = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";
        assert!(known.parse::<OnionAddress>().is_ok());
    }

    #[test]
    fn another_family_is_recognised() {
        let anon = OnionAddress::of_key(&KEY, TldFamily::Anon);
        let swapped = format!("{}.onion", anon.expose_label());
        assert_eq!(
            swapped.parse::<OnionAddress>(),
            Err(AddressError::Checksum {
                family: TldFamily::Onion,
                fits: Some(TldFamily::Anon)
            })
        );
    }

    #[test]
    fn every_defect_is_named() {
        let good = OnionAddress::of_key(&KEY, TldFamily::Anon);
        let label = good.expose_label();
        let parse = |text: &str| text.parse::<OnionAddress>().unwrap_err();
        assert_eq!(parse(label), AddressError::UnknownTld);
        assert_eq!(parse(&format!("{label}.com")), AddressError::UnknownTld);
        assert_eq!(
            parse(&format!("{}.anon", &label[1..])),
            AddressError::Length(55)
        );
        assert_eq!(
            parse(&format!("{}1.anon", &label[1..])),
            AddressError::Alphabet
        );
        assert_eq!(
            parse(&format!("{}.anon", label.to_uppercase())),
            AddressError::Alphabet
        );
        let flipped = if label.starts_with('a') { "b" } else { "a" };
        assert!(matches!(
            parse(&format!("{flipped}{}.anon", &label[1..])),
            AddressError::Checksum { fits: None, .. }
        ));
    }

    #[test]
    fn nothing_prints_the_name() {
        let address = OnionAddress::of_key(&KEY, TldFamily::Anon);
        let shown = format!("{address} {address:?}");
        assert!(!shown.contains(address.expose_label()), "{shown}");
        let json = serde_json::to_string(&address).expect("serializes");
        assert_eq!(json, "\"[onion address].anon\"");
    }
}
