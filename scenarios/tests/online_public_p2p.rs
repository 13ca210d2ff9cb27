//! Two homes that meet over the public network. Dials out: part of no other profile.

use scenarios::{Shell, assert_code};

#[test]
fn two_homes_meet_over_the_public_network() {
    let shell = Shell::open();
    let output = shell
        .command(&["verify", "public-p2p", "--artefacts", "ator-runs"])
        .output()
        .expect("runs");
    assert_code(&output, 0);
}
