//! What a connector's transport is, and what it is told to be.

use crate::audit::check::{Check, Look};
use crate::audit::connector::{Connector, Transport};
use crate::audit::files::Kind;
use crate::audit::interpolate::has_variable;
use crate::audit::model::Model;
use crate::audit::urls::{host, is_loopback, onion_family};
use crate::audit::yaml::Node;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "transport.mode-hard-coded",
        says: "TRANSPORT_MODE can be set by whoever runs the deployment",
        looks_at: "TRANSPORT_MODE in Compose files",
        why: "Where it is written as `direct`, no operator's setting makes the connector dial over the onion network.",
        remedy: "write TRANSPORT_MODE: ${TRANSPORT_MODE:-direct}, and let the configuration's generator emit a transport for socks5 (`ator-harness export transport`)",
        run: mode_hard_coded,
    },
    Check {
        id: "transport.mode-ignored",
        says: "the configuration has the transport that TRANSPORT_MODE asks for",
        looks_at: "connectors with TRANSPORT_MODE and a configuration",
        why: "The connector itself reads its configuration alone: what TRANSPORT_MODE says has no effect unless the generator writes it there.",
        remedy: "let the generator emit what `ator-harness export transport --mode MODE` prints",
        run: mode_ignored,
    },
    Check {
        id: "transport.socks-scheme",
        says: "SOCKS proxies are named by socks5h://",
        looks_at: "`transport.socksProxy`, and variables that name a SOCKS proxy",
        why: "With socks5:// names are resolved on this machine: onion names are asked of DNS, which is a leak and has no answer. The connector refuses it.",
        remedy: "write socks5h://HOST:PORT, in lower case",
        run: socks_scheme,
    },
    Check {
        id: "transport.external-url",
        says: "the external URL is one that others can dial",
        looks_at: "`transport.externalUrl`, EXTERNAL_URL",
        why: "`auto` needs a daemon that the connector manages, with a hiddenServiceDir; a loopback address is reached by nobody else. The connector refuses the first, and in production the second.",
        remedy: "write ws://ADDRESS:PORT of the onion service, or set managed: true with managedOptions.hiddenServiceDir",
        run: external_url,
    },
    Check {
        id: "transport.complete",
        says: "the transport has what its type needs, and no key that does nothing",
        looks_at: "`transport` of connectors' configurations",
        why: "The connector refuses a socks5 transport without socksProxy and externalUrl, and managedOptions without managed; keys of older documents, such as socksUrl, are read by nobody.",
        remedy: "write type, socksProxy, externalUrl, managed, managedOptions, as `ator-harness export transport` does",
        run: complete,
    },
    Check {
        id: "transport.peers",
        says: "peers with onion addresses are dialled by SOCKS, and peers' transports are ones that the connector has",
        looks_at: "peers of connectors' configurations",
        why: "An onion name that is dialled directly is asked of DNS and never reached; a peer's socks5 needs the connector's own.",
        remedy: "give the connector a socks5 transport, and leave the peer's own out or write socks5",
        run: peers,
    },
];

fn mode_hard_coded(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        let Some(variable) = connector.variable("TRANSPORT_MODE") else {
            continue;
        };
        let mut compose = model.files.of(Kind::Compose);
        let in_compose = compose.any(|file| file.name == variable.at.file);
        if !in_compose || !model.meant_for_onion(connector) {
            continue;
        }
        look.at_one();
        if has_variable(&variable.raw) {
            continue;
        }
        match variable.raw.as_str() {
            "socks5" | "managed" => {}
            "direct" => look.fail(
                &variable.at,
                format!(
                    "TRANSPORT_MODE of {} is direct, whatever the operator sets",
                    connector.name
                ),
            ),
            other => look.fail(
                &variable.at,
                format!(
                    "TRANSPORT_MODE of {} is {other:?}, which is none of direct, socks5, managed",
                    connector.name
                ),
            ),
        }
    }
}

fn mode_ignored(model: &Model, look: &mut Look) {
    for daemon in &model.daemons {
        let service = model.service(daemon.service);
        if let Some(variable) = service.and_then(|service| service.variable("TRANSPORT_MODE")) {
            look.at_one();
            look.fail(
                &variable.at,
                format!(
                    "TRANSPORT_MODE is set for {}, which is no connector",
                    daemon.name
                ),
            );
        }
    }
    for connector in &model.connectors {
        let (Some(variable), Some(config)) =
            (connector.variable("TRANSPORT_MODE"), &connector.config)
        else {
            if connector.variable("TRANSPORT_MODE").is_some() {
                look.note(format!(
                    "the configuration of {}, which may heed TRANSPORT_MODE or not",
                    connector.name
                ));
            }
            continue;
        };
        let Some(mode) = variable.value.as_deref() else {
            look.note("the value of TRANSPORT_MODE");
            continue;
        };
        look.at_one();
        let at = config
            .entry("transport")
            .map_or(&config.at, |entry| &entry.at);
        let has = match connector.transport() {
            Some(Transport::Managed) => "managed",
            Some(Transport::Socks5) => "socks5",
            Some(Transport::Direct) | None => "direct",
        };
        // A managed daemon is a socks5 transport, too.
        let same = mode == has || (mode == "socks5" && has == "managed");
        if !same {
            look.fail(
                at,
                format!(
                    "TRANSPORT_MODE is {mode:?} ({}), and the transport here is {has}",
                    variable.at
                ),
            );
        }
    }
}

fn socks_scheme(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        if let Some(entry) = connector.transport_entry("socksProxy") {
            let Some(scalar) = entry.node.scalar() else {
                continue;
            };
            let text = scalar.text.as_deref().unwrap_or(&scalar.raw);
            look.at_one();
            if !text.trim().starts_with("socks5h://") {
                look.fail(
                    &entry.at,
                    format!("socksProxy begins with {:?}", scheme(text)),
                );
            }
        }
    }
    let of_services = model
        .services()
        .flat_map(|(_, service)| &service.environment);
    for variable in of_services.chain(&model.variables) {
        let text = variable.value.as_deref().unwrap_or(&variable.raw).trim();
        let lower = text.to_ascii_lowercase();
        if !lower.starts_with("socks") || !lower.contains("://") {
            continue;
        }
        look.at_one();
        if !text.starts_with("socks5h://") {
            look.fail(
                &variable.at,
                format!("{} begins with {:?}", variable.name, scheme(text)),
            );
        }
    }
}

/// As much of a URL as holds no secret.
fn scheme(text: &str) -> &str {
    text.find("://").map_or("", |end| &text[..end + 3])
}

fn external_url(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        let in_config = connector
            .transport_entry("externalUrl")
            .filter(|_| connector.transport() != Some(Transport::Direct))
            .and_then(|entry| Some((entry.node.text()?.to_owned(), entry.at.clone())));
        let names = [
            "EXTERNAL_URL",
            "TRANSPORT_EXTERNAL_URL",
            "CONNECTOR_EXTERNAL_URL",
        ];
        let in_environment = names
            .iter()
            .find_map(|name| connector.variable(name))
            .and_then(|one| Some((one.value.clone()?, one.at.clone())));
        for (url, at) in in_config.into_iter().chain(in_environment) {
            look.at_one();
            if url == "auto" {
                auto(connector, look, &at);
            } else if !url.starts_with("ws://") && !url.starts_with("wss://") {
                look.fail(
                    &at,
                    "the external URL begins with neither ws:// nor wss://, and is not auto",
                );
            } else if host(&url).is_some_and(is_loopback) {
                look.fail(
                    &at,
                    "the external URL names this machine itself, which nobody else reaches",
                );
            }
        }
    }
}

fn auto(connector: &Connector, look: &mut Look, at: &crate::audit::place::At) {
    let directory = ["transport", "managedOptions", "hiddenServiceDir"];
    if connector.transport() != Some(Transport::Managed) {
        look.fail(
            at,
            format!(
                "the external URL of {} is auto, and managed is not true",
                connector.name
            ),
        );
    } else if connector.config.is_some() && connector.get(&directory).is_none() {
        look.fail(
            at,
            "the external URL is auto, and there is no managedOptions.hiddenServiceDir",
        );
    }
}

fn complete(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        let Some(transport) = connector.get(&["transport"]) else {
            continue;
        };
        look.at_one();
        let kind = transport.text_of("type").unwrap_or("direct");
        if !["direct", "socks5"].contains(&kind) {
            let at = transport
                .entry("type")
                .map_or(&transport.at, |entry| &entry.at);
            look.fail(
                at,
                format!("type is {kind:?}, which is neither direct nor socks5"),
            );
        }
        if kind == "socks5" {
            for key in ["socksProxy", "externalUrl"] {
                let value = transport.get(key).and_then(Node::scalar);
                if value.is_none_or(|scalar| scalar.raw.trim().is_empty()) {
                    look.fail(
                        &transport.at,
                        format!("it is a socks5 transport without {key}"),
                    );
                }
            }
        }
        for key in ["socksUrl", "hiddenService", "proxy", "proxyUrl"] {
            if let Some(entry) = transport.entry(key) {
                look.fail(&entry.at, format!("{key} is read by nobody; the keys are socksProxy, externalUrl, managed, managedOptions"));
            }
        }
        let managed = transport.get("managed").and_then(Node::truth) == Some(true);
        if let Some(options) = transport.entry("managedOptions") {
            if !managed && !options.node.entries().is_empty() {
                look.fail(
                    &options.at,
                    "managedOptions are there, and managed is not true",
                );
            }
            for entry in options.node.entries() {
                let text = entry.node.text().unwrap_or_default();
                if text.split('/').any(|part| part == "..") {
                    look.fail(
                        &entry.at,
                        format!(
                            "{} has .. in its path, which the connector refuses",
                            entry.key
                        ),
                    );
                }
            }
        }
    }
}

fn peers(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        let direct = connector.transport() == Some(Transport::Direct);
        let told = connector.get(&["peers"]).map_or(&[][..], Node::items);
        for peer in told {
            let id = peer.text_of("id").unwrap_or("without an id");
            let own = peer.entry("transport");
            let own_text = own.and_then(|entry| entry.node.text());
            if let Some(entry) = own {
                look.at_one();
                match own_text {
                    Some("direct") | None => {}
                    Some("socks5") if !direct => {}
                    Some("socks5") => look.fail(&entry.at, format!("the peer {id} is to be dialled by socks5, and the connector's transport is direct")),
                    Some(other) => look.fail(&entry.at, format!("the peer {id} has the transport {other:?}, which is neither direct nor socks5")),
                }
            }
            let url = peer.entry("url");
            let onion = url
                .and_then(|entry| entry.node.text())
                .and_then(host)
                .is_some_and(|host| onion_family(host).is_some());
            if let (true, Some(entry)) = (onion, url) {
                look.at_one();
                if direct || own_text == Some("direct") {
                    look.fail(
                        &entry.at,
                        format!("the peer {id} has an onion address and is dialled directly"),
                    );
                }
            }
        }
    }
}
