//! Operators' homes, as far as they go without an engine.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use assert_cmd::Command;
use ator_harness::onion::{ServiceKeys, TldFamily};
use ator_harness::operator::Home;
use predicates::prelude::*;
use predicates::str::contains;

use crate::support::Place;

/// A home, and the file with the address of a connector that is none.
fn with_home() -> (Place, String) {
    let place = Place::new();
    place
        .command()
        .args(["home", "init", "alice"])
        .assert()
        .success();
    let keys = ServiceKeys::from_seed(&[7; 32]);
    let name = keys.address(TldFamily::Anon).expose().to_owned();
    let hostname = place.file("hostname", &format!("{name}\n"));
    (place, hostname)
}

fn home(place: &Place) -> Home {
    Home::open(&place.path("ator-home")).expect("opens")
}

fn invite(place: &Place, more: &[&str]) -> Command {
    let mut command = place.command();
    command.args(["home", "invite", "bob"]).args(more);
    command
}

#[test]
fn secrets_are_shown_when_asked_for_and_once() {
    let (place, hostname) = with_home();
    // No engine is there, which is told after what is not made twice.
    let shown = invite(&place, &["--show-secret", "--address", &hostname])
        .assert()
        .code(3)
        .stderr(contains("two secrets are in clear").and(contains("home forget bob")));
    let shown = shown.get_output();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&shown.stdout).into_owned(),
        String::from_utf8_lossy(&shown.stderr).into_owned(),
    );
    let home = home(&place);
    let peer = home.peer("bob").expect("is one");
    assert_eq!(peer.prefix, "g.bob");
    assert!(stdout.contains(&format!(
        "BTP_PEER_ALICE_SECRET={}\n",
        peer.we_show.expose()
    )));
    assert!(stdout.contains(&format!("authToken: {}\n", peer.they_show.expose())));
    assert!(stdout.contains(home.address().expose()));
    for hidden in [&peer.we_show, &peer.they_show] {
        assert!(!stderr.contains(hidden.expose()));
    }
    assert!(!stderr.contains(home.address().expose_label()));
    invite(&place, &["--show-secret", "--address", &hostname])
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains("bob is a peer of this home already"));
}

#[test]
fn what_is_shown_goes_to_a_file_for_ones_own_eyes_or_nothing_is_made() {
    let (place, hostname) = with_home();
    let asks = [
        "--show-secret",
        "--prefix",
        "test.bob",
        "--address",
        &*hostname,
        "--to",
    ];
    let taken = place.file("taken", "mine\n");
    invite(&place, &[&asks[..], &[&taken]].concat())
        .assert()
        .code(3)
        .stderr(contains("taken"));
    let nowhere = place.path("no/folder").display().to_string();
    invite(&place, &[&asks[..], &[&nowhere]].concat())
        .assert()
        .code(3);
    assert_eq!(fs::read_to_string(&taken).expect("reads"), "mine\n");
    assert!(home(&place).peers.is_empty(), "nobody was let in");
    let nothing = place.file("nothing", "");
    let to = place.path("for-bob").display().to_string();
    invite(
        &place,
        &["--show-secret", "--address", &nothing, "--to", &to],
    )
    .assert()
    .code(2)
    .stderr(contains("nothing holds no address of an onion service"));
    assert!(!place.path("for-bob").exists(), "nothing is left");
    invite(&place, &[&asks[..], &[&to]].concat())
        .assert()
        .code(3)
        .stdout("");
    let mode = fs::metadata(&to).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&to).expect("reads");
    let peer = home(&place).peer("bob").expect("is one").clone();
    assert!(text.contains(peer.we_show.expose()) && text.contains(peer.they_show.expose()));
    assert_eq!(peer.prefix, "test.bob");
}

/// A sealed invitation that cannot be written is not made either.
#[test]
fn an_invitation_that_cannot_be_written_lets_nobody_in() {
    let (place, _) = with_home();
    let of_bob = place.path("bob").display().to_string();
    let mut init = place.command();
    init.args(["home", "init", "bob", "--home", &of_bob])
        .assert()
        .success();
    let bob = Home::open(&place.path("bob")).expect("opens");
    let card = bob.card().expect("has one").to_line(&bob.keys.service);
    let key = place.file("bob.key", &card);
    let taken = place.file("taken", "mine\n");
    let arguments = ["--key", &*key, "--to", &*taken];
    invite(&place, &arguments).assert().code(3);
    assert!(home(&place).peers.is_empty());
    fs::remove_file(&taken).expect("removes");
    invite(&place, &arguments).assert().code(3);
    assert_eq!(home(&place).peers.len(), 1);
    assert!(
        fs::read_to_string(&taken)
            .expect("reads")
            .starts_with("ator-invite.")
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    let (place, hostname) = with_home();
    for (arguments, says) in [
        (vec![], "--key <FILE>"),
        (vec!["--show-secret"], "--address <FILE>"),
        (vec!["--address", &hostname], "--show-secret"),
        (
            vec!["--show-secret", "--address", &hostname, "--key", "bob.key"],
            "cannot be used with",
        ),
        (
            vec!["--show-secret", "--address", &hostname, "--expires", "1d"],
            "cannot be used with",
        ),
        (
            vec!["--key", "bob.key", "--prefix", "g.bob"],
            "--show-secret",
        ),
    ] {
        invite(&place, &arguments)
            .assert()
            .code(2)
            .stderr(contains(says));
    }
    assert!(home(&place).peers.is_empty());
}

/// What was done in the folder is told before the engine is asked, which may not be there.
#[test]
fn what_stays_done_is_told_also_without_an_engine() {
    let (place, hostname) = with_home();
    invite(&place, &["--show-secret", "--address", &hostname])
        .assert()
        .code(3);
    let address = home(&place).address();
    for (arguments, says) in [
        (&["forget", "bob"][..], "bob is no peer of alice any more"),
        (&["rotate", "admin-key"], "alice has a new admin key"),
        (&["rotate", "address"], "alice has a new address"),
    ] {
        let mut command = place.command();
        let command = command.arg("home").args(arguments);
        command.assert().code(3).stdout(contains(says));
    }
    let home = home(&place);
    assert!(home.peers.is_empty() && home.address() != address);
}
