//! Two engines, the network that stands in for the public one, and what was seen to run meanwhile.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use scenarios::{Shell, assert_code, root, signal, wait_for};

/// Where `pair.sh` keeps what belongs to the first engine.
const FIRST: &str = "/run/ator-harness-pair/a";

/// The network that stands in for the public one, until this is dropped.
pub(crate) struct Network<'s> {
    shell: &'s Shell,
}

impl<'s> Network<'s> {
    pub(crate) fn up(shell: &'s Shell) -> Self {
        Self::of_family(shell, "anon")
    }

    pub(crate) fn of_family(shell: &'s Shell, family: &str) -> Self {
        let mut up = shell.command(&["up", "testnet", "--family", family, "--artefacts"]);
        let up = up.arg(shell.artefacts()).output().expect("runs");
        assert_code(&up, 0);
        Self { shell }
    }
}

impl Drop for Network<'_> {
    fn drop(&mut self) {
        let _ = self.shell.command(&["down", "testnet"]).output();
    }
}

/// Two engines, until this is dropped.
pub(crate) struct Pair {
    pub(crate) a: String,
    pub(crate) b: String,
    script: Child,
}

impl Pair {
    pub(crate) fn start() -> Self {
        let mut script = Command::new(root().join("fixtures/engine/pair.sh"))
            .args(["sh", "-c", "echo \"$ENGINE_A $ENGINE_B\"; exec sleep 1800"])
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut line = String::new();
        let output = script.stdout.take().expect("is piped");
        BufReader::new(output).read_line(&mut line).expect("reads");
        let (a, b) = line.trim().split_once(' ').expect("two engines");
        Self {
            a: a.to_owned(),
            b: b.to_owned(),
            script,
        }
    }

    /// Ends the first engine in order, with all that runs on it, and starts it again as it was.
    pub(crate) fn restart_first(&self) {
        let pid = || std::fs::read_to_string(format!("{FIRST}/pid")).expect("reads");
        let before = pid();
        let process = Path::new("/proc").join(before.trim());
        let line = std::fs::read(process.join("cmdline")).expect("runs");
        let line = String::from_utf8(line).expect("is text");
        signal(before.trim().parse().expect("a process"), "TERM");
        wait_for("the engine to end", || (!process.exists()).then_some(()));
        let log = File::create(format!("{FIRST}/log")).expect("a file");
        let mut again = Command::new("setsid")
            .args(["--fork", "nsenter", "--net=/run/netns/ator-pair-a"])
            .args(line.trim_end_matches('\0').split('\0'))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("starts");
        again.wait().expect("forks");
        wait_for("the engine to answer", || {
            let mut asked = Command::new("docker");
            let asked = asked.args(["-H", &self.a, "version"]).output();
            asked
                .is_ok_and(|asked| asked.status.success())
                .then_some(())
        });
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        signal(self.script.id(), "TERM");
        let _ = self.script.wait();
    }
}

/// Every command line that was seen on this machine.
pub(crate) struct Processes {
    seen: Arc<Mutex<BTreeSet<String>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Processes {
    pub(crate) fn watch() -> Self {
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let (into, until) = (Arc::clone(&seen), Arc::clone(&ends));
        let thread = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                let now = command_lines();
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(now);
                std::thread::sleep(Duration::from_millis(25));
            }
        });
        Self {
            seen,
            ends,
            thread: Some(thread),
        }
    }

    pub(crate) fn seen(&self) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().cloned().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn command_lines() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        // What is no process, or has ended by now, has none.
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
        .filter(|line| !line.is_empty())
        .collect()
}
