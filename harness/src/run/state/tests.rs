use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use time::macros::datetime;

use super::*;
use crate::causes::with_causes;
use crate::engine::Placement;
use crate::onion::TldFamily;
use crate::plan::{Images, Inputs, Plan, RunId};
use crate::run::fresh_inputs;
use crate::run::times::Times;

/// An id that no other test has: a run is known by it on the whole machine.
fn fresh_id() -> String {
    let inputs = inputs();
    RunId::new(inputs.now, &inputs.seed).to_string()
}

fn owner(verb: Verb) -> Owner {
    Owner::this(verb, datetime!(2026-11-22 10:00:00 UTC))
}

fn record(verb: Verb) -> RunRecord {
    RunRecord {
        topology: "lab".to_owned(),
        placement: Placement::default(),
        owner: owner(verb),
    }
}

fn starting() -> Starting {
    Starting {
        run: "20261122-100000-abcdef".to_owned(),
        owner: owner(Verb::Up),
    }
}

fn source(family: Option<TldFamily>) -> TopologySource {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/topologies/two-home-local.toml"
    );
    TopologySource {
        file: file.to_owned(),
        text: fs::read_to_string(file).expect("is there"),
        homes: None,
        family,
        connector: None,
        deployments: BTreeMap::new(),
        faults: Vec::new(),
        bounds: Vec::new(),
    }
}

fn persisted(source: &TopologySource, inputs: &Inputs) -> PersistedRun {
    let images = Images {
        anon: String::new(),
        connector: String::new(),
        managed: None,
        bls: String::new(),
        program: None,
        reference: false,
    };
    PersistedRun::new(source, inputs, &images, Times::new(), Vec::new())
}

fn inputs() -> Inputs {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(fresh_inputs(Duration::from_secs(60), &[]))
        .expect("randomness")
}

/// A registry in a folder of its own, and the folder.
fn registry() -> (tempfile::TempDir, Registry) {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Registry::at(folder.path().join("state"));
    (folder, registry)
}

fn only(registry: &Registry) -> KnownRun {
    let mut runs = registry.runs().expect("lists");
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}

#[test]
fn what_is_kept_makes_the_same_plan_again() {
    for family in [None, Some(TldFamily::Onion), Some(TldFamily::Anyone)] {
        let source = source(family);
        let inputs = inputs();
        let topology = source.parse().expect("parses");
        assert_eq!(topology.network.family, family.unwrap_or(TldFamily::Anon));
        let plan = Plan::new(&topology, &inputs).expect("there is room");
        let (_folder, registry) = registry();
        let run = plan.run.as_str();
        let lock = registry.begin(run, &record(Verb::Up)).expect("begins");
        let persisted = persisted(&source, &inputs);
        registry.persist(run, &persisted).expect("is written");
        drop(lock);
        let Life::Persisted(read) = only(&registry).life else {
            panic!("is kept");
        };
        let again = read.plan(run).expect("makes a plan");
        assert_eq!(again.topology, plan.topology);
        let address = |plan: &Plan| plan.homes[0].onion().map(|onion| onion.address.clone());
        assert_eq!(address(&again), address(&plan));
        assert_eq!(again.labels, plan.labels);
        let other = read.plan("20261122-100000-abcdef").map(drop);
        assert!(matches!(other, Err(Unreadable::OtherRun(_))));
    }
}

#[test]
fn a_run_is_under_way_as_long_as_its_lock_is_held() {
    let (_folder, registry) = registry();
    let run = &fresh_id();
    assert!(
        registry
            .runs()
            .expect("a folder that is not there is empty")
            .is_empty()
    );
    let lock = registry.begin(run, &record(Verb::Verify)).expect("begins");
    let known = only(&registry);
    assert!(matches!(known.life, Life::UnderWay), "{known:?}");
    assert_eq!(known.owner(), Some(&owner(Verb::Verify)));
    assert_eq!(known.topology(), Some("lab"));
    assert!(is_announced(run).expect("can be asked"));
    drop(lock);
    let known = only(&registry);
    assert!(matches!(known.life, Life::Ended), "{known:?}");
    assert_eq!(known.owner(), None);
    assert!(!is_announced(run).expect("can be asked"));
    registry.forget(run).expect("is removed");
    registry.forget(run).expect("is gone already");
    assert!(registry.runs().expect("lists").is_empty());
}

#[test]
fn files_of_a_kept_run_that_cannot_be_read_are_named() {
    let (_folder, registry) = registry();
    let run = &fresh_id();
    drop(registry.begin(run, &record(Verb::Up)).expect("begins"));
    registry
        .persist(run, &persisted(&source(None), &inputs()))
        .expect("is written");
    let kept = registry.folder(run).join("kept.json");
    let whole = fs::read_to_string(&kept).expect("is there");
    assert!(matches!(only(&registry).life, Life::Persisted(_)));
    let earlier = whole.replacen("\"format\":1,", "", 1);
    let later = whole.replacen("\"format\":1,", "\"format\":2,", 1);
    for (text, why) in [
        ("", "EOF"),
        (&whole[..whole.len() / 2], "EOF"),
        ("{}", "no format version"),
        (
            &earlier,
            "an earlier version of ator-harness has written it",
        ),
        (&later, "it is of format 2, which a later version"),
        ("{\"format\":1}", "missing field"),
    ] {
        fs::write(&kept, text).expect("writes");
        let known = only(&registry);
        let Life::PersistedUnreadable(error) = &known.life else {
            panic!("{text}: {known:?}");
        };
        let message = with_causes(error).to_string();
        for part in [why, "/kept.json; ", run, "`ator-harness down "] {
            assert!(message.contains(part), "{message}");
        }
    }
    let standing = registry.folder(run).join("standing.json");
    fs::write(&standing, "garbage").expect("writes");
    let error = only(&registry).record.expect_err("cannot be read");
    assert!(error.to_string().contains("/standing.json; "), "{error}");
}

#[test]
fn a_lock_that_cannot_be_asked_is_not_free() {
    let (_folder, registry) = registry();
    let run = &fresh_id();
    drop(registry.begin(run, &record(Verb::Up)).expect("begins"));
    let lock = registry.folder(run).join("lock");
    fs::remove_file(&lock).expect("removes");
    // Permission bits would not keep root out; a folder in the file's place does.
    fs::create_dir(&lock).expect("a folder");
    let known = only(&registry);
    assert!(matches!(known.life, Life::Unclear(_)), "{known:?}");
}

#[test]
fn folders_of_others_are_no_runs_and_are_left_alone() {
    let (folder, registry) = registry();
    let run = &fresh_id();
    drop(registry.begin(run, &record(Verb::Up)).expect("begins"));
    let theirs = folder.path().join("state/photographs");
    fs::create_dir(&theirs).expect("a folder");
    only(&registry);
    for run in ["photographs", "../state/photographs", "."] {
        registry.forget(run).expect("is none of ours");
    }
    assert!(theirs.exists());
}

#[test]
fn of_many_that_start_a_topology_at_once_one_does() {
    let (_folder, registry) = registry();
    let (locked, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let barrier = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                let lock = registry
                    .lock_topology("lab", &starting())
                    .expect("can be asked");
                match &lock {
                    Ok(_) => locked.fetch_add(1, Ordering::SeqCst),
                    Err(who) => {
                        assert_eq!(*who, Some(starting()));
                        refused.fetch_add(1, Ordering::SeqCst)
                    }
                };
                barrier.wait();
            });
        }
    });
    assert_eq!((locked.into_inner(), refused.into_inner()), (1, 7));
    let lock = registry
        .lock_topology("lab", &starting())
        .expect("can be asked");
    let other = registry
        .lock_topology("other", &starting())
        .expect("can be asked");
    assert!(lock.is_ok() && other.is_ok());
    assert_eq!(
        registry.starting("lab").expect("can be asked"),
        Some(Some(starting()))
    );
    drop((lock, other));
    assert_eq!(registry.starting("lab").expect("can be asked"), None);
    assert_eq!(registry.runs().expect("lists").len(), 0);
}

#[test]
fn looking_whether_a_topology_is_started_never_keeps_it_from_being_started() {
    let (folder, registry) = registry();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                registry.starting("lab").expect("can be asked");
            }
        });
        for _ in 0..100 {
            let lock = registry
                .lock_topology("lab", &starting())
                .expect("can be asked");
            assert!(lock.is_ok(), "nobody else holds it");
        }
        done.store(true, Ordering::SeqCst);
    });
    assert_eq!(files_in(&folder.path().join("state")), [".lock"]);
}

#[test]
fn a_lock_file_that_a_kill_has_left_locks_nothing() {
    let (folder, registry) = registry();
    let run = &fresh_id();
    drop(registry.begin(run, &record(Verb::Up)).expect("begins"));
    fs::write(folder.path().join("state/lab.lock"), "left").expect("writes");
    assert_eq!(registry.starting("lab").expect("can be asked"), None);
    let lock = registry
        .lock_topology("lab", &starting())
        .expect("can be asked");
    assert!(lock.is_ok());
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("lists").flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}
