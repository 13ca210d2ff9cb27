//! Bytes from anywhere: decoders do not panic, and agree with each other and the encoder.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::config;

/// Frames and packets have the same four methods' shape but no common trait, hence a macro.
///
/// - An error points into the input.
/// - What strict mode accepts, lenient mode accepts with the same meaning, and it is exactly
///   what encoding makes of it.
/// - What is accepted and can be encoded is decoded to the same value again, also strictly, and
///   encoding again changes nothing. What cannot be encoded is refused by strict mode.
macro_rules! holds {
    ($bytes:expr, $decode:ident, $encode:ident) => {
        let bytes: &[u8] = $bytes;
        for codec in crate::CODECS {
            let strictly = crate::strict(codec).$decode(bytes);
            let value = match codec.$decode(bytes) {
                Ok(value) => value,
                Err(error) => {
                    prop_assert!(error.offset <= bytes.len(), "{error}");
                    prop_assert!(strictly.is_err(), "{codec:?} refuses: {error}");
                    continue;
                }
            };
            let mut encoded = vec![0xaa];
            match codec.$encode(&value, &mut encoded) {
                Ok(()) => {
                    let encoded = &encoded[1..];
                    prop_assert_eq!(strictly.is_ok(), encoded == bytes, "{:?}", strictly);
                    let again = crate::strict(codec).$decode(encoded);
                    prop_assert_eq!(&again, &Ok(value));
                }
                Err(error) => {
                    prop_assert_eq!(codec.mode(), toon_wire::Mode::Lenient, "{}", error);
                    prop_assert!(strictly.is_err(), "{error}");
                    prop_assert_eq!(encoded, vec![0xaa]);
                }
            }
            if let Ok(strict_value) = strictly {
                prop_assert_eq!(strict_value, value);
            }
        }
    };
}

proptest! {
    #![proptest_config(config(100_000))]

    #[test]
    fn arbitrary_bytes(bytes in vec(any::<u8>(), 0..200), frame_type in 0..9_u8, packet_type in 11..16_u8) {
        holds!(&bytes, decode_frame, encode_frame);
        holds!(&bytes, decode_packet, encode_packet);
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = frame_type;
            holds!(&bytes, decode_frame, encode_frame);
            bytes[0] = packet_type;
            holds!(&bytes, decode_packet, encode_packet);
        }
    }
}
