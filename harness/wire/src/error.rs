//! What can be wrong with bytes that came in, and with values that are to go out.

use crate::{AddressError, Dialect};

/// Bytes that are no frame or no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}, {field}: expected {expected}")]
pub struct DecodeError {
    /// Where in the decoded slice the offending value begins, from 0.
    pub offset: usize,
    /// The field as the wire's documents call it, for instance `requestId`.
    pub field: &'static str,
    /// What should have been there.
    pub expected: Expected,
}

/// What a decoder expected, in the words of its error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Expected {
    /// The input ends too early. A length that does not fit 64 bits counts as `u64::MAX`.
    #[error("{needed} bytes, {available} left")]
    Bytes {
        /// Bytes that the field needs.
        needed: u64,
        /// Bytes that the input still has.
        available: u64,
    },
    /// Strict mode: something follows where the frame or packet is complete.
    #[error("the end of the input, {trailing} bytes follow")]
    End {
        /// Bytes that follow.
        trailing: usize,
    },
    /// The first byte of a frame names no BTP type.
    #[error("a BTP type, got {0}")]
    BtpType(u8),
    /// The first byte of a packet names no ILP type.
    #[error("an ILP packet type (12, 13 or 14), got {0}")]
    PacketType(u8),
    /// Strict mode: a length or integer has a shorter form.
    #[error("the shortest form of the integer")]
    Minimal,
    /// An integer announces no bytes at all, or more than are ever read.
    #[error("an integer of 1 to {0} bytes")]
    IntegerWidth(u8),
    /// Text that is not UTF-8.
    #[error("UTF-8 text")]
    Utf8,
    /// Strict mode: text of the `rfc` dialect that is not ASCII.
    #[error("ASCII text")]
    Ascii,
    /// A time that is not in the given layout.
    #[error("a time like {0}")]
    TimeLayout(&'static str),
    /// Strict mode: the layout is right, but no calendar has that time, or it cannot be encoded
    /// so that every peer reads the same instant.
    #[error("a time that exists")]
    CalendarTime,
    /// No valid ILP address.
    #[error("an ILP address: {0}")]
    Address(AddressError),
    /// A code that does not consist of three characters.
    #[error("a code of three characters")]
    Code,
    /// Strict mode: the entry `ilp` is not the first, not of content type 0, or empty.
    #[error("an `ilp` entry only in front, with content type 0 and a packet in it")]
    IlpEntryInFront,
    /// Strict mode: an ERROR carries an entry `ilp`, for which it has no use.
    #[error("no `ilp` entry in an ERROR")]
    NoIlpEntry,
}

/// A value that this dialect has no bytes for. The output is left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A field is longer than its length prefix can say.
    #[error("{field} has {length} bytes, the {dialect} dialect allows {limit}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// The dialect.
        dialect: Dialect,
        /// Its length in bytes.
        length: u64,
        /// The most that can be encoded.
        limit: u64,
    },
    /// More protocol data entries than the count can say.
    #[error("{count} protocolData entries, the {dialect} dialect allows {limit}")]
    TooManyEntries {
        /// The dialect.
        dialect: Dialect,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// An integer is too large for its field.
    #[error("{field} is larger than {limit}, the most that the {dialect} dialect allows")]
    TooLarge {
        /// The field.
        field: &'static str,
        /// The dialect.
        dialect: Dialect,
        /// The largest value.
        limit: u64,
    },
    /// The dialect has no room for this field, so encoding would lose it.
    #[error("{field} does not exist in the {dialect} dialect")]
    NoSuchField {
        /// The field.
        field: &'static str,
        /// The dialect.
        dialect: Dialect,
    },
    /// The address is not valid in this dialect.
    #[error("{field} is not an address in the {dialect} dialect: {reason}")]
    Address {
        /// The field.
        field: &'static str,
        /// The dialect.
        dialect: Dialect,
        /// What is wrong with it.
        reason: AddressError,
    },
    /// The text came from a lenient decoder and is not UTF-8.
    #[error("{field} is not UTF-8")]
    Utf8 {
        /// The field.
        field: &'static str,
    },
    /// Text that the `rfc` dialect wants in ASCII has other characters.
    #[error("{field} is not ASCII")]
    Ascii {
        /// The field.
        field: &'static str,
    },
    /// The dialect has no frames of this type.
    #[error("the {dialect} dialect has no type {kind}")]
    NoSuchType {
        /// The type.
        kind: &'static str,
        /// The dialect.
        dialect: Dialect,
    },
    /// The code is not made of three printable ASCII characters.
    #[error("{field} is not made of three printable ASCII characters")]
    Code {
        /// The field.
        field: &'static str,
    },
    /// The time is outside the years that the dialect can express, or not in its layout.
    #[error("{field} cannot be expressed as a time in the {dialect} dialect")]
    Time {
        /// The field.
        field: &'static str,
        /// The dialect.
        dialect: Dialect,
    },
    /// An entry has the name that the dialect keeps for the ILP packet.
    #[error("the protocolData name `ilp` is kept for the ILP packet in the {dialect} dialect")]
    ReservedName {
        /// The dialect.
        dialect: Dialect,
    },
}
