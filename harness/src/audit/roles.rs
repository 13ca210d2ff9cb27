//! Which service is what.

use super::compose::Service;
use super::connector::is_secret_variable;

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An ILP connector.
    Connector,
    /// An onion daemon.
    Daemon,
    /// Something else.
    Other,
}

/// Words of an image's or a service's name that only an onion daemon has.
const DAEMON: [&str; 7] = ["anon", "ator", "tor", "anyone", "onion", "anonrc", "torrc"];

/// Variables that only a connector itself has; those of others tell where one is.
const CONNECTOR: [&str; 7] = [
    "TRANSPORT_MODE",
    "BTP_ALLOW_NOAUTH",
    "BTP_SERVER_PORT",
    "CONNECTOR_ILP_ADDRESS",
    "CONNECTOR_PEERS",
    "CONNECTOR_ADMIN_PORT",
    "ADMIN_API_PORT",
];

/// Whether a service is a connector by its image or its name.
fn is_called_connector(service: &Service) -> bool {
    let image = service.image_name().unwrap_or_default();
    let other = has_word(image, &DAEMON);
    has_word(image, &["connector"]) || (!other && has_word(&service.name, &["connector"]))
}

/// What a service of a project is, by its image, its name, its environment, and by whether others share its network.
#[must_use]
pub(super) fn role(service: &Service, project: &[Service]) -> Role {
    let is_shared = project
        .iter()
        .any(|one| one.shares().is_some_and(|(name, _)| name == service.name));
    if is_called_connector(service) {
        return Role::Connector;
    }
    if has_word(service.image_name().unwrap_or_default(), &DAEMON) {
        return Role::Daemon;
    }
    // Where one is called so, what others have of its variables tells them where it is.
    if !project.iter().any(is_called_connector) {
        let connects = |name: &str| CONNECTOR.contains(&name) || is_secret_variable(name);
        if service.environment.iter().any(|one| connects(&one.name)) {
            return Role::Connector;
        }
    }
    let runs = service.environment.iter().any(|one| {
        [
            "ANON_NETWORK",
            "ANON_ROLE",
            "HIDDEN_SERVICE_PORT",
            "HIDDEN_SERVICE_DIR",
        ]
        .contains(&one.name.as_str())
    });
    let configured = service.mounts.iter().any(|mount| {
        let file = mount.target.rsplit('/').next().unwrap_or_default();
        ["anonrc", "torrc"].contains(&file)
    });
    let started = service
        .texts(&["command", "entrypoint"])
        .iter()
        .any(|node| {
            let text = node.text().unwrap_or_default();
            let program = text.split_whitespace().next().unwrap_or_default();
            ["anon", "tor"].contains(&program.rsplit('/').next().unwrap_or_default())
        });
    if runs || configured || started || has_word(&service.name, &DAEMON) {
        return Role::Daemon;
    }
    if is_shared && has_word(&service.name, &["sidecar"]) {
        return Role::Daemon;
    }
    Role::Other
}

/// Whether it is tor, and not anon.
#[must_use]
pub(super) fn is_tor(service: &Service) -> bool {
    let image = service.image_name().unwrap_or_default();
    has_word(image, &["tor"]) && !has_word(image, &["ator", "anon"])
}

fn has_word(name: &str, words: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    lower
        .split(|sign: char| !sign.is_ascii_alphanumeric())
        .any(|part| words.contains(&part))
}
