//! Amounts, which in the `toon` dialect may be larger than 64 bits.

use std::cmp::Ordering;
use std::fmt;

/// An amount in the smallest unit of the asset, 0 or more.
///
/// RFC-0027 has 64 bits. The TOON connector takes integers of up to 127 bytes and passes them on
/// (contract#ilp-amount), so what does not fit 64 bits is kept as the bytes of the input.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount<'a>(Repr<'a>);

/// A value has one representation only, so derived equality is equality by value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Repr<'a> {
    Small(u64),
    /// Big-endian, 9 to 127 bytes, the first one not zero.
    Big(&'a [u8]),
}

impl<'a> Amount<'a> {
    /// Nothing.
    pub const ZERO: Amount<'static> = Amount(Repr::Small(0));

    /// The most bytes that an integer's one-byte length can announce.
    pub const MAX_BYTES: usize = 127;

    /// Reads big-endian bytes; leading zeros do not count. `None` if more than
    /// [`MAX_BYTES`](Self::MAX_BYTES) remain.
    pub fn from_be_bytes(bytes: &'a [u8]) -> Option<Self> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let significant = &bytes[zeros..];
        match significant.len() {
            0..=8 => {
                let value = significant
                    .iter()
                    .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
                Some(Self(Repr::Small(value)))
            }
            9..=Self::MAX_BYTES => Some(Self(Repr::Big(significant))),
            _ => None,
        }
    }

    /// The amount, if it fits 64 bits.
    pub const fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Repr::Small(value) => Some(value),
            Repr::Big(_) => None,
        }
    }

    /// Whether the amount is 0.
    pub const fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0))
    }

    /// Calls `with` with the shortest big-endian form; 0 has no bytes.
    pub(crate) fn with_be_bytes<T>(&self, with: impl FnOnce(&[u8]) -> T) -> T {
        match self.0 {
            Repr::Small(value) => {
                let zeros = value.leading_zeros() as usize / 8;
                with(&value.to_be_bytes()[zeros..])
            }
            Repr::Big(bytes) => with(bytes),
        }
    }
}

impl From<u64> for Amount<'_> {
    fn from(value: u64) -> Self {
        Self(Repr::Small(value))
    }
}

impl PartialEq<u64> for Amount<'_> {
    fn eq(&self, other: &u64) -> bool {
        self.as_u64() == Some(*other)
    }
}

impl PartialOrd for Amount<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(&b),
            (Repr::Small(_), Repr::Big(_)) => Ordering::Less,
            (Repr::Big(_), Repr::Small(_)) => Ordering::Greater,
            (Repr::Big(a), Repr::Big(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        }
    }
}

impl fmt::Display for Amount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Small(value) => fmt::Display::fmt(&value, f),
            Repr::Big(bytes) => {
                // 127 bytes are at most 306 decimal digits.
                let mut digits = [0_u8; 306];
                let mut rest = [0_u8; Self::MAX_BYTES];
                let rest = &mut rest[..bytes.len()];
                rest.copy_from_slice(bytes);
                let mut first = digits.len();
                let mut zeros = 0;
                while zeros < rest.len() {
                    let mut remainder = 0_u16;
                    for byte in &mut rest[zeros..] {
                        let value = (remainder << 8) | u16::from(*byte);
                        // Both fit: the remainder is below 10, so the quotient is below 256.
                        *byte = (value / 10) as u8;
                        remainder = value % 10;
                    }
                    first -= 1;
                    digits[first] = b'0' + remainder as u8;
                    zeros += rest[zeros..].iter().take_while(|byte| **byte == 0).count();
                }
                f.pad_integral(
                    true,
                    "",
                    std::str::from_utf8(&digits[first..]).unwrap_or(""),
                )
            }
        }
    }
}

impl fmt::Debug for Amount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_amounts_are_written_in_decimal() {
        let two_to_72 = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let amount = Amount::from_be_bytes(&two_to_72[..]).unwrap();
        assert_eq!(amount.to_string(), "4722366482869645213696");
        assert_eq!(amount.as_u64(), None);

        let largest = [0xff; 127];
        let text = Amount::from_be_bytes(&largest).unwrap().to_string();
        assert_eq!(text.len(), 306);
        assert!(text.starts_with("702223880805"), "{text}");
        assert!(text.ends_with("662594625535"), "{text}");
        assert!(Amount::from_be_bytes(&[1; 128]).is_none());
    }

    #[test]
    fn equality_and_order_are_by_value() {
        let padded = [0, 0, 0, 0, 0, 0, 0, 0, 0, 5];
        assert_eq!(Amount::from_be_bytes(&padded).unwrap(), Amount::from(5));
        assert_eq!(Amount::from_be_bytes(&[]).unwrap(), Amount::ZERO);
        let nine = [1, 0, 0, 0, 0, 0, 0, 0, 0];
        let nine = Amount::from_be_bytes(&nine).unwrap();
        assert!(nine > Amount::from(u64::MAX));
        assert_eq!(nine.to_string(), "18446744073709551616");
    }
}
