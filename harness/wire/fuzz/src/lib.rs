//! What both fuzz targets ask of an input, in all four codecs.
//!
//! It is the same as in `tests/properties/bytes.rs`: strict mode accepts exactly what encoding
//! makes, lenient mode accepts that and more, and decode, encode, decode is the identity.

use toon_wire::{Codec, Dialect, Mode, Packet};

const DIALECTS: [Dialect; 2] = [Dialect::Toon, Dialect::Rfc];

macro_rules! check {
    ($dialect:expr, $bytes:expr, $decode:ident, $encode:ident) => {
        let bytes: &[u8] = $bytes;
        let strict = Codec::new($dialect, Mode::Strict);
        let lenient = Codec::new($dialect, Mode::Lenient);
        let strictly = strict.$decode(bytes);
        match lenient.$decode(bytes) {
            Err(error) => {
                assert!(error.offset <= bytes.len(), "{error}");
                assert!(strictly.is_err(), "refused by lenient mode only: {error}");
            }
            Ok(value) => {
                let mut encoded = Vec::new();
                let result = lenient.$encode(&value, &mut encoded);
                assert_eq!(strictly.is_ok(), result.is_ok() && encoded == bytes);
                match result {
                    Ok(()) => assert_eq!(strict.$decode(&encoded), Ok(value)),
                    Err(_) => assert!(encoded.is_empty()),
                }
            }
        }
    };
}

/// Decodes `bytes` as a frame, and what is in it as a packet.
pub fn frame(bytes: &[u8]) {
    for dialect in DIALECTS {
        check!(dialect, bytes, decode_frame, encode_frame);
        if let Ok(frame) = Codec::new(dialect, Mode::Lenient).decode_frame(bytes) {
            let entries = frame.protocol_data();
            assert_eq!(entries.iter().count(), entries.len());
            packet(frame.ilp());
        }
    }
}

/// Decodes `bytes` as a packet.
pub fn packet(bytes: &[u8]) {
    for dialect in DIALECTS {
        check!(dialect, bytes, decode_packet, encode_packet);
        if let Ok(Packet::Prepare(prepare)) =
            Codec::new(dialect, Mode::Lenient).decode_packet(bytes)
        {
            assert!(!prepare.amount.to_string().is_empty());
        }
    }
}
