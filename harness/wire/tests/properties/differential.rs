//! The `rfc` dialect beside the crate `interledger-packet`, which shares no code with this one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use bytes_0_4::BytesMut;
use interledger_packet as theirs;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use toon_wire::{Codec, Dialect, Expiry, Mode, Packet};

use crate::config;
use crate::model::{OwnedPacket, mutate, mutations, packets};

const STRICT: Codec = Codec::new(Dialect::Rfc, Mode::Strict);
const LENIENT: Codec = Codec::new(Dialect::Rfc, Mode::Lenient);

/// Their bytes for the same values, or nothing where they have no such values: their decoder
/// takes no REJECT without `triggeredBy`.
fn encoded_by_them(packet: &Packet<'_>) -> Option<Vec<u8>> {
    Some(match packet {
        Packet::Prepare(prepare) => theirs::PrepareBuilder {
            amount: prepare.amount.as_u64()?,
            expires_at: prepare.expires_at.to_system_time()?,
            execution_condition: &prepare.condition.0,
            destination: theirs::Address::from_str(prepare.destination.as_str()).ok()?,
            data: prepare.data,
        }
        .build()
        .as_ref()
        .to_vec(),
        Packet::Fulfill(fulfill) => theirs::FulfillBuilder {
            fulfillment: &fulfill.fulfillment.0,
            data: fulfill.data,
        }
        .build()
        .as_ref()
        .to_vec(),
        Packet::Reject(reject) => theirs::RejectBuilder {
            code: theirs::ErrorCode::new(*reject.code.as_bytes()),
            triggered_by: Some(&theirs::Address::from_str(reject.triggered_by?.as_str()).ok()?),
            message: reject.message.as_bytes(),
            data: reject.data,
        }
        .build()
        .as_ref()
        .to_vec(),
    })
}

/// Their decoder panics on some lengths; that counts as a refusal.
fn decoded_by_them(bytes: &[u8]) -> Option<theirs::Packet> {
    let bytes = bytes.to_vec();
    catch_unwind(AssertUnwindSafe(|| {
        theirs::Packet::try_from(BytesMut::from(bytes)).ok()
    }))
    .ok()
    .flatten()
}

fn same(ours: &Packet<'_>, them: &theirs::Packet) -> TestCaseResult {
    match (ours, them) {
        (Packet::Prepare(ours), theirs::Packet::Prepare(them)) => {
            prop_assert_eq!(ours.amount, them.amount());
            prop_assert_eq!(ours.expires_at, Expiry::from(them.expires_at()));
            prop_assert_eq!(&ours.condition.0[..], them.execution_condition());
            prop_assert_eq!(ours.destination.as_str(), &*them.destination());
            prop_assert_eq!(ours.data, them.data());
        }
        (Packet::Fulfill(ours), theirs::Packet::Fulfill(them)) => {
            prop_assert_eq!(&ours.fulfillment.0[..], them.fulfillment());
            prop_assert_eq!(ours.data, them.data());
        }
        (Packet::Reject(ours), theirs::Packet::Reject(them)) => {
            prop_assert_eq!(theirs::ErrorCode::new(*ours.code.as_bytes()), them.code());
            let triggered_by = them.triggered_by();
            prop_assert_eq!(
                ours.triggered_by.map(|address| address.as_str().to_owned()),
                triggered_by.map(|address| address.to_string())
            );
            prop_assert_eq!(ours.message.as_bytes(), them.message());
            prop_assert_eq!(ours.data, them.data());
        }
        (ours, them) => prop_assert!(false, "{ours:?} beside {them:?}"),
    }
    Ok(())
}

/// Their clock reads a sixtieth second as a leap second and takes signs for digits; ours rolls
/// over, as JavaScript does, and takes digits only.
fn time_differs(bytes: &[u8], packet: Option<&Packet<'_>>) -> bool {
    let Some(Packet::Prepare(_)) = packet else {
        return true;
    };
    let Some(time) = bytes
        .windows(17)
        .find(|window| window.iter().all(u8::is_ascii_digit))
    else {
        return true;
    };
    &time[12..14] == b"60"
}

proptest! {
    #![proptest_config(config(25_000))]

    #[test]
    fn the_same_value_gives_the_same_bytes(packet in packets()) {
        packet.with(|packet| {
            let mut ours = Vec::new();
            if STRICT.encode_packet(packet, &mut ours).is_err() {
                return Ok(());
            }
            if let Some(theirs) = encoded_by_them(packet) {
                prop_assert_eq!(&ours, &theirs);
                let read = decoded_by_them(&ours);
                prop_assert!(read.is_some());
                same(packet, &read.unwrap())?;
            }
            Ok(())
        })?;
    }

    /// Strict mode accepts nothing that they refuse, lenient mode everything that they accept.
    #[test]
    fn mutated_packets_mean_the_same(packet in packets(), changes in mutations()) {
        let mut bytes = Vec::new();
        if packet.with(|packet| STRICT.encode_packet(packet, &mut bytes)).is_err() {
            return Ok(());
        }
        mutate(&mut bytes, &changes);
        let them = decoded_by_them(&bytes);
        let lenient = LENIENT.decode_packet(&bytes);
        if let Ok(strict) = STRICT.decode_packet(&bytes) {
            let empty = matches!(strict, Packet::Reject(reject) if reject.triggered_by.is_none());
            prop_assert!(empty || them.is_some(), "{strict:?}");
        }
        match (&lenient, &them) {
            (Ok(ours), Some(them)) if !matches!(ours, Packet::Prepare(_))
                || !time_differs(&bytes, Some(ours)) => same(ours, them)?,
            (Err(error), Some(_)) => {
                let prepare = matches!(packet, OwnedPacket::Prepare { .. });
                prop_assert!(prepare && error.field == "expiresAt", "{error}");
            }
            _ => {}
        }
    }
}
