//! A position in the input, and the reads that both dialects share.

use crate::{DecodeError, Expected, Mode, Text};

/// Reads forward through borrowed bytes. Lengths are compared with what is there before they
/// are used, so a lying length costs nothing.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

pub(crate) type Read<T> = Result<T, DecodeError>;

pub(crate) const fn fail<T>(offset: usize, field: &'static str, expected: Expected) -> Read<T> {
    Err(DecodeError {
        offset,
        field,
        expected,
    })
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Offset of the next byte.
    pub(crate) const fn position(&self) -> usize {
        self.position
    }

    /// Everything from `start` to here.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.position]
    }

    /// Bytes that are left.
    pub(crate) const fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    pub(crate) fn take(&mut self, field: &'static str, length: u64) -> Read<&'a [u8]> {
        let rest = &self.bytes[self.position..];
        match usize::try_from(length) {
            Ok(length) if length <= rest.len() => {
                self.position += length;
                Ok(&rest[..length])
            }
            _ => fail(
                self.position,
                field,
                Expected::Bytes {
                    needed: length,
                    available: rest.len() as u64,
                },
            ),
        }
    }

    /// A reader for the next `length` bytes, whose offsets count from the same beginning. This
    /// one goes on behind them.
    pub(crate) fn enter(&mut self, field: &'static str, length: u64) -> Read<Self> {
        let start = self.position;
        self.take(field, length)?;
        Ok(Self {
            bytes: &self.bytes[..self.position],
            position: start,
        })
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &'static str) -> Read<[u8; N]> {
        match self.bytes[self.position..].first_chunk::<N>() {
            Some(chunk) => {
                self.position += N;
                Ok(*chunk)
            }
            None => fail(
                self.position,
                field,
                Expected::Bytes {
                    needed: N as u64,
                    available: self.remaining() as u64,
                },
            ),
        }
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Read<u8> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Read<u16> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Read<u32> {
        self.array(field).map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self, field: &'static str) -> Read<u64> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// Strict mode: nothing may be left.
    pub(crate) fn finish(&self, field: &'static str, mode: Mode) -> Read<()> {
        if mode.is_strict() && self.remaining() > 0 {
            return fail(
                self.position,
                field,
                Expected::End {
                    trailing: self.remaining(),
                },
            );
        }
        Ok(())
    }
}

/// Takes bytes that end at the reader's position for text; strict mode wants UTF-8.
pub(crate) fn text<'a>(
    reader: &Reader<'_>,
    bytes: &'a [u8],
    field: &'static str,
    mode: Mode,
) -> Read<Text<'a>> {
    if mode.is_strict()
        && let Err(error) = std::str::from_utf8(bytes)
    {
        let start = reader.position() - bytes.len();
        return fail(start + error.valid_up_to(), field, Expected::Utf8);
    }
    Ok(Text::from_bytes(bytes))
}
