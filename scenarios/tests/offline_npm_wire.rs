//! The `rfc` dialect and the packages that the Interledger project published, byte by byte and
//! in both directions: what we encode they read as the same value, what they encode is the same
//! bytes, and what our strict decoder accepts of damaged bytes they accept too.

#[path = "npm/mod.rs"]
mod npm;

use std::io::Write;
use std::process::Stdio;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use toon_wire::{
    Address, Amount, BtpBody, BtpData, BtpError, BtpFrame, BtpType, Codec, Condition, Dialect,
    Expiry, Fulfill, Fulfillment, Mode, Packet, Prepare, ProtocolData, ProtocolEntry, Reject,
    RejectCode, auth,
};

const STRICT: Codec = Codec::new(Dialect::Rfc, Mode::Strict);
const LENIENT: Codec = Codec::new(Dialect::Rfc, Mode::Lenient);

/// Values of each kind.
const ROUNDS: usize = 1_000;

/// Repeatable pseudo-random numbers (xorshift with a multiplication at the end).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> usize {
        (self.next() % limit) as usize
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64)]
    }

    /// Lengths on both sides of every boundary of a length prefix.
    fn bytes(&mut self) -> Vec<u8> {
        let length = match self.below(64) {
            0..8 => 0,
            8..16 => self.pick(&[127, 128, 129, 255, 256, 257]),
            16 => self.pick(&[1_000, 32_768, 65_535, 65_536]),
            _ => self.below(100),
        };
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn array(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.next() as u8)
    }

    fn text(&mut self, alphabet: &str, longest: u64) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..self.below(longest + 1))
            .map(|_| self.pick(&alphabet))
            .collect()
    }

    fn address(&mut self) -> String {
        let mut address = self
            .pick(&["g", "private", "example", "peer", "test1", "local"])
            .to_owned();
        for _ in 0..=self.below(4) {
            address.push_str(".a");
            address.push_str(&self.text("abcXYZ019_~-", 9));
        }
        if self.below(20) == 0 {
            address.push_str(&"x".repeat(1_023 - address.len()));
        }
        address
    }

    /// The packages write years without leading zeros, and take the first instant of 1970 for no
    /// time at all; peers never say either.
    fn time(&mut self) -> Expiry {
        let first: Expiry = "1000-01-01T00:00:00.000Z".parse().expect("a time");
        let span = Expiry::MAX_ENCODABLE.millis_after(first) as u64;
        match first.plus_millis(self.next() % (span + 1)) {
            epoch if epoch.unix_millis() == 0 => epoch.plus_millis(1),
            time => time,
        }
    }
}

/// A line for the script, and what has to come back.
struct Case {
    line: Value,
    bytes: Vec<u8>,
}

fn packet_case(kind: &str, value: Value, packet: &Packet<'_>) -> Case {
    let mut bytes = Vec::new();
    STRICT
        .encode_packet(packet, &mut bytes)
        .expect("a packet that can be encoded");
    assert_eq!(STRICT.decode_packet(&bytes), Ok(*packet));
    case(kind, value, bytes)
}

fn frame_case(kind: &str, value: Value, frame: &BtpFrame<'_>) -> Case {
    let mut bytes = Vec::new();
    STRICT
        .encode_frame(frame, &mut bytes)
        .expect("a frame that can be encoded");
    assert_eq!(STRICT.decode_frame(&bytes), Ok(*frame));
    case(kind, value, bytes)
}

fn case(kind: &str, value: Value, bytes: Vec<u8>) -> Case {
    Case {
        line: json!({"kind": kind, "value": value, "bytes": hex(&bytes)}),
        bytes,
    }
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn prepare(random: &mut Random) -> Case {
    let amount =
        random.pick(&[0, 1, u64::from(u32::MAX) + 1, u64::MAX, 255]) ^ (random.next() >> 33);
    let (hash, data, destination) = (random.array(), random.bytes(), random.address());
    let expires_at = random.time();
    let value = json!({
        "amount": amount.to_string(),
        "expiresAt": expires_at.unix_millis(),
        "condition": hex(&hash),
        "destination": destination,
        "data": hex(&data),
    });
    let packet = Packet::Prepare(Prepare {
        amount: Amount::from(amount),
        expires_at,
        condition: Condition(hash),
        destination: Address::new(&destination).expect("an address"),
        data: &data,
    });
    packet_case("prepare", value, &packet)
}

fn fulfill(random: &mut Random) -> Case {
    let (hash, data) = (random.array(), random.bytes());
    let value = json!({"fulfillment": hex(&hash), "data": hex(&data)});
    let packet = Packet::Fulfill(Fulfill {
        fulfillment: Fulfillment(hash),
        data: &data,
    });
    packet_case("fulfill", value, &packet)
}

fn reject(random: &mut Random) -> Case {
    let code = random.pick(&["F02", "T01", "R00", "F99", "ZZZ"]);
    let triggered_by = random.below(3).gt(&0).then(|| random.address());
    let (message, data) = (random.text("no route 0é€𝄞", 200), random.bytes());
    let value = json!({
        "code": code,
        "triggeredBy": triggered_by.as_deref().unwrap_or(""),
        "message": message,
        "data": hex(&data),
    });
    let packet = Packet::Reject(Reject {
        code: code.parse::<RejectCode>().expect("a code"),
        triggered_by: triggered_by
            .as_deref()
            .map(|text| Address::new(text).expect("an address")),
        message: message.as_str().into(),
        data: &data,
    });
    packet_case("reject", value, &packet)
}

fn frame(random: &mut Random) -> Case {
    let request_id = random.next() as u32;
    let kind = random.pick(&[
        Some(BtpType::Message),
        Some(BtpType::Response),
        Some(BtpType::Transfer),
        None,
    ]);
    let count = random.pick(&[0, 0, 1, 2, 3, 127, 128, 255, 256]);
    let owned: Vec<(String, u16, Vec<u8>)> = (0..count)
        .map(|_| {
            let data = if count > 3 {
                Vec::new()
            } else {
                random.bytes()
            };
            (
                random.text("abc_-.XYZ", 12) + "x",
                random.below(256) as u16,
                data,
            )
        })
        .collect();
    let entries: Vec<_> = owned
        .iter()
        .map(|(name, content_type, data)| ProtocolEntry::new(name, *content_type, data))
        .collect();
    let protocol_data = ProtocolData::new(&entries);
    let mut listed: Vec<Value> = owned
        .iter()
        .map(|(name, content_type, data)| json!([name, content_type, hex(data)]))
        .collect();
    let mut value = json!({"requestId": request_id});
    let (ilp, name) = (random.bytes(), random.text("NotAcceptedError", 20));
    let (data, mut time) = (random.text("data é", 30), random.time());
    // The packages keep trailing zeros, see `times_of_errors`.
    if time.unix_millis() % 10 == 0 {
        time = time.minus_millis(1);
    }
    let generalized = time.to_generalized_time();
    let body = match kind {
        Some(kind) => {
            let amount = match kind {
                BtpType::Transfer => random.next() >> random.below(64),
                _ => 0,
            };
            if !ilp.is_empty() {
                listed.insert(0, json!(["ilp", 0, hex(&ilp)]));
            }
            value["type"] = kind.code().into();
            if kind == BtpType::Transfer {
                value["amount"] = amount.to_string().into();
            }
            BtpBody::Data(BtpData {
                kind,
                amount,
                protocol_data,
                ilp: &ilp,
            })
        }
        None => {
            value["type"] = 2.into();
            value["code"] = "F00".into();
            value["name"] = name.clone().into();
            value["triggeredAt"] = time.unix_millis().into();
            value["data"] = data.clone().into();
            BtpBody::Error(BtpError {
                code: "F00".into(),
                name: name.as_str().into(),
                triggered_at: generalized.as_str().into(),
                data: data.as_bytes(),
                protocol_data,
            })
        }
    };
    value["entries"] = listed.into();
    frame_case("frame", value, &BtpFrame { request_id, body })
}

fn authentication(random: &mut Random) -> Case {
    let request_id = random.next() as u32;
    let (username, token) = (
        random.text("alice.bob-é", 20),
        random.text("secret\"{}", 20),
    );
    let value = json!({"requestId": request_id, "username": username, "token": token});
    let entries = auth::rfc_entries(&username, &token);
    let frame = BtpFrame::message_with(request_id, ProtocolData::new(&entries));
    frame_case("auth", value, &frame)
}

/// Runs the script over the lines and returns its answers.
fn ask(lines: &[Value]) -> Vec<Value> {
    let folder = npm::install();
    let mut child = npm::node(&folder, "wire.js")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}", npm::explain("node", &error)));
    let mut stdin = child.stdin.take().expect("a pipe");
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // From a thread, because the script answers while it reads.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("the script's answers");
    writer
        .join()
        .expect("the writer")
        .expect("the script reads to the end");
    assert!(
        output.status.success(),
        "the script ended with {}",
        output.status
    );
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), lines.len());
    answers
}

fn both_ways(make: impl Fn(&mut Random) -> Case) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let cases: Vec<Case> = (0..ROUNDS).map(|_| make(&mut random)).collect();
    let lines: Vec<Value> = cases.iter().map(|case| case.line.clone()).collect();
    for (case, answer) in cases.iter().zip(ask(&lines)) {
        assert_eq!(answer["error"], Value::Null, "{}", case.line);
        assert_eq!(
            answer["encoded"],
            hex(&case.bytes),
            "they encode {}",
            case.line
        );
        assert_eq!(
            answer["decoded"], case.line["value"],
            "they read {}",
            case.line
        );
    }
}

#[test]
fn prepares() {
    both_ways(prepare);
}

#[test]
fn fulfills() {
    both_ways(fulfill);
}

#[test]
fn rejects() {
    both_ways(reject);
}

#[test]
fn frames() {
    both_ways(frame);
}

#[test]
fn authentications() {
    both_ways(authentication);
}

/// The packages write and know three digits after the period, always. Where RFC-0030 leaves trailing
/// zeros out, their bytes are read by lenient mode alone, and ours are no date to them, but no error
/// either.
#[test]
fn times_of_errors() {
    let times: Vec<Expiry> = (270..=300)
        .chain([0, 1, 20, 999])
        .map(|millis| Expiry::from_unix_millis(1_514_132_072_000 + millis))
        .collect();
    let cases: Vec<Case> = times.iter().map(|time| error_at(*time)).collect();
    let lines: Vec<Value> = cases.iter().map(|case| case.line.clone()).collect();
    for ((time, case), answer) in times.iter().zip(&cases).zip(ask(&lines)) {
        assert_eq!(answer["error"], Value::Null, "{time}");
        let theirs = answer["encoded"].as_str().expect("bytes");
        let theirs = HEXLOWER.decode(theirs.as_bytes()).expect("hexadecimal");
        let read = LENIENT.decode_frame(&theirs).expect("a frame");
        let BtpBody::Error(error) = read.body else {
            panic!("{theirs:?} is no ERROR");
        };
        assert_eq!(error.triggered_at_time(), Some(*time));
        let canonical = time.unix_millis() % 10 != 0;
        assert_eq!(theirs == case.bytes, canonical, "{time}");
        assert_eq!(STRICT.decode_frame(&theirs).is_ok(), canonical, "{time}");
        let theirs_of_ours = match canonical {
            true => time.unix_millis().into(),
            false => Value::Null,
        };
        assert_eq!(answer["decoded"]["triggeredAt"], theirs_of_ours, "{time}");
    }
}

/// An ERROR of that time and nothing more.
fn error_at(time: Expiry) -> Case {
    let value = json!({
        "type": 2,
        "requestId": 7,
        "code": "F00",
        "name": "x",
        "triggeredAt": time.unix_millis(),
        "data": "",
        "entries": [],
    });
    let generalized = time.to_generalized_time();
    frame_case(
        "frame",
        value,
        &BtpFrame::error(7, "F00", "x", &generalized),
    )
}

/// One or two bytes are changed: what strict mode accepts, they accept and write the same; what
/// they write the same, lenient mode accepts.
#[test]
fn damaged_bytes() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let makers: [fn(&mut Random) -> Case; 4] = [prepare, fulfill, reject, frame];
    let mut damaged = Vec::new();
    while damaged.len() < 4 * ROUNDS {
        let make = random.pick(&makers);
        let Case { line, mut bytes } = make(&mut random);
        for _ in 0..=random.below(2) {
            let reach = bytes.len().min(120) as u64;
            let at = random.below(reach);
            bytes[at] = random.next() as u8;
        }
        damaged.push((line["kind"] == "frame", bytes));
    }
    let lines: Vec<Value> = damaged
        .iter()
        .map(|(frame, bytes)| json!({"kind": "bytes", "frame": frame, "bytes": hex(bytes)}))
        .collect();
    let mut accepted = 0;
    for ((frame, bytes), answer) in damaged.iter().zip(ask(&lines)) {
        let (strict, lenient) = if *frame {
            (
                STRICT.decode_frame(bytes).err(),
                LENIENT.decode_frame(bytes).err(),
            )
        } else {
            (
                STRICT.decode_packet(bytes).err(),
                LENIENT.decode_packet(bytes).err(),
            )
        };
        let same = answer["encoded"] == hex(bytes);
        if strict.is_none() {
            accepted += 1;
            let fine = same || (answer["accepted"] == true && cannot_write(*frame, bytes));
            assert!(fine, "only we accept {}, they say {answer}", hex(bytes));
        }
        if same && let Some(error) = lenient {
            panic!("only they accept {}: {error}", hex(bytes));
        }
    }
    // Otherwise nothing was compared.
    assert!(accepted > ROUNDS, "{accepted} accepted");
}

/// They take an ERROR's data for text and lose what is not UTF-8, and write years before 1000
/// without leading zeros.
fn cannot_write(frame: bool, bytes: &[u8]) -> bool {
    if frame {
        return bytes[0] == 2;
    }
    let millennium: Expiry = "1000-01-01T00:00:00.000Z".parse().expect("a time");
    matches!(
        LENIENT.decode_packet(bytes),
        Ok(Packet::Prepare(prepare)) if prepare.expires_at < millennium
    )
}
