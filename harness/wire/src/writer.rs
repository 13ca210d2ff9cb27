//! Checks that encoders of both dialects make before they write.

use crate::{Address, Dialect, EncodeError, Expiry, RejectCode, Text};

pub(crate) type Write<T> = Result<T, EncodeError>;

pub(crate) fn utf8(text: &Text<'_>, field: &'static str) -> Write<()> {
    match text.as_str() {
        Some(_) => Ok(()),
        None => Err(EncodeError::Utf8 { field }),
    }
}

pub(crate) fn address(address: &Address<'_>, field: &'static str, dialect: Dialect) -> Write<()> {
    address
        .check_dialect(dialect)
        .map_err(|reason| EncodeError::Address {
            field,
            dialect,
            reason,
        })
}

pub(crate) fn code(code: &RejectCode, field: &'static str) -> Write<()> {
    if code.is_printable() {
        Ok(())
    } else {
        Err(EncodeError::Code { field })
    }
}

pub(crate) fn time(expiry: Expiry, field: &'static str, dialect: Dialect) -> Write<()> {
    if expiry.is_encodable() {
        Ok(())
    } else {
        Err(EncodeError::Time { field, dialect })
    }
}

/// The length as the prefix's type, or an error that names the limit.
pub(crate) fn length<T>(bytes: &[u8], limit: u64, field: &'static str, dialect: Dialect) -> Write<T>
where
    T: TryFrom<usize>,
{
    T::try_from(bytes.len()).map_err(|_| EncodeError::TooLong {
        field,
        dialect,
        length: bytes.len() as u64,
        limit,
    })
}
