//! Lengths, counts and strings of RFC-0030.

use crate::reader::{Read, Reader, fail};
use crate::{Expected, Mode};

/// The widest integer that is read, in bytes.
const MAX_WIDTH: u8 = 8;

/// Reads a length determinant: one byte up to 127, otherwise `0x80 | n` and `n` bytes. Strict
/// mode refuses every form but the shortest.
pub(super) fn read_length(reader: &mut Reader<'_>, field: &'static str, mode: Mode) -> Read<u64> {
    let start = reader.position();
    let first = reader.u8(field)?;
    if first < 0x80 {
        return Ok(u64::from(first));
    }
    let value = read_uint(reader, start, field, first & 0x7f, mode)?;
    if mode.is_strict() && value < 0x80 {
        return fail(start, field, Expected::Minimal);
    }
    Ok(value)
}

/// Reads bytes with their length before them.
pub(super) fn read_octets<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
    mode: Mode,
) -> Read<&'a [u8]> {
    let length = read_length(reader, field, mode)?;
    reader.take(field, length)
}

/// Reads an unbounded unsigned integer: its width in one byte, then its bytes.
pub(super) fn read_count(reader: &mut Reader<'_>, field: &'static str, mode: Mode) -> Read<u64> {
    let start = reader.position();
    let width = reader.u8(field)?;
    read_uint(reader, start, field, width, mode)
}

fn read_uint(
    reader: &mut Reader<'_>,
    start: usize,
    field: &'static str,
    width: u8,
    mode: Mode,
) -> Read<u64> {
    if !(1..=MAX_WIDTH).contains(&width) {
        return fail(start, field, Expected::IntegerWidth(MAX_WIDTH));
    }
    let bytes = reader.take(field, u64::from(width))?;
    if mode.is_strict() && width > 1 && bytes[0] == 0 {
        return fail(start, field, Expected::Minimal);
    }
    Ok(bytes
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}

/// Writes the shortest length determinant.
pub(super) fn write_length(length: usize, out: &mut Vec<u8>) {
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let significant = &bytes[length.leading_zeros() as usize / 8..];
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(significant);
    }
}

/// Writes bytes with their length before them.
pub(super) fn write_octets(bytes: &[u8], out: &mut Vec<u8>) {
    write_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Writes the shortest unbounded unsigned integer; 0 takes one byte.
pub(super) fn write_count(count: usize, out: &mut Vec<u8>) {
    let bytes = count.to_be_bytes();
    let zeros = (count.leading_zeros() as usize / 8).min(bytes.len() - 1);
    out.push((bytes.len() - zeros) as u8);
    out.extend_from_slice(&bytes[zeros..]);
}

/// How many bytes [`write_octets`] makes of `length` bytes.
pub(super) const fn octets_size(length: usize) -> usize {
    if length < 0x80 {
        1 + length
    } else {
        let significant = (usize::BITS - length.leading_zeros()).div_ceil(8);
        1 + significant as usize + length
    }
}

/// How many bytes [`write_count`] makes.
pub(super) const fn count_size(count: usize) -> usize {
    let significant = (usize::BITS - count.leading_zeros()).div_ceil(8) as usize;
    if significant == 0 { 2 } else { 1 + significant }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_is_written() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536, 16_777_216] {
            let mut out = Vec::new();
            write_length(length, &mut out);
            assert_eq!(out.len() + length, octets_size(length), "{length}");
            let read = read_length(&mut Reader::new(&out), "length", Mode::Strict);
            assert_eq!(read, Ok(length as u64));

            let mut out = Vec::new();
            write_count(length, &mut out);
            assert_eq!(out.len(), count_size(length), "{length}");
            let read = read_count(&mut Reader::new(&out), "count", Mode::Strict);
            assert_eq!(read, Ok(length as u64));
        }
    }
}
