//! The frames that the rows are made of.

use std::time::{Duration, SystemTime};

use wire::auth::json_entries;
use wire::{
    Address, Amount, BtpFrame, BtpType, Codec, Condition, Dialect, Expiry, Fulfill, Fulfillment,
    Packet, Prepare, ProtocolData, ProtocolEntry, Reject, RejectCode,
};

/// Where no connector has a route to, so that it answers by itself: `F02` (contract#reject-codes).
pub(super) const NOWHERE: &str = "test.ator-harness.conformance.nowhere";

/// A secret that nobody has.
pub(super) const WRONG: &str = "wrong-conformance-secret";

/// Request id of the packets that a row is about.
pub(super) const ROW_ID: u32 = 7;

/// A frame in the subject's dialect. The frames built here are all expressible; should one not be,
/// the empty message stands out in the report as what it is.
pub(super) fn encode(codec: &Codec, frame: &BtpFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = codec.encode_frame(frame, &mut bytes);
    bytes
}

/// The `toon` authentication with any text in place of its JSON.
pub(super) fn auth_json(codec: &Codec, json: &str) -> Vec<u8> {
    entries(codec, &json_entries(json), &[])
}

/// A MESSAGE with request id 1, these entries and this packet.
pub(super) fn entries(codec: &Codec, entries: &[ProtocolEntry<'_>], ilp: &[u8]) -> Vec<u8> {
    let frame = BtpFrame::data(1, BtpType::Message, ProtocolData::new(entries), ilp);
    encode(codec, &frame)
}

/// A PREPARE by the network's convention.
pub(super) fn prepare(
    codec: &Codec,
    destination: &str,
    data: &[u8],
    lifetime: Duration,
) -> Vec<u8> {
    let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
    prepare_until(
        codec,
        destination,
        data,
        Expiry::from(SystemTime::now()).plus_millis(lifetime),
    )
}

/// A PREPARE that expires at that time.
pub(super) fn prepare_until(
    codec: &Codec,
    destination: &str,
    data: &[u8],
    expires_at: Expiry,
) -> Vec<u8> {
    let Ok(destination) = Address::new(destination) else {
        return Vec::new();
    };
    packet(
        codec,
        &Packet::Prepare(Prepare {
            amount: Amount::ZERO,
            expires_at,
            condition: Condition::for_data(data),
            destination,
            data,
        }),
    )
}

/// The FULFILL for a PREPARE with `data`, which returns `returned`.
pub(super) fn fulfill(codec: &Codec, data: &[u8], returned: &[u8]) -> Vec<u8> {
    packet(
        codec,
        &Packet::Fulfill(Fulfill {
            fulfillment: Fulfillment::for_data(data),
            data: returned,
        }),
    )
}

/// A REJECT.
pub(super) fn reject(codec: &Codec) -> Vec<u8> {
    packet(
        codec,
        &Packet::Reject(Reject {
            code: RejectCode::F02,
            triggered_by: None,
            message: "not asked for".into(),
            data: &[],
        }),
    )
}

/// A REJECT that nobody else makes, for what has to come back as it was sent.
pub(super) fn our_reject(codec: &Codec) -> Vec<u8> {
    packet(codec, &Packet::Reject(our_reject_packet()))
}

/// Whether it is that.
pub(super) fn is_our_reject(reject: &Reject<'_>) -> bool {
    *reject == our_reject_packet()
}

fn our_reject_packet() -> Reject<'static> {
    Reject {
        code: RejectCode::from_bytes(*b"F99"),
        triggered_by: Address::new("test.ator-harness.conformance.hop").ok(),
        message: "rejected by the tester".into(),
        data: b"why",
    }
}

fn packet(codec: &Codec, packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // As for `encode`.
    let _ = codec.encode_packet(packet, &mut bytes);
    bytes
}

/// A PREPARE to nowhere that lives for a minute.
pub(super) fn prepare_nowhere(codec: &Codec) -> Vec<u8> {
    prepare(codec, NOWHERE, b"", Duration::from_secs(60))
}

/// A MESSAGE with a PREPARE to nowhere.
pub(super) fn message_nowhere(codec: &Codec, id: u32) -> Vec<u8> {
    encode(codec, &BtpFrame::message(id, &prepare_nowhere(codec)))
}

/// A `toon` MESSAGE around any bytes, which need not be a packet.
pub(super) fn byte_message(id: u32, ilp: &[u8]) -> Vec<u8> {
    let codec = Codec::new(Dialect::Toon, wire::Mode::Lenient);
    encode(&codec, &BtpFrame::message(id, ilp))
}

/// A `toon` PREPARE put together by hand, for forms that the encoder refuses: the amount's bytes,
/// the time's bytes and the address's bytes are taken as they are.
pub(super) fn odd_prepare(amount: &[u8], time: &[u8], address: &[u8], trailing: &[u8]) -> Vec<u8> {
    let mut bytes = vec![12];
    bytes.extend_from_slice(amount);
    bytes.extend_from_slice(time);
    bytes.extend_from_slice(&Condition::for_data(b"").0);
    // A VarUInt length (contract#ilp-packet) has the same form.
    octets(address, &mut bytes);
    bytes.push(0);
    bytes.extend_from_slice(trailing);
    byte_message(ROW_ID, &bytes)
}

/// An `rfc` MESSAGE around any bytes, which need not be a packet.
pub(super) fn rfc_message(id: u32, ilp: &[u8]) -> Vec<u8> {
    let codec = Codec::new(Dialect::Rfc, wire::Mode::Lenient);
    encode(&codec, &BtpFrame::message(id, ilp))
}

/// An `rfc` packet of any type around any contents.
pub(super) fn rfc_packet(kind: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    octets(contents, &mut bytes);
    bytes
}

/// Contents of an `rfc` PREPARE put together by hand, for forms that the encoder refuses: the
/// time's and the address's bytes are taken as they are.
pub(super) fn odd_rfc_contents(amount: u64, time: &[u8], address: &[u8], data: &[u8]) -> Vec<u8> {
    let mut bytes = amount.to_be_bytes().to_vec();
    bytes.extend_from_slice(time);
    bytes.extend_from_slice(&Condition::for_data(data).0);
    octets(address, &mut bytes);
    octets(data, &mut bytes);
    bytes
}

/// An `rfc` ERROR put together by hand, for times that the encoder refuses.
pub(super) fn rfc_error_at(time: &str) -> Vec<u8> {
    let mut content = b"F00".to_vec();
    octets(b"NotAcceptedError", &mut content);
    octets(time.as_bytes(), &mut content);
    octets(b"", &mut content);
    // No entries: a count of one byte.
    content.extend_from_slice(&[1, 0]);
    let mut bytes = vec![2];
    bytes.extend_from_slice(&ROW_ID.to_be_bytes());
    octets(&content, &mut bytes);
    bytes
}

/// A byte string after its length: one byte up to 127, otherwise 82 and two bytes (RFC-0030).
fn octets(content: &[u8], bytes: &mut Vec<u8>) {
    match u8::try_from(content.len()) {
        Ok(length) if length < 128 => bytes.push(length),
        _ => {
            bytes.push(0x82);
            let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(content);
}

/// A client's WebSocket frame with any first byte, masked or not (RFC 6455 section 5.2). The mask
/// is zero, which leaves the payload as it is.
pub(super) fn websocket_frame(first: u8, masked: bool, payload: &[u8]) -> Vec<u8> {
    let mask_bit = if masked { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => bytes.push(mask_bit | length),
        _ => {
            bytes.push(mask_bit | 126);
            let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    if masked {
        bytes.extend_from_slice(&[0; 4]);
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// The header of a client's binary frame that claims `length` bytes, and nothing of them.
pub(super) fn websocket_claim(length: u64) -> Vec<u8> {
    let mut bytes = vec![0x82, 0x80 | 127];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

#[cfg(test)]
mod tests {
    use wire::Mode;

    use super::*;

    #[test]
    fn an_error_by_hand_is_one_where_its_time_is_one() {
        let strict = Codec::new(Dialect::Rfc, Mode::Strict);
        let time = "20171224161432.2Z";
        let frame = BtpFrame::error(ROW_ID, "F00", "NotAcceptedError", time);
        assert_eq!(rfc_error_at(time), encode(&strict, &frame));
        let bytes = rfc_error_at("20171224161432.20Z");
        assert_eq!(
            strict.decode_frame(&bytes).unwrap_err().field,
            "triggeredAt"
        );
        let lenient = Codec::new(Dialect::Rfc, Mode::Lenient);
        assert!(lenient.decode_frame(&bytes).is_ok());
    }
}
