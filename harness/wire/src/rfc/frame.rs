//! BTP 2.0 frames (RFC-0023). The ILP packet is the entry `ilp` of the protocol data; in the
//! model it is the frame's own field, and the codec moves it there and back.

use super::oer;
use crate::expiry::GENERALIZED;
use crate::frame::ERROR_TYPE;
use crate::reader::{Read, Reader, fail, text};
use crate::writer::Write;
use crate::{
    BtpBody, BtpData, BtpError, BtpFrame, BtpType, Dialect, EncodeError, Expected, Expiry, Mode,
    ProtocolData, ProtocolEntry, Text,
};

const DIALECT: Dialect = Dialect::Rfc;

/// The name of the entry that carries the ILP packet.
pub(crate) const ILP_ENTRY: &str = "ilp";

pub(crate) fn decode_frame(bytes: &[u8], mode: Mode) -> Read<BtpFrame<'_>> {
    let mut reader = Reader::new(bytes);
    let code = reader.u8("type")?;
    let kind = match BtpType::from_code(code) {
        Some(kind @ (BtpType::Response | BtpType::Message | BtpType::Transfer)) => Some(kind),
        None if code == ERROR_TYPE => None,
        _ => return fail(0, "type", Expected::BtpType(code)),
    };
    let request_id = reader.u32("requestId")?;
    let length = oer::read_length(&mut reader, "content length", mode)?;
    let mut contents = reader.enter("content", length)?;
    reader.finish("frame", mode)?;
    let body = match kind {
        Some(kind) => BtpBody::Data(read_data(&mut contents, kind, mode)?),
        None => BtpBody::Error(read_error(&mut contents, mode)?),
    };
    contents.finish("content", mode)?;
    Ok(BtpFrame { request_id, body })
}

fn read_data<'a>(reader: &mut Reader<'a>, kind: BtpType, mode: Mode) -> Read<BtpData<'a>> {
    let amount = match kind {
        BtpType::Transfer => reader.u64("amount")?,
        _ => 0,
    };
    let (protocol_data, ilp) = read_protocol_data(reader, mode)?;
    Ok(BtpData {
        kind,
        amount,
        protocol_data,
        ilp,
    })
}

/// The list without its `ilp` entries, and the data of the first of them, or nothing.
fn read_protocol_data<'a>(
    reader: &mut Reader<'a>,
    mode: Mode,
) -> Read<(ProtocolData<'a>, &'a [u8])> {
    let count = oer::read_count(reader, "protocolData count", mode)?;
    let start = reader.position();
    let mut ilp = None;
    let mut others = 0;
    // Each entry takes at least three bytes, so a lying count runs out of input.
    for index in 0..count {
        let at = reader.position();
        let entry = read_entry(reader, mode)?;
        let octets = entry.content_type == ProtocolEntry::OCTET_STREAM;
        if entry.name != ILP_ENTRY {
            others += 1;
        } else if mode.is_strict() && (index > 0 || !octets || entry.data.is_empty()) {
            return fail(at, "protocolData", Expected::IlpEntryInFront);
        } else {
            ilp.get_or_insert(entry.data);
        }
    }
    let list = ProtocolData::from_wire(reader.since(start), others, DIALECT);
    Ok((list, ilp.unwrap_or(&[])))
}

pub(crate) fn read_entry<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<ProtocolEntry<'a>> {
    Ok(ProtocolEntry {
        name: read_ascii(reader, "protocolName", mode)?,
        content_type: u16::from(reader.u8("contentType")?),
        data: oer::read_octets(reader, "protocolData", mode)?,
    })
}

fn read_error<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<BtpError<'a>> {
    let start = reader.position();
    let code = reader.take("code", 3)?;
    if mode.is_strict() && !code.iter().all(u8::is_ascii_graphic) {
        return fail(start, "code", Expected::Code);
    }
    let name = read_ascii(reader, "name", mode)?;
    let triggered_at = oer::read_octets(reader, "triggeredAt", mode)?;
    if mode.is_strict() && Expiry::from_generalized_time(triggered_at).is_none() {
        let start = reader.position() - triggered_at.len();
        let expected = Expected::TimeLayout(GENERALIZED);
        return fail(start, "triggeredAt", expected);
    }
    let data = oer::read_octets(reader, "data", mode)?;
    let start = reader.position();
    let (protocol_data, ilp) = read_protocol_data(reader, mode)?;
    if mode.is_strict() && !ilp.is_empty() {
        return fail(start, "protocolData", Expected::NoIlpEntry);
    }
    Ok(BtpError {
        code: Text::from_bytes(code),
        name,
        triggered_at: Text::from_bytes(triggered_at),
        data,
        protocol_data,
    })
}

/// Text whose characters the published packages take for ASCII, cutting off the eighth bit of
/// others; strict mode wants it to be ASCII.
fn read_ascii<'a>(reader: &mut Reader<'a>, field: &'static str, mode: Mode) -> Read<Text<'a>> {
    let bytes = oer::read_octets(reader, field, mode)?;
    if mode.is_strict()
        && let Some(index) = bytes.iter().position(|byte| !byte.is_ascii())
    {
        let start = reader.position() - bytes.len();
        return fail(start + index, field, Expected::Ascii);
    }
    text(reader, bytes, field, mode)
}

pub(crate) fn encode_frame(frame: &BtpFrame<'_>, out: &mut Vec<u8>) -> Write<()> {
    let size = match &frame.body {
        BtpBody::Data(data) => {
            check_data(data)?;
            let amount = if data.kind == BtpType::Transfer { 8 } else { 0 };
            amount + list_size(&data.protocol_data, data.ilp)
        }
        BtpBody::Error(error) => {
            check_error(error)?;
            3 + oer::octets_size(error.name.len())
                + oer::octets_size(error.triggered_at.len())
                + oer::octets_size(error.data.len())
                + list_size(&error.protocol_data, &[])
        }
    };
    out.reserve(5 + oer::octets_size(size));
    out.push(frame.type_code());
    out.extend_from_slice(&frame.request_id.to_be_bytes());
    oer::write_length(size, out);
    match &frame.body {
        BtpBody::Data(data) => {
            if data.kind == BtpType::Transfer {
                out.extend_from_slice(&data.amount.to_be_bytes());
            }
            write_list(&data.protocol_data, data.ilp, out);
        }
        BtpBody::Error(error) => {
            out.extend_from_slice(error.code.as_bytes());
            oer::write_octets(error.name.as_bytes(), out);
            oer::write_octets(error.triggered_at.as_bytes(), out);
            oer::write_octets(error.data, out);
            write_list(&error.protocol_data, &[], out);
        }
    }
    Ok(())
}

fn check_data(data: &BtpData<'_>) -> Write<()> {
    match data.kind {
        BtpType::Response | BtpType::Message if data.amount != 0 => {
            return Err(EncodeError::NoSuchField {
                field: "amount outside of a TRANSFER",
                dialect: DIALECT,
            });
        }
        BtpType::Response | BtpType::Message | BtpType::Transfer => {}
        kind @ (BtpType::Prepare | BtpType::Fulfill | BtpType::Reject) => {
            return Err(EncodeError::NoSuchType {
                kind: kind.name(),
                dialect: DIALECT,
            });
        }
    }
    check_list(&data.protocol_data)
}

fn check_error(error: &BtpError<'_>) -> Write<()> {
    let code = error.code.as_bytes();
    if code.len() != 3 || !code.iter().all(u8::is_ascii_graphic) {
        return Err(EncodeError::Code { field: "code" });
    }
    check_ascii(&error.name, "name")?;
    if Expiry::from_generalized_time(error.triggered_at.as_bytes()).is_none() {
        return Err(EncodeError::Time {
            field: "triggeredAt",
            dialect: DIALECT,
        });
    }
    check_list(&error.protocol_data)
}

fn check_list(list: &ProtocolData<'_>) -> Write<()> {
    for entry in list {
        if entry.name == ILP_ENTRY {
            return Err(EncodeError::ReservedName { dialect: DIALECT });
        }
        check_ascii(&entry.name, "protocolName")?;
        if entry.content_type > u16::from(u8::MAX) {
            return Err(EncodeError::TooLarge {
                field: "contentType",
                dialect: DIALECT,
                limit: u64::from(u8::MAX),
            });
        }
    }
    Ok(())
}

fn check_ascii(text: &Text<'_>, field: &'static str) -> Write<()> {
    if text.as_bytes().is_ascii() {
        Ok(())
    } else {
        Err(EncodeError::Ascii { field })
    }
}

/// The packet goes first, as the published plugin has it.
fn with_ilp<'a>(
    list: &ProtocolData<'a>,
    ilp: &'a [u8],
) -> impl Iterator<Item = ProtocolEntry<'a>> + use<'a> {
    let ilp =
        (!ilp.is_empty()).then(|| ProtocolEntry::new(ILP_ENTRY, ProtocolEntry::OCTET_STREAM, ilp));
    ilp.into_iter().chain(list.iter())
}

fn list_size(list: &ProtocolData<'_>, ilp: &[u8]) -> usize {
    let mut count = 0;
    let entries: usize = with_ilp(list, ilp)
        .map(|entry| {
            count += 1;
            oer::octets_size(entry.name.len()) + 1 + oer::octets_size(entry.data.len())
        })
        .sum();
    oer::count_size(count) + entries
}

fn write_list(list: &ProtocolData<'_>, ilp: &[u8], out: &mut Vec<u8>) {
    oer::write_count(list.len() + usize::from(!ilp.is_empty()), out);
    for entry in with_ilp(list, ilp) {
        oer::write_octets(entry.name.as_bytes(), out);
        // Checked before: content types of this dialect have 8 bits.
        out.push(entry.content_type as u8);
        oer::write_octets(entry.data, out);
    }
}
