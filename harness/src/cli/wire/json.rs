//! The JSON form of a frame, which `wire decode` prints and `wire encode` reads.
//!
//! Bytes are lower-case hexadecimal in `data`, and once more as text in `dataText` where they are
//! printable; reading takes `data` if it is there and `dataText` otherwise. `offsets` says where in
//! the frame a value begins; reading ignores it.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use wire::DecodeError;

/// What became of one input.
pub(super) enum Converted {
    /// The line to print.
    Line(String),
    /// The line to print, which shows what is wrong with the frame.
    Failed(String),
    /// The line to print, which shows what is wrong with the input as such.
    NotInput(String),
}

/// A BTP frame.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Frame {
    /// `toon` or `rfc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dialect: Option<String>,
    /// The name of the type, for instance `MESSAGE`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) request_id: u32,
    /// Length of the frame in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<usize>,
    /// The amount of a TRANSFER in the `rfc` dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) amount: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) triggered_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data_text: Option<String>,
    #[serde(default)]
    pub(super) protocol_data: Vec<Entry>,
    #[serde(default)]
    pub(super) ilp: Option<Packet>,
    #[serde(default, skip_serializing_if = "Offsets::is_empty")]
    pub(super) offsets: Offsets,
}

/// One entry of the protocol data.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) protocol_name: String,
    #[serde(default)]
    pub(super) content_type: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data_text: Option<String>,
    #[serde(default, skip_serializing_if = "Offsets::is_empty")]
    pub(super) offsets: Offsets,
}

/// An ILP packet, or its bytes with the reason why they are none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Packet {
    /// `PREPARE`, `FULFILL` or `REJECT`; missing where `hex` stands for the whole packet.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    /// Decimal digits, because an amount may exceed what JSON numbers hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) amount: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) execution_condition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) destination: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fulfillment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) triggered_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data_text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Fault>,
    #[serde(default, skip_serializing_if = "Offsets::is_empty")]
    pub(super) offsets: Offsets,
}

/// Where in the frame a value begins, counted from its first byte.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Offsets(std::collections::BTreeMap<String, usize>);

impl Offsets {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes where `part` begins in `frame`, if it is a part of it. A decoder borrows every value
    /// of variable length from its input, so its place follows from its address.
    pub(super) fn note(&mut self, name: &str, frame: &[u8], part: &[u8]) {
        let start = (part.as_ptr() as usize).wrapping_sub(frame.as_ptr() as usize);
        if start
            .checked_add(part.len())
            .is_some_and(|end| end <= frame.len())
        {
            self.set(name, start);
        }
    }

    /// Notes a place that is known.
    pub(super) fn set(&mut self, name: &str, offset: usize) {
        self.0.insert(name.to_owned(), offset);
    }
}

/// A decoding error.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Fault {
    /// The dialect that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dialect: Option<String>,
    /// The byte of the frame at which the offending value begins.
    pub(super) offset: usize,
    pub(super) field: String,
    pub(super) expected: String,
}

impl Fault {
    /// `base` is where in the frame the decoded bytes begin.
    pub(super) fn new(error: &DecodeError, base: usize) -> Self {
        Self {
            dialect: None,
            offset: base + error.offset,
            field: error.field.to_owned(),
            expected: error.expected.to_string(),
        }
    }
}

/// The two forms of `bytes`: hexadecimal, and text where that is printable and not empty.
pub(super) fn bytes(bytes: &[u8]) -> (Option<String>, Option<String>) {
    let printable = |text: &&str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| !c.is_control() || c == '\n' || c == '\t')
    };
    let text = std::str::from_utf8(bytes).ok().filter(printable);
    (Some(HEXLOWER.encode(bytes)), text.map(str::to_owned))
}

/// Reads hexadecimal of either case, with or without `0x`, spaces ignored.
pub(super) fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let text = text.trim();
    let text = text.strip_prefix("0x").unwrap_or(text);
    let digits: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if let Some(position) = digits.find(|c: char| !c.is_ascii_hexdigit()) {
        return Err(format!(
            "character {} is no hexadecimal digit",
            position + 1
        ));
    }
    data_encoding::HEXLOWER_PERMISSIVE
        .decode(digits.as_bytes())
        .map_err(|_| "an odd number of hexadecimal digits".to_owned())
}
