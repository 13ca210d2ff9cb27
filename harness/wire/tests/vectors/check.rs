//! Compares what this crate makes of a vector with what the vector says.

use data_encoding::HEXLOWER;
use serde_json::Value;
use toon_wire::{BtpBody, BtpFrame, Codec, Dialect, Expected, Mode, Packet};

use crate::vector::{Expectation, Vector};

const STRICT: Codec = Codec::new(Dialect::Toon, Mode::Strict);
const LENIENT: Codec = Codec::new(Dialect::Toon, Mode::Lenient);

type Check = Result<(), String>;

pub(crate) fn check(vector: &Vector) -> Check {
    let frame = LENIENT.decode_frame(&vector.bytes);
    if let Err(error) = &frame {
        ensure(error.offset <= vector.bytes.len(), || {
            format!("offset outside of the input: {error}")
        })?;
    }
    let packet = match &frame {
        Ok(frame) if !frame.ilp().is_empty() => Some(LENIENT.decode_packet(frame.ilp())),
        _ => None,
    };
    let refused = frame.is_err() || matches!(packet, Some(Err(_)));
    match vector.expectation() {
        Expectation::FrameRefused => ensure(frame.is_err(), || format!("accepted {frame:?}"))?,
        Expectation::PacketRefused => {
            ensure(frame.is_ok(), || format!("frame refused: {frame:?}"))?;
            ensure(
                matches!(
                    packet,
                    Some(Err(_) | Ok(Packet::Fulfill(_) | Packet::Reject(_)))
                ),
                || format!("packet accepted: {packet:?}"),
            )?;
        }
        Expectation::SomethingRefused => {
            ensure(refused, || format!("accepted {frame:?} {packet:?}"))?;
        }
        Expectation::Accepted => {
            let frame = frame.as_ref().map_err(|error| format!("frame: {error}"))?;
            if let Some(Err(error)) = &packet {
                return Err(format!("packet: {error}"));
            }
            if vector.decoded["undecodable"].is_null() {
                compare_frame(frame, &vector.decoded)?;
            }
            check_frame_bytes(frame, vector)?;
        }
        Expectation::Open => {}
    }
    if let (Ok(frame), Some(Ok(packet))) = (&frame, &packet) {
        if vector.expectation() == Expectation::Accepted && vector.decoded["undecodable"].is_null()
        {
            compare_packet(packet, frame.ilp(), &vector.decoded["ilp"])?;
        }
        check_packet_bytes(packet, frame.ilp())?;
    }
    ensure(
        frame.is_ok() || STRICT.decode_frame(&vector.bytes).is_err(),
        || "strict mode accepts what lenient mode refuses".to_owned(),
    )
}

fn compare_frame(frame: &BtpFrame<'_>, decoded: &Value) -> Check {
    equal("type", frame.type_code(), &decoded["type"])?;
    equal("requestId", frame.request_id, &decoded["requestId"])?;
    match &frame.body {
        BtpBody::Error(error) => {
            equal("code", error.code.to_string(), &decoded["code"])?;
            equal("name", error.name.to_string(), &decoded["name"])?;
            equal(
                "triggeredAt",
                error.triggered_at.to_string(),
                &decoded["triggeredAt"],
            )?;
            equal("data", HEXLOWER.encode(error.data), &decoded["data"])
        }
        BtpBody::Data(data) => {
            equal("ilpLength", data.ilp.len(), &decoded["ilpLength"])?;
            let none = Vec::new();
            let entries = decoded["protocolData"].as_array().unwrap_or(&none);
            equal("entries", data.protocol_data.len(), &entries.len().into())?;
            for (entry, expected) in data.protocol_data.iter().zip(entries) {
                equal(
                    "protocolName",
                    entry.name.to_string(),
                    &expected["protocolName"],
                )?;
                equal("contentType", entry.content_type, &expected["contentType"])?;
                equal("data", HEXLOWER.encode(entry.data), &expected["data"])?;
            }
            Ok(())
        }
    }
}

/// A frame has one form only, up to what follows it, and that is named `trailing`.
fn check_frame_bytes(frame: &BtpFrame<'_>, vector: &Vector) -> Check {
    let mut bytes = Vec::new();
    if let Err(error) = LENIENT.encode_frame(frame, &mut bytes) {
        return ensure(STRICT.decode_frame(&vector.bytes).is_err(), || {
            format!("strict mode accepts what cannot be encoded: {error}")
        });
    }
    let rest = vector
        .bytes
        .strip_prefix(bytes.as_slice())
        .ok_or_else(|| format!("encoded differently: {}", HEXLOWER.encode(&bytes)))?;
    let trailing = vector.decoded["trailing"].as_str().unwrap_or("");
    if !trailing.is_empty() || vector.decoded["undecodable"].is_null() {
        equal("trailing", HEXLOWER.encode(rest), &trailing.into())?;
    }
    match STRICT.decode_frame(&vector.bytes) {
        Ok(_) => ensure(rest.is_empty(), || {
            "strict mode missed trailing bytes".to_owned()
        }),
        Err(error) => {
            let expected = Expected::End {
                trailing: rest.len(),
            };
            ensure(!rest.is_empty() && error.expected == expected, || {
                format!("strict mode: {error}")
            })
        }
    }
}

fn compare_packet(packet: &Packet<'_>, bytes: &[u8], decoded: &Value) -> Check {
    equal("ILP type", packet.type_code(), &decoded["type"])?;
    match packet {
        Packet::Prepare(prepare) => {
            equal("amount", prepare.amount.to_string(), &decoded["amount"])?;
            equal(
                "executionCondition",
                prepare.condition.to_string(),
                &decoded["executionCondition"],
            )?;
            equal(
                "destination",
                prepare.destination.to_string(),
                &decoded["destination"],
            )?;
            equal("data", HEXLOWER.encode(prepare.data), &decoded["data"])?;
            // Fields out of range roll over, and the vector shows them as they came.
            let rolled = STRICT
                .decode_packet(bytes)
                .is_err_and(|error| error.expected == Expected::CalendarTime);
            if rolled {
                return Ok(());
            }
            equal(
                "expiresAt",
                prepare.expires_at.to_toon_time(),
                &decoded["expiresAt"],
            )
        }
        Packet::Fulfill(fulfill) => {
            equal(
                "fulfillment",
                fulfill.fulfillment.to_string(),
                &decoded["fulfillment"],
            )?;
            equal("data", HEXLOWER.encode(fulfill.data), &decoded["data"])
        }
        Packet::Reject(reject) => {
            let triggered_by = reject.triggered_by.map_or("", |address| address.as_str());
            equal("code", reject.code.to_string(), &decoded["code"])?;
            equal("triggeredBy", triggered_by, &decoded["triggeredBy"])?;
            equal("message", reject.message.to_string(), &decoded["message"])?;
            equal("data", HEXLOWER.encode(reject.data), &decoded["data"])
        }
    }?;
    let trailing = decoded["trailing"].as_str().unwrap_or("").len() / 2;
    // Strict mode names the first thing that is wrong, and what follows the packet comes last.
    let noticed = match STRICT.decode_packet(bytes) {
        Ok(_) => trailing == 0,
        Err(error) => match error.expected {
            Expected::End { trailing: named } => named == trailing,
            _ => true,
        },
    };
    ensure(noticed, || {
        format!("strict mode should name {trailing} trailing bytes")
    })
}

/// Strict mode accepts exactly the bytes that encoding makes.
fn check_packet_bytes(packet: &Packet<'_>, bytes: &[u8]) -> Check {
    let mut encoded = Vec::new();
    if let Err(error) = LENIENT.encode_packet(packet, &mut encoded) {
        return ensure(STRICT.decode_packet(bytes).is_err(), || {
            format!("strict mode accepts what cannot be encoded: {error}")
        });
    }
    let canonical = encoded == bytes;
    let strict = STRICT.decode_packet(bytes);
    ensure(strict.is_ok() == canonical, || {
        format!(
            "strict mode: {strict:?}, encoded: {}",
            HEXLOWER.encode(&encoded)
        )
    })?;
    let again = STRICT.decode_packet(&encoded);
    ensure(again == Ok(*packet), || format!("decoded again: {again:?}"))
}

fn equal(what: &str, actual: impl Into<Value>, expected: &Value) -> Check {
    let actual = actual.into();
    ensure(actual == *expected, || {
        format!("{what}: {actual} instead of {expected}")
    })
}

fn ensure(condition: bool, message: impl FnOnce() -> String) -> Check {
    if condition { Ok(()) } else { Err(message()) }
}
