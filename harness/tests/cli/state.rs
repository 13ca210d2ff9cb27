//! What runs leave on an engine and in the state folder, and who may touch it.

use std::fs::{self, File};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{Killed, Network, Networks, Place, wait_for};

/// A run id that no other test has: a run is known by it on the whole machine.
fn run(number: u32) -> String {
    let (process, time) = (std::process::id() % 1000, number % 1000);
    format!("20260101-{process:03}{time:03}-abcdef")
}

fn in_an_hour() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    (now.as_secs() + 3600).to_string()
}

/// A place with a project and stand-ins for binaries, so that a run begins.
fn place() -> Place {
    let place = Place::new();
    place.project();
    place.with_binaries();
    place
}

const DEADLINE: &str = "ator-harness.deadline";
const BOOT: &str = "ator-harness.boot";

/// What a run has said so far in its events.
fn events(place: &Place) -> String {
    let folders = fs::read_dir(place.path("ator-runs")).into_iter().flatten();
    folders
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("events.jsonl")).ok())
        .collect()
}

/// Starts a run that sweeps and then waits for an engine that creates nothing.
fn sweep(place: &Place, topology: &str) -> Killed {
    Killed(
        place
            .process(&["verify", topology])
            .spawn()
            .expect("starts"),
    )
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one sweep over every kind of leftover"
)]
fn a_sweep_removes_what_is_known_to_be_dead_and_nothing_else() {
    let place = place();
    let (due, over) = (in_an_hour(), "1".to_owned());
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("Linux has one");
    let (later, before) = (
        format!("{}/99999999", boot.trim()),
        format!("{}/0", boot.trim()),
    );
    let here = place.engine_address();
    let mut networks = Vec::new();
    let mut left = |number: u32, labels: &[(&'static str, &str)]| {
        let id = run(number);
        networks.push(Network::new(&id, "lab", labels));
        id
    };
    // Kept by this state folder, with a file that cannot be read.
    let cut_off = left(1, &[(DEADLINE, &due)]);
    place.knows(&cut_off, "lab", &here);
    place.file(&format!("state/{cut_off}/kept.json"), "{\"format\":1,\"fi");
    let unversioned = left(2, &[(DEADLINE, &due)]);
    place.knows(&unversioned, "lab", &here);
    place.file(
        &format!("state/{unversioned}/kept.json"),
        "{\"file\":\"lab\"}",
    );
    // Another state folder's, without a deadline that can be read.
    let garbled = left(3, &[(DEADLINE, "soon")]);
    let missing = left(4, &[]);
    // Under way, whatever the deadline says: another state folder's, and this one's.
    let announced = left(5, &[(DEADLINE, &over)]);
    let name = format!("ator-harness/run/{announced}");
    let name = SocketAddr::from_abstract_name(name).expect("a name");
    let _socket = UnixDatagram::bind_addr(&name).expect("binds");
    let locked = left(6, &[(DEADLINE, &over)]);
    place.knows(&locked, "lab", &here);
    let lock = File::create(place.path(&format!("state/{locked}/lock"))).expect("creates");
    lock.lock().expect("is free");
    // Not over by the boot clock, although the wall clock is past the deadline.
    let clock_ahead = left(7, &[(DEADLINE, &over), (BOOT, &later)]);
    // Another's, not over.
    let due_elsewhere = left(8, &[(DEADLINE, &due)]);
    // Dead or over.
    let past = left(21, &[(DEADLINE, &over)]);
    let clock_back = left(22, &[(DEADLINE, &due), (BOOT, &before)]);
    let dead = left(23, &[(DEADLINE, &due)]);
    place.knows(&dead, "lab", &here);
    let nameless = left(24, &[(DEADLINE, &due)]);
    place.knows(&nameless, "lab", &here);
    place.file(&format!("state/{nameless}/standing.json"), "");
    // The last that a sweep comes to.
    let last = left(99, &[(DEADLINE, &over)]);
    let stay = [
        &cut_off,
        &unversioned,
        &garbled,
        &missing,
        &announced,
        &locked,
        &clock_ahead,
        &due_elsewhere,
    ];
    let go = [&past, &clock_back, &dead, &nameless];

    let engine = place.engine(networks);
    let _run = sweep(&place, "two-home-local");
    wait_for("the sweep to come to its end", || {
        // What stays is told last, run by run.
        !engine.runs().contains(&last) && events(&place).matches("stays for now").count() == 5
    });
    let runs = engine.runs();
    for one in stay {
        assert!(runs.contains(one), "{one} was removed");
    }
    for one in go {
        assert!(!runs.contains(one), "{one} is still there");
    }
    assert!(!place.path(&format!("state/{dead}")).exists(), "it is dead");
    for one in [&cut_off, &unversioned, &locked, &nameless] {
        let folder = place.path(&format!("state/{one}"));
        assert!(folder.exists(), "{one} was forgotten");
    }
    let told = events(&place);
    for (run, why) in [
        (
            &cut_off,
            ["/kept.json; ", "it does not hold what it should: EOF"],
        ),
        (&unversioned, ["/kept.json; ", "it has no format version"]),
        (&garbled, ["ator-harness.deadline is", "soon"]),
        (&missing, ["ator-harness.deadline is", "missing"]),
        (
            &nameless,
            ["/standing.json; ", "it does not hold what it should: EOF"],
        ),
    ] {
        let note = told.lines().find(|line| {
            line.contains(&format!("what run {run} has left stays for now"))
                && why.iter().all(|part| line.contains(part))
        });
        assert!(note.is_some(), "nothing is said of {run}: {told}");
    }
}

#[test]
fn a_record_that_cannot_be_read_stops_its_own_topology_and_no_other() {
    let place = place();
    let id = run(30);
    place.knows(&id, "two-home-local", &place.engine_address());
    let standing = place.file(&format!("state/{id}/standing.json"), "{}");
    place.file(&format!("state/{id}/kept.json"), "{}");
    let labels = [(DEADLINE, in_an_hour())];
    let labels = labels.each_ref().map(|(key, value)| (*key, value.as_str()));
    let engine = place.engine(vec![Network::new(&id, "two-home-local", &labels)]);
    for verb in ["verify", "up"] {
        place
            .in_project()
            .env("DOCKER_HOST", place.engine_address())
            .args([verb, "two-home-local"])
            .assert()
            .code(3)
            .stderr(contains(&standing).and(contains(format!("`ator-harness down {id}`"))));
    }
    let _run = sweep(&place, "mixed-transport");
    wait_for("a note about the record", || {
        events(&place).contains("kept.json")
    });
    assert_eq!(engine.runs(), std::slice::from_ref(&id));

    place
        .in_project()
        .env("DOCKER_HOST", place.engine_address())
        .args(["down", "two-home-local"])
        .assert()
        .success()
        .stdout(contains(format!(
            "run {id}: 1 containers and networks removed"
        )));
    assert_eq!(engine.runs(), Vec::<String>::new());
    assert!(!place.path(&format!("state/{id}")).exists());
}

#[test]
fn what_a_later_version_has_left_running_is_neither_started_again_nor_removed() {
    let place = place();
    place.empty_engine();
    let id = run(31);
    let later = "{\"format\":2,\"topology\":\"two-home-local\",\"engines\":[]}";
    let standing = place.file(&format!("state/{id}/standing.json"), later);
    place.file(&format!("state/{id}/lock"), "");
    for verb in ["verify", "up"] {
        place
            .in_project()
            .env("DOCKER_HOST", place.engine_address())
            .args([verb, "two-home-local"])
            .timeout(Duration::from_secs(30))
            .assert()
            .code(3)
            .stderr(
                contains(&standing)
                    .and(contains("it is of format 2, which a later version"))
                    .and(contains(format!("`ator-harness down {id}`"))),
            );
    }
    let _run = sweep(&place, "mixed-transport");
    wait_for("a note about the record", || {
        events(&place).contains("standing.json")
    });
    assert!(place.path(&format!("state/{id}")).exists());
}

/// A run of topology `lab` that this state folder knows, on an engine.
fn lab(place: &Place, number: u32) -> (String, Networks) {
    let id = run(number);
    place.knows(&id, "lab", &place.engine_address());
    let due = in_an_hour();
    let networks = place.engine(vec![Network::new(&id, "lab", &[(DEADLINE, &due)])]);
    (id, networks)
}

fn down(place: &Place, argument: &str) -> assert_cmd::assert::Assert {
    place
        .in_project()
        .env("DOCKER_HOST", place.engine_address())
        .args(["down", argument])
        .assert()
}

#[test]
fn a_standing_network_that_cannot_be_read_is_named_and_removed() {
    let place = place();
    let id = run(35);
    let file = place.file(&format!("state/networks/{id}/network.json"), "{");
    let _engine = place.engine(Vec::new());
    let network = |verb: &str| {
        place
            .in_project()
            .env("DOCKER_HOST", place.engine_address())
            .args(["network", verb])
            .assert()
    };
    let remedy = "`ator-harness network down` removes it";
    network("status")
        .code(1)
        .stdout(contains(&id).and(contains(&file)).and(contains(remedy)));
    network("down").code(0).stdout(contains(&id));
    network("status")
        .code(1)
        .stdout(contains("no network stands by"));
}

#[test]
fn down_finds_a_topology_by_its_own_name_its_file_and_its_run() {
    // A file may have got other mistakes since.
    let files = [
        (
            "site.toml",
            "name = \"lab\"\n[network]\nauthorities = \"x\"\n",
        ),
        (
            "project/fixtures/topologies/shipped.toml",
            "name = \"lab\"\n",
        ),
    ];
    for (number, argument) in [(40, "site.toml"), (41, "lab"), (42, "shipped"), (43, "")] {
        let place = place();
        for (file, text) in files {
            place.file(file, text);
        }
        let (id, networks) = lab(&place, number);
        let argument = if argument.is_empty() { &id } else { argument };
        place
            .in_project()
            .env("DOCKER_HOST", place.engine_address())
            .args(["status", argument])
            .assert()
            .code(1)
            .stdout(contains(format!("lab, run {id}: ")));
        down(&place, argument).success().stdout(format!(
            "lab, run {id}: 1 containers and networks removed\n"
        ));
        assert_eq!(networks.runs(), Vec::<String>::new());
        assert!(!place.path(&format!("state/{id}")).exists());
        down(&place, argument)
            .success()
            .stdout(contains("; nothing to remove").and(contains(place.engine_address())));
    }
}

#[test]
fn a_file_that_tells_no_name_is_said_with_what_can_be_given_instead() {
    let place = place();
    let (id, networks) = lab(&place, 50);
    place.file("broken.toml", "name = \"lab\n");
    place.file("nameless.toml", "description = \"x\"\n");
    for (file, why) in [
        ("broken.toml", "broken.toml: not valid TOML"),
        ("nameless.toml", "name is missing"),
        ("gone.toml", "gone.toml: No such file"),
    ] {
        down(&place, file).code(2).stdout("").stderr(
            contains(why)
                .and(contains("give the name or the run id instead of the file"))
                .and(contains(format!("lab (run {id})"))),
        );
    }
    assert_eq!(networks.runs(), [id]);
}

#[test]
fn what_down_looked_for_in_vain_is_named() {
    let place = place();
    place.file("site.toml", "name = \"lab\"\n");
    place.engine(Vec::new());
    let here = place.engine_address();
    for (argument, name) in [("site.toml", "lab"), ("nosuch", "nosuch")] {
        down(&place, argument).success().stdout(format!(
            "no topology or run {name} is on {here}; nothing to remove\n"
        ));
    }
}

/// Waits until a process has begun to bring the topology up; returns the run.
fn begun(place: &Place, process: u32) -> String {
    let mut run = String::new();
    wait_for("a run to begin", || {
        let runs = fs::read_dir(place.path("state")).into_iter().flatten();
        let of_process = runs.flatten().find(|entry| {
            let text = fs::read_to_string(entry.path().join("standing.json"));
            text.is_ok_and(|text| text.contains(&format!("\"process\":{process},")))
        });
        run = of_process.map_or_else(String::new, |entry| {
            entry.file_name().to_string_lossy().into_owned()
        });
        !run.is_empty()
    });
    run
}

#[test]
fn while_up_is_at_it_everybody_is_told_who_starts_the_topology() {
    let place = place();
    place.engine(Vec::new());
    let first = place.process(&["up", "two-home-local"]).spawn();
    let mut first = Killed(first.expect("starts"));
    let process = first.0.id();
    let run = begun(&place, process);
    let told = format!("two-home-local is being started by process {process} (`up`, since ");
    for arguments in [
        vec!["up", "two-home-local"],
        vec!["verify", "two-home-local"],
        vec!["down", "two-home-local"],
        vec!["down", &run],
        vec!["probe", "two-home-local", "--for", "1s"],
    ] {
        place
            .in_project()
            .env("DOCKER_HOST", place.engine_address())
            .args(arguments)
            .assert()
            .code(2)
            .stderr(
                contains(&told)
                    .and(contains(format!("as run {run}")))
                    .and(contains("wait until it is up, or interrupt that process")),
            );
    }
    place
        .in_project()
        .env("DOCKER_HOST", place.engine_address())
        .args(["status", "two-home-local"])
        .assert()
        .code(1)
        .stdout(contains(&told));
    assert!(
        first.0.try_wait().expect("can be asked").is_none(),
        "it goes on"
    );

    // What a kill leaves of the lock is in nobody's way.
    first.0.kill().expect("is killed");
    first.0.wait().expect("ends");
    down(&place, "two-home-local").success();
    let second = place.process(&["up", "two-home-local"]).spawn();
    let second = Killed(second.expect("starts"));
    begun(&place, second.0.id());
}

#[test]
fn of_several_ups_at_once_exactly_one_goes_on() {
    let place = place();
    place.engine(Vec::new());
    let mut all: Vec<Killed> = (0..4)
        .map(|_| {
            Killed(
                place
                    .process(&["up", "two-home-local"])
                    .spawn()
                    .expect("starts"),
            )
        })
        .collect();
    let mut ended = Vec::new();
    wait_for("all but one to end", || {
        ended.clear();
        for one in &mut all {
            ended.extend(one.0.try_wait().expect("can be asked"));
        }
        ended.len() == 3
    });
    assert!(
        ended.iter().all(|status| status.code() == Some(2)),
        "{ended:?}"
    );
    all.retain_mut(|one| one.0.try_wait().expect("can be asked").is_none());
    begun(&place, all[0].0.id());
}

#[test]
fn a_run_of_verify_is_not_taken_down_and_told_by_its_process() {
    let place = place();
    place.engine(Vec::new());
    let first = sweep(&place, "two-home-local");
    let process = first.0.id();
    let run = begun(&place, process);
    down(&place, "two-home-local")
        .success()
        .stdout(contains(format!(
            "two-home-local, run {run}: a run under way, which process {process} (`verify`, since "
        )));
    assert!(place.path(&format!("state/{run}")).exists());
}
