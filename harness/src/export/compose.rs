//! The Compose file.

use std::fmt::Write as _;

use super::model::{ANONRC, DeployedHome, DeploymentImages, DeploymentMode, NOTICES, quoted};
use crate::connectors::toon::{ADMIN_PORT, ALLOW_NO_AUTH, BLS_PORT, CONFIG_FILE, HEALTH_PORT};
use crate::onion::anonrc::{DATA_DIRECTORY, SERVICE_DIRECTORY, program};

/// The Compose file of a home.
pub(super) fn compose(home: &DeployedHome, images: &DeploymentImages) -> String {
    let peers = match home.service {
        None => {
            "# Its peers are added when their addresses are known: put them into peers/*.json, and send each to the admin API:\n\
             #   . ./.env; curl -H \"X-Api-Key: $ADMIN_API_KEY\" --json @peers/ID.json http://127.0.0.1:$ADMIN_PORT/admin/peers\n"
        }
        Some(_) => {
            "# It must not run in two places: stop the other with `ator-harness home stop` first. `make up-with-ator` puts its\n\
             # keys into the volume, and tells the connector of its peers, which one before 3.16.0 forgets when it starts\n\
             # again: `make peers` tells it anew.\n"
        }
    };
    let mut text = format!(
        "# Home {} {}, on plain Docker Compose. Start it with `make up-with-ator`.\n\
         {peers}\
         networks:\n  home:\n    driver: bridge\n\n\
         volumes:\n  # The keys of the onion service, and with them its address.\n  onion-data:\n\n\
         services:\n",
        home.id, home.origin
    );
    let network = match home.mode {
        DeploymentMode::Sidecar => {
            text.push_str(&sidecar(home, images));
            text.push_str(&connector(home, images, AROUND_SIDECAR));
            "network_mode: service:sidecar"
        }
        DeploymentMode::Managed => {
            text.push_str(&connector(home, images, &own_network(home)));
            // A connector that starts again has another network, which its server would not be in.
            "networks: [home]"
        }
    };
    if home.handler.is_none() {
        text.push_str(&server(images, network));
    }
    text
}

/// An image, or the variable that it is left to.
fn image(given: Option<&String>, variable: &str, what: &str) -> String {
    match given {
        Some(image) => quoted(image),
        None => quoted(&format!("${{{variable}:?{what}, NAME:TAG@sha256:DIGEST}}")),
    }
}

/// Whoever addresses the connector or its server by name finds whose network they are in.
fn networks(aliases: &str) -> String {
    let home = match aliases {
        "" => "    networks: [home]\n".to_owned(),
        names => format!("    networks:\n      home:\n        aliases: [{names}]\n"),
    };
    format!(
        "{home}    ports:\n      # On this machine alone.\n      - \"127.0.0.1:${{ADMIN_PORT:-{ADMIN_PORT}}}:{ADMIN_PORT}\"\n"
    )
}

fn sidecar(home: &DeployedHome, images: &DeploymentImages) -> String {
    let daemon = program(home.family);
    let image = image(
        images.daemon.as_ref(),
        "SIDECAR_IMAGE",
        "the image of the onion daemon",
    );
    format!(
        "  sidecar:\n    image: {image}\n    entrypoint: [\"{daemon}\", \"-f\", \"{ANONRC}\"]\n    restart: unless-stopped\n{}    volumes:\n      - onion-data:{DATA_DIRECTORY}\n      - ./anonrc:{ANONRC}:ro\n    # A daemon with circuits and an address, and not only a container that is up. A first start takes 30 to 90 s.\n    healthcheck:\n      test: [\"CMD-SHELL\", \"test -s {SERVICE_DIRECTORY}/hostname && grep -q 'Bootstrapped 100%' {NOTICES}\"]\n      interval: 5s\n      timeout: 5s\n      retries: 24\n      start_period: 120s\n\n",
        networks("connector, bls"),
    )
}

/// What a connector has that is in the network of its daemon's service.
const AROUND_SIDECAR: &str = "    network_mode: service:sidecar\n    depends_on:\n      sidecar:\n        condition: service_healthy\n    volumes:\n";

/// What a connector has that runs its daemon itself.
fn own_network(home: &DeployedHome) -> String {
    let anonrc = match home.has_anonrc() {
        true => format!("      - ./anonrc:{ANONRC}:ro\n"),
        false => String::new(),
    };
    format!(
        "{}    volumes:\n      - onion-data:{DATA_DIRECTORY}\n{anonrc}",
        networks("")
    )
}

fn connector(home: &DeployedHome, images: &DeploymentImages, around: &str) -> String {
    let image = image(
        images.connector.as_ref(),
        "CONNECTOR_IMAGE",
        "the image of the connector",
    );
    let mut text = format!(
        "  connector:\n    image: {image}\n    restart: unless-stopped\n{around}      - ./connector.yaml:{CONFIG_FILE}:ro\n    environment:\n      CONFIG_FILE: {CONFIG_FILE}\n      # At info the connector logs its peers' addresses.\n      LOG_LEVEL: warn\n      ADMIN_API_KEY: ${{ADMIN_API_KEY:?is in .env}}\n      {ALLOW_NO_AUTH}: \"{}\"\n",
        home.admits_without_secret
    );
    for (variable, _) in &home.callers {
        let _ = writeln!(text, "      {variable}: ${{{variable}:?is in .env}}");
    }
    let _ = write!(
        text,
        "      # A connection over the onion network takes seconds while circuits are cold.\n      BTP_CONNECT_TIMEOUT_MS: \"20000\"\n      BTP_SEND_TIMEOUT_MS: \"30000\"\n    healthcheck:\n      test: [\"CMD\", \"wget\", \"-q\", \"-O-\", \"http://127.0.0.1:{HEALTH_PORT}/health\"]\n      interval: 10s\n      timeout: 5s\n      retries: 6\n      start_period: 120s\n\n"
    );
    text
}

/// `network` is the line that says which network it is in.
fn server(images: &DeploymentImages, network: &str) -> String {
    let image = image(
        images.server.as_ref(),
        "SERVER_IMAGE",
        "the image of what takes this home's packets",
    );
    format!(
        "  # What takes the packets that are for this home.\n  bls:\n    image: {image}\n    restart: unless-stopped\n    {network}\n    environment:\n      PORT: \"{BLS_PORT}\"\n"
    )
}
