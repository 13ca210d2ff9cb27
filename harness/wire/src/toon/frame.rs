//! BTP frames without an envelope and with lengths of fixed width (contract#btp-frame).

use crate::frame::ERROR_TYPE;
use crate::reader::{Read, Reader, fail, text};
use crate::writer::{self, Write};
use crate::{
    BtpBody, BtpData, BtpError, BtpFrame, BtpType, Dialect, EncodeError, Expected, Expiry, Mode,
    ProtocolData, ProtocolEntry, Text,
};

const DIALECT: Dialect = Dialect::Toon;

pub(crate) fn decode_frame(bytes: &[u8], mode: Mode) -> Read<BtpFrame<'_>> {
    let mut reader = Reader::new(bytes);
    let code = reader.u8("type")?;
    let kind = BtpType::from_code(code);
    if kind.is_none() && code != ERROR_TYPE {
        return fail(0, "type", Expected::BtpType(code));
    }
    let request_id = reader.u32("requestId")?;
    let body = match kind {
        Some(kind) => BtpBody::Data(read_data(&mut reader, kind, mode)?),
        None => BtpBody::Error(read_error(&mut reader, mode)?),
    };
    reader.finish("frame", mode)?;
    Ok(BtpFrame { request_id, body })
}

fn read_data<'a>(reader: &mut Reader<'a>, kind: BtpType, mode: Mode) -> Read<BtpData<'a>> {
    let count = reader.u8("protocolData count")?;
    let start = reader.position();
    for _ in 0..count {
        read_entry(reader, mode)?;
    }
    let entries = reader.since(start);
    let length = reader.u32("ilpPacket length")?;
    Ok(BtpData {
        kind,
        amount: 0,
        protocol_data: ProtocolData::from_wire(entries, usize::from(count), DIALECT),
        ilp: reader.take("ilpPacket", u64::from(length))?,
    })
}

pub(crate) fn read_entry<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<ProtocolEntry<'a>> {
    let name = read_text(reader, "protocolName", mode)?;
    let content_type = reader.u16("contentType")?;
    let length = reader.u32("protocolData length")?;
    Ok(ProtocolEntry {
        name,
        content_type,
        data: reader.take("protocolData", u64::from(length))?,
    })
}

fn read_error<'a>(reader: &mut Reader<'a>, mode: Mode) -> Read<BtpError<'a>> {
    let code = read_text(reader, "code", mode)?;
    let name = read_text(reader, "name", mode)?;
    let triggered_at = read_text(reader, "triggeredAt", mode)?;
    if mode.is_strict() && iso_time(&triggered_at).is_none() {
        let start = reader.position() - triggered_at.len();
        let expected = Expected::TimeLayout("YYYY-MM-DDTHH:mm:ss.fffZ");
        return fail(start, "triggeredAt", expected);
    }
    let length = reader.u32("data length")?;
    Ok(BtpError {
        code,
        name,
        triggered_at,
        data: reader.take("data", u64::from(length))?,
        protocol_data: ProtocolData::EMPTY,
    })
}

fn read_text<'a>(reader: &mut Reader<'a>, field: &'static str, mode: Mode) -> Read<Text<'a>> {
    let length = reader.u8(field)?;
    let bytes = reader.take(field, u64::from(length))?;
    text(reader, bytes, field, mode)
}

fn iso_time(text: &Text<'_>) -> Option<Expiry> {
    text.as_str()?.parse().ok()
}

pub(crate) fn encode_frame(frame: &BtpFrame<'_>, out: &mut Vec<u8>) -> Write<()> {
    out.reserve(14 + frame.ilp().len());
    out.push(frame.type_code());
    out.extend_from_slice(&frame.request_id.to_be_bytes());
    match &frame.body {
        BtpBody::Data(data) => write_data(data, out),
        BtpBody::Error(error) => write_error(error, out),
    }
}

fn write_data(data: &BtpData<'_>, out: &mut Vec<u8>) -> Write<()> {
    if data.amount != 0 {
        return Err(no_such_field("amount"));
    }
    let count = data.protocol_data.len();
    let Ok(count) = u8::try_from(count) else {
        return Err(EncodeError::TooManyEntries {
            dialect: DIALECT,
            count,
            limit: usize::from(u8::MAX),
        });
    };
    out.push(count);
    for entry in data.protocol_data {
        write_text(&entry.name, "protocolName", out)?;
        out.extend_from_slice(&entry.content_type.to_be_bytes());
        write_long(entry.data, "protocolData", out)?;
    }
    write_long(data.ilp, "ilpPacket", out)
}

fn write_error(error: &BtpError<'_>, out: &mut Vec<u8>) -> Write<()> {
    if !error.protocol_data.is_empty() {
        return Err(no_such_field("protocolData of an ERROR"));
    }
    if iso_time(&error.triggered_at).is_none() {
        return Err(EncodeError::Time {
            field: "triggeredAt",
            dialect: DIALECT,
        });
    }
    write_text(&error.code, "code", out)?;
    write_text(&error.name, "name", out)?;
    write_text(&error.triggered_at, "triggeredAt", out)?;
    write_long(error.data, "data", out)
}

fn no_such_field(field: &'static str) -> EncodeError {
    EncodeError::NoSuchField {
        field,
        dialect: DIALECT,
    }
}

fn write_text(text: &Text<'_>, field: &'static str, out: &mut Vec<u8>) -> Write<()> {
    writer::utf8(text, field)?;
    let bytes = text.as_bytes();
    out.push(writer::length(bytes, u64::from(u8::MAX), field, DIALECT)?);
    out.extend_from_slice(bytes);
    Ok(())
}

fn write_long(bytes: &[u8], field: &'static str, out: &mut Vec<u8>) -> Write<()> {
    let length: u32 = writer::length(bytes, u64::from(u32::MAX), field, DIALECT)?;
    out.reserve(4 + bytes.len());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}
