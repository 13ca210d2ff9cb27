//! Bytes to JSON.

use clap::ValueEnum;
use data_encoding::HEXLOWER;
use serde_json::json;
use wire::{BtpBody, BtpFrame, Codec, DecodeError, Dialect, Mode, Packet};

use super::json::{self, Converted, Entry, Fault, Frame, Offsets};

/// What `--dialect` of `decode` can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DialectChoice {
    /// The TOON connector's bytes.
    Toon,
    /// RFC-0023, RFC-0027 and RFC-0030.
    Rfc,
    /// Whichever dialect the frame and the packet in it are valid in.
    Auto,
}

/// One frame in hexadecimal to one line of JSON.
pub(super) fn line(text: &str, choice: DialectChoice, lenient: bool) -> Converted {
    let bytes = match json::from_hex(text) {
        Ok(bytes) => bytes,
        Err(problem) => {
            return Converted::NotInput(json!({"error": {"input": problem}}).to_string());
        }
    };
    let mode = if lenient { Mode::Lenient } else { Mode::Strict };
    let dialects: &[Dialect] = match choice {
        DialectChoice::Toon => &[Dialect::Toon],
        DialectChoice::Rfc => &[Dialect::Rfc],
        DialectChoice::Auto => &[Dialect::Toon, Dialect::Rfc],
    };
    let mut attempts: Vec<Attempt> = Vec::new();
    for dialect in dialects {
        // A frame that is valid strictly in one dialect belongs there, even if the other
        // dialect's lenient decoder would take it as well.
        let attempt = Attempt::new(&bytes, Codec::new(*dialect, Mode::Strict));
        if attempt.is_whole() {
            return Converted::Line(attempt.to_line());
        }
        attempts.push(attempt);
    }
    if mode == Mode::Lenient {
        attempts = dialects
            .iter()
            .map(|dialect| Attempt::new(&bytes, Codec::new(*dialect, mode)))
            .collect();
    }
    if let Some(attempt) = attempts.iter().find(|attempt| attempt.is_whole()) {
        return Converted::Line(attempt.to_line());
    }
    match attempts.iter().max_by_key(|attempt| attempt.reach()) {
        Some(attempt) => Converted::Failed(attempt.to_line()),
        None => Converted::Failed(json!({"error": {"input": "no dialect to try"}}).to_string()),
    }
}

/// What one dialect makes of the bytes.
struct Attempt {
    dialect: Dialect,
    frame: Result<Frame, DecodeError>,
}

impl Attempt {
    fn new(bytes: &[u8], codec: Codec) -> Self {
        let frame = codec
            .decode_frame(bytes)
            .map(|frame| frame_json(bytes, &frame, &codec));
        Self {
            dialect: codec.dialect(),
            frame,
        }
    }

    fn packet_fault(&self) -> Option<&Fault> {
        let packet = self.frame.as_ref().ok()?.ilp.as_ref()?;
        packet.error.as_ref()
    }

    /// Whether the frame and the packet in it are both valid.
    fn is_whole(&self) -> bool {
        self.frame.is_ok() && self.packet_fault().is_none()
    }

    /// How far decoding came. A frame with a bad packet is nearer to the truth than no frame.
    fn reach(&self) -> (bool, usize) {
        match &self.frame {
            Ok(_) => (true, self.packet_fault().map_or(0, |fault| fault.offset)),
            Err(error) => (false, error.offset),
        }
    }

    fn to_line(&self) -> String {
        match &self.frame {
            Ok(frame) => json!(frame).to_string(),
            Err(error) => {
                let mut fault = Fault::new(error, 0);
                fault.dialect = Some(self.dialect.to_string());
                json!({ "error": fault }).to_string()
            }
        }
    }
}

fn frame_json(bytes: &[u8], frame: &BtpFrame<'_>, codec: &Codec) -> Frame {
    let mut offsets = Offsets::default();
    // Both dialects begin with one byte of type and four of request id.
    offsets.set("type", 0);
    offsets.set("requestId", 1);
    let mut out = Frame {
        dialect: Some(codec.dialect().to_string()),
        kind: frame.type_name().to_owned(),
        request_id: frame.request_id,
        length: Some(bytes.len()),
        ..Frame::default()
    };
    match frame.body {
        BtpBody::Error(error) => {
            offsets.note("code", bytes, error.code.as_bytes());
            offsets.note("name", bytes, error.name.as_bytes());
            offsets.note("triggeredAt", bytes, error.triggered_at.as_bytes());
            offsets.note("data", bytes, error.data);
            out.code = Some(error.code.to_string());
            out.name = Some(error.name.to_string());
            out.triggered_at = Some(error.triggered_at.to_string());
            (out.data, out.data_text) = json::bytes(error.data);
        }
        BtpBody::Data(data) => {
            if data.amount != 0 {
                out.amount = Some(data.amount);
            }
            if !data.ilp.is_empty() {
                offsets.note("ilp", bytes, data.ilp);
                out.ilp = Some(packet_json(bytes, data.ilp, codec));
            }
        }
    }
    out.protocol_data = frame
        .protocol_data()
        .iter()
        .map(|entry| {
            let mut offsets = Offsets::default();
            offsets.note("protocolName", bytes, entry.name.as_bytes());
            offsets.note("data", bytes, entry.data);
            let (data, data_text) = json::bytes(entry.data);
            Entry {
                protocol_name: entry.name.to_string(),
                content_type: entry.content_type,
                data,
                data_text,
                offsets,
            }
        })
        .collect();
    out.offsets = offsets;
    out
}

fn packet_json(bytes: &[u8], ilp: &[u8], codec: &Codec) -> json::Packet {
    let base = (ilp.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
    let packet = match codec.decode_packet(ilp) {
        Ok(packet) => packet,
        Err(error) => {
            return json::Packet {
                hex: Some(HEXLOWER.encode(ilp)),
                error: Some(Fault::new(&error, base)),
                ..json::Packet::default()
            };
        }
    };
    let mut offsets = Offsets::default();
    let mut out = json::Packet {
        kind: Some(packet.type_name().to_owned()),
        ..json::Packet::default()
    };
    offsets.set("type", base);
    let data = match packet {
        Packet::Prepare(prepare) => {
            offsets.note(
                "destination",
                bytes,
                prepare.destination.as_str().as_bytes(),
            );
            out.amount = Some(prepare.amount.to_string());
            out.expires_at = Some(prepare.expires_at.to_string());
            out.execution_condition = Some(prepare.condition.to_string());
            out.destination = Some(prepare.destination.to_string());
            prepare.data
        }
        Packet::Fulfill(fulfill) => {
            out.fulfillment = Some(fulfill.fulfillment.to_string());
            fulfill.data
        }
        Packet::Reject(reject) => {
            if let Some(address) = reject.triggered_by {
                offsets.note("triggeredBy", bytes, address.as_str().as_bytes());
            }
            offsets.note("message", bytes, reject.message.as_bytes());
            out.code = Some(reject.code.to_string());
            let triggered_by = reject.triggered_by.map(|address| address.to_string());
            out.triggered_by = Some(triggered_by.unwrap_or_default());
            out.message = Some(reject.message.to_string());
            reject.data
        }
    };
    offsets.note("data", bytes, data);
    (out.data, out.data_text) = json::bytes(data);
    out.offsets = offsets;
    out
}
