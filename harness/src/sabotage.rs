//! Breaking one part of a topology on purpose, as [`crate::mutants`] lists them; and having every home differ
//! in what it may.
//!
//! The step after planning: where the topology names a mutant, the plan or its containers are broken
//! in one place. Planning itself knows of no mutant.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use data_encoding::BASE32_NOPAD;

use crate::engine::{ContainerSpec, FileSpec};
use crate::mutants::{Different, MutantAddress, MutantSpec, Part};
use crate::onion::anonrc::{SERVICE_DIRECTORY, SOCKS_PORT};
use crate::onion::authority::AuthorityKeys;
use crate::plan::{
    ANONRC, HomePlan, HomeSpecs, Images, Inputs, Plan, PlanError, Specs, refuse_crowd,
};
use crate::secret::Secret;
use crate::topology::{Access, Topology, Wan};

/// Tells the reference connector which part of it is broken.
const MUTANT_VARIABLE: &str = "REFERENCE_CONNECTOR_MUTANT";
/// Tells it what it does in another way.
const VARIANT_VARIABLE: &str = "REFERENCE_CONNECTOR_VARIANT";
/// The IP address that some mutants dial.
const MUTANT_ADDRESS_VARIABLE: &str = "REFERENCE_CONNECTOR_MUTANT_ADDRESS";
/// What a mutant that hands its proxy addresses uses for the peer it dials; the home's daemon maps
/// it to the peer's onion address, so that nothing else is broken.
const MAPPED: Ipv4Addr = Ipv4Addr::new(10, 191, 255, 254);
/// The option by which a home's guard lets one address through.
const ALLOW: &str = "--allow";

/// Plans a topology, and breaks what its mutant breaks of the plan.
///
/// # Errors
///
/// [`PlanError`] when the addresses do not suffice, or a connector cannot be configured.
pub fn planned(topology: &Topology, inputs: &Inputs) -> Result<Plan, PlanError> {
    let mut plan = Plan::new(topology, inputs)?;
    if let Some(mutant) = topology.mutant {
        break_plan(&mut plan, mutant.part)?;
        plan.configure()?;
    }
    Ok(plan)
}

/// Every container of a plan, given the images and the keys of all authorities in order, with what
/// its mutant breaks of them.
#[must_use]
pub fn containers(plan: &Plan, images: &Images, keys: &[AuthorityKeys]) -> Specs {
    let mut specs = plan.containers(images, keys);
    if let Some(mutant) = plan.topology.mutant {
        break_containers(plan, &mut specs, mutant);
    }
    if let Some(variant) = plan.topology.variant {
        for home in &mut specs.homes {
            match variant.part {
                Different::Connector => tell(&mut home.connector, VARIANT_VARIABLE, variant.name),
                Different::Daemon(line) => add_option(daemon(home), line),
            }
        }
    }
    specs
}

fn break_plan(plan: &mut Plan, part: Part) -> Result<(), PlanError> {
    match part {
        Part::Proxy => {
            let dialled = plan.homes.iter_mut().find(|home| home.id == plan.probe.to);
            if let Some(onion) = dialled.and_then(|home| home.daemon.onion_mut()) {
                onion.socks_port = SOCKS_PORT;
            }
        }
        Part::Bridges => one_bridge(plan)?,
        Part::LinkShaping => plan.shape_links(&bad_day()),
        Part::LastRelay => {
            let last = plan.relays.last_mut();
            last.into_iter().for_each(|relay| relay.publishes = false);
        }
        Part::Certificates => {
            for authority in &mut plan.authorities {
                let published = authority.published;
                let port = published.dir_port;
                authority.certified = port.map(|port| SocketAddrV4::new(published.address, port));
            }
        }
        Part::CleanUp => plan.leaves_container = true,
        Part::KeysNotKept => plan.keeps_keys = false,
        // Broken in the containers.
        Part::Connector(_)
        | Part::Daemon(_)
        | Part::ServicePort
        | Part::ServiceClients
        | Part::SealShut
        | Part::SealOpen
        | Part::Environment => {}
    }
    Ok(())
}

/// Moves all homes to the first one's bridge. The others' are there as well, and empty.
fn one_bridge(plan: &mut Plan) -> Result<(), PlanError> {
    refuse_crowd(plan.homes.len())?;
    let lans = plan.topology.lans();
    let Some(first) = lans.first().and_then(|id| plan.home(id)) else {
        return Ok(());
    };
    let (network, gateway) = (first.network.clone(), first.gateway);
    for (home, host) in plan.homes.iter_mut().zip(1..) {
        home.network.clone_from(&network);
        home.gateway = gateway;
        home.address = Ipv4Addr::from_bits(gateway.to_bits() + host);
        if let Some(onion) = home.daemon.onion_mut() {
            onion.control.address.set_ip(home.address.into());
        }
    }
    Ok(())
}

/// Links that no budget of a topology on one machine allows for.
fn bad_day() -> Wan {
    Wan {
        seed: 1,
        access: Access {
            latency: Duration::from_millis(50),
            jitter: Duration::ZERO,
            bandwidth: 1_000_000,
        },
        nodes: Vec::new(),
    }
}

fn break_containers(plan: &Plan, specs: &mut Specs, mutant: &MutantSpec) {
    let id = match mutant.part {
        // A home that nobody without a secret comes to, so that only the plan notices.
        Part::Environment => &plan.probe.via,
        _ => &plan.probe.to,
    };
    let mut homes = plan.homes.iter().zip(&mut specs.homes);
    // Validation makes sure that it is there.
    let Some((home, specs)) = homes.find(|(home, _)| home.id == *id) else {
        return;
    };
    match mutant.part {
        Part::Connector(address) => {
            tell(&mut specs.connector, MUTANT_VARIABLE, mutant.name);
            let address = match address {
                None => return,
                Some(MutantAddress::OwnHome) => home.address,
                Some(MutantAddress::MappedToPeer) => {
                    map_to_peer(plan, home, daemon(specs));
                    MAPPED
                }
            };
            tell(
                &mut specs.connector,
                MUTANT_ADDRESS_VARIABLE,
                &address.to_string(),
            );
        }
        Part::Daemon(line) => add_option(daemon(specs), line),
        Part::ServicePort => {
            let line = |port: u16| format!("HiddenServicePort {port} 127.0.0.1:{port}\n");
            let ports = home.ports.btp();
            edit(daemon(specs), |rc| {
                for port in ports {
                    *rc = rc.replace(&line(port), &line(port + 1));
                }
            });
        }
        Part::ServiceClients => ask_for_key(plan, daemon(specs)),
        Part::SealShut => {
            let arguments = &mut specs.server.arguments;
            if let Some(at) = arguments.iter().position(|one| one == ALLOW) {
                arguments[at + 1] = home.gateway.to_string();
            }
        }
        Part::SealOpen => {
            let mut homes = plan.homes.iter();
            if let Some(other) = homes.find(|other| other.network != home.network) {
                let open = [ALLOW.to_owned(), other.gateway.to_string()];
                // The first argument says what the program is to do.
                specs.server.arguments.splice(1..1, open);
            }
        }
        Part::Environment => {
            let environment = &mut specs.connector.environment;
            let lacking = plan.topology.connector.admission_variable();
            environment.retain(|(variable, _)| Some(variable.as_str()) != lacking);
        }
        // Broken in the plan.
        Part::Proxy
        | Part::Bridges
        | Part::LinkShaping
        | Part::LastRelay
        | Part::Certificates
        | Part::CleanUp
        | Part::KeysNotKept => {}
    }
}

/// The container in which a home's daemon runs.
fn daemon(specs: &mut HomeSpecs) -> &mut ContainerSpec {
    specs.sidecar.as_mut().unwrap_or(&mut specs.connector)
}

/// Changes a daemon's configuration.
fn edit(daemon: &mut ContainerSpec, change: impl FnOnce(&mut String)) {
    let mut files = daemon.files.iter_mut();
    if let Some(file) = files.find(|file| file.path == ANONRC) {
        let content = file.content.take().unwrap_or_default();
        let mut rc = String::from_utf8_lossy(&content).into_owned();
        change(&mut rc);
        file.content = Some(rc.into_bytes());
    }
}

fn add_option(daemon: &mut ContainerSpec, line: &str) {
    edit(daemon, |rc| {
        rc.push_str(line);
        rc.push('\n');
    });
}

/// Maps the address that is dialled to the peer that is meant.
fn map_to_peer(plan: &Plan, home: &HomePlan, daemon: &mut ContainerSpec) {
    let dialled = plan.peerings.iter().find(|peering| peering.from == home.id);
    let far = dialled.and_then(|peering| plan.home(&peering.to)?.onion());
    if let Some(far) = far {
        add_option(
            daemon,
            &format!("MapAddress {MAPPED} {}", far.address.expose()),
        );
    }
}

/// Client authorization (rend-spec-v3, appendix G) by a public key that nobody has the secret of.
fn ask_for_key(plan: &Plan, daemon: &mut ContainerSpec) {
    let key = BASE32_NOPAD.encode(&plan.seed.derive("nobody"));
    let folder = format!("{SERVICE_DIRECTORY}/authorized_clients");
    let file = FileSpec {
        path: format!("{folder}/nobody.auth"),
        mode: 0o600,
        content: Some(format!("descriptor:x25519:{key}\n").into_bytes()),
    };
    let folder = FileSpec {
        path: folder,
        mode: 0o700,
        content: None,
    };
    daemon.files.extend([folder, file]);
}

/// Sets a variable of a container.
fn tell(spec: &mut ContainerSpec, variable: &str, value: &str) {
    spec.environment
        .push((variable.to_owned(), Secret::new(value)));
}
