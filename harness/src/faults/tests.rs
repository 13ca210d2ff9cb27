//! Every fault of the catalogue makes steps, and whatever it breaks for a time is mended.

use time::macros::datetime;

use super::{Now, Part, Step, Steps, steps};
use crate::engine::Deadline;
use crate::plan::{AddressSpace, Inputs, Plan, Seed};
use crate::topology::{Choices, FAULTS, Fault, FaultTarget, Lasts, NamedFault, Topology};

/// The relays on the way of a session, the guard first.
const SESSION: [&str; 3] = ["da1", "relay2", "relay3"];

fn plan(fault: &'static NamedFault) -> Plan {
    let text = include_str!("../../../fixtures/topologies/two-home-local.toml");
    let faults = [fault];
    let choices = Choices {
        faults: &faults,
        ..Choices::default()
    };
    let topology = Topology::parse_as("two-home-local", text, choices).expect("fits");
    let inputs = Inputs {
        seed: Seed::new([7; 32]),
        now: datetime!(2026-11-22 10:00:00 UTC),
        deadline: Deadline {
            unix: 1_795_343_400,
            boot: None,
        },
        space: AddressSpace::default(),
        authorities: Vec::new(),
        standing: None,
        services: std::collections::BTreeMap::new(),
    };
    Plan::new(&topology, &inputs).expect("there is room")
}

fn now(dead: &[&str]) -> Now {
    Now {
        session: SESSION.map(str::to_owned).to_vec(),
        dead: dead.iter().map(|one| (*one).to_owned()).collect(),
    }
}

fn of(name: &str) -> (Plan, Fault, Steps) {
    let plan = plan(NamedFault::find(name).expect("is in the catalogue"));
    let fault = plan.topology.faults[0].clone();
    let steps = steps(&plan, &fault, &now(&[])).expect("can be made");
    (plan, fault, steps)
}

#[test]
fn what_is_broken_for_a_time_is_mended() {
    for named in FAULTS {
        let (_, fault, steps) = of(named.name);
        assert!(!steps.apply.is_empty(), "{}", named.name);
        // A home keeps the address that it got.
        let stays = fault.stays() || named.name == "readdress";
        assert_eq!(steps.undo.is_empty(), stays, "{}", named.name);
        let at_once = fault.what.lasts() == Lasts::Never;
        assert_eq!(steps.over_at_once, at_once, "{}", named.name);
        let ended = steps.apply.iter().filter_map(|step| match step {
            Step::End { victim, .. } => Some(victim),
            _ => None,
        });
        for victim in ended {
            let again = steps.undo.iter().any(|step| match step {
                Step::Start(again) => again == victim,
                Step::NewKeys { home } => victim.home() == Some(home),
                _ => false,
            });
            assert_eq!(again, !fault.stays(), "{}", named.name);
        }
    }
}

#[test]
fn relays_are_found_on_the_way() {
    let names = |name: &str| {
        let (_, _, steps) = of(name);
        let of_step = |step: &Step| match step {
            Step::End { victim, .. } | Step::Signal { victim, .. } => match &victim.part {
                Part::Node(name) => name.clone(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        steps.apply.iter().map(of_step).collect::<Vec<_>>()
    };
    assert_eq!(names("relay-on-path"), ["relay3"]);
    assert_eq!(names("guard"), ["da1"]);
    assert_eq!(names("authority"), ["da1"]);
    assert_eq!(names("two-authorities"), ["da1", "da2"]);
    assert_eq!(names("relays-down").len(), 7);
}

#[test]
fn without_a_session_nobody_is_on_its_way() {
    let plan = plan(NamedFault::find("relay-on-path").expect("is there"));
    let why = steps(&plan, &plan.topology.faults[0], &Now::default()).expect_err("nobody");
    assert_eq!(why, "no session over the onion network is known");
}

#[test]
fn a_daemon_that_is_started_again_is_not_the_first_of_its_home() {
    let (plan, ..) = of("daemon-restart");
    let home = plan.home("home-b").expect("is there");
    assert_eq!(home.first(), home.bls);
    let other = plan.home("home-a").expect("is there");
    assert_eq!(Some(other.first()), other.sidecar());
}

#[test]
fn what_a_home_sends_to_the_network_takes_longer() {
    let (plan, fault, steps) = of("slow-300ms");
    let Step::Delay { home, arguments } = &steps.apply[0] else {
        panic!("{steps:?}")
    };
    assert_eq!(home, "home-b");
    let router = plan.router().expect("a network of its own").to_string();
    assert_eq!(*arguments, ["slow", "--to", &router, "--by-ms", "300"]);
    let restore = Step::Restore { home: home.clone() };
    assert_eq!(steps.undo, [restore]);
    let links = Fault {
        on: FaultTarget::Links,
        by: None,
        ..fault
    };
    let steps = super::steps(&plan, &links, &now(&[])).expect("can be made");
    assert_eq!(steps.apply, [Step::Shape { on: true }]);
}

#[test]
fn what_is_swallowed_goes_to_nobody() {
    let (plan, _, steps) = of("cut-10s");
    let Step::Swallow { home, arguments } = &steps.apply[0] else {
        panic!("{steps:?}")
    };
    assert_eq!(home, "home-b");
    let nobody = arguments.last().expect("an address");
    let all = plan.homes.iter().map(|home| home.address.to_string());
    assert!(all.into_iter().all(|address| address != *nobody));
    let router = plan.router().expect("a network of its own").to_string();
    assert!(arguments.contains(&router));
}

#[test]
fn what_an_earlier_fault_left_dead_is_left_alone() {
    for (name, dead, victims) in [
        (
            "relays-down",
            &["relay3"][..],
            &["da1", "da2", "da3", "relay1", "relay2", "relay4"][..],
        ),
        ("authority", &["da1"], &["da2"]),
        ("two-authorities", &["da1"], &["da2", "da3"]),
        ("one-relay", &["relay4"], &["relay1"]),
    ] {
        let (plan, fault, _) = of(name);
        let steps = steps(&plan, &fault, &now(dead)).expect("can be made");
        let found = steps.apply.iter().filter_map(|step| match step {
            Step::End { victim, .. } | Step::Signal { victim, .. } => match &victim.part {
                Part::Node(nickname) => Some(nickname.as_str()),
                _ => None,
            },
            _ => None,
        });
        assert_eq!(found.collect::<Vec<_>>(), victims, "{name}");
    }
    let (plan, fault, _) = of("relay-on-path");
    let told = steps(&plan, &fault, &now(&["relay3"])).expect_err("is dead");
    assert_eq!(told, "relay3 is no node of this network that lives");
}
