//! Values from anywhere: what is encoded is decoded to the same value, and what cannot be
//! encoded leaves the output alone. What is changed on the way is still handled well.

use proptest::prelude::*;

use crate::model::{frames, mutate, mutations, packets};
use crate::{CODECS, config, strict};

macro_rules! survives {
    ($value:expr, $decode:ident, $encode:ident) => {
        for codec in CODECS {
            let before = vec![1, 2, 3];
            let mut out = before.clone();
            let result = codec.$encode($value, &mut out);
            prop_assert!(out.starts_with(&before));
            if result.is_err() {
                prop_assert_eq!(out, before);
                continue;
            }
            let bytes = &out[before.len()..];
            prop_assert_eq!(&codec.$decode(bytes), &Ok(*$value));
            prop_assert_eq!(&strict(codec).$decode(bytes), &Ok(*$value));
            // Every truncation is noticed, in both modes.
            for end in (0..bytes.len()).rev().take(12) {
                prop_assert!(codec.$decode(&bytes[..end]).is_err(), "cut at {}", end);
            }
        }
    };
}

/// Changes the strict form of the value in each dialect and looks at what became of it.
macro_rules! mutated {
    ($value:expr, $changes:expr, $decode:ident, $encode:ident) => {
        for codec in [CODECS[0], CODECS[2]] {
            let mut bytes = Vec::new();
            if codec.$encode($value, &mut bytes).is_ok() {
                mutate(&mut bytes, $changes);
                holds!(&bytes, $decode, $encode);
            }
        }
    };
}

proptest! {
    #![proptest_config(config(100_000))]

    #[test]
    fn frames_survive(frame in frames(), changes in mutations()) {
        frame.with(|frame| {
            survives!(frame, decode_frame, encode_frame);
            mutated!(frame, &changes, decode_frame, encode_frame);
            Ok(())
        })?;
    }

    #[test]
    fn packets_survive(packet in packets(), changes in mutations()) {
        packet.with(|packet| {
            survives!(packet, decode_packet, encode_packet);
            mutated!(packet, &changes, decode_packet, encode_packet);
            Ok(())
        })?;
    }
}
