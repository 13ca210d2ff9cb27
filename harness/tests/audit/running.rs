//! A project that runs, as an engine tells of it.

use ator_harness::audit::{Audit, Read, RunningProject, RunningService, Verdict, audit_running};
use serde_json::{Value, json};

use crate::support::{outcome, told, verdict};

const RC: &str = "AgreeToTerms 1\nNickname town\nHiddenServiceDir /var/lib/anon/hs\nHiddenServicePort 3000 127.0.0.1:3000\n";
const YAML: &str = "nodeId: home-a\nbtpServerPort: 3000\ntransport: {type: socks5, socksProxy: \"socks5h://127.0.0.1:9050\", externalUrl: \"ws://x.invalid:3000\"}\npeers: []\nroutes: []\n";

fn image(name: &str) -> String {
    format!("{name}@sha256:{}", "ab".repeat(32))
}

/// A project that is right, with changes to what its daemon's container is.
fn audited(change: impl FnOnce(&mut Value, &mut Vec<Read>)) -> Audit {
    let mut project = RunningProject {
        name: "town".to_owned(),
        services: Vec::new(),
    };
    let mut sidecar = json!({
        "image": image("ator-sidecar"),
        "restart": "always",
        "environment": ["PATH=/bin"],
        "networks": {"town_net": {"aliases": ["connector"]}},
        "volumes": [
            {"type": "volume", "source": "town_hs", "target": "/var/lib/anon"},
            {"type": "bind", "source": project.source("sidecar", "/etc/anon/anonrc"), "target": "/etc/anon/anonrc"},
        ],
    });
    let mut read = vec![
        Read::Configuration("/etc/anon/anonrc".to_owned(), RC.to_owned()),
        Read::Log("Nov 29 [notice] up\n".to_owned()),
    ];
    change(&mut sidecar, &mut read);
    project.services.push(RunningService {
        name: "sidecar".to_owned(),
        service: sidecar,
        read,
    });
    project.services.push(RunningService {
        name: "connector".to_owned(),
        service: json!({
            "image": image("connector"),
            "restart": "always",
            "network_mode": "service:sidecar",
            "environment": ["LOG_LEVEL=warn", "TRANSPORT_MODE=socks5", "SOME_SECRET=abcdefabcdefabcdefabcdefabcdefab"],
            "depends_on": {"sidecar": {"condition": "service_healthy"}},
            "volumes": [{"type": "bind", "source": project.source("connector", "/c.yaml"), "target": "/c.yaml"}],
        }),
        read: vec![Read::Configuration("/c.yaml".to_owned(), YAML.to_owned())],
    });
    audit_running(&project, 1)
}

#[test]
fn nothing_is_found_where_all_is_right() {
    let audit = audited(|_, _| {});
    assert_eq!(told(&audit), "");
    assert!(audit.mode.starts_with("B: "), "{}", audit.mode);
    for id in [
        "daemon.service-port",
        "sidecar.persistent",
        "logs.addresses",
        "transport.mode-ignored",
    ] {
        assert_eq!(verdict(&audit, id), Verdict::Pass, "{id}");
    }
    // What only a file can tell.
    for id in ["transport.mode-hard-coded", "secrets.in-clear"] {
        assert_eq!(verdict(&audit, id), Verdict::NotLookedAt, "{id}");
    }
}

#[test]
fn what_is_wrong_is_found_by_service_and_file() {
    let label = "a2".repeat(28);
    let audit = audited(|sidecar, read| {
        sidecar["ports"] = json!([{"host_ip": "", "target": 9050}]);
        sidecar["volumes"][0]["source"] = json!("");
        read[0] = Read::Configuration(
            "/etc/anon/anonrc".to_owned(),
            RC.replace("127.0.0.1:3000", "127.0.0.1:443"),
        );
        read[1] = Read::Log(format!("Nov 29 [notice] {label}\n"));
    });
    for (id, place) in [
        ("sidecar.socks-published", "docker:town/sidecar:1"),
        ("sidecar.persistent", "docker:town/sidecar:1"),
        (
            "daemon.service-port",
            "docker:town/sidecar/etc/anon/anonrc:4",
        ),
        ("logs.addresses", "docker:town/sidecar log:1"),
    ] {
        assert_eq!(verdict(&audit, id), Verdict::Fail, "{id}\n{}", told(&audit));
        assert_eq!(outcome(&audit, id).findings[0].at.to_string(), place);
    }
    assert!(!told(&audit).contains(&label));
}
