//! Routes over several hops.

use std::collections::BTreeMap;

use ator_harness::connectors::toon::CONFIG_FILE;
use ator_harness::plan::Plan;
use reference_connector::{Config, Env};

use super::{all_committed, committed, plan_of, specs, text};

/// Per home: which prefix goes to whom, as the reference connector reads it.
fn routes(plan: &Plan) -> BTreeMap<String, BTreeMap<String, String>> {
    let specs = specs(plan);
    let all = plan.homes.iter().zip(&specs.homes).map(|(home, own)| {
        let environment: Env = home
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), value.expose().to_owned()))
            .collect();
        let text = text(&own.connector, CONFIG_FILE);
        let config = Config::parse(&text, &environment).expect("the connector takes it");
        let table: BTreeMap<String, String> = config
            .routes
            .iter()
            .map(|route| (route.prefix.clone(), route.next_hop.clone()))
            .collect();
        assert_eq!(table.len(), config.routes.len(), "one route per prefix");
        (home.id.clone(), table)
    });
    all.collect()
}

#[test]
fn a_packet_is_handed_on_to_the_next_home_in_a_row() {
    let routes = routes(&plan_of(&committed("three-hop"), 7));
    for (home, towards, next) in [
        ("home-a", "test.home-a", "home-a"),
        ("home-a", "test.home-b", "home-b"),
        ("home-a", "test.home-c", "home-b"),
        ("home-a", "test.home-d", "home-b"),
        ("home-b", "test.home-d", "home-c"),
        ("home-c", "test.home-d", "home-d"),
        ("home-d", "test.home-a", "home-c"),
        ("home-c", "test.home-a", "home-b"),
        ("home-b", "test.home-a", "home-a"),
    ] {
        assert_eq!(routes[home][towards], next, "{home} towards {towards}");
    }
}

#[test]
fn every_route_leads_to_its_home() {
    for topology in all_committed() {
        let name = &topology.name;
        let plan = plan_of(&topology, 7);
        let routes = routes(&plan);
        for from in &plan.homes {
            for to in &plan.homes {
                let mut at = from.id.as_str();
                let mut hops = 0;
                while at != to.id {
                    at = &routes[at][&to.prefix];
                    hops += 1;
                    assert!(hops < plan.homes.len(), "{name}: {} to {}", from.id, to.id);
                }
                assert_eq!(routes[at][&to.prefix], to.id, "delivered there");
            }
        }
    }
}

#[test]
fn a_home_that_no_peering_leads_to_has_no_route() {
    let mut topology = committed("three-hop");
    topology.peerings.pop();
    let routes = routes(&plan_of(&topology, 7));
    assert_eq!(routes["home-a"].get("test.home-d"), None);
    assert_eq!(routes["home-d"].len(), 1, "its own");
}
