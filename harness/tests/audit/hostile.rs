//! Files that are broken, huge, foreign, or hold what must not be told.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;

use ator_harness::audit::{Verdict, audit};

use crate::support::{Files, outcome, told, verdict};

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing_else() {
    let files = Files::new(&[
        ("anonrc", "SocksPort 1\n"),
        ("broken.yaml", "a: [\n"),
        ("package.json", "{\n\"a\": \n"),
    ]);
    std::fs::write(files.path("compose.yaml"), b"\x00\xff\xfe").expect("writes");
    let mut paths: Vec<_> = [
        "anonrc",
        "broken.yaml",
        "package.json",
        "compose.yaml",
        "gone.yaml",
    ]
    .map(|name| files.path(name))
    .into();
    paths.push("/dev/zero".into());
    let audit = audit(&paths, 1);
    assert_eq!(
        outcome(&audit, "input.read").findings.len(),
        3,
        "{}",
        told(&audit)
    );
    assert_eq!(
        outcome(&audit, "input.syntax").findings.len(),
        2,
        "{}",
        told(&audit)
    );
    assert_eq!(verdict(&audit, "daemon.terms"), Verdict::Fail);
}

#[test]
fn a_named_file_is_known_by_what_it_holds() {
    let files = Files::new(&[
        (
            "config.json",
            "{\"nodeId\": \"a\", \"transport\": {\"type\": \"x\"}}\n",
        ),
        ("stack", "\u{feff}services:\r\n  a:\r\n    image: x\r\n"),
        ("rc", "SocksPort 1\r\n"),
        ("vars", "BTP_ALLOW_NOAUTH=0\r\n"),
    ]);
    let audit = files.audit_named(&["config.json", "stack", "rc", "vars"]);
    for id in [
        "transport.complete",
        "images.digest",
        "daemon.terms",
        "auth.noauth-value",
    ] {
        assert_eq!(verdict(&audit, id), Verdict::Fail, "{id}\n{}", told(&audit));
    }
}

#[test]
fn what_is_too_much_is_not_read() {
    let files = Files::new(&[("anonrc", "AgreeToTerms 1\n")]);
    std::fs::write(files.path("compose.yaml"), "#".repeat(2 << 20)).expect("writes");
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        let _ = writeln!(
            bomb,
            "a{level}: &a{level} [{}]",
            vec![before; 10].join(", ")
        );
    }
    std::fs::write(files.path("docker-compose.yml"), bomb).expect("writes");
    std::fs::write(files.path("compose.deep.yml"), "[".repeat(100_000)).expect("writes");
    let audit = files.audit();
    assert_eq!(
        outcome(&audit, "input.read").findings.len(),
        1,
        "{}",
        told(&audit)
    );
    assert_eq!(
        outcome(&audit, "input.syntax").findings.len(),
        2,
        "{}",
        told(&audit)
    );
}

#[test]
fn folders_of_others_and_circles_are_passed_over() {
    let files = Files::new(&[
        ("anonrc", "AgreeToTerms 1\n"),
        ("node_modules/x/package.json", "{"),
        (".git/compose.yaml", "{"),
        (".env.example", "BTP_ALLOW_NOAUTH=0\n"),
        ("workflow.yml", "on: push\njobs: {}\n"),
    ]);
    symlink(files.path(""), files.path("loop")).expect("links");
    let audit = files.audit();
    assert_eq!(told(&audit), "");
    assert_eq!(audit.files.len(), 1, "{:?}", audit.files);
}

#[test]
fn nothing_that_is_told_holds_a_secret_or_an_address() {
    let label = "a2".repeat(28);
    let (secret, token) = ("correct-horse-battery", "hunter2-hunter2-hunter2");
    let compose = format!(
        "services:\n  connector:\n    image: connector:{secret}\n    command: [run, --api-key, {secret}]\n    environment:\n      TRANSPORT_MODE: {secret}\n      ADMIN_API_KEY: {secret}\n      BTP_ALLOW_NOAUTH: {secret}\n      EXTERNAL_URL: ftp://{label}.anon\n    labels: {{secret: {secret}}}\n  {label}:\n    image: {label}.anon/x\n    network_mode: service:{label}\n    ports: [80]\n"
    );
    let yaml = format!(
        "nodeId: {label}\nbtpServerPort: 3000\ntransport: {{type: {token}, socksProxy: \"socks5://user:{token}@h\"}}\npeers:\n  - {{id: {token}, url: \"ws://{label}.anon:1\", authToken: {token}, transport: {token}}}\nroutes: []\n"
    );
    let log = format!("INFO {label}\n");
    let files = Files::new(&[
        ("compose.yaml", &compose),
        ("connector.yaml", &yaml),
        ("x.log", &log),
    ]);
    let audit = files.audit();
    let told = told(&audit);
    let notes: Vec<&String> = audit.outcomes.iter().flat_map(|one| &one.notes).collect();
    let all = format!("{told}\n{notes:?}\n{}\n{:?}", audit.mode, audit.files);
    for hidden in [&label, secret, token] {
        assert!(!all.contains(hidden), "{all}");
    }
    assert!(all.contains("[redacted]"), "{all}");
}

#[test]
fn every_level_and_family_of_an_address_is_found_in_logs() {
    let label = "a2".repeat(28);
    for (line, expected) in [
        (format!("INFO ws://{label}.anyone:1"), Verdict::Fail),
        (format!("[notice] {label}.onion"), Verdict::Fail),
        (
            format!("{{\"level\":\"error\",\"x\":\"{label}\"}}"),
            Verdict::Fail,
        ),
        (label.to_uppercase(), Verdict::Fail),
        (
            format!("{{\"level\":20,\"x\":\"{label}.anon\"}}"),
            Verdict::Pass,
        ),
        (format!("2026 DEBUG {label}.anon"), Verdict::Pass),
        (format!("INFO {}", "9f".repeat(32)), Verdict::Pass),
    ] {
        let files = Files::new(&[("x.log", &line)]);
        assert_eq!(
            verdict(&files.audit(), "logs.addresses"),
            expected,
            "{line}"
        );
    }
}
