//! What was given and what was not: ports that are told in part, files that a Compose file holds itself, raw variables,
//! and secrets that no name tells.

use ator_harness::audit::Verdict;

use crate::compose::{project, service};
use crate::support::{Files, lines, told, verdict};

/// A connector with an admin API in the network of its daemon, whose port is published so.
fn with_port(port: &str) -> Files {
    let services = [
        service(
            "anon",
            &format!(
                "    ports: [{port}]\n    volumes: [\"./anonrc:/etc/anon/anonrc:ro\"]\n    command: [anon, -f, /etc/anon/anonrc]\n"
            ),
        ),
        service(
            "connector",
            "    network_mode: service:anon\n    environment: {ADMIN_API_PORT: 8081, ADMIN_API_KEY: \"${KEY:?}\"}\n",
        ),
    ];
    let rc = "AgreeToTerms 1\nSocksPort 127.0.0.1:9050\n";
    Files::new(&[
        ("compose.yaml", &project(&services)),
        ("anonrc", rc),
        (".env", "ALL=0.0.0.0\nHERE=127.0.0.1\n"),
    ])
}

#[test]
fn what_a_port_is_told_by_and_was_not_given_is_no_pass() {
    use Verdict::{Fail, Pass, Unknown};
    for (port, admin, socks) in [
        ("\"8081:8081\"", Fail, Pass),
        ("\"${ALL}:${PORT:?}:8081\"", Fail, Pass),
        ("\"${HERE}:${PORT:?}:8081\"", Pass, Pass),
        ("\"${PORT:-8081}:8081\"", Fail, Pass),
        ("\"${BIND:?}:8081:8081\"", Unknown, Pass),
        ("\"${PORT:?}:8081\"", Unknown, Pass),
        ("\"${BIND:?}:9050:9050\"", Pass, Unknown),
        ("\"9050:9050\"", Pass, Fail),
        ("\"9050:9050/udp\"", Pass, Pass),
        ("\"${PORT:?}:${PORT:?}\"", Unknown, Unknown),
        ("{target: 8081, host_ip: \"${BIND:?}\"}", Unknown, Pass),
        (
            "{target: 8081, host_ip: \"${HERE}\", published: \"${PORT:?}\"}",
            Pass,
            Pass,
        ),
        ("{target: 9050, protocol: udp}", Pass, Pass),
    ] {
        let audit = with_port(port).audit();
        let found = ["admin.published", "sidecar.socks-published"].map(|id| verdict(&audit, id));
        assert_eq!(found, [admin, socks], "{port}\n{}", told(&audit));
    }
}

/// A connector whose configuration is in its Compose file, with this transport and this token of a peer.
fn inline(proxy: &str, token: &str) -> Files {
    let connector = service(
        "connector",
        "    configs: [{source: told, target: /config/connector.yaml}]\n    environment: {CONFIG_FILE: /config/connector.yaml}\n",
    );
    let content = format!(
        "configs:\n  told:\n    content: |\n      nodeId: a\n      transport:\n        type: socks5\n        socksProxy: {proxy}\n      peers:\n        - id: b\n          authToken: {token}\n"
    );
    let text = project(&[connector]) + &content;
    Files::new(&[
        ("compose.yaml", &text),
        (".env", &format!("GIVEN={}\n", "c".repeat(64))),
    ])
}

#[test]
fn what_a_compose_file_holds_of_another_is_read_with_its_variables_and_is_in_clear() {
    let written = "d".repeat(64);
    let default = format!("${{TOKEN:-{written}}}");
    for (token, expected) in [
        (&*written, Verdict::Fail),
        (&default, Verdict::Fail),
        ("${TOKEN:?}", Verdict::Pass),
        ("${GIVEN}", Verdict::Pass),
    ] {
        let audit = inline("socks5://127.0.0.1:9050", token).audit();
        let id = "secrets.in-clear";
        assert_eq!(verdict(&audit, id), expected, "{token}\n{}", told(&audit));
        // Variables without a value keep nothing else from being looked at.
        assert_eq!(
            lines(&audit, "transport.socks-scheme"),
            [12],
            "{token}\n{}",
            told(&audit)
        );
    }
    let right = inline("socks5h://127.0.0.1:9050", "${TOKEN:?}").audit();
    assert_eq!(verdict(&right, "transport.socks-scheme"), Verdict::Pass);
}

#[test]
fn a_file_of_raw_variables_holds_them_as_they_are_written() {
    for (format, expected) in [("raw", Verdict::Fail), ("plain", Verdict::Pass)] {
        let item = match format {
            "raw" => "{path: a.env, format: raw}",
            _ => "a.env",
        };
        let text = project(&[service("connector", &format!("    env_file: [{item}]\n"))]);
        let files = Files::new(&[
            ("compose.yaml", &text),
            ("a.env", "BTP_ALLOW_NOAUTH=\"false\"\n"),
        ]);
        let audit = files.audit_named(&["compose.yaml"]);
        let id = "auth.noauth-value";
        assert_eq!(verdict(&audit, id), expected, "{format}\n{}", told(&audit));
    }
}

#[test]
fn a_later_configuration_of_the_same_place_counts() {
    let base = project(&[service(
        "connector",
        "    configs: [{source: one, target: /config/connector.yaml}]\n",
    )]);
    let base = base + "configs: {one: {file: one.yaml}, two: {file: two.yaml}}\n";
    let over =
        "services:\n  connector:\n    configs: [{source: two, target: /config/connector.yaml}]\n";
    let config =
        |level: &str| format!("nodeId: a\nlogLevel: {level}\ntransport: {{type: direct}}\n");
    let files = Files::new(&[
        ("compose.yaml", &base),
        ("compose.override.yaml", over),
        ("one.yaml", &config("debug")),
        ("two.yaml", &config("warn")),
    ]);
    let audit = files.audit_named(&["compose.yaml"]);
    assert_eq!(
        verdict(&audit, "logs.level"),
        Verdict::Fail,
        "{}",
        told(&audit)
    );
    let audit = files.audit_named(&["compose.yaml", "compose.override.yaml"]);
    assert_ne!(
        verdict(&audit, "logs.level"),
        Verdict::Fail,
        "{}",
        told(&audit)
    );
}

#[test]
fn secrets_are_found_by_how_they_are_used_where_no_name_tells() {
    let long = "e".repeat(40);
    for (more, clear, command) in [
        (
            format!("environment: {{DB: \"postgres://u:{long}@db/x\"}}"),
            true,
            false,
        ),
        (
            "environment: {DB: \"postgres://u:${P:?}@db/x\"}".to_owned(),
            false,
            false,
        ),
        (
            format!("environment: {{PROXY_URL: \"socks5h://u:{long}@127.0.0.1:9050\"}}"),
            false,
            false,
        ),
        (
            format!("command: [curl, -H, \"Authorization: Bearer {long}\", http://x]"),
            false,
            true,
        ),
        (
            format!("command: \"curl -H 'authorization: bearer {long}' http://x\""),
            false,
            true,
        ),
        (
            "command: [sh, -c, \"curl -H 'Authorization: Bearer $$T' http://x\"]".to_owned(),
            false,
            false,
        ),
        (
            format!("command: [psql, \"postgres://u:{long}@db/x\"]"),
            false,
            true,
        ),
        ("command: [say, bearer, bonds]".to_owned(), false, false),
    ] {
        let text = project(&[service("connector", &format!("    {more}\n"))]);
        let files = Files::new(&[("compose.yaml", &text)]);
        let audit = files.audit_named(&["compose.yaml"]);
        let fails = |id: &str| verdict(&audit, id) == Verdict::Fail;
        let found = (fails("secrets.in-clear"), fails("secrets.in-command"));
        assert_eq!(found, (clear, command), "{more}\n{}", told(&audit));
    }
}

#[test]
fn what_a_compose_file_says_that_cannot_be_read_is_not_told() {
    let config = "nodeId: a\nadminApi: {enabled: true, port: 8081}\ntransport: {type: direct}\npeers: [{id: b, url: \"ws://b:3000\", authToken: \"\"}]\n";
    let twice = "services:\n  connector:\n    image: connector\n    image: connector\n";
    let alone = Files::new(&[("connector.yaml", config)]).audit();
    let beside = Files::new(&[("connector.yaml", config), ("compose.yaml", twice)]).audit();
    for id in ["admin.key", "auth.empty-token"] {
        assert_eq!(verdict(&alone, id), Verdict::Fail, "{}", told(&alone));
        assert_eq!(verdict(&beside, id), Verdict::Unknown, "{}", told(&beside));
    }
    assert_eq!(lines(&beside, "input.syntax"), [4]);
}

#[test]
fn optional_packages_are_left_out_in_many_ways() {
    let package = "{\"dependencies\": {\"@toon-protocol/connector\": \"3\"}, \"optionalDependencies\": {\"@anyone-protocol/anyone-client\": \"^1.1.3\"}}";
    for (file, text, expected) in [
        (
            "Dockerfile",
            "RUN [\"npm\", \"ci\", \"--omit=optional\"]",
            Verdict::Fail,
        ),
        (
            "Dockerfile",
            "RUN npm config set omit optional && npm ci",
            Verdict::Fail,
        ),
        (
            "Dockerfile",
            "RUN npm ci --omit=dev \\\n  --omit=optional",
            Verdict::Fail,
        ),
        (
            "Dockerfile",
            "ENV NPM_CONFIG_OMIT=\"optional\"",
            Verdict::Fail,
        ),
        ("Dockerfile", "RUN npm ci --omit=dev", Verdict::Pass),
        (".npmrc", "omit=optional", Verdict::Fail),
        (".npmrc", "optional = false", Verdict::Fail),
        (".npmrc", "omit[]=dev", Verdict::Pass),
    ] {
        let files = Files::new(&[("package.json", package), (file, &format!("{text}\n"))]);
        let audit = files.audit();
        let id = "mode.optional-left-out";
        assert_eq!(verdict(&audit, id), expected, "{text}\n{}", told(&audit));
    }
}

/// What is put right by those who take it in is no finding.
#[test]
fn what_is_included_or_extended_is_no_project_of_its_own() {
    let digest = "@sha256:".to_owned() + &"ab".repeat(32);
    let tagged = "services:\n  web:\n    image: web:1\n";
    let over = format!("services:\n  web:\n    image: web{digest}\n");
    let includes = "include:\n  - path: [parts/one.yaml, parts/two.yaml]\n";
    let extends = format!(
        "services:\n  mine:\n    extends: {{file: parts/one.yaml, service: web}}\n    image: mine{digest}\n"
    );
    let id = "images.digest";
    for top in [includes, &extends] {
        let files = Files::new(&[
            ("compose.yaml", top),
            ("parts/one.yaml", tagged),
            ("parts/two.yaml", &over),
        ]);
        let audit = files.audit();
        assert_eq!(verdict(&audit, id), Verdict::Pass, "{}", told(&audit));
        // By itself it is one.
        let named = files.audit_named(&["parts/one.yaml"]);
        assert_eq!(lines(&named, id), [3], "{}", told(&named));
    }
    let circle = |other: &str| format!("include: [{other}]\n{tagged}");
    let files = Files::new(&[("a.yaml", &circle("b.yaml")), ("b.yaml", &circle("a.yaml"))]);
    let audit = files.audit();
    assert_eq!(verdict(&audit, id), Verdict::Fail, "{}", told(&audit));
}

#[test]
fn nobody_waits_for_the_health_of_what_is_not_looked_at() {
    let rc = "AgreeToTerms 1\nHiddenServiceDir /var/lib/anon/hs\n";
    let id = "sidecar.gate";
    for (health, expected) in [
        ("{test: [CMD, ask], start_period: 120s}", Verdict::Pass),
        ("{test: [NONE]}", Verdict::Fail),
        ("{disable: true}", Verdict::Fail),
    ] {
        let services = [
            service(
                "anon",
                &format!(
                    "    volumes: [\"./anonrc:/etc/anon/anonrc:ro\"]\n    healthcheck: {health}\n"
                ),
            ),
            service(
                "connector",
                "    network_mode: service:anon\n    depends_on: {anon: {condition: service_healthy}}\n",
            ),
        ];
        let files = Files::new(&[("compose.yaml", &project(&services)), ("anonrc", rc)]);
        let audit = files.audit();
        assert_eq!(verdict(&audit, id), expected, "{health}\n{}", told(&audit));
    }
}

/// The network of a container is that of the service which is called so.
#[test]
fn a_network_may_be_named_by_its_owner_s_container() {
    let rc = "AgreeToTerms 1\nHiddenServiceDir /var/lib/anon/hs\n";
    for (container, expected) in [("tunnel", Verdict::Pass), ("another", Verdict::Unknown)] {
        let services = [
            service(
                "anon",
                "    container_name: tunnel\n    volumes: [\"./anonrc:/etc/anon/anonrc:ro\"]\n",
            ),
            service(
                "connector",
                &format!(
                    "    network_mode: container:{container}\n    environment: {{TRANSPORT_MODE: \"${{MODE:-socks5}}\"}}\n"
                ),
            ),
        ];
        let files = Files::new(&[("compose.yaml", &project(&services)), ("anonrc", rc)]);
        let audit = files.audit();
        assert_eq!(
            verdict(&audit, "sidecar.present"),
            expected,
            "{container}\n{}",
            told(&audit)
        );
    }
}
