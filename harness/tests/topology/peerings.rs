//! Who dials whom, and the probe.

use super::{broken, extended};

#[test]
fn references_lead_to_homes() {
    assert_eq!(
        broken("from = \"home-a\"", "from = \"home-x\""),
        ["line 13: peering[0].from \"home-x\" is not the id of a [[home]]"]
    );
    assert_eq!(
        broken("to = \"home-b\"\nauth", "to = \"home-x\"\nauth"),
        ["line 14: peering[0].to \"home-x\" is not the id of a [[home]]"]
    );
    assert_eq!(
        broken("via = \"home-a\"", "via = \"home-x\""),
        ["line 19: probe.via \"home-x\" is not the id of a [[home]]"]
    );
    assert_eq!(
        broken(
            "to = \"home-b\"\n\n[[budget]]",
            "to = \"home-x\"\n\n[[budget]]"
        ),
        ["line 20: probe.to \"home-x\" is not the id of a [[home]]"]
    );
}

#[test]
fn peerings_are_between_two_homes_and_there_once() {
    assert_eq!(
        broken("to = \"home-b\"\nauth", "to = \"home-a\"\nauth"),
        ["line 14: peering[0].to is the home that dials; a home does not peer with itself"]
    );
    let twin = "[[peering]]\nfrom = \"home-a\"\nto = \"home-b\"\nauth = \"secret\"\n";
    assert_eq!(
        extended(twin),
        ["line 25: peering[1] repeats peering[0]; remove one"]
    );
    // The other direction is another peering.
    let back = "[[peering]]\nfrom = \"home-b\"\nto = \"home-a\"\nauth = \"secret\"\n";
    assert!(extended(back).is_empty());
    assert_eq!(
        broken("auth = \"secret\"", "auth = \"token\""),
        ["line 15: peering[0].auth \"token\" is not known; use one of secret, none"]
    );
}

#[test]
fn the_probe_dials_through_another_home() {
    assert_eq!(
        broken("via = \"home-a\"", "via = \"home-b\""),
        [
            "line 19: probe.via is the home that is dialled; dial through another home, or nothing crosses the network"
        ]
    );
}
