//! ILP packets in their envelope (RFC-0027).

use super::oer;
use crate::calendar::{match_layout, render};
use crate::packet::packet_type;
use crate::reader::{Read, Reader, fail, text};
use crate::writer::{self, Write};
use crate::{
    Address, Amount, Condition, Dialect, EncodeError, Expected, Expiry, Fulfill, Fulfillment, Mode,
    Packet, Prepare, Reject, RejectCode,
};

const DIALECT: Dialect = Dialect::Rfc;
const TIME: &[u8; 17] = b"yyyyMMddHHmmssfff";

pub(crate) fn decode_packet(bytes: &[u8], mode: Mode) -> Read<Packet<'_>> {
    let mut reader = Reader::new(bytes);
    let code = reader.u8("type")?;
    if !matches!(
        code,
        packet_type::PREPARE | packet_type::FULFILL | packet_type::REJECT
    ) {
        return fail(0, "type", Expected::PacketType(code));
    }
    let length = oer::read_length(&mut reader, "envelope length", mode)?;
    let mut contents = reader.enter("envelope", length)?;
    reader.finish("packet", mode)?;
    let packet = match code {
        packet_type::PREPARE => Packet::Prepare(read_prepare(&mut contents, mode)?),
        packet_type::FULFILL => Packet::Fulfill(read_fulfill(&mut contents, mode)?),
        _ => Packet::Reject(read_reject(&mut contents, mode)?),
    };
    contents.finish("envelope", mode)?;
    Ok(packet)
}

fn read_prepare<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<Prepare<'a>> {
    let amount = Amount::from(reader.u64("amount")?);
    let expires_at = read_time(reader, mode)?;
    let condition = Condition(reader.array("executionCondition")?);
    let bytes = oer::read_octets(reader, "destination", mode)?;
    Ok(Prepare {
        amount,
        expires_at,
        condition,
        destination: address(reader, bytes, "destination", mode)?,
        data: oer::read_octets(reader, "data", mode)?,
    })
}

fn read_fulfill<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<Fulfill<'a>> {
    Ok(Fulfill {
        fulfillment: Fulfillment(reader.array("fulfillment")?),
        data: oer::read_octets(reader, "data", mode)?,
    })
}

fn read_reject<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<Reject<'a>> {
    let start = reader.position();
    let code = RejectCode::from_bytes(reader.array("code")?);
    if mode.is_strict() && !code.is_printable() {
        return fail(start, "code", Expected::Code);
    }
    let bytes = oer::read_octets(reader, "triggeredBy", mode)?;
    let triggered_by = if bytes.is_empty() {
        None
    } else {
        Some(address(reader, bytes, "triggeredBy", mode)?)
    };
    let message = oer::read_octets(reader, "message", mode)?;
    Ok(Reject {
        code,
        triggered_by,
        message: text(reader, message, "message", mode)?,
        data: oer::read_octets(reader, "data", mode)?,
    })
}

/// Takes bytes that end at the reader's position for an address.
fn address<'a>(
    reader: &Reader<'_>,
    bytes: &'a [u8],
    field: &'static str,
    mode: Mode,
) -> Read<Address<'a>> {
    let checked = match mode {
        Mode::Strict => Address::from_bytes(bytes, DIALECT),
        Mode::Lenient => Address::from_bytes_any_scheme(bytes),
    };
    match checked {
        Ok(address) => Ok(address),
        Err(reason) => {
            let start = reader.position() - bytes.len();
            fail(start, field, Expected::Address(reason))
        }
    }
}

fn read_time(reader: &mut Reader<'_>, mode: Mode) -> Read<Expiry> {
    const FIELD: &str = "expiresAt";
    let start = reader.position();
    let bytes = reader.array::<17>(FIELD)?;
    let Some(civil) = match_layout(&bytes, TIME) else {
        return fail(start, FIELD, Expected::TimeLayout("YYYYMMDDHHmmssfff"));
    };
    match mode {
        Mode::Lenient => Ok(Expiry::from_civil_rolling(&civil)),
        Mode::Strict => match Expiry::from_civil_exact(&civil) {
            Some(expiry) => Ok(expiry),
            None => fail(start, FIELD, Expected::CalendarTime),
        },
    }
}

pub(crate) fn encode_packet(packet: &Packet<'_>, out: &mut Vec<u8>) -> Write<()> {
    match packet {
        Packet::Prepare(prepare) => write_prepare(prepare, out),
        Packet::Fulfill(fulfill) => {
            let size = 32 + oer::octets_size(fulfill.data.len());
            open_envelope(packet_type::FULFILL, size, out);
            out.extend_from_slice(&fulfill.fulfillment.0);
            oer::write_octets(fulfill.data, out);
            Ok(())
        }
        Packet::Reject(reject) => write_reject(reject, out),
    }
}

fn write_prepare(prepare: &Prepare<'_>, out: &mut Vec<u8>) -> Write<()> {
    let amount = prepare.amount.as_u64().ok_or(EncodeError::TooLarge {
        field: "amount",
        dialect: DIALECT,
        limit: u64::MAX,
    })?;
    writer::time(prepare.expires_at, "expiresAt", DIALECT)?;
    writer::address(&prepare.destination, "destination", DIALECT)?;
    let destination = prepare.destination.as_str().as_bytes();
    let size = 8
        + TIME.len()
        + 32
        + oer::octets_size(destination.len())
        + oer::octets_size(prepare.data.len());
    open_envelope(packet_type::PREPARE, size, out);
    out.extend_from_slice(&amount.to_be_bytes());
    out.extend_from_slice(&render(prepare.expires_at.to_civil(), TIME));
    out.extend_from_slice(&prepare.condition.0);
    oer::write_octets(destination, out);
    oer::write_octets(prepare.data, out);
    Ok(())
}

fn write_reject(reject: &Reject<'_>, out: &mut Vec<u8>) -> Write<()> {
    writer::code(&reject.code, "code")?;
    writer::utf8(&reject.message, "message")?;
    let triggered_by = match &reject.triggered_by {
        Some(address) => {
            writer::address(address, "triggeredBy", DIALECT)?;
            address.as_str().as_bytes()
        }
        None => &[],
    };
    let size = 3
        + oer::octets_size(triggered_by.len())
        + oer::octets_size(reject.message.len())
        + oer::octets_size(reject.data.len());
    open_envelope(packet_type::REJECT, size, out);
    out.extend_from_slice(reject.code.as_bytes());
    oer::write_octets(triggered_by, out);
    oer::write_octets(reject.message.as_bytes(), out);
    oer::write_octets(reject.data, out);
    Ok(())
}

/// Writes the type and the length of what follows, which must then be exactly `size` bytes.
fn open_envelope(code: u8, size: usize, out: &mut Vec<u8>) {
    out.reserve(1 + oer::octets_size(size));
    out.push(code);
    oer::write_length(size, out);
}
