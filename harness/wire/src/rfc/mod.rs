//! The `rfc` dialect (RFC-0023, RFC-0027, RFC-0030).

use crate::reader::{Read, Reader, fail};
use crate::writer::Write;
use crate::{BtpFrame, Dialect, EncodeError, Expected, Mode, Packet, ProtocolEntry};

/// The name of the entry that carries the ILP packet.
pub(crate) const ILP_ENTRY: &str = "ilp";

const NOT_YET: EncodeError = EncodeError::NoSuchField {
    field: "content",
    dialect: Dialect::Rfc,
};

pub(crate) fn decode_frame(_: &[u8], _: Mode) -> Read<BtpFrame<'_>> {
    fail(0, "type", Expected::BtpType(0))
}

pub(crate) fn encode_frame(_: &BtpFrame<'_>, _: &mut Vec<u8>) -> Write<()> {
    Err(NOT_YET)
}

pub(crate) fn read_entry<'a>(_: &mut Reader<'a>, _: Mode) -> Read<ProtocolEntry<'a>> {
    fail(0, "type", Expected::BtpType(0))
}

pub(crate) fn decode_packet(_: &[u8], _: Mode) -> Read<Packet<'_>> {
    fail(0, "type", Expected::PacketType(0))
}

pub(crate) fn encode_packet(_: &Packet<'_>, _: &mut Vec<u8>) -> Write<()> {
    Err(NOT_YET)
}
