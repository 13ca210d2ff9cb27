//! One by one, what lenient decoders let through and strict ones refuse, and the words and
//! places of errors.

use toon_wire::{
    AddressError, BtpBody, Codec, DecodeError, Dialect, EncodeError, Expected, Expiry, Mode,
    Packet, RejectCode,
};

const TOON: Dialect = Dialect::Toon;
const RFC: Dialect = Dialect::Rfc;

fn error(offset: usize, field: &'static str, expected: Expected) -> DecodeError {
    DecodeError {
        offset,
        field,
        expected,
    }
}

fn lenient(dialect: Dialect) -> Codec {
    Codec::new(dialect, Mode::Lenient)
}

fn strict(dialect: Dialect) -> Codec {
    Codec::new(dialect, Mode::Strict)
}

/// A PREPARE of the `toon` dialect, put together from its parts.
fn toon_prepare(amount: &[u8], time: &[u8; 19], destination: &[u8], data: &[u8]) -> Vec<u8> {
    [&[12], amount, time, &[7; 32], destination, data].concat()
}

/// A PREPARE of the `rfc` dialect around `time`, `destination` and `data`.
fn rfc_prepare(time: &[u8; 17], destination: &[u8], data: &[u8]) -> Vec<u8> {
    let content = [&[0; 8], &time[..], &[7; 32], destination, data].concat();
    [&[12, content.len() as u8], &content[..]].concat()
}

const TOON_TIME: &[u8; 19] = b"20261122093142.642Z";
const RFC_TIME: &[u8; 17] = b"20261122093142642";
const G_B: &[u8] = b"\x03g.b";
const NO_DATA: &[u8] = b"\0";

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn packets_that_only_lenient_mode_takes() {
    let trailing = [toon_prepare(b"\x05", TOON_TIME, G_B, NO_DATA), vec![1, 2]].concat();
    let rfc_trailing = [rfc_prepare(RFC_TIME, G_B, NO_DATA), vec![1, 2]].concat();
    let month_13 = b"20261322093142.642Z";
    let second_61 = b"20261122093161.642Z";
    let reject = |text: &[u8]| [b"\x0eF00\0".as_slice(), text, b"\0"].concat();
    for (dialect, bytes, expected) in [
        (
            TOON,
            trailing,
            error(58, "packet", Expected::End { trailing: 2 }),
        ),
        (
            TOON,
            toon_prepare(b"\x81\x05", TOON_TIME, G_B, NO_DATA),
            error(1, "amount", Expected::Minimal),
        ),
        (
            TOON,
            toon_prepare(b"\x80", TOON_TIME, G_B, NO_DATA),
            error(1, "amount", Expected::Minimal),
        ),
        (
            TOON,
            toon_prepare(b"\x82\0\xff", TOON_TIME, G_B, NO_DATA),
            error(1, "amount", Expected::Minimal),
        ),
        (
            TOON,
            toon_prepare(b"\x05", month_13, G_B, NO_DATA),
            error(2, "expiresAt", Expected::CalendarTime),
        ),
        (
            TOON,
            toon_prepare(b"\x05", second_61, G_B, NO_DATA),
            error(2, "expiresAt", Expected::CalendarTime),
        ),
        (
            TOON,
            toon_prepare(b"\x05", TOON_TIME, b"\x81\x03g.b", NO_DATA),
            error(53, "destination", Expected::Minimal),
        ),
        (
            TOON,
            toon_prepare(b"\x05", TOON_TIME, G_B, b"\x81\0"),
            error(57, "data", Expected::Minimal),
        ),
        (
            TOON,
            reject(b"\x03a\xffb"),
            error(7, "message", Expected::Utf8),
        ),
        (
            TOON,
            b"\x0e\xff\xff\xff\0\0\0".to_vec(),
            error(1, "code", Expected::Code),
        ),
        (
            RFC,
            rfc_trailing,
            error(64, "packet", Expected::End { trailing: 2 }),
        ),
        (
            RFC,
            rfc_prepare(RFC_TIME, G_B, b"\0\x01"),
            error(64, "envelope", Expected::End { trailing: 1 }),
        ),
        (
            RFC,
            rfc_prepare(RFC_TIME, b"\x81\x03g.b", NO_DATA),
            error(59, "destination", Expected::Minimal),
        ),
        (
            RFC,
            rfc_prepare(RFC_TIME, G_B, b"\x82\0\x01x"),
            error(63, "data", Expected::Minimal),
        ),
        (
            RFC,
            rfc_prepare(b"20261340253161000", G_B, NO_DATA),
            error(10, "expiresAt", Expected::CalendarTime),
        ),
        (
            RFC,
            rfc_prepare(RFC_TIME, b"\x03a.b", NO_DATA),
            error(60, "destination", Expected::Address(AddressError::Scheme)),
        ),
        (
            RFC,
            rfc_prepare(RFC_TIME, b"\x01g", NO_DATA),
            error(60, "destination", Expected::Address(AddressError::Scheme)),
        ),
        (
            RFC,
            b"\x0e\x06\xff\xff\xff\0\0\0".to_vec(),
            error(2, "code", Expected::Code),
        ),
    ] {
        assert_eq!(
            strict(dialect).decode_packet(&bytes),
            Err(expected),
            "{dialect} {bytes:02x?}"
        );
        let taken = lenient(dialect).decode_packet(&bytes);
        assert!(taken.is_ok(), "{dialect} {bytes:02x?}: {taken:?}");
    }
}

/// A frame of the `rfc` dialect around `content`, which is short.
fn rfc_frame(code: u8, content: &[u8]) -> Vec<u8> {
    [&[code, 0, 0, 0, 7, content.len() as u8], content].concat()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn frames_that_only_lenient_mode_takes() {
    const TOON_TIME_TEXT: &str = "YYYY-MM-DDTHH:mm:ss.fffZ";
    const RFC_TIME_TEXT: &str = "YYYYMMDDHHmmss[.fff]Z without trailing zeros";
    let end = |trailing| Expected::End { trailing };
    let toon_error = b"\x02\0\0\0\x01\x03F00\x01x\x04when\0\0\0\0".to_vec();
    let toon_name = b"\x06\0\0\0\x07\x01\x02a\xff\0\0\0\0\0\0\0\0\0\0".to_vec();
    let rfc_error = rfc_frame(2, b"F00\x01x\x03now\0\x01\0");
    let rfc_zeros = rfc_frame(2, b"F00\x01x\x1220171224161430.20Z\0\x01\0");
    let ilp_second = rfc_frame(6, b"\x01\x02\x01x\0\0\x03ilp\0\x01x");
    let ilp_empty = rfc_frame(6, b"\x01\x01\x03ilp\0\0");
    let ilp_as_text = rfc_frame(6, b"\x01\x01\x03ilp\x01\x01x");
    let ilp_in_error = rfc_frame(2, b"F00\0\x1320261122093142.642Z\0\x01\x01\x03ilp\0\x01x");
    for (dialect, bytes, expected) in [
        (
            TOON,
            b"\x06\0\0\0\x07\0\0\0\0\0\xaa\xbb".to_vec(),
            error(10, "frame", end(2)),
        ),
        (TOON, toon_name, error(8, "protocolName", Expected::Utf8)),
        (
            TOON,
            toon_error,
            error(12, "triggeredAt", Expected::TimeLayout(TOON_TIME_TEXT)),
        ),
        (
            RFC,
            b"\x06\0\0\0\x07\x02\x01\0\xaa".to_vec(),
            error(8, "frame", end(1)),
        ),
        (
            RFC,
            rfc_frame(6, b"\x01\0\xaa"),
            error(8, "content", end(1)),
        ),
        (
            RFC,
            b"\x06\0\0\0\x07\x81\x02\x01\0".to_vec(),
            error(5, "content length", Expected::Minimal),
        ),
        (
            RFC,
            rfc_frame(6, b"\x02\0\0"),
            error(6, "protocolData count", Expected::Minimal),
        ),
        (
            RFC,
            rfc_frame(6, b"\x01\x01\x01\xe9\0\0"),
            error(9, "protocolName", Expected::Ascii),
        ),
        (
            RFC,
            ilp_second,
            error(12, "protocolData", Expected::IlpEntryInFront),
        ),
        (
            RFC,
            ilp_empty,
            error(8, "protocolData", Expected::IlpEntryInFront),
        ),
        (
            RFC,
            ilp_as_text,
            error(8, "protocolData", Expected::IlpEntryInFront),
        ),
        (
            RFC,
            ilp_in_error,
            error(31, "protocolData", Expected::NoIlpEntry),
        ),
        (
            RFC,
            rfc_error,
            error(12, "triggeredAt", Expected::TimeLayout(RFC_TIME_TEXT)),
        ),
        (
            RFC,
            rfc_zeros,
            error(12, "triggeredAt", Expected::TimeLayout(RFC_TIME_TEXT)),
        ),
    ] {
        assert_eq!(
            strict(dialect).decode_frame(&bytes),
            Err(expected),
            "{dialect} {bytes:02x?}"
        );
        let taken = lenient(dialect).decode_frame(&bytes);
        assert!(taken.is_ok(), "{dialect} {bytes:02x?}: {taken:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_both_modes_refuse() {
    let bytes = |needed, available| Expected::Bytes { needed, available };
    for mode in [Mode::Strict, Mode::Lenient] {
        let toon = Codec::new(TOON, mode);
        let rfc = Codec::new(RFC, mode);
        for (codec, input, expected) in [
            (toon, &b""[..], error(0, "type", bytes(1, 0))),
            (toon, b"\x06\0\0", error(1, "requestId", bytes(4, 2))),
            (
                toon,
                b"\x08\0\0\0\x07\0\0\0\0\0",
                error(0, "type", Expected::BtpType(8)),
            ),
            (
                toon,
                b"\x06\0\0\0\x07",
                error(5, "protocolData count", bytes(1, 0)),
            ),
            (
                toon,
                b"\x06\0\0\0\x07\0",
                error(6, "ilpPacket length", bytes(4, 0)),
            ),
            (
                toon,
                b"\x06\0\0\0\x07\0\xff\xff\xff\xff",
                error(10, "ilpPacket", bytes(4_294_967_295, 0)),
            ),
            (
                rfc,
                b"\x03\0\0\0\x07\x02\x01\0",
                error(0, "type", Expected::BtpType(3)),
            ),
            (
                rfc,
                b"\x06\0\0\0\x07\x80",
                error(5, "content length", Expected::IntegerWidth(8)),
            ),
            (
                rfc,
                b"\x06\0\0\0\x07\x01\0",
                error(6, "protocolData count", Expected::IntegerWidth(8)),
            ),
            (
                rfc,
                b"\x06\0\0\0\x07\x84\xff\xff\xff\xff",
                error(10, "content", bytes(4_294_967_295, 0)),
            ),
        ] {
            assert_eq!(codec.decode_frame(input), Err(expected), "{input:02x?}");
        }
        let tilde = AddressError::Character {
            index: 2,
            byte: b'~',
        };
        for (codec, input, expected) in [
            (
                toon,
                b"\x10".to_vec(),
                error(0, "type", Expected::PacketType(16)),
            ),
            (
                toon,
                toon_prepare(b"\0", b"2026112209314_.642Z", G_B, NO_DATA),
                error(2, "expiresAt", Expected::TimeLayout("YYYYMMDDHHmmss.fffZ")),
            ),
            (
                toon,
                toon_prepare(b"\0", TOON_TIME, b"\0", NO_DATA),
                error(54, "destination", Expected::Address(AddressError::Empty)),
            ),
            (
                toon,
                toon_prepare(b"\0", TOON_TIME, b"\x03g.~", NO_DATA),
                error(54, "destination", Expected::Address(tilde)),
            ),
            (
                toon,
                b"\x0e\xc3\xa9x\0\0\0".to_vec(),
                error(1, "code", Expected::Code),
            ),
            (
                rfc,
                rfc_prepare(b"2026112209314264_", G_B, NO_DATA),
                error(10, "expiresAt", Expected::TimeLayout("YYYYMMDDHHmmssfff")),
            ),
            (
                rfc,
                rfc_prepare(RFC_TIME, b"\x04g..b", NO_DATA),
                error(
                    60,
                    "destination",
                    Expected::Address(AddressError::EmptySegment(2)),
                ),
            ),
        ] {
            assert_eq!(codec.decode_packet(&input), Err(expected), "{input:02x?}");
        }
    }
}

#[test]
fn times_roll_over_as_in_javascript() {
    let bytes = toon_prepare(b"\0", b"20261340256161.642Z", G_B, NO_DATA);
    let Ok(Packet::Prepare(prepare)) = lenient(TOON).decode_packet(&bytes) else {
        panic!("a PREPARE");
    };
    // Month 13 and day 40 make 9 February, 25:61:61 makes 02:02:01 the day after.
    let expected: Expiry = "2027-02-10T02:02:01.642Z".parse().unwrap();
    assert_eq!(prepare.expires_at, expected);
}

/// An ERROR of the `rfc` dialect that says this time.
fn rfc_error(time: &str) -> Vec<u8> {
    let time = [&[time.len() as u8], time.as_bytes()].concat();
    rfc_frame(2, &[b"F00\0", &time[..], b"\0\x01\0"].concat())
}

#[test]
fn times_of_every_legal_length_are_read_in_both_modes() {
    for (time, instant) in [
        ("20171224161432.279Z", "2017-12-24T16:14:32.279Z"),
        ("20171224161432.27Z", "2017-12-24T16:14:32.270Z"),
        ("20171224161432.2Z", "2017-12-24T16:14:32.200Z"),
        ("20171224161432Z", "2017-12-24T16:14:32.000Z"),
        ("20161231235960.852Z", "2017-01-01T00:00:00.852Z"),
    ] {
        let bytes = rfc_error(time);
        for mode in [Mode::Strict, Mode::Lenient] {
            let codec = Codec::new(RFC, mode);
            let frame = codec.decode_frame(&bytes).unwrap();
            let BtpBody::Error(error) = frame.body else {
                panic!("an ERROR");
            };
            assert_eq!(error.triggered_at_time(), instant.parse().ok(), "{time}");
            let mut again = Vec::new();
            codec.encode_frame(&frame, &mut again).unwrap();
            assert_eq!(again, bytes, "{time}");
        }
    }
}

/// What `btp-packet` writes one time out of ten: lenient mode reads it, and nothing encodes it.
#[test]
fn a_time_with_trailing_zeros_is_not_handed_on() {
    let bytes = rfc_error("20171224161432.200Z");
    assert!(strict(RFC).decode_frame(&bytes).is_err());
    let frame = lenient(RFC).decode_frame(&bytes).unwrap();
    let BtpBody::Error(error) = frame.body else {
        panic!("an ERROR");
    };
    let instant: Expiry = "2017-12-24T16:14:32.200Z".parse().unwrap();
    assert_eq!(error.triggered_at_time(), Some(instant));
    let refused = lenient(RFC).encode_frame(&frame, &mut Vec::new());
    let (field, dialect) = ("triggeredAt", RFC);
    assert_eq!(refused, Err(EncodeError::Time { field, dialect }));
}

/// A PREPARE of the `rfc` dialect has 17 digits, whatever the milliseconds are, and no leap second.
#[test]
fn the_times_of_packets_have_one_length() {
    for (time, instant) in [
        (b"20171224161432200", Some("2017-12-24T16:14:32.200Z")),
        (b"20171224161432000", Some("2017-12-24T16:14:32.000Z")),
        (b"99991224161432279", Some("9999-12-24T16:14:32.279Z")),
        (b"20161231235960852", None),
        (b"20171224240000000", None),
        (b"20171324161432200", None),
    ] {
        let bytes = rfc_prepare(time, G_B, NO_DATA);
        let read = match strict(RFC).decode_packet(&bytes) {
            Ok(Packet::Prepare(prepare)) => Some(prepare.expires_at),
            _ => None,
        };
        assert_eq!(read, instant.map(|text| text.parse().unwrap()));
    }
}

#[test]
fn errors_read_on_from_failed_to() {
    let error = lenient(TOON)
        .decode_frame(b"\x06\0\0\0\x07\0\xff\xff\xff\xff")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "at byte 10, ilpPacket: expected 4294967295 bytes, 0 left"
    );
    assert_eq!(
        RejectCode::from_bytes([0xff; 3]).to_string(),
        "\u{fffd}\u{fffd}\u{fffd}"
    );
}
