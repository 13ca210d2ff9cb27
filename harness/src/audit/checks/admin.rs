//! The connector's admin API.

use crate::audit::check::{Check, Look};
use crate::audit::compose::Reach;
use crate::audit::connector::Connector;
use crate::audit::model::Model;
use crate::audit::place::At;
use crate::audit::secret_words::is_secret;
use crate::audit::urls::is_loopback;
use crate::audit::yaml::Node;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "admin.key",
        says: "the admin API has a key",
        looks_at: "`adminApi` of connectors' configurations, ADMIN_API_KEY and the like",
        why: "Whoever reaches an admin API without a key adds peers and sends packets as the operator; all that shares the connector's network reaches it.",
        remedy: "set adminApi.apiKey, or ADMIN_API_KEY, to 32 random bytes; it is sent as X-Api-Key",
        run: key,
    },
    Check {
        id: "admin.published",
        says: "the admin API is published to this machine alone",
        looks_at: "ports of connectors and of the services whose network they are in",
        why: "A port that is published without an address is open to every network of the machine, whatever its firewall says.",
        remedy: "write 127.0.0.1:PORT:PORT, or publish it not at all",
        run: published,
    },
];

/// Whether a connector has an admin API, and where that is said; none where it has none.
fn enabled(connector: &Connector) -> Option<At> {
    let api = connector.get(&["adminApi"]);
    if let Some(told) = api.and_then(|api| api.get("enabled")) {
        return (told.truth() != Some(false)).then(|| told.at.clone());
    }
    let variables = ["ADMIN_API_ENABLED", "CONNECTOR_ADMIN_ENABLED"];
    if let Some(told) = variables.iter().find_map(|name| connector.variable(name)) {
        return (told.value.as_deref() == Some("true")).then(|| told.at.clone());
    }
    if api.is_some() {
        // Nobody has switched it on.
        return None;
    }
    let ports = ["ADMIN_API_PORT", "CONNECTOR_ADMIN_PORT"];
    let port = ports.iter().find_map(|name| connector.variable(name))?;
    Some(port.at.clone())
}

fn key(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        let Some(at) = enabled(connector) else {
            continue;
        };
        let in_config = connector
            .get(&["adminApi", "apiKey"])
            .and_then(Node::scalar);
        let in_environment = connector
            .environment
            .iter()
            .find(|one| one.name.contains("ADMIN") && is_secret(&one.name));
        let has = in_config.is_some_and(|scalar| !scalar.raw.is_empty())
            || in_environment.is_some_and(|one| !one.raw.is_empty());
        if has {
            look.at_one();
        } else if model.lacks_environment(connector) {
            let told = format!(
                "the admin API of {} has no key in its configuration, and no Compose file could be read that sets one",
                connector.name
            );
            look.unknown(&at, told);
        } else if connector.config.is_some() {
            look.at_one();
            let host = connector.get(&["adminApi", "host"]).and_then(Node::text);
            let told = format!("the admin API of {} has no key", connector.name);
            match host.is_some_and(is_loopback) {
                true => look.warn(&at, format!("{told}; it listens to its own network alone")),
                false => look.fail(&at, told),
            }
        } else {
            look.unknown(&at, format!("{} has an admin API, no variable holds a key, and its configuration was not given", connector.name));
        }
    }
}

fn published(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        if enabled(connector).is_none() {
            continue;
        }
        let (Some(project), Some(service)) = (
            model.project(connector.service),
            model.service(connector.service),
        ) else {
            continue;
        };
        let Some((port, from)) = connector.admin_port() else {
            look.unknown(
                &connector.at,
                format!(
                    "which port the admin API of {} has is not told",
                    connector.name
                ),
            );
            continue;
        };
        look.at_one();
        let place = connector.service.map_or(0, |place| place.0);
        let owner = project.service(model.namespace(place, service));
        let services = [
            Some(service),
            owner.filter(|owner| owner.name != service.name),
        ];
        for service in services.into_iter().flatten() {
            for published in &service.ports {
                let what = format!("{port}, the admin API of {} ({from}),", connector.name);
                match published.publishes(port) {
                    Reach::Nobody | Reach::Machine => {}
                    Reach::Everybody => look.fail(
                        &published.at,
                        format!("{} publishes {what} beyond this machine", service.name),
                    ),
                    Reach::Untold => look.unknown(
                        &published.at,
                        format!(
                            "whether {} publishes {what} beyond this machine is told by what was not given",
                            service.name
                        ),
                    ),
                }
            }
        }
        let mode = service.node.entry("network_mode");
        let host = connector.get(&["adminApi", "host"]).and_then(Node::text);
        let host = host.or_else(|| connector.variable("ADMIN_API_HOST")?.value.as_deref());
        if let Some(entry) = mode.filter(|entry| entry.node.text() == Some("host"))
            && !host.is_some_and(is_loopback)
        {
            look.fail(
                &entry.at,
                format!(
                    "{} is on the host's network, where its admin API listens to everybody",
                    connector.name
                ),
            );
        }
    }
}
