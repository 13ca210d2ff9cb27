//! The one door to both dialects.

use crate::{BtpFrame, DecodeError, Dialect, EncodeError, Mode, Packet, rfc, toon};

/// Turns bytes into frames and packets and back, in one dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Codec {
    dialect: Dialect,
    mode: Mode,
}

impl Codec {
    /// A codec for `dialect`; `mode` matters for decoding only.
    pub const fn new(dialect: Dialect, mode: Mode) -> Self {
        Self { dialect, mode }
    }

    /// The dialect.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How forgiving decoding is.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Reads one BTP frame, the content of one WebSocket message. Allocates nothing. The ILP
    /// packet inside is not looked into.
    ///
    /// # Errors
    /// The first thing that is not as the dialect and mode want it.
    pub fn decode_frame<'a>(&self, bytes: &'a [u8]) -> Result<BtpFrame<'a>, DecodeError> {
        match self.dialect {
            Dialect::Toon => toon::decode_frame(bytes, self.mode),
            Dialect::Rfc => rfc::decode_frame(bytes, self.mode),
        }
    }

    /// Appends the frame's canonical bytes to `out`.
    ///
    /// # Errors
    /// What the dialect has no bytes for; `out` is then as it was.
    pub fn encode_frame(&self, frame: &BtpFrame<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        all_or_nothing(out, |out| match self.dialect {
            Dialect::Toon => toon::encode_frame(frame, out),
            Dialect::Rfc => rfc::encode_frame(frame, out),
        })
    }

    /// Reads one ILP packet. Allocates nothing.
    ///
    /// # Errors
    /// The first thing that is not as the dialect and mode want it.
    pub fn decode_packet<'a>(&self, bytes: &'a [u8]) -> Result<Packet<'a>, DecodeError> {
        match self.dialect {
            Dialect::Toon => toon::decode_packet(bytes, self.mode),
            Dialect::Rfc => rfc::decode_packet(bytes, self.mode),
        }
    }

    /// Appends the packet's canonical bytes to `out`.
    ///
    /// # Errors
    /// What the dialect has no bytes for; `out` is then as it was.
    pub fn encode_packet(&self, packet: &Packet<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        all_or_nothing(out, |out| match self.dialect {
            Dialect::Toon => toon::encode_packet(packet, out),
            Dialect::Rfc => rfc::encode_packet(packet, out),
        })
    }
}

fn all_or_nothing(
    out: &mut Vec<u8>,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let before = out.len();
    let result = encode(out);
    if result.is_err() {
        out.truncate(before);
    }
    result
}
