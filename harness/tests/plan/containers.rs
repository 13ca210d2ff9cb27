//! Container specifications: what each may see and what everybody can see of it.

use std::collections::BTreeSet;

use ator_harness::engine::{ContainerSpec, Labelled, NetworkMode, Privileges};
use ator_harness::onion::mentions_address;
use ator_harness::plan::Plan;

use super::{all, all_committed, onion, plan, plan_of, sidecars, specs};

/// What anybody on the machine sees of a container: name, image, command line, labels.
fn visible(plan: &Plan, spec: &ContainerSpec) -> String {
    let mut text = format!(
        "{} {} {} {}",
        spec.name,
        spec.image,
        spec.entrypoint.as_deref().unwrap_or_default(),
        spec.arguments.join(" ")
    );
    for (key, value) in plan.labels.for_role(&spec.role) {
        text += &format!(" {key}={value}");
    }
    for (name, _) in &spec.environment {
        text += &format!(" {name}");
    }
    for file in &spec.files {
        text += &format!(" {}", file.path);
    }
    text
}

#[test]
fn secrets_and_addresses_are_in_environment_and_files_only() {
    for topology in all_committed() {
        let name = &topology.name;
        let plan = plan_of(&topology, 7);
        for spec in all(&specs(&plan)) {
            let visible = visible(&plan, spec);
            for secret in plan.secrets() {
                assert!(!visible.contains(secret.expose()), "{name} {}", spec.role);
            }
            assert!(!mentions_address(&visible), "{name} {}", spec.role);
        }
    }
}

#[test]
fn each_secret_goes_only_to_those_who_need_it() {
    let plan = plan(7);
    let specs = specs(&plan);
    let holders = |secret: &str| -> Vec<&str> {
        all(&specs)
            .filter(|spec| {
                let file = |content: &Vec<u8>| String::from_utf8_lossy(content).contains(secret);
                spec.environment
                    .iter()
                    .any(|(_, value)| value.expose().contains(secret))
                    || spec
                        .files
                        .iter()
                        .filter_map(|file| file.content.as_ref())
                        .any(file)
            })
            .map(|spec| spec.role.as_str())
            .collect()
    };
    for peering in &plan.peerings {
        // The dialling side gets it through its admin API once it runs.
        assert_eq!(
            holders(peering.secret.expose()),
            [format!("{}/connector", peering.to)]
        );
    }
    assert_eq!(holders(plan.probe.secret.expose()), ["home-b/connector"]);
    // Nobody lets the peer in that does not exist.
    assert!(holders(plan.decoy.token.expose()).is_empty());
    for home in &plan.homes {
        assert_eq!(
            holders(home.admin_key.expose()),
            [format!("{}/connector", home.id)]
        );
        // A daemon gets a salted hash of its control password, nobody the password.
        assert!(holders(onion(home).control.password.password().expose()).is_empty());
    }
    for node in plan.nodes() {
        assert!(holders(node.control.password.password().expose()).is_empty());
    }
    // Printing a specification's environment shows names only.
    let shown = format!("{:?}", specs.homes[0].connector.environment);
    assert!(shown.contains("[redacted]") && !shown.contains(plan.peerings[1].secret.expose()));
}

#[test]
fn files_are_their_owners_alone() {
    for spec in all(&specs(&plan(7))) {
        for file in &spec.files {
            let wanted = match (&file.content, file.path.as_str()) {
                (Some(_), _) => 0o600,
                // The SOCKS and DNS recorder opens its record before it becomes an ordinary user.
                (None, "/record") => 0o777,
                (None, _) => 0o700,
            };
            assert_eq!(file.mode, wanted, "{} {}", spec.role, file.path);
            // A folder comes before what is in it, or the owner of that would be root.
            let parent = file.path.rsplit_once('/').map_or("", |(parent, _)| parent);
            let made = spec.files.iter().position(|other| other.path == parent);
            let own = spec.files.iter().position(|other| other.path == file.path);
            assert!(
                made.is_none_or(|made| Some(made) < own),
                "{} {}",
                spec.role,
                file.path
            );
        }
    }
}

#[test]
fn names_and_roles_are_unique() {
    let specs = specs(&plan(7));
    let names: BTreeSet<&str> = all(&specs).map(|spec| spec.name.as_str()).collect();
    let roles: BTreeSet<&str> = all(&specs).map(|spec| spec.role.as_str()).collect();
    assert_eq!(all(&specs).count(), 3 + 4 + 2 * 3);
    assert_eq!((names.len(), roles.len()), (13, 13));
}

#[test]
fn only_nodes_publish_ports_and_only_on_the_relays_router() {
    let plan = plan(7);
    let specs = specs(&plan);
    for (node, spec) in plan
        .nodes()
        .zip(specs.authorities.iter().chain(&specs.relays))
    {
        let NetworkMode::Bridge {
            network,
            address,
            publish,
        } = &spec.network
        else {
            panic!("{} has a bridge of its own", spec.role);
        };
        assert_eq!((network, *address), (&plan.networks[0].name, node.address));
        let ports: Vec<u16> = publish.iter().map(|port| port.port).collect();
        let wanted: Vec<u16> = [Some(node.published.or_port), node.published.dir_port]
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(ports, wanted);
        assert!(
            publish
                .iter()
                .all(|port| port.address == plan.networks[0].gateway)
        );
    }
    for (home, spec) in plan.homes.iter().zip(sidecars(&specs)) {
        let expected = NetworkMode::Bridge {
            network: home.network.clone(),
            address: home.address,
            publish: Vec::new(),
        };
        assert_eq!(spec.network, expected, "nobody can dial into a home");
    }
    for (home, specs) in plan.homes.iter().zip(&specs.homes) {
        for spec in [&specs.connector, &specs.server] {
            assert!(
                matches!(&spec.network, NetworkMode::Share { container } if Some(&**container) == home.sidecar())
            );
        }
    }
}

#[test]
fn only_the_guard_of_a_home_may_set_up_its_network() {
    let plan = plan(7);
    let specs = specs(&plan);
    for spec in all(&specs) {
        let expected = if spec.role.ends_with("/bls") {
            Privileges::SetUpNetwork
        } else {
            Privileges::None
        };
        assert_eq!(spec.privileges, expected, "{}", spec.role);
    }
    // It leaves the way to the relays' router open and then becomes the server.
    let router = plan.networks[0].gateway.to_string();
    for home in &specs.homes {
        let arguments = home.server.arguments.join(" ");
        let expected = format!(
            "guard --allow {router} --arrivals 0.0.0.0:9152 --shown 0.0.0.0:9153 --shown-to /record/key --record /record/names.jsonl \
             --socks 127.0.0.1:9150=127.0.0.1:9050 --dns 127.0.0.1:53 -- /bls"
        );
        assert_eq!(arguments, expected);
    }
}
