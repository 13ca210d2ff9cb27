//! Two operators, each with an engine in a network namespace of its own, who meet by their commands alone over a
//! network that stands in for the public one; and every mistake that they can make. Nothing leaves the machine.

mod operators;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use ator_harness::operator::{Given, Home};
use scenarios::{Image, Shell, assert_code, text, wait_for};

use operators::pair::{Network, Pair, Processes};
use operators::side::{Side, now};

/// From the moment at which both homes are up, this much until packets go both ways.
const PEERED: Duration = Duration::from_secs(120);

/// Two homes that others can find: the first with its daemon in a container of its own, the second with one that its
/// connector runs.
fn started<'s>(shell: &'s Shell, pair: &Pair) -> [Side<'s>; 2] {
    let sides = [
        Side::of(shell, "home-a", &pair.a),
        Side::of(shell, "home-b", &pair.b),
    ];
    both(&sides, |side| {
        let mode = if side.id == "home-b" {
            "managed"
        } else {
            "sidecar"
        };
        let terms = ["--agree-to-terms", "--authorities", "testnet"];
        side.done(&[&["init", &side.id, "--mode", mode], &terms[..]].concat());
        let told = side.done(&["start"]);
        for step in ["bootstrap", "published", "connector", "port"] {
            assert!(told.contains(&format!(" {step} ")), "{step} in {told}");
        }
        assert!(told.contains("fetched through another circuit"), "{told}");
    });
    sides
}

/// Does something with both sides at once.
fn both(sides: &[Side<'_>; 2], what: impl Fn(&Side<'_>) + Sync) {
    std::thread::scope(|scope| {
        let all = sides.each_ref().map(|side| scope.spawn(|| what(side)));
        for one in all {
            if let Err(panic) = one.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// Has the second side accept an invitation.
fn accepted(b: &Side<'_>, invitation: &Path) {
    let told = b.done(&["accept", invitation.to_str().expect("UTF-8")]);
    assert!(told.contains("5 of amount 0 there and back"), "{told}");
}

fn removed(sides: &[Side<'_>; 2]) {
    both(sides, |side| {
        side.done(&["remove", "--lose-address"]);
        assert_eq!(side.left(), "");
        assert!(!side.folder.exists());
    });
}

#[test]
fn two_operators_meet() {
    let shell = Shell::open();
    let _network = Network::up(&shell);
    let pair = Pair::start();
    let processes = Processes::watch();
    let sides = started(&shell, &pair);
    let [a, b] = &sides;
    before_they_meet(a, b);
    let begun = Instant::now();
    let invitation = a.invites(b);
    accepted(b, &invitation);
    let took = begun.elapsed();
    assert!(took < PEERED, "peered after {took:?}");
    both(&sides, |side| {
        let report = side.json("doctor", 0);
        assert_eq!(report["standing"], "good", "{report}");
        for step in ["published", "port", "logs"] {
            assert_eq!(side.step(&report, None, step)["found"], "holds", "{report}");
        }
        for step in ["descriptor", "port", "packets"] {
            assert_eq!(
                side.step(&report, Some(side.other()), step)["found"],
                "holds",
                "{report}"
            );
        }
        // Whoever invites dials before there is anybody to let it in, and its connector gives up after some attempts:
        // whether it is still at it when the other side accepts is a matter of seconds. The other side's dial counts.
        if side.other() == b.id {
            let step = side.step(&report, Some(b.id.as_str()), "their dial");
            assert_eq!(step["found"], "holds", "{report}");
        }
        side.done(&["status"]);
    });
    used_twice_and_own(a, b, &invitation);
    swapped(b);
    nothing_in_clear(&[a, b], &processes);
    removed(&sides);
}

#[test]
fn their_homes_stay() {
    let shell = Shell::open();
    let _network = Network::up(&shell);
    let pair = Pair::start();
    let sides = started(&shell, &pair);
    let [a, b] = &sides;
    accepted(b, &a.invites(b));
    they_stay(a, &pair);
    a_port_that_reaches_nothing(a);
    back_from_a_backup(a);
    let report = a.json("doctor", 0);
    let found = a.step(&report, Some("home-b"), "packets");
    assert_eq!(found["found"], "holds", "{report}");
    removed(&sides);
}

/// One whose connector runs the daemon, and ends with it.
#[test]
fn a_home_with_a_daemon_of_its_connectors_stays() {
    let shell = Shell::open();
    let _network = Network::up(&shell);
    let side = Side::of(&shell, "managed", "");
    let terms = ["--agree-to-terms", "--authorities", "testnet"];
    side.done(&[&["init", "managed", "--mode", "managed"], &terms[..]].concat());
    side.done(&["start"]);
    let before = side.containers();
    assert_eq!(before.len(), 2, "{before:?}");
    side.kill("connector");
    side.done(&["start"]);
    assert_eq!(side.containers(), before);
    is_well(&side);
    for what in ["admin-key", "address"] {
        let before = side.containers();
        side.done(&["rotate", what]);
        side.done(&["start"]);
        is_well(&side);
        assert_ne!(side.containers(), before, "it was made anew");
    }
    side.done(&["stop"]);
    assert!(side.containers().is_empty());
    back_from_a_backup(&side);
    is_well(&side);
    side.done(&["remove", "--lose-address"]);
    assert_eq!(side.left(), "");
}

/// The daemon has the address of the folder's keys, others find it there, and no log gives it away.
fn is_well(side: &Side<'_>) {
    let report = side.json("doctor", 0);
    for step in ["address", "published", "connector", "port", "logs"] {
        assert_eq!(side.step(&report, None, step)["found"], "holds", "{report}");
    }
}

/// What the invited side is told before anything is accepted: that all is well, that the other side refuses what was
/// agreed on, and that it does not run.
fn before_they_meet(a: &Side<'_>, b: &Side<'_>) {
    let invitation = a.invites(b);
    let file = invitation.to_str().expect("UTF-8");
    let with = ["doctor", "--with", file];
    let seen = wait_for("their dial to be seen", || {
        let report = b.document(&with, 0);
        let came = b.step(&report, Some("home-a"), "their dial").to_string();
        came.contains("somebody was turned away").then_some(report)
    });
    for step in [
        "line",
        "descriptor",
        "port",
        "WebSocket",
        "our secret",
        "packets",
        "their packets",
    ] {
        let found = b.step(&seen, Some("home-a"), step);
        assert_eq!(found["found"], "holds", "{seen}");
    }
    // Nothing was accepted by that.
    assert!(Home::open(&b.folder).expect("opens").peers.is_empty());
    let key = b.key_file();
    let report = a.document(&["doctor", "--with", key.to_str().expect("UTF-8")], 0);
    let found = a.step(&report, Some("home-b"), "WebSocket");
    assert_eq!(found["found"], "holds", "{report}");
    a.refused(&with, 2, "this home has made itself");
    a.done(&["forget", "home-b"]);
    b.refused(&with, 1, "they do not let this home in");
    a.done(&["stop"]);
    // Its descriptor is still there, and that nobody answers may be the network's fault.
    b.refused(&with, 4, "their daemon is down, or the network between");
}

/// An invitation that was accepted, and one's own.
fn used_twice_and_own(a: &Side, b: &Side, invitation: &Path) {
    let file = invitation.to_str().expect("UTF-8");
    b.refused(&["doctor", "--with", file], 2, "was accepted already");
    b.refused(&["accept", file], 2, "was accepted already");
    a.refused(&["accept", file], 2, "this home has made itself");
}

/// Neither a sweep of runs nor the end of a program ends a home.
fn they_stay(side: &Side, pair: &Pair) {
    let before = side.containers();
    assert_eq!(before.len(), 3, "{before:?}");
    // Of somebody who has left nothing running, so that the network stays.
    let down = Shell::open().command(&["down"]);
    let down = side.on_its_engine(down).output().expect("runs");
    assert_code(&down, 0);
    assert_eq!(side.containers(), before);
    side.kill("daemon");
    side.done(&["start"]);
    let report = side.json("doctor", 0);
    assert_eq!(side.step(&report, None, "address")["found"], "holds");
    assert_eq!(
        side.containers(),
        before,
        "started again, and not made anew"
    );
    pair.restart_first();
    wait_for("all to start with their engine", || {
        (side.containers() == before).then_some(())
    });
    side.done(&["start"]);
    assert_eq!(side.containers(), before);
    side.json("doctor", 0);
    // What is gone with its volume comes back with the same address.
    side.docker(&["rm", "-f", "-v", "ator-home-home-a-daemon"]);
    side.docker(&["volume", "rm", "ator-home-home-a-daemon"]);
    side.refused(
        &["status"],
        1,
        "there is no container ator-home-home-a-daemon",
    );
    side.done(&["start"]);
    let report = side.json("status", 0);
    assert_eq!(
        side.step(&report, None, "address")["found"],
        "holds",
        "{report}"
    );
}

fn a_port_that_reaches_nothing(side: &Side) {
    let anonrc = side.folder.join("anonrc");
    let right = fs::read_to_string(&anonrc).expect("reads");
    let wrong = right.replace(":3000\n", ":3999\n");
    assert_ne!(right, wrong);
    fs::write(&anonrc, wrong).expect("writes");
    side.refused(
        &["start"],
        1,
        "port 3000 of the onion service reaches nothing",
    );
    fs::write(&anonrc, right).expect("writes");
    side.done(&["start"]);
}

fn swapped(side: &Side) {
    let file = side.folder.join("peers/home-a.toml");
    let right = fs::read_to_string(&file).expect("reads");
    let wrong = right
        .replace("we_show", "x_show")
        .replace("they_show", "we_show")
        .replace("x_show", "they_show");
    fs::write(&file, wrong).expect("writes");
    side.refused(&["doctor"], 2, "the two secrets are swapped");
    fs::write(&file, right).expect("writes");
}

/// Neither a secret nor an address in what ran, what was printed, logs, commands, labels, or files that others may read.
fn nothing_in_clear(sides: &[&Side], processes: &Processes) {
    let commands = processes.seen();
    assert!(commands.contains("ator-harness"), "nothing was seen to run");
    for side in sides {
        let home = Home::open(&side.folder).expect("opens");
        let mut hidden: Vec<String> = home
            .secrets()
            .iter()
            .map(|secret| secret.expose().to_owned())
            .collect();
        assert_eq!(hidden.len(), 6, "two of them the peering's");
        hidden.push(home.address().expose_label().to_owned());
        let seen = [
            ("processes", commands.clone()),
            ("output", side.printed()),
            ("logs", side.logs()),
            ("commands and labels", side.visible()),
        ];
        for (what, seen) in &seen {
            assert!(!seen.is_empty(), "no {what} of {}", side.id);
            for text in &hidden {
                assert!(!seen.contains(text.as_str()), "{what} of {}", side.id);
            }
        }
        assert!(
            side.files_of_others().is_empty(),
            "{:?}",
            side.files_of_others()
        );
    }
}

/// Removes a home, and brings it back from a backup with its address.
fn back_from_a_backup(side: &Side<'_>) {
    let before = Home::open(&side.folder).expect("opens");
    let file = side.folder.with_extension("tar");
    let name = file.to_str().expect("UTF-8");
    side.done(&["backup", name]);
    side.done(&["remove", "--lose-address"]);
    assert_eq!(side.left(), "");
    side.refused(&["start"], 2, "there is no home in");
    side.done(&["restore", name]);
    let started = side.done(&["start"]);
    // The descriptor of the daemon that was removed is still there, and leads nowhere.
    assert!(started.contains(" HSDirs confirmed it"), "{started}");
    let after = Home::open(&side.folder).expect("opens");
    assert!(after.address() == before.address());
}

/// Two homes that do not run, on this machine's engine.
fn on_paper(shell: &Shell) -> (Side<'_>, Side<'_>) {
    let sides = ["home-a", "home-b"].map(|id| Side::of(shell, id, ""));
    for side in &sides {
        side.done(&["init", &side.id]);
    }
    let [a, b] = sides;
    (a, b)
}

#[test]
fn what_is_wrong_with_an_invitation_is_named() {
    let shell = Shell::open();
    let (a, b) = on_paper(&shell);
    let invitation = a.invites(&b);
    let good = fs::read_to_string(&invitation).expect("reads");
    let accept = |text: &str, code: i32, says: &str| {
        let file = b.folder.with_extension("invitation");
        fs::write(&file, text).expect("writes");
        let file = file.to_str().expect("UTF-8");
        b.refused(&["accept", file], code, says);
        // Whoever looks at it first is told the same; a key can be looked at as well.
        if !says.contains("home's key") {
            b.refused(&["doctor", "--with", file], code, says);
        }
    };
    accept("", 2, "does not begin with `ator-invite.`");
    accept(&good[..good.len() / 2], 2, "it is truncated");
    let mut altered = good.clone().into_bytes();
    let at = altered.len() / 2;
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    accept(
        &String::from_utf8(altered).expect("is text"),
        2,
        "it was altered",
    );
    accept(&good.replacen(".1.", ".9.", 1), 2, "is of version \"9\"");
    let key = b.key();
    accept(&key, 2, "it is a home's key");
    let own = b.key_file();
    let own = own.to_str().expect("UTF-8");
    b.refused(&["doctor", "--with", own], 2, "the key is this home's own");
    // Made by a clock that is ahead.
    a.done(&["forget", "home-b"]);
    let mut home = Home::open(&a.folder).expect("opens");
    let card = b.key();
    let given = Given {
        file: "-",
        text: &card,
    };
    let ahead = home.invite("home-b", &given, now() + 3600, now() + 7200);
    accept(
        &ahead.expect("invites"),
        2,
        "that clock is behind, or home-a's is ahead",
    );
    a.done(&["forget", "home-b"]);
    let late = a.invites_for(&b, "1s");
    std::thread::sleep(Duration::from_millis(2100));
    accept(&fs::read_to_string(late).expect("reads"), 2, "it expired");
    // After all that, the one that is right is taken.
    a.done(&["forget", "home-b"]);
    let right = a.invites_for(&b, "7d");
    b.done(&["accept", right.to_str().expect("UTF-8")]);
    b.refused(
        &["accept", right.to_str().expect("UTF-8")],
        2,
        "was accepted already",
    );
}

#[test]
fn who_cannot_meet_is_told_why() {
    let shell = Shell::open();
    let (a, b) = on_paper(&shell);
    let (foreign, alike) = (
        Side::of(&shell, "home-f", ""),
        Side::of(&shell, "home_b", ""),
    );
    foreign.done(&["init", "home-f", "--family", "onion"]);
    alike.done(&["init", "home_b"]);
    a.invites(&b);
    a.refuses_to_invite(
        &alike,
        "home_b and home-b map to one variable, BTP_PEER_HOME_B_SECRET",
    );
    a.refuses_to_invite(&foreign, "neither resolves the other's names");
    a.refuses_to_invite(&a, "the key is this home's own");
    a.refuses_to_invite(&b, "is a peer of this home already");
    let free = Side::of(&shell, "home-c", "");
    free.done(&["init", "home-c"]);
    let invitation = alike.invites(&free);
    let met = a.run(&["accept", invitation.to_str().expect("UTF-8")]);
    assert_code(&met, 2);
    assert!(
        text(&met).contains("sealed for another key than this home's"),
        "{}",
        text(&met)
    );
    free.done(&["accept", invitation.to_str().expect("UTF-8")]);
    let folder = a.folder.join("keys");
    fs::rename(&folder, a.folder.join("lost")).expect("renames");
    a.refused(&["status"], 3, "is missing; bring it back from a backup");
}

#[test]
fn without_agreement_to_the_terms_nothing_starts() {
    let shell = Shell::open();
    let (a, _) = on_paper(&shell);
    a.refused(&["start"], 3, "terms and conditions are not agreed to");
    assert_eq!(a.left(), "");
    a.refused(&["init", "home-a"], 2, "is there already");
    a.refused(&["remove"], 2, "--keep-folder");
}

/// By this machine's clock against the engine's, and by the daemon's against the network's.
#[test]
fn a_clock_that_is_hours_off_is_named() {
    let shell = Shell::open();
    let _network = Network::of_family(&shell, "onion");
    let with = [
        "--agree-to-terms",
        "--authorities",
        "testnet",
        "--family",
        "onion",
    ];
    for (id, off, says) in [
        ("early", "+30h", "it is ahead by 1 days"),
        ("late", "-330m", "it is behind by 5 hours"),
    ] {
        let image = Image::tor_by_a_clock(off);
        let side = Side::of(&shell, id, "");
        let own = ["init", id, "--anon-image", image.name()];
        side.done(&[&own, &with[..]].concat());
        let begun = Instant::now();
        side.refused(&["start"], 3, says);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(60), "named after {took:?}");
        side.refused(&["doctor"], 3, "differs from the network's");
        side.done(&["remove", "--lose-address"]);
        assert_eq!(side.left(), "");
    }
    let side = Side::of(&shell, "right", "");
    side.done(&[&["init", "right"], &with[..]].concat());
    let told = side.by_a_clock("+4h", &["start"], 3);
    assert!(told.contains("s behind this machine's"), "{told}");
    side.done(&["start"]);
    side.done(&["remove", "--lose-address"]);
}
