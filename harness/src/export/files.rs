//! The files of a deployment beside the Compose file.

use std::fmt::Write as _;

use serde_json::json;

use super::compose::compose;
use super::model::{
    ANONRC, DeployedHome, DeploymentFile, DeploymentImages, DeploymentMode, KEYS, NOTICES, quoted,
};
use crate::connectors::Kind;
use crate::connectors::toon::{ADMIN_PORT, BLS_PORT, BTP_PORT, HEALTH_PORT};
use crate::onion::TldFamily;
use crate::onion::anonrc::{DATA_DIRECTORY, SERVICE_DIRECTORY, SOCKS_PORT, program, stand_in};

/// What stands for an address until the daemon has made its keys.
const NOT_YET: &str = "not-started-yet.invalid";

/// The files that make a home on plain Docker Compose.
#[must_use]
pub fn deployment(home: &DeployedHome, images: &DeploymentImages) -> Vec<DeploymentFile> {
    let file = |path: &str, mode, content: Vec<u8>| DeploymentFile {
        path: path.to_owned(),
        mode,
        content,
    };
    let public = |path: &str, content: String| file(path, 0o644, content.into_bytes());
    let secret = |path: &str, content: String| file(path, 0o600, content.into_bytes());
    let ignored = format!("# Secrets.\n.env\npeers/\n{KEYS}/\n");
    let mut files = vec![
        public("compose.yaml", compose(home, images)),
        secret(".env", env(home)),
        public("connector.yaml", connector(home)),
        public("Makefile", makefile(home)),
        public(".gitignore", ignored),
    ];
    if home.has_anonrc() {
        files.push(public("anonrc", anonrc(home)));
    }
    files.extend(home.dials.iter().map(|peer| {
        let body = json!({
            "id": peer.id,
            "url": peer.url.expose(),
            "authToken": peer.token.expose(),
            "transport": if peer.proxied { "socks5" } else { "direct" },
        });
        secret(&format!("peers/{}.json", peer.id), format!("{body:#}\n"))
    }));
    if let Some(service) = &home.service {
        let keys = service.keys.iter();
        files.extend(
            keys.map(|(name, bytes)| file(&format!("{KEYS}/{name}"), 0o600, bytes.clone())),
        );
    }
    files
}

fn env(home: &DeployedHome) -> String {
    let mut text = format!(
        "# Read by Docker Compose. Secrets: keep this file out of git, and its mode 0600.\n\
         COMPOSE_PROJECT_NAME={}\n\
         # The port of the admin API on this machine's loopback interface.\n\
         ADMIN_PORT={}\n\
         # What whoever calls the admin API sends as X-Api-Key.\n\
         ADMIN_API_KEY={}\n",
        home.id.to_lowercase(),
        home.admin_port,
        home.admin_key.expose()
    );
    for (variable, secret) in &home.callers {
        let _ = write!(
            text,
            "# What that peer sends; its operator has it as the authToken for {}.\n{variable}={}\n",
            home.id,
            secret.expose()
        );
    }
    text
}

fn connector(home: &DeployedHome) -> String {
    let server = match home.mode {
        DeploymentMode::Sidecar => "127.0.0.1",
        DeploymentMode::Managed => "bls",
    };
    let own = || format!("http://{server}:{BLS_PORT}");
    let mut text = format!(
        "nodeId: {id}\n\
         btpServerPort: {BTP_PORT}\n\
         healthCheckPort: {HEALTH_PORT}\n\
         logLevel: warn\n\
         deploymentMode: standalone\n\
         # Its key is ADMIN_API_KEY of the environment.\n\
         adminApi:\n  enabled: true\n  port: {ADMIN_PORT}\n  host: 0.0.0.0\n\
         localDelivery:\n  enabled: true\n  handlerUrl: {handler}\n  timeout: 10000\n\
         transport:\n  type: socks5\n  socksProxy: socks5h://127.0.0.1:{SOCKS_PORT}\n",
        id = quoted(&home.id),
        handler = home.handler.as_deref().map_or_else(own, quoted),
    );
    text.push_str(&match (home.mode, &home.service) {
        (DeploymentMode::Sidecar, None) => format!(
            "  # `make up-with-ator` writes the address here that the daemon has made.\n  externalUrl: {}\n  managed: false\n",
            quoted(&format!("ws://{NOT_YET}:{BTP_PORT}"))
        ),
        (DeploymentMode::Sidecar, Some(service)) => format!(
            "  externalUrl: {}\n  managed: false\n",
            quoted(service.url.expose())
        ),
        (DeploymentMode::Managed, _) => format!(
            "  externalUrl: auto\n  managed: true\n  managedOptions:\n    hiddenServiceDir: {SERVICE_DIRECTORY}\n    hiddenServicePort: {BTP_PORT}\n{}    startupTimeoutMs: 90000\n    stopTimeoutMs: 10000\n",
            told_of_daemon(home)
        ),
    });
    text.push_str(
        "# Peers are added by the admin API once their addresses are known, so that no token is in this file.\npeers: []\nroutes:\n",
    );
    let own = std::iter::once((&home.prefix, &home.id));
    for (prefix, next) in own.chain(home.routes.iter().map(|(prefix, next)| (prefix, next))) {
        let _ = write!(
            text,
            "  - prefix: {}\n    nextHop: {}\n    priority: 0\n",
            quoted(prefix),
            quoted(next)
        );
    }
    text
}

/// What a connector is told of the daemon that it runs, where its own ways would not do.
fn told_of_daemon(home: &DeployedHome) -> String {
    let mut text = String::new();
    // What is not named is anon.
    let program = Kind::default().daemon_program(program(home.family));
    if let Some(program) = program.filter(|_| home.family == TldFamily::Onion) {
        let _ = writeln!(text, "    binaryPath: {program}");
    }
    if home.has_anonrc() {
        let _ = writeln!(
            text,
            "    # Of a network that stands in for the public one.\n    configFilePath: {ANONRC}"
        );
    }
    text
}

fn anonrc(home: &DeployedHome) -> String {
    // A hyphen in it makes the daemon abort, and 19 letters are the most.
    let letters = home.id.chars().filter(char::is_ascii_alphanumeric).take(19);
    let nickname: String = letters.collect();
    // tor does not start with an option that it does not know.
    let terms = match home.family {
        TldFamily::Onion => "",
        TldFamily::Anon | TldFamily::Anyone => "AgreeToTerms 1\n",
    };
    let mut text = format!(
        "{terms}Nickname {nickname}\n\
         DataDirectory {DATA_DIRECTORY}\n\
         # For what shares the daemon's network, and nobody else.\n\
         SocksPort 127.0.0.1:{SOCKS_PORT}\n\
         HiddenServiceDir {SERVICE_DIRECTORY}\n\
         HiddenServicePort {BTP_PORT} 127.0.0.1:{BTP_PORT}\n\
         Log notice stdout\n"
    );
    if home.mode == DeploymentMode::Sidecar {
        let _ = write!(
            text,
            "# The health check looks here for what this start has come to.\n\
             Log notice file {NOTICES}\n\
             TruncateLogFile 1\n"
        );
    }
    text.push_str(&stand_in(&home.authorities));
    text
}

/// The service that the daemon runs in.
const fn daemon(mode: DeploymentMode) -> &'static str {
    match mode {
        DeploymentMode::Sidecar => "sidecar",
        DeploymentMode::Managed => "connector",
    }
}

/// Puts the keys into the volume, by the container's own user and where there are none yet. They go by standard input:
/// nobody else's command line shows them, and whoever the user is may read them.
fn imported(home: &DeployedHome, keys: &[(String, Vec<u8>)]) -> String {
    let service = daemon(home.mode);
    let import = |(name, _): &(String, Vec<u8>)| {
        format!(
            "\t$(COMPOSE) run --rm --no-deps -T --entrypoint sh {service} -c 'umask 077; mkdir -p {SERVICE_DIRECTORY} && \
             {{ test -s {SERVICE_DIRECTORY}/{name} || cat > {SERVICE_DIRECTORY}/{name}; }}' < {KEYS}/{name}\n"
        )
    };
    keys.iter().map(import).collect()
}

/// Tells the connector of its peers. The key goes by standard input.
const PEERS: &str = "\n\
     peers: ## Tell the connector of the peers in peers/\n\
     \t@. ./.env; for peer in peers/*.json; do \\\n\
     \t  [ -e \"$$peer\" ] || continue; \\\n\
     \t  printf 'X-Api-Key: %s\\n' \"$$ADMIN_API_KEY\" | curl --silent --show-error --fail --output /dev/null --max-time 60 \\\n\
     \t    --retry 30 --retry-delay 1 --retry-all-errors -H @- --json @\"$$peer\" \\\n\
     \t    \"http://127.0.0.1:$$ADMIN_PORT/admin/peers\" || exit 1; \\\n\
     \tdone\n";

fn makefile(home: &DeployedHome) -> String {
    let (up, peers) = match (home.mode, &home.service) {
        (_, Some(service)) => {
            let keys = imported(home, &service.keys);
            let up = format!("{keys}\t$(COMPOSE) up -d\n\t@$(MAKE) --no-print-directory peers\n");
            (up, PEERS)
        }
        (DeploymentMode::Managed, None) => ("\t$(COMPOSE) up -d\n".to_owned(), ""),
        (DeploymentMode::Sidecar, None) => (tells_address(), ""),
    };
    let targets = match peers {
        "" => "up-with-ator address down",
        _ => "up-with-ator peers address down",
    };
    format!(
        "# `docker-compose` does as well: make up-with-ator COMPOSE=docker-compose\n\
         COMPOSE ?= docker compose\n\n\
         .PHONY: {targets}\n\
         up-with-ator: ## Start the home, which is then reached over the onion network\n{up}{peers}\n\
         address: ## Print where it is reached, which its peers have to know and nobody else\n\
         \t@{}; \\\n\
         \techo \"$$address\"\n\n\
         down: ## Stop it; the volume keeps the address\n\t$(COMPOSE) down\n",
        awaited(daemon(home.mode))
    )
}

/// Waits for the address that the daemon of a service makes.
fn awaited(service: &str) -> String {
    format!(
        "address=; for try in $$(seq 60); do \\\n\
         \t  address=$$(docker cp \"$$($(COMPOSE) ps -q {service})\":{SERVICE_DIRECTORY}/hostname - 2>/dev/null | tar -xO 2>/dev/null); \\\n\
         \t  [ -z \"$$address\" ] || break; sleep 1; \\\n\
         \tdone; \\\n\
         \t[ -n \"$$address\" ] || {{ echo 'the onion daemon has made no address; see: $(COMPOSE) logs {service}' >&2; exit 1; }}"
    )
}

/// Starts a daemon that has no keys yet, and tells the connector the address that it makes.
fn tells_address() -> String {
    format!(
        "\t$(COMPOSE) up -d sidecar\n\
         \t@{}; \\\n\
         \tsed -i \"s|^  externalUrl: .*|  externalUrl: \\\"ws://$$address:{BTP_PORT}\\\"|\" connector.yaml\n\
         \t$(COMPOSE) up -d\n",
        awaited("sidecar")
    )
}
