//! Integers of variable length: one byte up to 127, otherwise `0x80 | n` and `n` bytes.

use crate::reader::{Read, Reader, fail};
use crate::{Amount, Expected, Mode};

/// Reads an integer. Strict mode refuses every form but the shortest.
pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
    mode: Mode,
) -> Read<Amount<'a>> {
    let start = reader.position();
    let first = reader.u8(field)?;
    if first < 0x80 {
        return Ok(Amount::from(u64::from(first)));
    }
    let bytes = reader.take(field, u64::from(first & 0x7f))?;
    if mode.is_strict() {
        let shortest = match bytes {
            [] => false,
            [only] => *only >= 0x80,
            [highest, ..] => *highest != 0,
        };
        if !shortest {
            return fail(start, field, Expected::Minimal);
        }
    }
    match Amount::from_be_bytes(bytes) {
        Some(amount) => Ok(amount),
        // One byte announces 127 at most, which is what an amount can hold.
        None => fail(start, field, Expected::IntegerWidth(127)),
    }
}

/// Reads bytes with their length before them.
pub(super) fn read_octets<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
    mode: Mode,
) -> Read<&'a [u8]> {
    let length = read(reader, field, mode)?;
    reader.take(field, length.as_u64().unwrap_or(u64::MAX))
}

/// Writes the shortest form.
pub(super) fn write(amount: &Amount<'_>, out: &mut Vec<u8>) {
    match amount.as_u64() {
        Some(value) if value < 0x80 => out.push(value as u8),
        _ => amount.with_be_bytes(|bytes| {
            // An amount has at most 127 bytes.
            out.push(0x80 | bytes.len() as u8);
            out.extend_from_slice(bytes);
        }),
    }
}

/// Writes bytes with their length before them.
pub(super) fn write_octets(bytes: &[u8], out: &mut Vec<u8>) {
    write(&Amount::from(bytes.len() as u64), out);
    out.extend_from_slice(bytes);
}
