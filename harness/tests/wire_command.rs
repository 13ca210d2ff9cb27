//! `ator-harness wire`: bytes to JSON and back.

use ator_harness::cli::wire::{Args, Error, run};
use clap::Parser;
use serde_json::{Value, json};

/// The subcommand on its own.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// Runs `wire` with `arguments` and returns its lines and result.
fn wire(arguments: &[&str], input: &str) -> (Vec<String>, Result<(), Error>) {
    let cli = Cli::parse_from([&["wire"], arguments].concat());
    let mut output = Vec::new();
    let result = run(&cli.args, &mut input.as_bytes(), &mut output);
    let output = String::from_utf8(output).unwrap();
    (output.lines().map(str::to_owned).collect(), result)
}

fn one(arguments: &[&str]) -> Value {
    let (lines, result) = wire(arguments, "");
    result.unwrap();
    assert_eq!(lines.len(), 1);
    serde_json::from_str(&lines[0]).unwrap()
}

/// Exit code and the one line of JSON of a run that fails.
fn failing(arguments: &[&str]) -> (u8, Value) {
    let (lines, result) = wire(arguments, "");
    assert_eq!(lines.len(), 1);
    let code = result.unwrap_err().exit().code();
    (code, serde_json::from_str(&lines[0]).unwrap())
}

/// The captured frame `auth.secret-ok`.
const AUTH: &str = "060000000101046175746800000000002b7b22706565724964223a2270792d636c69656e74222c2\
                    2736563726574223a2270792d736563726574227d00000000";

/// The captured frame `ilp.prepare-fulfill`.
const PREPARE: &str = "0600000007000000003e0c0032303236313132323039333134322e3634325abc4f48d7a8651\
                       dc97ae415f0b47a52ef1a2702098202392b88bc925f6e89ee1705672e622e78026869";

fn vectors() -> Vec<(String, String)> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/vectors/toon-btp.json"
    );
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let vectors: Vec<_> = vectors
        .as_array()
        .unwrap()
        .iter()
        .map(|vector| (text(&vector["name"]), text(&vector["hex"])))
        .filter(|(_, hex)| !hex.is_empty())
        .collect();
    assert!(vectors.len() > 200, "{} vectors", vectors.len());
    vectors
}

#[test]
fn a_frame_with_protocol_data_shows_its_text_and_where_it_is() {
    assert_eq!(
        one(&["decode", AUTH]),
        json!({
            "dialect": "toon",
            "type": "MESSAGE",
            "requestId": 1,
            "length": 64,
            "protocolData": [{
                "protocolName": "auth",
                "contentType": 0,
                "data": &AUTH[34..120],
                "dataText": r#"{"peerId":"py-client","secret":"py-secret"}"#,
                "offsets": {"protocolName": 7, "data": 17},
            }],
            "ilp": null,
            "offsets": {"type": 0, "requestId": 1},
        })
    );
}

#[test]
fn a_packet_shows_its_fields() {
    let frame = one(&["decode", "--dialect", "toon", PREPARE]);
    assert_eq!(
        frame["ilp"],
        json!({
            "type": "PREPARE",
            "amount": "0",
            "expiresAt": "2026-11-22T09:31:42.642Z",
            "executionCondition":
                "bc4f48d7a8651dc97ae415f0b47a52ef1a2702098202392b88bc925f6e89ee17",
            "destination": "g.b.x",
            "data": "6869",
            "dataText": "hi",
            "offsets": {"type": 10, "destination": 64, "data": 70},
        })
    );
    assert_eq!(frame["offsets"]["ilp"], 10);
}

#[test]
fn every_captured_frame_that_is_canonical_comes_back_byte_for_byte() {
    let mut canonical = 0;
    for (name, hex) in vectors() {
        let (decoded, result) = wire(&["decode", "--dialect", "toon", &hex], "");
        if result.is_err() {
            continue;
        }
        canonical += 1;
        let (encoded, result) = wire(&["encode", &decoded[0]], "");
        assert!(result.is_ok(), "{name}: {encoded:?}");
        assert_eq!(encoded, [hex], "{name}");
    }
    assert!(canonical > 100, "{canonical} canonical frames");
}

#[test]
fn every_captured_frame_gives_one_line_of_json_in_every_mode() {
    let vectors = vectors();
    let input: String = vectors.iter().map(|(_, hex)| format!("{hex}\n")).collect();
    for dialect in ["toon", "rfc", "auto"] {
        for lenient in [&[][..], &["--lenient"]] {
            let arguments = [&["decode", "--dialect", dialect], lenient, &["-"]].concat();
            let (lines, _) = wire(&arguments, &input);
            assert_eq!(lines.len(), vectors.len());
            for line in lines {
                let value: Value = serde_json::from_str(&line).unwrap();
                assert!(value.get("type").is_some() || value.get("error").is_some());
            }
        }
    }
}

#[test]
fn what_only_peers_in_the_field_accept_needs_lenient() {
    // Amount 5 as 81 05, which has a shorter form.
    let hex = PREPARE.replacen("3e0c00", "3f0c8105", 1);
    let (code, value) = failing(&["decode", &hex]);
    assert_eq!(code, 1);
    assert_eq!(value["ilp"]["error"]["field"], "amount");
    assert_eq!(
        value["ilp"]["error"]["offset"], 11,
        "counted from the frame's first byte"
    );
    let frame = one(&["decode", "--lenient", &hex]);
    assert_eq!(frame["ilp"]["amount"], "5");
}

#[test]
fn a_bad_packet_in_a_good_frame_is_kept_as_bytes() {
    let (code, value) = failing(&["decode", "--dialect", "toon", "0600000007000000000163"]);
    assert_eq!(code, 1);
    assert_eq!(value["type"], "MESSAGE");
    assert_eq!(value["ilp"]["hex"], "63");
    assert_eq!(value["ilp"]["error"]["offset"], 10);
    let (lines, result) = wire(&["encode", &value.to_string()], "");
    result.unwrap();
    assert_eq!(lines, ["0600000007000000000163"]);
}

#[test]
fn an_undecodable_frame_says_where_and_what() {
    let (code, value) = failing(&["decode", "--dialect", "toon", "0600000007"]);
    assert_eq!(code, 1);
    assert_eq!(value["error"]["dialect"], "toon");
    assert_eq!(value["error"]["offset"], 5);
    assert!(
        value["error"]["expected"]
            .as_str()
            .unwrap()
            .contains("bytes")
    );
}

#[test]
fn several_frames_keep_their_order_and_one_bad_one_decides_the_exit_code() {
    let input = format!("{AUTH}\n\n  06 00  \n{PREPARE}\n");
    let (lines, result) = wire(&["decode", "-"], &input);
    assert_eq!(lines.len(), 3);
    assert!(lines[0].contains("\"auth\""));
    assert!(lines[1].contains("\"error\""));
    assert!(lines[2].contains("\"PREPARE\""));
    let error = result.unwrap_err();
    assert_eq!(error.exit().code(), 1);
    assert_eq!(error.to_string(), "failed to convert 1 of 3 frames");
}

#[test]
fn spaces_case_and_prefix_of_the_hexadecimal_do_not_matter() {
    let spaced = "0x06 00000007 00 00000001 0D";
    let (_, value) = failing(&["decode", spaced]);
    assert_eq!(value["requestId"], 7);
    for input in ["06zz", "060"] {
        let (code, value) = failing(&["decode", input]);
        assert_eq!(code, 2);
        assert!(value["error"]["input"].is_string(), "{value}");
    }
}

#[test]
fn both_dialects_are_recognised_by_themselves() {
    let mut frame = one(&["decode", PREPARE]);
    assert_eq!(frame["dialect"], "toon");
    frame["dialect"] = json!("rfc");
    // The rfc dialect has no room for the dot and the Z, but for the same instant.
    let (lines, result) = wire(&["encode", &frame.to_string()], "");
    result.unwrap();
    let rfc = one(&["decode", &lines[0]]);
    assert_eq!(rfc["dialect"], "rfc");
    for field in [
        "amount",
        "expiresAt",
        "executionCondition",
        "destination",
        "data",
    ] {
        assert_eq!(rfc["ilp"][field], frame["ilp"][field], "{field}");
    }
    let toon = one(&["decode", PREPARE]).to_string();
    let (overridden, _) = wire(&["encode", "--dialect", "rfc", &toon], "");
    assert_eq!(overridden, lines);
}

#[test]
fn amounts_beyond_64_bits_survive() {
    let mut frame = one(&["decode", PREPARE]);
    frame["ilp"]["amount"] = json!("4722366482869645213696");
    let (lines, result) = wire(&["encode", &frame.to_string()], "");
    result.unwrap();
    let again = one(&["decode", &lines[0]]);
    assert_eq!(again["ilp"]["amount"], "4722366482869645213696");
}

#[test]
fn text_alone_is_enough_to_encode() {
    let frame = json!({
        "type": "MESSAGE",
        "requestId": 1,
        "protocolData": [{
            "protocolName": "auth",
            "dataText": r#"{"peerId":"py-client","secret":"py-secret"}"#,
        }],
    });
    let (lines, result) = wire(&["encode", &frame.to_string()], "");
    result.unwrap();
    assert_eq!(lines, [AUTH]);
}

#[test]
fn what_cannot_be_encoded_says_why() {
    let cases = [
        ("{", 2, "input"),
        (r#"{"type":"MESSAGE"}"#, 2, "input"),
        (
            r#"{"type":"MESSAGE","requestId":1,"colour":"red"}"#,
            2,
            "input",
        ),
        (r#"{"type":"PING","requestId":1}"#, 1, "frame"),
        (r#"{"type":"ERROR","requestId":1}"#, 1, "frame"),
        (
            r#"{"type":"MESSAGE","requestId":1,"ilp":{"type":"FULFILL"}}"#,
            1,
            "frame",
        ),
        (
            r#"{"type":"MESSAGE","requestId":1,"dialect":"latin"}"#,
            1,
            "frame",
        ),
    ];
    for (text, expected, kind) in cases {
        let (code, value) = failing(&["encode", text]);
        assert_eq!(code, expected, "{text}");
        assert!(value["error"][kind].is_string(), "{text}: {value}");
    }
}
