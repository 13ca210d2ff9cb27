//! `ator-harness conformance` as its user meets it.

use ator_harness::causes::with_causes;
use ator_harness::cli::conformance::{Args, Error, run_with};
use ator_harness::onion::{HostError, ServiceKeys, TldFamily};
use clap::Parser;
use reference_connector::Env;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use crate::faulty::Faulty;
use crate::reference::{FORWARDS, FULFILS, PEER, SECRET, start};

/// The subcommand on its own.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// Runs the command against a port, with `more` arguments and the secret in `CO_SECRET`.
async fn conformance(port: u16, more: &[&str]) -> (String, Result<(), Error>) {
    conformance_of(&format!("ws://127.0.0.1:{port}"), more).await
}

/// The same with a URL.
pub(crate) async fn conformance_of(url: &str, more: &[&str]) -> (String, Result<(), Error>) {
    let arguments = [
        "conformance",
        "--url",
        url,
        "--peer",
        PEER,
        "--secret-env",
        "CO_SECRET",
    ];
    let cli = Cli::parse_from([&arguments[..], more].concat());
    let secret = |name: &str| (name == "CO_SECRET").then(|| SECRET.to_owned());
    let mut output = Vec::new();
    let result = Box::pin(run_with(&cli.args, &secret, &mut output)).await;
    (String::from_utf8(output).unwrap(), result)
}

pub(crate) fn exit_code(result: Result<(), Error>) -> u8 {
    result.err().map_or(0, |error| error.exit().code())
}

#[tokio::test]
async fn a_conforming_connector_passes_and_what_cannot_be_run_is_not_passed() {
    let connector = start(Env::default(), "").await;
    let port = connector.btp_addr().port();
    let (output, result) = conformance(port, &["--json"]).await;
    assert_eq!(exit_code(result), 0, "{output}");
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(report["dialect"], "toon");
    assert_eq!(report["summary"]["failed"], 0);
    assert_eq!(report["summary"]["defects"], 0);
    let row = |id: &str| {
        let rows = report["rows"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).unwrap().clone()
    };
    assert_eq!(row("auth-wrong-secret")["verdict"], "pass");
    assert_eq!(
        row("auth-wrong-secret")["came"],
        "ERROR 1 F00 BTPError; close 1008 \"Authentication failed\""
    );
    for (id, need) in [
        ("env-noauth-FALSE", "BTP_ALLOW_NOAUTH=FALSE"),
        ("yaml-secret-only", "peers[]"),
        ("auth-empty-secret-refused", "--noauth"),
        ("packet-fulfilled", "--fulfils"),
        ("duplicate-older-closes", "--forwards"),
    ] {
        assert_eq!(row(id)["verdict"], "unsupported", "{id}");
        assert!(
            row(id)["why"].as_str().unwrap().contains(need),
            "{}",
            row(id)
        );
    }
    assert!(!output.contains(SECRET));
    connector.shutdown("SIGTERM").await;
}

#[tokio::test]
async fn what_the_user_knows_makes_rows_supported() {
    let connector = start(Env::default(), "").await;
    let port = connector.btp_addr().port();
    let more = [
        "--noauth",
        "allowed",
        "--fulfils",
        FULFILS,
        "--forwards",
        FORWARDS,
    ];
    let (output, result) = conformance(port, &more).await;
    assert_eq!(exit_code(result), 0, "{output}");
    assert!(
        output.contains("0 defects, 0 accepted, 0 failed"),
        "{output}"
    );
    assert!(output.contains("packet-fulfilled"), "{output}");
    assert!(!output.contains(SECRET));
    connector.shutdown("SIGTERM").await;
}

#[tokio::test]
async fn a_connector_that_lets_everybody_in_fails() {
    let faulty = Faulty::start().await;
    let more = [
        "--json",
        "--timeout",
        "1",
        "--only",
        "auth-w",
        "--only",
        "auth-r",
        "--only",
        "auth-u",
        "--only",
        "first-prepare",
        "--only",
        "message-",
    ];
    let (output, result) = conformance(faulty.port(), &more).await;
    assert_eq!(exit_code(result), 1);
    let report: Value = serde_json::from_str(&output).unwrap();
    let failed: Vec<_> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["verdict"] == "fail")
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    for id in ["auth-wrong-secret", "auth-unknown-peer", "first-prepare"] {
        assert!(failed.contains(&id), "{id} not in {failed:?}");
    }
    assert!(!failed.contains(&"auth-right-secret"), "{failed:?}");
}

#[tokio::test]
async fn what_failed_is_told_with_the_statement_that_it_breaks() {
    let faulty = Faulty::start().await;
    let (output, result) = conformance(
        faulty.port(),
        &["--timeout", "1", "--only", "first-prepare"],
    )
    .await;
    assert_eq!(exit_code(result), 1);
    let lines = [
        "fail first-prepare; see contract#auth-refused",
        "contract#... is a statement of docs/connector-contract.md",
    ];
    for line in lines {
        assert!(output.lines().any(|one| one == line), "{output}");
    }
}

#[tokio::test]
async fn known_defects_fail_unless_they_are_accepted() {
    let faulty = Faulty::start().await;
    let more = [
        "--json",
        "--timeout",
        "1",
        "--forwards",
        FORWARDS,
        "--only",
        "duplicate-",
        "--only",
        "next-hop-",
        "--only",
        "foreign-",
    ];
    let (output, result) = conformance(faulty.port(), &more).await;
    assert_eq!(exit_code(result), 1, "a defect is wrong, whoever has it");
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(report["summary"]["defects"], 3, "{output}");
    assert_eq!(report["summary"]["failed"], 0, "{output}");
    for (id, defect) in [
        (
            "duplicate-older-closes",
            "contract#defect-older-close-deregisters",
        ),
        ("next-hop-leaves", "contract#defect-in-flight-forgotten"),
        (
            "foreign-answer",
            "contract#defect-answer-from-any-connection",
        ),
    ] {
        let rows = report["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["id"] == id).unwrap();
        assert_eq!(row["verdict"], "defect", "{row}");
        assert_eq!(row["source"], defect, "{row}");
        assert_eq!(row["basis"], "defect", "{row}");
    }

    let accepted = "defect-older-close-deregisters,defect-in-flight-forgotten,\
                    defect-answer-from-any-connection";
    let all = [&more[..], &["--accept-defects", accepted]].concat();
    let (output, result) = conformance(faulty.port(), &all).await;
    assert_eq!(exit_code(result), 0, "{output}");
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(report["summary"]["accepted"], 3, "{output}");

    let some = [
        &more[1..],
        &["--accept-defects", "defect-in-flight-forgotten"],
    ]
    .concat();
    let (output, result) = conformance(faulty.port(), &some).await;
    assert_eq!(exit_code(result), 1, "two are not accepted");
    assert!(
        output.contains("2 defects, 1 accepted, 0 failed"),
        "{output}"
    );

    let unknown = [&more[..], &["--accept-defects", "defect-of-nobody"]].concat();
    let (_, result) = conformance(faulty.port(), &unknown).await;
    let error = result.unwrap_err();
    assert_eq!(error.exit().code(), 2);
    for name in [
        "defect-of-nobody",
        "defect-in-flight-forgotten",
        "defect-empty-secret-takeover",
    ] {
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn an_absent_connector_and_an_absent_secret_are_what_the_environment_lacks() {
    // Bound without listening: refused, and nobody else's.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let port = closed.local_addr().unwrap().port();
    let (output, result) = conformance(port, &[]).await;
    assert_eq!(output, "");
    let error = result.unwrap_err();
    assert_eq!(error.exit().code(), 3);
    let text = with_causes(&error).to_string();
    assert!(text.contains("connection refused"), "{text}");

    let cli = Cli::parse_from([
        "conformance",
        "--url",
        "ws://127.0.0.1:1",
        "--peer",
        "x",
        "--secret-env",
        "NO_SUCH_SECRET",
    ]);
    let error = Box::pin(run_with(&cli.args, &|_| None, &mut Vec::new()))
        .await
        .unwrap_err();
    assert_eq!(error.exit().code(), 3);
    assert!(error.to_string().contains("NO_SUCH_SECRET"), "{error}");

    let (_, result) = conformance(port, &["--only", "no-such-row"]).await;
    assert_eq!(result.unwrap_err().exit().code(), 2);
}

#[tokio::test]
async fn a_connector_that_goes_away_is_reported() {
    let connector = start(Env::default(), "").await;
    let port = connector.btp_addr().port();
    let (result, ()) = tokio::join!(
        async { conformance(port, &["--timeout", "1"]).await.1 },
        connector.shutdown("SIGTERM"),
    );
    assert_eq!(result.unwrap_err().exit().code(), 3);
}

#[tokio::test]
async fn an_empty_variable_is_no_secret_unless_somebody_says_so() {
    let connector = start(Env::default(), "").await;
    let url = format!("ws://127.0.0.1:{}", connector.btp_addr().port());
    let arguments = [
        "conformance",
        "--url",
        &url,
        "--peer",
        "anyone",
        "--secret-env",
        "CO_SECRET",
        "--only",
        "auth-right-secret",
    ];
    let run = async |more: &[&str], value: Option<&str>| {
        let cli = Cli::parse_from([&arguments[..], more].concat());
        let value = value.map(str::to_owned);
        Box::pin(run_with(
            &cli.args,
            &move |_| value.clone(),
            &mut Vec::new(),
        ))
        .await
    };
    let error = run(&[], Some("")).await.unwrap_err();
    assert_eq!(error.exit().code(), 2);
    for word in ["CO_SECRET", "--empty-secret"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(exit_code(run(&["--empty-secret"], Some("")).await), 0);
    assert_eq!(exit_code(run(&["--empty-secret"], None).await), 0);
    connector.shutdown("SIGTERM").await;
}

/// A SOCKS port that answers an HTTP request with a status line, as daemons do, and nothing else.
/// Returns its address and the first bytes of every connection it gets.
pub(crate) async fn socks_port(
    status: &'static str,
) -> (String, tokio::sync::mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, firsts) = tokio::sync::mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut first = [0; 64];
            let read = stream.read(&mut first).await.unwrap_or(0);
            if first.starts_with(b"GET ") {
                let _ = stream.write_all(status.as_bytes()).await;
            }
            let _ = sender.send(first[..read].to_vec()).await;
        }
    });
    (address, firsts)
}

pub(crate) fn onion_url(family: TldFamily) -> String {
    let address = ServiceKeys::from_seed(&[7; 32]).address(family);
    format!("ws://{}:3000", address.expose())
}

#[tokio::test]
async fn a_proxy_that_cannot_resolve_the_host_is_named_before_the_dial() {
    let (tor, anon) = (
        "HTTP/1.0 501 Tor is not an HTTP Proxy\r\n",
        "HTTP/1.0 501 Anon is not an HTTP Proxy\r\n",
    );
    for (status, more, host, daemon) in [
        (tor, &[][..], TldFamily::Anon, TldFamily::Onion),
        (
            tor,
            &["--family", "anon"],
            TldFamily::Anon,
            TldFamily::Onion,
        ),
        (
            anon,
            &["--family", "anyone"],
            TldFamily::Anon,
            TldFamily::Anyone,
        ),
        (
            anon,
            &["--family", "anon"],
            TldFamily::Onion,
            TldFamily::Anon,
        ),
    ] {
        let (proxy, mut firsts) = socks_port(status).await;
        let more = [&["--socks", &proxy], more].concat();
        let (output, result) = conformance_of(&onion_url(host), &more).await;
        let error = result.expect_err("cannot be reached");
        assert!(
            matches!(&error, Error::Host(found) if *found == HostError::OtherFamily { host, daemon }),
            "{error}"
        );
        assert_eq!((error.exit().code(), output.as_str()), (2, ""));
        assert!(firsts.recv().await.unwrap().starts_with(b"GET "));
        assert!(firsts.try_recv().is_err(), "something was dialled");
    }
}

#[tokio::test]
async fn a_proxy_that_may_resolve_the_host_is_asked_to() {
    let anon = "HTTP/1.0 501 Anon is not an HTTP Proxy\r\n";
    for more in [&[][..], &["--family", "anon"]] {
        let (proxy, mut firsts) = socks_port(anon).await;
        let more = [&["--socks", &proxy], more].concat();
        let (_, result) = conformance_of(&onion_url(TldFamily::Anon), &more).await;
        assert!(matches!(result, Err(Error::NotReachable(_))));
        assert!(firsts.recv().await.unwrap().starts_with(b"GET "));
        assert_eq!(firsts.recv().await.unwrap()[0], 5, "a SOCKS5 greeting");
    }
}

#[tokio::test]
async fn an_onion_address_is_never_looked_up_by_the_system() {
    for family in TldFamily::ALL {
        let (_, result) = conformance_of(&onion_url(family), &[]).await;
        let error = result.expect_err("cannot be reached");
        assert!(matches!(
            &error,
            Error::Host(HostError::NoProxy { family: found }) if *found == family
        ));
        assert_eq!(error.exit().code(), 2);
        assert!(!ator_harness::onion::mentions_address(
            &with_causes(&error).to_string()
        ));
    }
}

#[tokio::test]
async fn an_address_of_another_family_than_its_ending_is_named() {
    let swapped = onion_url(TldFamily::Anon).replace(".anon", ".anyone");
    let (proxy, _firsts) = socks_port("").await;
    let (_, result) = conformance_of(&swapped, &["--socks", &proxy]).await;
    let error = result.expect_err("is no address");
    assert_eq!(error.exit().code(), 2);
    let text = with_causes(&error).to_string();
    assert!(text.contains("does not fit .anyone; it was made by a daemon of the .anon family"));
}
