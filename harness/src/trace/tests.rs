//! What is told is shown and kept as asked for, and redacted.

use std::io::{self, Write};
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;

use crate::trace::memory;
use crate::trace::question::{Party, Question};
use crate::trace::subscriber::{Reader, install, ours, readers, redact_by};

/// Collects lines as they are, before anything is taken out of them.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<u8>>>);

impl Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no test panics")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Collected {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Collected {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no test panics");
        String::from_utf8(bytes.clone()).expect("is text")
    }
}

/// Everything that is told on this thread while the work is done, at every level.
pub(crate) async fn told_by(work: impl Future<Output = ()>) -> String {
    let told = Collected::default();
    let readers = readers(ours(LevelFilter::TRACE), told.clone(), io::sink);
    let guard = tracing::subscriber::set_default(readers);
    work.await;
    drop(guard);
    told.text()
}

fn shown(filter: Targets, tell: impl FnOnce()) -> (String, String) {
    let (shown, kept) = (Collected::default(), Collected::default());
    let readers = readers(filter, shown.clone(), kept.clone());
    tracing::subscriber::with_default(readers, tell);
    (shown.text(), kept.text())
}

fn tell() {
    Question::new(Party::Engine, "unix:///docker.sock", "list containers").answered("ok");
    Question::new(Party::Daemon, "home-a", "GETINFO version").answered("line\nof \u{1b}[2Jtwo");
    drop(Question::new(
        Party::Connector,
        "home-b",
        "GET /admin/peers",
    ));
    tracing::error!(target: "hyper_util::client", "x-api-key: s3cr3t");
}

#[test]
fn every_question_is_kept_with_its_answer() {
    let (shown, kept) = shown(Targets::new(), tell);
    assert_eq!(shown, "");
    let lines: Vec<&str> = kept.lines().collect();
    let [engine, daemon, connector] = lines[..] else {
        panic!("a line for each: {kept}")
    };
    for part in [
        "DEBUG ator_harness::engine: whom=\"unix:///docker.sock\"",
        "asked=\"list containers\"",
        "millis=0.",
        "outcome=\"ok\"",
    ] {
        assert!(engine.contains(part), "{part} in {engine}");
    }
    assert!(
        daemon.ends_with(r#"outcome="line\nof \u{1b}[2Jtwo""#),
        "{daemon}"
    );
    assert!(connector.contains("nobody waits"), "{connector}");
}

#[test]
fn what_is_shown_is_as_asked_for_and_never_of_libraries() {
    let of = |text: &str| Targets::from_str(text).expect("is a filter");
    let (once, _) = shown(ours(LevelFilter::DEBUG), tell);
    assert_eq!(once.lines().count(), 3);
    let (twice, kept) = shown(of("trace"), tell);
    assert_eq!((twice.lines().count(), kept.lines().count()), (6, 3));
    assert!(!twice.contains("s3cr3t"), "{twice}");
    let (daemons, _) = shown(of("ator_harness::daemon=debug"), tell);
    assert_eq!(daemons.lines().count(), 1);
    let error = install(0, Some("a=b=c")).expect_err("is no filter");
    assert!(error.to_string().contains("RUST_LOG"), "{error}");
}

#[test]
fn a_line_is_redacted_before_it_is_kept() {
    let mark = memory::mark();
    redact_by(|text| text.replace("s3cr3t", "[redacted]"));
    let mut line = Reader::Memory.make_writer();
    line.write_all(b"the token s3cr3t is wrong\n")
        .expect("is kept");
    drop(line);
    assert!(memory::since(mark).contains("the token [redacted] is wrong"));
}
