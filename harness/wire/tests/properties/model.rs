//! Frames and packets that own what they hold, and how to make them at random.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use toon_wire::{
    Address, Amount, BtpBody, BtpData, BtpError, BtpFrame, BtpType, Condition, Expiry, Fulfill,
    Fulfillment, Packet, Prepare, ProtocolData, ProtocolEntry, Reject, RejectCode, Text,
};

type Bytes = Vec<u8>;

#[derive(Clone, Debug)]
pub(crate) enum OwnedBody {
    Data {
        kind: BtpType,
        amount: u64,
        ilp: Bytes,
    },
    Error {
        code: Bytes,
        name: Bytes,
        triggered_at: Bytes,
        data: Bytes,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct OwnedFrame {
    request_id: u32,
    entries: Vec<(Bytes, u16, Bytes)>,
    body: OwnedBody,
}

impl OwnedFrame {
    pub(crate) fn with<T>(&self, use_frame: impl FnOnce(&BtpFrame<'_>) -> T) -> T {
        let entries: Vec<_> = self
            .entries
            .iter()
            .map(|(name, content_type, data)| ProtocolEntry {
                name: Text::from_bytes(name),
                content_type: *content_type,
                data,
            })
            .collect();
        let protocol_data = ProtocolData::new(&entries);
        let body = match &self.body {
            OwnedBody::Data { kind, amount, ilp } => BtpBody::Data(BtpData {
                kind: *kind,
                amount: *amount,
                protocol_data,
                ilp,
            }),
            OwnedBody::Error {
                code,
                name,
                triggered_at,
                data,
            } => BtpBody::Error(BtpError {
                code: Text::from_bytes(code),
                name: Text::from_bytes(name),
                triggered_at: Text::from_bytes(triggered_at),
                data,
                protocol_data,
            }),
        };
        use_frame(&BtpFrame {
            request_id: self.request_id,
            body,
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) enum OwnedPacket {
    Prepare {
        amount: Bytes,
        expires_at: i64,
        hash: [u8; 32],
        destination: String,
        data: Bytes,
    },
    Fulfill {
        hash: [u8; 32],
        data: Bytes,
    },
    Reject {
        code: [u8; 3],
        triggered_by: Option<String>,
        message: Bytes,
        data: Bytes,
    },
}

impl OwnedPacket {
    pub(crate) fn with<T>(&self, use_packet: impl FnOnce(&Packet<'_>) -> T) -> T {
        let address = |text| Address::new(text).expect("the strategies make addresses only");
        use_packet(&match self {
            Self::Prepare {
                amount,
                expires_at,
                hash,
                destination,
                data,
            } => Packet::Prepare(Prepare {
                amount: Amount::from_be_bytes(amount).expect("127 bytes at most"),
                expires_at: Expiry::from_unix_millis(*expires_at),
                condition: Condition(*hash),
                destination: address(destination),
                data,
            }),
            Self::Fulfill { hash, data } => Packet::Fulfill(Fulfill {
                fulfillment: Fulfillment(*hash),
                data,
            }),
            Self::Reject {
                code,
                triggered_by,
                message,
                data,
            } => Packet::Reject(Reject {
                code: RejectCode::from_bytes(*code),
                triggered_by: triggered_by.as_deref().map(address),
                message: Text::from_bytes(message),
                data,
            }),
        })
    }
}

/// Bytes of lengths around every boundary of a length prefix.
fn octets() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        6 => vec(any::<u8>(), 0..40),
        2 => vec(any::<u8>(), 120..136),
        1 => (select(vec![255_usize, 256, 300]), any::<u8>())
            .prop_map(|(length, byte)| vec![byte; length]),
    ]
}

/// Mostly what encoders take, sometimes not.
fn text() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        12 => "[a-z_]{0,12}".prop_map(String::into_bytes),
        2 => "\\PC{0,12}".prop_map(String::into_bytes),
        1 => Just(b"ilp".to_vec()),
        1 => octets(),
    ]
}

fn time_text() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        5 => expiry().prop_map(|time| Expiry::from_unix_millis(time).to_string().into_bytes()),
        5 => expiry()
            .prop_map(|time| Expiry::from_unix_millis(time).to_generalized_time().into_bytes()),
        // One in ten has trailing zeros.
        1 => expiry().prop_map(|time| Expiry::from_unix_millis(time).to_toon_time().into_bytes()),
        1 => text(),
    ]
}

fn expiry() -> impl Strategy<Value = i64> {
    let first = Expiry::MIN_ENCODABLE.unix_millis();
    let last = Expiry::MAX_ENCODABLE.unix_millis();
    prop_oneof![
        10 => first..=last,
        1 => select(vec![first - 1, first, -1, 0, 1, last, last + 1]),
    ]
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "(g|test1|peer|local)(\\.[a-zA-Z0-9_-]{1,8}){1,4}",
        2 => "[a-zA-Z0-9_~-]{1,8}(\\.[a-zA-Z0-9_~-]{1,8}){0,3}",
        1 => (1015..=1021_usize).prop_map(|length| format!("g.{}", "x".repeat(length))),
    ]
}

fn amount() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        8 => any::<u64>().prop_map(|value| value.to_be_bytes().to_vec()),
        2 => (0..300_u64).prop_map(|value| value.to_be_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..=127),
    ]
}

fn code() -> impl Strategy<Value = [u8; 3]> {
    prop_oneof![
        8 => select(vec![*b"F00", *b"F02", *b"T01", *b"R00", *b"ZZZ"]),
        1 => any::<[u8; 3]>(),
    ]
}

pub(crate) fn frames() -> impl Strategy<Value = OwnedFrame> {
    let kinds = vec![
        BtpType::Response,
        BtpType::Message,
        BtpType::Message,
        BtpType::Transfer,
        BtpType::Prepare,
        BtpType::Reject,
    ];
    let amount = prop_oneof![4 => Just(0), 1 => any::<u64>()];
    let body = prop_oneof![
        4 => (select(kinds), amount, octets())
            .prop_map(|(kind, amount, ilp)| OwnedBody::Data { kind, amount, ilp }),
        1 => (code(), text(), time_text(), octets()).prop_map(
            |(code, name, triggered_at, data)| OwnedBody::Error {
                code: code.to_vec(),
                name,
                triggered_at,
                data,
            }
        ),
    ];
    let content_type = prop_oneof![4 => 0..3_u16, 1 => any::<u16>()];
    let entry = (text(), content_type, octets());
    let entries = prop_oneof![
        3 => Just(Vec::new()),
        6 => vec(entry, 0..4),
        1 => select(vec![127_usize, 128, 255, 256, 300])
            .prop_map(|count| vec![(b"x".to_vec(), 0, Vec::new()); count]),
    ];
    (any::<u32>(), entries, body).prop_map(|(request_id, entries, body)| OwnedFrame {
        request_id,
        entries,
        body,
    })
}

pub(crate) fn packets() -> impl Strategy<Value = OwnedPacket> {
    let message = prop_oneof![4 => "\\PC{0,20}".prop_map(String::into_bytes), 1 => octets()];
    prop_oneof![
        (amount(), expiry(), any::<[u8; 32]>(), address(), octets()).prop_map(
            |(amount, expires_at, hash, destination, data)| OwnedPacket::Prepare {
                amount,
                expires_at,
                hash,
                destination,
                data,
            }
        ),
        (any::<[u8; 32]>(), octets()).prop_map(|(hash, data)| OwnedPacket::Fulfill { hash, data }),
        (code(), proptest::option::of(address()), message, octets()).prop_map(
            |(code, triggered_by, message, data)| OwnedPacket::Reject {
                code,
                triggered_by,
                message,
                data,
            }
        ),
    ]
}

/// One change to valid bytes.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Set(Index, u8),
    Insert(Index, Bytes),
    Remove(Index),
    Cut(Index),
    Append(Bytes),
}

pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let interesting = prop_oneof![
        any::<u8>(),
        select(vec![
            0, 1, 2, 3, 6, 7, 0x0c, 0x0d, 0x0e, 0x7f, 0x80, 0x81, 0x84, 0x88, 0xff
        ]),
    ];
    let mutation = prop_oneof![
        6 => (any::<Index>(), interesting).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        2 => (any::<Index>(), vec(any::<u8>(), 1..6))
            .prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        // Turns a short length into a longer form of itself.
        2 => any::<Index>().prop_map(|at| Mutation::Insert(at, vec![0x81])),
        1 => any::<Index>().prop_map(Mutation::Remove),
        1 => any::<Index>().prop_map(Mutation::Cut),
        1 => vec(any::<u8>(), 1..6).prop_map(Mutation::Append),
    ];
    vec(mutation, 0..4)
}

pub(crate) fn mutate(bytes: &mut Bytes, mutations: &[Mutation]) {
    for mutation in mutations {
        if bytes.is_empty() {
            return;
        }
        match mutation {
            Mutation::Set(at, byte) => *at.get_mut(bytes) = *byte,
            Mutation::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Mutation::Remove(at) => {
                bytes.remove(at.index(bytes.len()));
            }
            Mutation::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Mutation::Append(more) => bytes.extend_from_slice(more),
        }
    }
}
