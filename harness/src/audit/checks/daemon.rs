//! An onion daemon's configuration, and the addresses that it makes.

use std::net::IpAddr;

use crate::audit::check::{Check, Look};
use crate::audit::connector::{BTP_PORT, Connector, Transport};
use crate::audit::daemon::{Daemon, family_of, family_of_client};
use crate::audit::model::Model;
use crate::audit::place::At;
use crate::audit::urls::{host, onion_family, port};
use crate::onion::{AddressError, OnionAddress, TldFamily};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "daemon.terms",
        says: "the daemon is told that its terms are agreed to",
        looks_at: "anonrc files, commands of onion daemons; torrc files, which must not have the option",
        why: "Without AgreeToTerms anon ends at once, and the connector beside it looks healthy and is unreachable; tor does not start with an option that it does not know.",
        remedy: "add the line `AgreeToTerms 1` for anon, and leave it out for tor",
        run: terms,
    },
    Check {
        id: "daemon.nickname",
        says: "the nickname is 1 to 19 letters and digits, and is there where the configuration is read-only",
        looks_at: "anonrc files, NICKNAME of onion daemons",
        why: "The packaged entry point adds a missing Nickname to the file: where that is mounted read-only the container ends. A hyphen in it makes the daemon abort.",
        remedy: "add `Nickname NAME` with letters and digits alone",
        run: nickname,
    },
    Check {
        id: "daemon.target-resolves",
        says: "the target of every hidden service is an address, or a name that is up before the daemon starts",
        looks_at: "`HiddenServicePort`",
        why: "The target is resolved when the daemon reads its configuration: a name that does not resolve yet ends it with `Unparseable address in hidden service port configuration.`",
        remedy: "write 127.0.0.1:PORT and let the connector share the daemon's network",
        run: target_resolves,
    },
    Check {
        id: "daemon.service-port",
        says: "the onion service leads to the port on which the connector takes BTP, under the port that others are told",
        looks_at: "`HiddenServicePort`, TARGET_PORT, managedOptions.hiddenServicePort against `btpServerPort` and `externalUrl`",
        why: "A service that leads to another port is published, found and joined, and every connection over it is refused. A generated configuration maps N to 127.0.0.1:N: 443 leads to nothing while BTP listens on 3000.",
        remedy: "let the target be btpServerPort (3000), and the external URL have the service's port",
        run: service_port,
    },
    Check {
        id: "daemon.address-family",
        says: "all onion addresses are of the family that the daemon's version has",
        looks_at: "addresses of external URLs, peers and variables against tags, lock files and each other",
        why: "anon up to 0.4.9.8 has .onion, to 0.4.9.13 .anon, from 0.4.10 .anyone; a name of another family is an ordinary DNS name for the daemon, which leaks it. Names cannot be converted by their ends.",
        remedy: "run one version on both sides, and take each address anew from the daemon's hostname file",
        run: address_family,
    },
    Check {
        id: "daemon.address-form",
        says: "every onion address has 56 characters of a-z and 2-7 before its end",
        looks_at: "addresses of external URLs, peers and variables",
        why: "An address that was cut or mistyped is dialled for ever.",
        remedy: "copy the address from the daemon's hostname file; an empty file means that it is not published yet",
        run: address_form,
    },
];

fn terms(model: &Model, look: &mut Look) {
    for daemon in &model.daemons {
        let option = daemon.last("AgreeToTerms");
        if daemon.is_tor {
            look.at_one();
            if let Some(option) = option {
                look.fail(
                    &option.at,
                    format!(
                        "{} is tor, which does not start with AgreeToTerms",
                        daemon.name
                    ),
                );
            }
            continue;
        }
        let service = model.service(daemon.service);
        let by_command = service.is_some_and(|service| {
            let texts = service.texts(&["command", "entrypoint"]);
            let all: Vec<String> = texts
                .iter()
                .filter_map(|node| Some(node.text()?.to_ascii_lowercase()))
                .collect();
            let all = all.join(" ");
            all.contains("agree-to-terms") || all.contains("agreetoterms 1")
        });
        let by_file = service.is_some_and(|service| {
            service
                .mounts
                .iter()
                .any(|mount| mount.target.ends_with("/terms-agreement"))
        });
        if daemon.options.is_none() && !by_command && !by_file {
            look.note(format!(
                "the configuration of {}, which its image may make",
                daemon.name
            ));
            continue;
        }
        look.at_one();
        match option {
            Some(option) if option.value == "1" => {}
            _ if by_command || by_file => {}
            Some(option) => look.fail(&option.at, format!("AgreeToTerms is {:?}", option.value)),
            None => look.fail(&file_of(daemon), "there is no line AgreeToTerms 1"),
        }
    }
}

/// Where a daemon's configuration begins.
fn file_of(daemon: &Daemon) -> At {
    let first = daemon.options.as_ref().and_then(|options| options.first());
    first.map_or_else(|| daemon.at.clone(), |option| At::new(&option.at.file, 1))
}

/// Whether the daemon takes it.
fn is_nickname(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn nickname(model: &Model, look: &mut Look) {
    for daemon in &model.daemons {
        let service = model.service(daemon.service);
        let variable = service.and_then(|service| service.variable("NICKNAME"));
        if let Some((variable, value)) = variable.and_then(|one| Some((one, one.value.as_deref()?)))
        {
            look.at_one();
            if !is_nickname(value) {
                look.fail(&variable.at, "NICKNAME is not 1 to 19 letters and digits");
            }
        }
    }
    for daemon in model
        .daemons
        .iter()
        .filter(|daemon| daemon.options.is_some())
    {
        look.at_one();
        let Some(option) = daemon.last("Nickname") else {
            let mounts = model
                .service(daemon.service)
                .map_or(&[][..], |service| &service.mounts);
            let read_only = mounts.iter().find(|mount| {
                let file = mount.target.rsplit('/').next().unwrap_or_default();
                mount.read_only && file.contains("anonrc")
            });
            if let Some(mount) = read_only {
                look.fail(
                    &mount.at,
                    format!(
                        "the configuration of {} is read-only and has no Nickname",
                        daemon.name
                    ),
                );
            }
            continue;
        };
        if !is_nickname(&option.value) {
            look.fail(&option.at, "the nickname is not 1 to 19 letters and digits");
        }
    }
}

fn target_resolves(model: &Model, look: &mut Look) {
    for daemon in &model.daemons {
        for target in daemon.service_ports() {
            look.at_one();
            let name = target.host.trim_start_matches('[').trim_end_matches(']');
            if name.starts_with("unix:") || name == "localhost" || name.parse::<IpAddr>().is_ok() {
                continue;
            }
            let project = model.project(daemon.service);
            let own = model.service(daemon.service);
            let named = project.and_then(|project| {
                project
                    .services
                    .iter()
                    .find(|service| service.is_called(name))
            });
            match (own, named) {
                (Some(own), Some(named)) if own.name == named.name => {}
                (Some(own), Some(named))
                    if own.after().any(|(entry, _)| entry.key == named.name)
                        && named.shares().is_none() => {}
                (Some(own), Some(named)) => look.fail(
                    &target.at,
                    format!(
                        "the target is the name {name}, and nothing makes {} start before {}",
                        named.name, own.name
                    ),
                ),
                _ => look.fail(
                    &target.at,
                    format!(
                        "the target is the name {name}, which has to resolve when the daemon starts"
                    ),
                ),
            }
        }
    }
}

fn service_port(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        if connector.transport() == Some(Transport::Managed) {
            managed_port(connector, look);
        } else if let Some(daemon) = model.daemon_of(connector) {
            beside(model, connector, daemon, look);
        }
    }
}

fn managed_port(connector: &Connector, look: &mut Look) {
    let Some(node) = connector.get(&["transport", "managedOptions", "hiddenServicePort"]) else {
        return;
    };
    let Some(told) = node.text().and_then(|text| text.parse::<u16>().ok()) else {
        return;
    };
    look.at_one();
    let (btp, from) = btp_port(connector);
    if told != btp {
        look.fail(&node.at, format!("hiddenServicePort {told} leads to 127.0.0.1:{told}, and BTP listens on {btp} ({from})"));
    }
}

/// The port of BTP, and where that is from.
fn btp_port(connector: &Connector) -> (u16, String) {
    match connector.btp_port() {
        Some((port, at)) => (port, at.to_string()),
        None => (
            BTP_PORT,
            "the usual one, as nothing else is told".to_owned(),
        ),
    }
}

fn beside(model: &Model, connector: &Connector, daemon: &Daemon, look: &mut Look) {
    let (btp, from) = btp_port(connector);
    if daemon.options.is_some() {
        look.at_one();
        let ports = daemon.service_ports();
        let leads = |port: &Option<u16>| *port == Some(btp);
        let right: Vec<u16> = ports
            .iter()
            .filter(|one| leads(&one.port))
            .map(|one| one.virtual_port)
            .collect();
        let socket = ports.iter().any(|one| one.port.is_none());
        match ports.first() {
            None => look.fail(
                &file_of(daemon),
                "there is no HiddenServicePort: nothing is published",
            ),
            Some(first) if right.is_empty() && !socket => look.fail(
                &first.at,
                format!(
                    "the service leads to {}, and BTP of {} listens on {btp} ({from})",
                    first.port.unwrap_or_default(),
                    connector.name
                ),
            ),
            Some(_) => {}
        }
        let url = connector.transport_entry("externalUrl");
        if let Some((entry, dialled)) =
            url.and_then(|entry| Some((entry, port(entry.node.text()?)?)))
        {
            look.at_one();
            if !right.is_empty() && !right.contains(&dialled) {
                look.fail(
                    &entry.at,
                    format!(
                        "others are told port {dialled}, and the service that leads to BTP has {}",
                        right[0]
                    ),
                );
            }
        }
        return;
    }
    let service = model.service(daemon.service);
    let target = service.and_then(|service| {
        ["TARGET_PORT", "HIDDEN_SERVICE_PORT"]
            .iter()
            .find_map(|name| service.variable(name))
    });
    if let Some((variable, told)) =
        target.and_then(|one| Some((one, one.value.as_deref()?.parse::<u16>().ok()?)))
    {
        look.at_one();
        if told != btp {
            look.fail(
                &variable.at,
                format!(
                    "{} is {told}, and BTP of {} listens on {btp} ({from})",
                    variable.name, connector.name
                ),
            );
        }
    }
}

/// Every onion name that is dialled or told, with where it stands.
fn addresses(model: &Model) -> Vec<(String, TldFamily, At)> {
    let mut urls: Vec<(String, At)> = Vec::new();
    for connector in &model.connectors {
        let external = connector.transport_entry("externalUrl");
        urls.extend(
            external.and_then(|entry| Some((entry.node.text()?.to_owned(), entry.at.clone()))),
        );
        urls.extend(connector.peers().into_iter().filter_map(|peer| peer.url));
    }
    let of_services = model
        .services()
        .flat_map(|(_, service)| &service.environment);
    for variable in of_services.chain(&model.variables) {
        let value = variable.value.clone().unwrap_or_default();
        // Peers in a list are taken from it.
        if !value.contains(['[', '{']) {
            urls.push((value, variable.at.clone()));
        }
    }
    let mut found = Vec::new();
    for (url, at) in urls {
        let name = host(&url).unwrap_or(url.trim());
        let one = onion_family(name).map(|family| (name.to_owned(), family, at));
        if let Some(one) = one.filter(|one| !found.contains(one)) {
            found.push(one);
        }
    }
    found
}

/// The family of the daemons that are told of, and what tells it.
fn expected(model: &Model) -> Option<(TldFamily, String)> {
    for daemon in &model.daemons {
        if daemon.is_tor {
            return Some((TldFamily::Onion, format!("{} is tor", daemon.name)));
        }
        let image = model
            .service(daemon.service)
            .and_then(|service| service.image()?.node.text());
        let tag =
            image.and_then(|image| image.split('@').next()?.rsplit('/').next()?.split_once(':'));
        if let Some((_, tag)) = tag
            && let Some(family) = family_of(tag)
        {
            return Some((family, format!("{} is {tag}", daemon.name)));
        }
    }
    let managed = model
        .connectors
        .iter()
        .any(|one| one.transport() == Some(Transport::Managed));
    if !managed {
        return None;
    }
    model.packages.iter().find_map(|package| {
        let client = package.lock.as_ref()?.client.as_ref()?;
        let version = client.version.as_deref()?;
        Some((
            family_of_client(version)?,
            format!("the client {version} ({}) brings such a daemon", client.at),
        ))
    })
}

fn address_family(model: &Model, look: &mut Look) {
    let addresses = addresses(model);
    let expected = expected(model);
    let first = addresses
        .first()
        .map(|(_, family, at)| (*family, format!("{at} has another one")));
    if expected.is_none() && addresses.len() == 1 {
        look.note("the daemon's version: give its image by tag and digest, or another address");
        return;
    }
    if expected.is_none() && !addresses.is_empty() {
        look.note("the daemon's version: addresses were held against each other alone");
    }
    let Some((family, from)) = expected.or(first) else {
        return;
    };
    for (name, own, at) in addresses {
        look.at_one();
        if own != family {
            look.fail(
                &at,
                format!("the address ends in .{own}, and the family here is .{family}: {from}"),
            );
            continue;
        }
        // Lower case is how the daemon writes it.
        if let Err(AddressError::Checksum {
            fits: Some(fits), ..
        }) = name.to_ascii_lowercase().parse::<OnionAddress>()
        {
            look.fail(&at, format!("the address ends in .{own} and was made by a daemon of the .{fits} family: names cannot be converted by their ends"));
        }
    }
}

fn address_form(model: &Model, look: &mut Look) {
    for (name, _, at) in addresses(model) {
        look.at_one();
        match name.to_ascii_lowercase().parse::<OnionAddress>() {
            Err(error @ (AddressError::Length(_) | AddressError::Alphabet)) => {
                look.fail(&at, format!("the onion address {error}"));
            }
            Err(AddressError::Checksum { fits: None, .. } | AddressError::Version(_)) => {
                look.note(format!(
                    "whether the address at {at} exists: its checksum is of no family"
                ));
            }
            Ok(_) | Err(AddressError::UnknownTld | AddressError::Checksum { .. }) => {}
        }
    }
    // A name without an address before its end is found by the files' other checks.
    let told = model
        .connectors
        .iter()
        .filter_map(|one| one.transport_entry("externalUrl"));
    for entry in told {
        let text = entry.node.text().unwrap_or_default();
        if text.contains('<') || text.contains("YOUR") {
            look.at_one();
            look.fail(&entry.at, "the external URL still has a placeholder");
        }
    }
}
