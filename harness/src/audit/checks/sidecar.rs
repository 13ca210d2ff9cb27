//! An onion daemon beside a connector: its network, its volume, its ports.

use std::collections::BTreeSet;

use crate::audit::check::{Check, Look};
use crate::audit::compose::{Mount, MountKind, Project, Reach, Service};
use crate::audit::connector::{Connector, Transport};
use crate::audit::daemon::Daemon;
use crate::audit::model::{Model, declares};
use crate::audit::place::At;
use crate::audit::urls::addresses;
use crate::audit::yaml::Node;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "sidecar.present",
        says: "an onion daemon runs beside the connector",
        looks_at: "Compose projects with a connector that does not manage its daemon",
        why: "Without a daemon nothing publishes the connector's address and nothing dials others'.",
        remedy: "add a service with an onion daemon, such as the ator-sidecar image by its digest",
        run: present,
    },
    Check {
        id: "sidecar.namespace",
        says: "the connector is in the network of its onion daemon",
        looks_at: "`network_mode` of connectors",
        why: "The daemon's SOCKS port and the service's target are 127.0.0.1: each is found only inside one network. Over a bridge, SOCKS is open to all that is on it, and the target is a name that may not resolve yet.",
        remedy: "write network_mode: service:SIDECAR at the connector, and socks5h://127.0.0.1:9050 as its proxy",
        run: namespace,
    },
    Check {
        id: "sidecar.left-behind",
        says: "a service in another's network has no networks, ports or names of its own",
        looks_at: "services with `network_mode`",
        why: "Compose refuses `networks` beside `network_mode`, the engine refuses `ports`, `hostname`, `links`, `dns`, `expose` and `extra_hosts` in another's network, and with the host's network `ports` do nothing.",
        remedy: "move networks, ports and the rest to the service whose network it is",
        run: left_behind,
    },
    Check {
        id: "sidecar.aliases",
        says: "whoever is addressed by name in another's network is an alias of that network's owner",
        looks_at: "names of services with `network_mode: service:…` in variables, commands and configurations of others",
        why: "Such a service is on no network itself: its name resolves no more, and its dependants stop reaching it.",
        remedy: "add the name to networks.NETWORK.aliases of the service whose network it is",
        run: aliases,
    },
    Check {
        id: "sidecar.persistent",
        says: "the hidden-service directory is on a named volume",
        looks_at: "volumes of onion daemons, and of connectors that manage one",
        why: "A directory that goes with its container gives a new address at every start, and every peer's configuration is stale without a word.",
        remedy: "mount a named volume, declared under volumes, at the directory or above it",
        run: persistent,
    },
    Check {
        id: "sidecar.socks-published",
        says: "no SOCKS port is published",
        looks_at: "ports of onion daemons, and ports 9050, 9150 and 1080 of any service",
        why: "Whoever reaches it uses the onion network as this operator.",
        remedy: "take the port out of ports; what shares the network reaches it at 127.0.0.1",
        run: socks_published,
    },
    Check {
        id: "sidecar.gate",
        says: "the connector starts when its daemon is healthy, and not when its container is up",
        looks_at: "`depends_on` of connectors that share a daemon's network",
        why: "A container that is up is not a daemon with a circuit: what is dialled before fails, and after its fifth try a connector gives a peer up for good.",
        remedy: "write depends_on: {SIDECAR: {condition: service_healthy}}, with a health check of the daemon",
        run: gate,
    },
];

/// Connectors of Compose files that need a daemon beside them.
fn in_need(model: &Model) -> impl Iterator<Item = (&Connector, &Project, &Service)> {
    let meant = model
        .connectors
        .iter()
        .filter(|one| model.meant_for_onion(one) && one.transport() != Some(Transport::Managed));
    meant.filter_map(|one| {
        Some((
            one,
            model.project(one.service)?,
            model.service(one.service)?,
        ))
    })
}

/// A network that is told elsewhere: the host's, or that of a container of another project.
fn elsewhere(service: &Service) -> Option<(&str, &At)> {
    let entry = service.node.entry("network_mode")?;
    let mode = entry.node.text().unwrap_or(&entry.node.scalar()?.raw);
    (mode == "host" || mode.starts_with("container:") || mode.contains('$'))
        .then_some((mode, &entry.at))
}

fn present(model: &Model, look: &mut Look) {
    for (connector, project, service) in in_need(model) {
        look.at_one();
        if model.daemon_of(connector).is_some() || model.daemon_reached(connector).is_some() {
            continue;
        }
        let name = &connector.name;
        if let Some((mode, at)) = elsewhere(service) {
            look.unknown(at, format!("{name} is in the network {mode:?}; whether an onion daemon is there is not told here"));
        } else if let Some((owner, at)) = service
            .shares()
            .filter(|(owner, _)| project.service(owner).is_some())
        {
            look.unknown(at, format!("{name} is in the network of {owner}, of which nothing says that it is an onion daemon"));
        } else {
            let daemon = model.daemons.iter().find(|daemon| {
                daemon.service.map(|one| one.0) == connector.service.map(|one| one.0)
            });
            match daemon {
                Some(daemon) => look.fail(
                    &connector.at,
                    format!(
                        "{name} uses no onion daemon; {} ({}) is one, and is not beside it",
                        daemon.name, daemon.at
                    ),
                ),
                None => look.fail(
                    &connector.at,
                    format!("no service beside {name} is an onion daemon"),
                ),
            }
        }
    }
}

fn namespace(model: &Model, look: &mut Look) {
    for (connector, project, service) in in_need(model) {
        look.at_one();
        let name = &connector.name;
        if model.daemon_of(connector).is_some() {
            continue;
        }
        if let Some((owner, at)) = service.shares() {
            if project.service(owner).is_none() {
                look.fail(
                    at,
                    format!(
                        "{name} is to be in the network of {owner:?}, and there is no such service"
                    ),
                );
            }
            // Whether that is a daemon is said elsewhere.
            continue;
        }
        if elsewhere(service).is_some() {
            continue;
        }
        let at = service
            .node
            .entry("networks")
            .map_or(&connector.at, |entry| &entry.at);
        match model.daemon_reached(connector) {
            Some(daemon) => look.warn(
                at,
                format!(
                    "{name} reaches its daemon {} over a network that others may be on",
                    daemon.name
                ),
            ),
            None => look.fail(
                at,
                format!("{name} is in networks of its own, and not in that of an onion daemon"),
            ),
        }
    }
}

fn left_behind(model: &Model, look: &mut Look) {
    let owned = [
        "ports",
        "hostname",
        "links",
        "expose",
        "extra_hosts",
        "dns",
        "mac_address",
    ];
    for (_, service) in model.services() {
        let Some(mode) = service.node.get("network_mode").and_then(Node::text) else {
            continue;
        };
        look.at_one();
        let shared = mode.starts_with("service:") || mode.starts_with("container:");
        let mut keys = vec!["networks"];
        if shared {
            keys.extend(owned);
        } else if mode == "host" {
            keys.push("ports");
        }
        for key in keys {
            if let Some(entry) = service.node.entry(key) {
                look.fail(
                    &entry.at,
                    format!("{} has {key} beside network_mode: {mode}", service.name),
                );
            }
        }
    }
}

fn aliases(model: &Model, look: &mut Look) {
    for project in &model.projects {
        for service in &project.services {
            let Some(owner) = service
                .shares()
                .and_then(|(owner, _)| project.service(owner))
            else {
                continue;
            };
            look.at_one();
            let lost: Vec<&str> = service
                .names()
                .into_iter()
                .filter(|name| !owner.is_called(name))
                .collect();
            let mut said = BTreeSet::new();
            for (who, text, at) in texts(model, project) {
                for name in &lost {
                    if addresses(&text, name) && said.insert((at.clone(), *name)) {
                        look.fail(&at, format!("{who} addresses {name}, which is in the network of {} and no alias of it", owner.name));
                    }
                }
            }
        }
    }
}

/// Every text of a project by which somebody is addressed, with who says it.
fn texts<'m>(model: &'m Model, project: &'m Project) -> Vec<(&'m str, String, At)> {
    let mut found = Vec::new();
    for service in &project.services {
        let variables = service.environment.iter();
        found.extend(variables.filter_map(|one| {
            let value = one.value.clone()?;
            Some((service.name.as_str(), value, one.at.clone()))
        }));
        let nodes = service.texts(&["command", "entrypoint", "healthcheck"]);
        found.extend(nodes.into_iter().filter_map(|node| {
            Some((
                service.name.as_str(),
                node.text()?.to_owned(),
                node.at.clone(),
            ))
        }));
    }
    for connector in &model.connectors {
        let handler = connector.get(&["localDelivery", "handlerUrl"]);
        let peers = connector.peers().into_iter().filter_map(|peer| peer.url);
        let handler = handler.and_then(|node| Some((node.text()?.to_owned(), node.at.clone())));
        found.extend(
            handler
                .into_iter()
                .chain(peers)
                .map(|(text, at)| (connector.name.as_str(), text, at)),
        );
    }
    found
}

/// The directories of a daemon's services, and whether they are told and not only usual.
fn directories(model: &Model, daemon: &Daemon) -> (Vec<String>, bool) {
    if daemon.options.is_some() {
        return (
            daemon
                .all("HiddenServiceDir")
                .map(|option| option.value.clone())
                .collect(),
            true,
        );
    }
    let service = model.service(daemon.service);
    let told = service.and_then(|service| service.variable("HIDDEN_SERVICE_DIR")?.value.clone());
    match told {
        Some(told) => (vec![told], true),
        None if daemon.is_tor => (vec!["/var/lib/tor".to_owned()], false),
        None => (vec!["/var/lib/anon".to_owned()], false),
    }
}

fn persistent(model: &Model, look: &mut Look) {
    for daemon in &model.daemons {
        let (Some(service), Some(project)) =
            (model.service(daemon.service), model.project(daemon.service))
        else {
            continue;
        };
        let (directories, told) = directories(model, daemon);
        for directory in directories {
            look.at_one();
            kept(look, project, service, &directory, told);
        }
    }
    for connector in &model.connectors {
        let options = ["transport", "managedOptions", "hiddenServiceDir"];
        let Some(directory) = connector.get(&options).and_then(Node::text) else {
            continue;
        };
        let at = connector
            .get(&options)
            .map_or(&connector.at, |node| &node.at);
        let passing = ["/tmp", "/run", "/dev/shm", "/var/run"];
        let in_memory = passing
            .iter()
            .any(|folder| directory == *folder || directory.starts_with(&format!("{folder}/")));
        match (
            model.service(connector.service),
            model.project(connector.service),
        ) {
            (Some(service), Some(project)) => {
                look.at_one();
                kept(look, project, service, directory, true);
            }
            _ => {
                look.at_one();
                if in_memory {
                    look.fail(at, format!("hiddenServiceDir is {directory}, which a restart of the machine empties"));
                }
            }
        }
    }
    for (connector, ..) in in_need(model) {
        if model.daemon_of(connector).is_none()
            && model.daemon_reached(connector).is_none()
            && model.daemons.is_empty()
        {
            look.at_one();
            look.fail(&connector.at, format!("nothing keeps a hidden-service directory for {}: there is no onion daemon, and no volume for one", connector.name));
        }
    }
}

fn kept(look: &mut Look, project: &Project, service: &Service, directory: &str, told: bool) {
    let directory = directory.trim_end_matches('/');
    let within = |mount: &&Mount| !told && mount.target.starts_with(&format!("{directory}/"));
    let holds = service
        .mounts
        .iter()
        .filter(|mount| mount.holds(directory) || within(mount))
        // A file that is mounted into the usual place is its configuration.
        .filter(|mount| told || !mount.target.ends_with("rc"));
    let Some(mount) = holds.max_by_key(|mount| mount.target.len()) else {
        let at = service
            .node
            .entry("volumes")
            .map_or(&service.at, |entry| &entry.at);
        let other = service
            .mounts
            .iter()
            .find(|mount| mount.kind == MountKind::Named);
        match other.filter(|_| !told) {
            Some(other) => look.unknown(&other.at, format!("where the hidden-service directory of {} is, is not told; the volume {} may hold it", service.name, other.source)),
            None => look.fail(at, format!("{directory} of {} is on no volume", service.name)),
        }
        return;
    };
    match mount.kind {
        MountKind::Named => match declares(project, "volumes", &mount.source) {
            None => look.fail(&mount.at, format!("the volume {} is not declared under volumes", mount.source)),
            Some(volume) => {
                let kind = volume.find(&["driver_opts", "type"]);
                if let Some(kind) = kind.filter(|kind| kind.text() == Some("tmpfs")) {
                    look.fail(&kind.at, format!("the volume {} is in memory", mount.source));
                }
            }
        },
        MountKind::Bind => look.warn(&mount.at, format!("{directory} of {} is a folder of the host and no named volume: its owner and its mode 0700 have to be kept by hand", service.name)),
        MountKind::Anonymous => look.fail(&mount.at, format!("{directory} of {} is on a volume without a name", service.name)),
        MountKind::Memory => look.fail(&mount.at, format!("{directory} of {} is in memory", service.name)),
    }
}

fn socks_published(model: &Model, look: &mut Look) {
    let usual = [9050, 9150, 1080];
    for (project_at, project) in model.projects.iter().enumerate() {
        for (service_at, service) in project.services.iter().enumerate() {
            let daemon = model
                .daemons
                .iter()
                .find(|daemon| daemon.service == Some((project_at, service_at)));
            let mut socks: Vec<u16> = usual.to_vec();
            if let Some(daemon) = daemon {
                look.at_one();
                let port = |told: &str| {
                    let place = told.split_whitespace().next()?;
                    place.rsplit(':').next()?.parse().ok()
                };
                let told = daemon.all("SocksPort");
                let told = told.filter_map(|option| port(&option.value));
                socks.extend(told.filter(|port: &u16| *port != 0));
                let open = daemon.all("SocksPort").find(|option| {
                    option.value.starts_with("0.0.0.0") || option.value.starts_with("[::]")
                });
                if let (Some(("host", at)), Some(option)) = (elsewhere(service), open) {
                    look.fail(
                        at,
                        format!(
                            "{} opens its SOCKS port to everybody ({}) on the host's network",
                            service.name, option.at
                        ),
                    );
                }
            }
            for port in &service.ports {
                // A port that is not told may be any: that is said of daemons alone.
                let judged = socks.iter().filter(|_| port.is_told() || daemon.is_some());
                let mut published = judged.map(|socks| (socks, port.publishes(*socks)));
                let Some((target, reach)) = published.find(|one| one.1 != Reach::Nobody) else {
                    continue;
                };
                look.at_one();
                let shared = model.connectors.iter().any(|one| {
                    one.service.map(|place| place.0) == Some(project_at)
                        && model
                            .service(one.service)
                            .is_some_and(|own| model.namespace(project_at, own) == service.name)
                });
                let told = format!("{} publishes {target}, a SOCKS port,", service.name);
                match reach {
                    Reach::Everybody => look.fail(&port.at, format!("{told} beyond this machine")),
                    Reach::Untold => look.unknown(&port.at, format!("whether {told} beyond this machine is told by what was not given")),
                    Reach::Machine if shared && port.is_told() => look.warn(&port.at, format!("{told} to every program of this machine, and the connector in its network does not need it")),
                    Reach::Machine | Reach::Nobody => {}
                }
            }
        }
    }
}

fn gate(model: &Model, look: &mut Look) {
    for (connector, _, service) in in_need(model) {
        let Some(daemon) = model
            .daemon_of(connector)
            .and_then(|daemon| model.service(daemon.service))
        else {
            continue;
        };
        // Where the daemon is in the connector's network, it cannot come first.
        if daemon
            .shares()
            .is_some_and(|(owner, _)| owner == service.name)
        {
            continue;
        }
        look.at_one();
        let condition = service.after().find(|(entry, _)| entry.key == daemon.name);
        let at = service
            .node
            .entry("depends_on")
            .map_or(&service.at, |entry| &entry.at);
        match condition {
            Some((_, "service_healthy")) => {
                let name = &daemon.name;
                match (daemon.healthcheck(), daemon.node.entry("healthcheck")) {
                    (Some(_), _) => {}
                    (None, Some(off)) => look.fail(
                        &off.at,
                        format!(
                            "{} waits for {name} to be healthy, whose health check is switched off",
                            service.name
                        ),
                    ),
                    (None, None) => look.note(format!(
                        "the health check of {name}, which its image may have"
                    )),
                }
            }
            Some((entry, condition)) => look.warn(
                &entry.at,
                format!(
                    "{} waits for {} only until {condition}",
                    service.name, daemon.name
                ),
            ),
            None if service.node.get("depends_on").is_some_and(Node::is_null) => look.unknown(
                at,
                format!(
                    "what {} waits for is not told: Compose 1 does not tell the engine",
                    service.name
                ),
            ),
            None => look.warn(
                at,
                format!("{} does not wait for {} at all", service.name, daemon.name),
            ),
        }
    }
}
