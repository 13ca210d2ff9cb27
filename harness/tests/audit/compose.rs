//! Compose's own ways: several files, their merging, what is put in, what is included.

use ator_harness::audit::Verdict;

use crate::support::{Files, lines, outcome, told, verdict};

const DIGEST: &str = "@sha256:abababababababababababababababababababababababababababababababab";

/// A service with an image by its digest, and more.
pub(crate) fn service(name: &str, more: &str) -> String {
    format!("  {name}:\n    image: {name}{DIGEST}\n{more}")
}

/// A project of these services.
pub(crate) fn project(services: &[String]) -> String {
    format!("services:\n{}", services.concat())
}

#[test]
fn a_later_file_counts_and_is_where_it_is_told() {
    let base = project(&[service(
        "connector",
        "    environment:\n      - TRANSPORT_MODE=direct\n      - LOG_LEVEL=warn\n",
    )]);
    let over = "services:\n  connector:\n    environment:\n      TRANSPORT_MODE: ${MODE:-direct}\n";
    let files = Files::new(&[("a.yaml", &base), ("b.yaml", over)]);
    let id = "transport.mode-hard-coded";
    assert_eq!(verdict(&files.audit_named(&["a.yaml"]), id), Verdict::Fail);
    assert_eq!(
        verdict(&files.audit_named(&["a.yaml", "b.yaml"]), id),
        Verdict::Pass
    );
    let back = files.audit_named(&["b.yaml", "a.yaml"]);
    assert_eq!(lines(&back, id), [5], "{}", told(&back));
    // What only the first one says stays.
    assert_eq!(verdict(&back, "logs.level"), Verdict::Pass);
}

#[test]
fn an_override_beside_the_usual_file_is_taken_with_it() {
    let base = project(&[service(
        "connector",
        "    ports: [\"8081:8081\"]\n    environment: {ADMIN_API_PORT: 8081}\n",
    )]);
    let id = "admin.published";
    for (text, expected) in [
        ("services: {connector: {ports: !reset []}}", Verdict::Pass),
        (
            "services: {connector: {ports: !override [\"127.0.0.1:8081:8081\"]}}",
            Verdict::Pass,
        ),
        (
            "services: {connector: {ports: [\"127.0.0.1:8081:8081\"]}}",
            Verdict::Fail,
        ),
        ("services: {connector: {ports: !reset null}}", Verdict::Pass),
        (
            "services: {connector: !override {image: connector, environment: {ADMIN_API_PORT: 8081}}}",
            Verdict::Pass,
        ),
    ] {
        let files = Files::new(&[("compose.yaml", &base), ("compose.override.yaml", text)]);
        let audit = files.audit();
        assert_eq!(verdict(&audit, id), expected, "{text}\n{}", told(&audit));
    }
}

#[test]
fn volumes_are_merged_by_their_targets_and_commands_replaced() {
    let base = project(&[service(
        "anon",
        "    command: [anon, --agree-to-terms]\n    volumes: [/var/lib/anon]\n",
    )]);
    let over = "services:\n  anon:\n    command: [anon]\n    volumes:\n      - {type: volume, source: keys, target: /var/lib/anon}\nvolumes: {keys: {}}\n";
    let rc = "Nickname a\nHiddenServiceDir /var/lib/anon/hs\n";
    let files = Files::new(&[("a.yaml", &base), ("b.yaml", over), ("anonrc", rc)]);
    let first = files.audit_named(&["a.yaml", "anonrc"]);
    assert_eq!(verdict(&first, "sidecar.persistent"), Verdict::Fail);
    assert_eq!(verdict(&first, "daemon.terms"), Verdict::Pass);
    let both = files.audit_named(&["a.yaml", "b.yaml", "anonrc"]);
    assert_eq!(
        verdict(&both, "sidecar.persistent"),
        Verdict::Pass,
        "{}",
        told(&both)
    );
    assert_eq!(verdict(&both, "daemon.terms"), Verdict::Fail);
}

#[test]
fn anchors_merge_keys_and_extensions_are_followed() {
    let text = format!(
        "x-base: &base\n  restart: \"no\"\n  environment: &env\n    LOG_LEVEL: debug\nservices:\n  connector:\n    <<: *base\n    image: connector{DIGEST}\n    environment:\n      <<: [*env]\n      TRANSPORT_MODE: socks5\n  base:\n    image: other\n    restart: always\n  second-connector:\n    extends: {{service: connector}}\n    restart: always\n"
    );
    let files = Files::new(&[("compose.yaml", &text)]);
    let audit = files.audit();
    assert_eq!(lines(&audit, "logs.level"), [4, 4], "{}", told(&audit));
    let restart = &outcome(&audit, "startup.restart").findings;
    assert_eq!(restart.len(), 1, "{}", told(&audit));
}

#[test]
fn another_file_s_service_is_extended_and_its_paths_are_its_own() {
    let other = "services:\n  base:\n    image: connector\n    env_file: [base.env]\n    environment: [TRANSPORT_MODE=direct]\n";
    let own =
        "services:\n  connector:\n    extends:\n      file: sub/other.yaml\n      service: base\n";
    let files = Files::new(&[
        ("compose.yaml", own),
        ("sub/other.yaml", other),
        ("sub/base.env", "BTP_ALLOW_NOAUTH=off\n"),
    ]);
    let audit = files.audit_named(&["compose.yaml"]);
    assert_eq!(
        verdict(&audit, "transport.mode-hard-coded"),
        Verdict::Fail,
        "{}",
        told(&audit)
    );
    let found = &outcome(&audit, "auth.noauth-value").findings;
    assert!(
        found[0].at.file.ends_with("sub/base.env"),
        "{}",
        found[0].at
    );
    assert_eq!(verdict(&audit, "input.references"), Verdict::Pass);
}

#[test]
fn what_is_included_belongs_to_the_project() {
    let part =
        "services:\n  connector:\n    image: connector\n    environment: [TRANSPORT_MODE=direct]\n";
    for include in [
        "include: [part/ilp.yaml]",
        "include:\n  - path: [part/ilp.yaml]\n    project_directory: part",
    ] {
        let own = format!("{include}\nservices:\n  town: {{image: town}}\n");
        let files = Files::new(&[("compose.yaml", &own), ("part/ilp.yaml", part)]);
        let audit = files.audit_named(&["compose.yaml"]);
        assert_eq!(
            verdict(&audit, "transport.mode-hard-coded"),
            Verdict::Fail,
            "{}",
            told(&audit)
        );
        assert_eq!(
            outcome(&audit, "images.digest").findings.len(),
            2,
            "{}",
            told(&audit)
        );
    }
    let files = Files::new(&[("compose.yaml", "include: [gone.yaml]\nservices: {}\n")]);
    assert_eq!(lines(&files.audit(), "input.references"), [1]);
    // In a circle.
    let files = Files::new(&[(
        "compose.yaml",
        "include: [compose.yaml]\nservices: {a: {extends: b}, b: {extends: a}}\n",
    )]);
    assert_eq!(verdict(&files.audit(), "input.references"), Verdict::Fail);
}

#[test]
fn variables_come_from_the_env_beside_the_file_and_from_those_that_are_named() {
    let text = project(&[service(
        "connector",
        "    environment:\n      TRANSPORT_MODE: ${MODE:?say}\n      BTP_ALLOW_NOAUTH: ${NOAUTH-off}\n      LOG_LEVEL: $LEVEL\n      COST: $$5\n",
    )]);
    let files = Files::new(&[
        ("compose.yaml", &text),
        (".env", "NOAUTH=false\nLEVEL=debug\n"),
        ("more.env", "LEVEL=warn\n"),
    ]);
    let audit = files.audit_named(&["compose.yaml"]);
    assert_eq!(
        verdict(&audit, "auth.noauth-value"),
        Verdict::Pass,
        "{}",
        told(&audit)
    );
    assert_eq!(verdict(&audit, "logs.level"), Verdict::Fail);
    assert_eq!(verdict(&audit, "input.syntax"), Verdict::Pass);
    let audit = files.audit_named(&["compose.yaml", "more.env"]);
    assert_eq!(
        verdict(&audit, "logs.level"),
        Verdict::Pass,
        "{}",
        told(&audit)
    );
    // A variable that nobody gave is not guessed at.
    let files = Files::new(&[("compose.yaml", &text)]);
    assert_eq!(verdict(&files.audit(), "logs.level"), Verdict::Unknown);
}

#[test]
fn what_compose_refuses_is_told_with_its_line() {
    for (more, line) in [
        ("    environment:\n      A: ${B\n", 5),
        ("    environment:\n      A: ${B!x}\n", 5),
        ("    command: echo $ 5\n", 4),
    ] {
        let files = Files::new(&[("compose.yaml", &project(&[service("a", more)]))]);
        let audit = files.audit();
        assert_eq!(
            lines(&audit, "input.syntax"),
            [line],
            "{more}\n{}",
            told(&audit)
        );
    }
}

#[test]
fn newer_features_stop_nothing() {
    let text = "name: x\ndevelop: {}\nmodels: {m: {model: ai/x}}\nconfigs: {c: {content: hi}}\nservices:\n  town:\n    provider: {type: x}\n    gpus: all\n    post_start: [{command: x}]\n    ports: [{name: web, target: 80, app_protocol: http}]\n    volumes: [{type: image, source: x, target: /x}, {type: npipe}]\n    depends_on: {a: {condition: service_completed_successfully, required: false, restart: true}}\n    env_file: [{path: gone.env, required: false, format: raw}]\n    unknown_key: {a: [1, {b: null}]}\n  a: {image: a}\n";
    let files = Files::new(&[("compose.yaml", text)]);
    let audit = files.audit();
    for id in ["input.syntax", "input.references", "input.read"] {
        assert_eq!(verdict(&audit, id), Verdict::Pass, "{}", told(&audit));
    }
    assert_eq!(lines(&audit, "images.digest"), [15], "{}", told(&audit));
}

#[test]
fn a_folder_s_other_files_are_projects_or_go_over_the_usual_one() {
    let base = project(&[service(
        "connector",
        "    environment: [TRANSPORT_MODE=direct]\n",
    )]);
    let prod = "services: {connector: {restart: always}}\n";
    let files = Files::new(&[
        ("docker-compose.yml", &base),
        ("docker-compose.prod.yml", prod),
        ("docker-compose-other.yml", &base),
    ]);
    let audit = files.audit();
    let found = &outcome(&audit, "transport.mode-hard-coded").findings;
    assert_eq!(found.len(), 2, "{}", told(&audit));
    assert_eq!(verdict(&audit, "input.syntax"), Verdict::Pass);
}

#[test]
fn what_a_compose_file_holds_of_another_file_is_looked_at() {
    let text = format!(
        "services:\n{}configs:\n  c:\n    content: |\n      nodeId: a\n      btpServerPort: 3000\n      transport:\n        type: socks5\n        socksProxy: socks5://127.0.0.1:9050\n        externalUrl: ws://x.invalid:1\n      peers: []\n      routes: []\n",
        service("connector", "    configs: [{source: c, target: /c.yaml}]\n")
    );
    let files = Files::new(&[("compose.yaml", &text)]);
    let audit = files.audit();
    assert_eq!(
        lines(&audit, "transport.socks-scheme"),
        [12],
        "{}",
        told(&audit)
    );
}

#[test]
fn whoever_is_told_of_a_connector_is_none() {
    let town = service(
        "town",
        "    environment: {CONNECTOR_ADMIN_PORT: 9401, CONNECTOR_ILP_ADDRESS: g.x}\n    networks: [n]\n",
    );
    let connector = service("connector", "    environment: {TRANSPORT_MODE: direct}\n");
    let id = "mode.whole";
    let files = Files::new(&[("compose.yaml", &project(&[connector, town.clone()]))]);
    assert_eq!(outcome(&files.audit(), id).findings.len(), 1);
    // One that is embedded has no other beside it.
    let files = Files::new(&[("compose.yaml", &project(&[town]))]);
    assert_eq!(outcome(&files.audit(), id).findings.len(), 1);
}

#[test]
fn labels_come_from_files_too_and_what_is_written_in_the_service_counts() {
    let id = "secrets.in-label";
    let labelled = |more: &str| project(&[service("connector", more)]);
    let file = "town.apiKey=k3y-k3y-k3y-k3y-k3y-k3y-k3y-k3y-k3y\n";
    let compose = labelled("    label_file: labels\n");
    let found = Files::new(&[("compose.yaml", &compose), ("labels", file)]).audit();
    assert_eq!(verdict(&found, id), Verdict::Fail, "{}", told(&found));
    assert!(told(&found).contains("labels:1"), "{}", told(&found));
    let compose = labelled("    label_file: [labels]\n    labels: [\"town.apiKey=\"]\n");
    let found = Files::new(&[("compose.yaml", &compose), ("labels", file)]).audit();
    assert_ne!(verdict(&found, id), Verdict::Fail, "{}", told(&found));
    let found = Files::new(&[("compose.yaml", &compose)]).audit();
    assert_eq!(lines(&found, "input.references"), [4], "{}", told(&found));
}

#[test]
fn compose_file_of_the_env_file_says_which_files_are_the_project() {
    let id = "transport.mode-hard-coded";
    let base = project(&[service(
        "connector",
        "    environment: {TRANSPORT_MODE: direct}\n",
    )]);
    let over = "services: {connector: {environment: {TRANSPORT_MODE: \"${MODE:-direct}\"}}}\n";
    let audit = |env: &str| {
        Files::new(&[
            (".env", env),
            ("base.compose.yaml", &base),
            ("over.compose.yaml", over),
        ])
        .audit()
    };
    // By themselves each is a project of its own.
    assert_eq!(verdict(&audit("A=1\n"), id), Verdict::Fail);
    let listed = audit("COMPOSE_FILE=base.compose.yaml:over.compose.yaml\n");
    assert_eq!(verdict(&listed, id), Verdict::Pass, "{}", told(&listed));
    let other =
        audit("COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=over.compose.yaml,base.compose.yaml\n");
    assert_eq!(verdict(&other, id), Verdict::Fail, "{}", told(&other));
    let missing = audit("COMPOSE_FILE=base.compose.yaml:none.yaml\n");
    assert_eq!(
        verdict(&missing, "input.references"),
        Verdict::Fail,
        "{}",
        told(&missing)
    );
    assert!(told(&missing).contains("none.yaml:1"), "{}", told(&missing));
}
