//! The list of named values that a BTP frame carries beside its ILP packet.

use std::fmt;

use crate::reader::Reader;
use crate::{Dialect, Mode, Text, rfc, toon};

/// One named value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolEntry<'a> {
    /// What it is, for instance `auth`.
    pub name: Text<'a>,
    /// How `data` is to be read; 16 bits in the `toon` dialect, 8 in `rfc`.
    pub content_type: u16,
    /// The value.
    pub data: &'a [u8],
}

impl<'a> ProtocolEntry<'a> {
    /// Content type of bytes.
    pub const OCTET_STREAM: u16 = 0;
    /// Content type of UTF-8 text.
    pub const TEXT: u16 = 1;
    /// Content type of JSON.
    pub const JSON: u16 = 2;

    /// An entry.
    pub fn new(name: &'a str, content_type: u16, data: &'a [u8]) -> Self {
        Self {
            name: name.into(),
            content_type,
            data,
        }
    }
}

/// A list of [`ProtocolEntry`]s: either a slice that is to be encoded, or bytes that a decoder
/// has checked and that are read again while iterating. Neither needs memory of its own.
///
/// In the `rfc` dialect the entry `ilp` is the frame's packet and not part of this list.
#[derive(Clone, Copy)]
pub struct ProtocolData<'a>(Repr<'a>);

#[derive(Clone, Copy)]
enum Repr<'a> {
    Entries(&'a [ProtocolEntry<'a>]),
    Wire {
        bytes: &'a [u8],
        /// Entries that iteration will show.
        count: usize,
        dialect: Dialect,
    },
}

impl<'a> ProtocolData<'a> {
    /// No entries.
    pub const EMPTY: ProtocolData<'static> = ProtocolData(Repr::Entries(&[]));

    /// The entries to be encoded, in this order.
    pub const fn new(entries: &'a [ProtocolEntry<'a>]) -> Self {
        Self(Repr::Entries(entries))
    }

    /// Entries that a decoder of `dialect` has read once without an error.
    pub(crate) const fn from_wire(bytes: &'a [u8], count: usize, dialect: Dialect) -> Self {
        Self(Repr::Wire {
            bytes,
            count,
            dialect,
        })
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        match self.0 {
            Repr::Entries(entries) => entries.len(),
            Repr::Wire { count, .. } => count,
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries in their order.
    pub fn iter(&self) -> ProtocolDataIter<'a> {
        ProtocolDataIter(match self.0 {
            Repr::Entries(entries) => IterRepr::Entries(entries.iter()),
            Repr::Wire {
                bytes,
                count,
                dialect,
            } => IterRepr::Wire {
                reader: Reader::new(bytes),
                left: count,
                dialect,
            },
        })
    }

    /// The first entry of that name.
    pub fn get(&self, name: &str) -> Option<ProtocolEntry<'a>> {
        self.iter().find(|entry| entry.name == *name)
    }
}

impl Default for ProtocolData<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<'a> From<&'a [ProtocolEntry<'a>]> for ProtocolData<'a> {
    fn from(entries: &'a [ProtocolEntry<'a>]) -> Self {
        Self::new(entries)
    }
}

impl PartialEq for ProtocolData<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for ProtocolData<'_> {}

impl fmt::Debug for ProtocolData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for ProtocolData<'a> {
    type Item = ProtocolEntry<'a>;
    type IntoIter = ProtocolDataIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &ProtocolData<'a> {
    type Item = ProtocolEntry<'a>;
    type IntoIter = ProtocolDataIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Iterates over the entries of a [`ProtocolData`].
#[derive(Clone, Debug)]
pub struct ProtocolDataIter<'a>(IterRepr<'a>);

#[derive(Clone, Debug)]
enum IterRepr<'a> {
    Entries(std::slice::Iter<'a, ProtocolEntry<'a>>),
    Wire {
        reader: Reader<'a>,
        left: usize,
        dialect: Dialect,
    },
}

impl<'a> Iterator for ProtocolDataIter<'a> {
    type Item = ProtocolEntry<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            IterRepr::Entries(entries) => entries.next().copied(),
            IterRepr::Wire {
                reader,
                left,
                dialect,
            } => {
                *left = left.checked_sub(1)?;
                // The decoder went over these bytes before, so nothing can go wrong here.
                match dialect {
                    Dialect::Toon => toon::read_entry(reader, Mode::Lenient).ok(),
                    Dialect::Rfc => loop {
                        let entry = rfc::read_entry(reader, Mode::Lenient).ok()?;
                        if entry.name != rfc::ILP_ENTRY {
                            break Some(entry);
                        }
                    },
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            IterRepr::Entries(entries) => entries.len(),
            IterRepr::Wire { left, .. } => *left,
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for ProtocolDataIter<'_> {}
