//! The same topology on daemons of another TLD family.

use ator_harness::connectors::toon::CONFIG_FILE;
use ator_harness::engine::ContainerSpec;
use ator_harness::onion::TldFamily;
use ator_harness::plan::{HomePlan, Specs};

use super::{ANONRC, all, committed, options, plan_of, specs, text};

fn of_family(name: &str, family: TldFamily) -> Specs {
    let mut topology = committed(name);
    topology.network.family = family;
    let plan = plan_of(&topology, 7);
    let mut onions = plan.homes.iter().filter_map(HomePlan::onion);
    assert!(onions.all(|onion| onion.address.family() == family));
    assert_eq!(plan.decoy.onion.family(), family);
    specs(&plan)
}

fn daemons(specs: &Specs) -> Vec<&ContainerSpec> {
    let has_daemon = |spec: &&ContainerSpec| spec.files.iter().any(|file| file.path == ANONRC);
    all(specs).filter(has_daemon).collect()
}

#[test]
fn the_program_is_the_familys() {
    for (family, program) in [
        (TldFamily::Anon, "anon"),
        (TldFamily::Anyone, "anon"),
        (TldFamily::Onion, "tor"),
    ] {
        let specs = of_family("two-home-local", family);
        assert_eq!(daemons(&specs).len(), 3 + 4 + 2);
        for spec in daemons(&specs) {
            assert_eq!(spec.entrypoint.as_deref(), Some(program), "{}", spec.role);
        }
        for home in of_family("managed", family).homes {
            let config = text(&home.connector, CONFIG_FILE);
            let path = format!("\"binaryPath\": \"/usr/bin/{program}\"");
            assert!(config.contains(&path), "{config}");
        }
    }
}

#[test]
fn no_daemon_is_told_an_option_that_another_program_lacks() {
    let tor = of_family("two-home-local", TldFamily::Onion);
    let anon = of_family("two-home-local", TldFamily::Anon);
    for (tor, anon) in daemons(&tor).into_iter().zip(daemons(&anon)) {
        let rc = text(tor, ANONRC);
        assert_eq!(rc, text(anon, ANONRC), "{}", tor.role);
        assert!(options(&rc, "AgreeToTerms").is_empty(), "{}", tor.role);
        // What takes the option's place. anon compares the whole content.
        assert_eq!(text(anon, "/var/lib/anon/terms-agreement"), "agreed");
    }
}
