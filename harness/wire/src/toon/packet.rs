//! ILP packets without an envelope (contract#ilp-packet).

use super::varuint;
use crate::calendar::match_layout;
use crate::expiry::TOON;
use crate::packet::packet_type;
use crate::reader::{Read, Reader, fail, text};
use crate::writer::{self, Write};
use crate::{
    Address, AddressError, Condition, Dialect, Expected, Expiry, Fulfill, Fulfillment, Mode,
    Packet, Prepare, Reject, RejectCode,
};

const DIALECT: Dialect = Dialect::Toon;
const TIME_LAYOUT: &str = "YYYYMMDDHHmmss.fffZ";

pub(crate) fn decode_packet(bytes: &[u8], mode: Mode) -> Read<Packet<'_>> {
    let mut reader = Reader::new(bytes);
    let packet = match reader.u8("type")? {
        packet_type::PREPARE => Packet::Prepare(read_prepare(&mut reader, mode)?),
        packet_type::FULFILL => Packet::Fulfill(read_fulfill(&mut reader, mode)?),
        packet_type::REJECT => Packet::Reject(read_reject(&mut reader, mode)?),
        other => return fail(0, "type", Expected::PacketType(other)),
    };
    reader.finish("packet", mode)?;
    Ok(packet)
}

fn read_prepare<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<Prepare<'a>> {
    Ok(Prepare {
        amount: varuint::read(reader, "amount", mode)?,
        expires_at: read_time(reader, mode)?,
        condition: Condition(reader.array("executionCondition")?),
        destination: match read_address(reader, "destination", mode)? {
            Ok(address) => address,
            Err(offset) => {
                return fail(
                    offset,
                    "destination",
                    Expected::Address(AddressError::Empty),
                );
            }
        },
        data: varuint::read_octets(reader, "data", mode)?,
    })
}

fn read_fulfill<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<Fulfill<'a>> {
    Ok(Fulfill {
        fulfillment: Fulfillment(reader.array("fulfillment")?),
        data: varuint::read_octets(reader, "data", mode)?,
    })
}

fn read_reject<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<Reject<'a>> {
    let start = reader.position();
    let code = RejectCode::from_bytes(reader.array("code")?);
    let acceptable = match mode {
        Mode::Strict => code.is_printable(),
        Mode::Lenient => code.is_three_utf16_units(),
    };
    if !acceptable {
        return fail(start, "code", Expected::Code);
    }
    let triggered_by = read_address(reader, "triggeredBy", mode)?.ok();
    let message = varuint::read_octets(reader, "message", mode)?;
    Ok(Reject {
        code,
        triggered_by,
        message: text(reader, message, "message", mode)?,
        data: varuint::read_octets(reader, "data", mode)?,
    })
}

/// An address, or the offset at which there is none because the field is empty.
fn read_address<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
    mode: Mode,
) -> Read<Result<Address<'a>, usize>> {
    let bytes = varuint::read_octets(reader, field, mode)?;
    let start = reader.position() - bytes.len();
    if bytes.is_empty() {
        return Ok(Err(start));
    }
    match Address::from_bytes(bytes, DIALECT) {
        Ok(address) => Ok(Ok(address)),
        Err(reason) => fail(start, field, Expected::Address(reason)),
    }
}

fn read_time(reader: &mut Reader<'_>, mode: Mode) -> Read<Expiry> {
    const FIELD: &str = "expiresAt";
    let start = reader.position();
    let bytes = reader.array::<19>(FIELD)?;
    let Some(civil) = match_layout(&bytes, TOON) else {
        return fail(start, FIELD, Expected::TimeLayout(TIME_LAYOUT));
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
    out.reserve(largest_size(packet));
    out.push(packet.type_code());
    match packet {
        Packet::Prepare(prepare) => {
            writer::time(prepare.expires_at, "expiresAt", DIALECT)?;
            writer::address(&prepare.destination, "destination", DIALECT)?;
            varuint::write(&prepare.amount, out);
            out.extend_from_slice(&prepare.expires_at.to_toon_bytes());
            out.extend_from_slice(&prepare.condition.0);
            varuint::write_octets(prepare.destination.as_str().as_bytes(), out);
            varuint::write_octets(prepare.data, out);
        }
        Packet::Fulfill(fulfill) => {
            out.extend_from_slice(&fulfill.fulfillment.0);
            varuint::write_octets(fulfill.data, out);
        }
        Packet::Reject(reject) => {
            writer::code(&reject.code, "code")?;
            writer::utf8(&reject.message, "message")?;
            let triggered_by = match &reject.triggered_by {
                Some(address) => {
                    writer::address(address, "triggeredBy", DIALECT)?;
                    address.as_str()
                }
                None => "",
            };
            out.extend_from_slice(reject.code.as_bytes());
            varuint::write_octets(triggered_by.as_bytes(), out);
            varuint::write_octets(reject.message.as_bytes(), out);
            varuint::write_octets(reject.data, out);
        }
    }
    Ok(())
}

/// No fewer bytes than the packet takes, so that the output grows at most once.
fn largest_size(packet: &Packet<'_>) -> usize {
    const PREFIX: usize = 9;
    match packet {
        Packet::Prepare(prepare) => {
            1 + 128 + 19 + 32 + 2 * PREFIX + prepare.destination.as_str().len() + prepare.data.len()
        }
        Packet::Fulfill(fulfill) => 1 + 32 + PREFIX + fulfill.data.len(),
        Packet::Reject(reject) => {
            let triggered_by = reject
                .triggered_by
                .map_or(0, |address| address.as_str().len());
            1 + 3 + 3 * PREFIX + triggered_by + reject.message.len() + reject.data.len()
        }
    }
}
