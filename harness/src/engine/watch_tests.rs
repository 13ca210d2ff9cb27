//! Deaths around a break of the event stream.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::scripted::{Answer, Scripted};
use super::*;

const RUN: &str = "20260101-000000-abcdef";
const INFO: &str = r#"{"SystemTime":"2026-01-01T00:00:10.000000001Z"}"#;

fn die(name: &str, at_nanoseconds: u64) -> String {
    format!(
        r#"{{"Type":"container","Action":"die","Actor":{{"ID":"x","Attributes":{{"name":"{name}","ator-harness.role":"home-a/{name}","exitCode":"137"}}}},"time":1,"timeNano":{at_nanoseconds}}}"#
    )
}

fn ended(name: &str) -> String {
    format!(
        r#"[{{"Id":"{name}-id","Names":["/{name}"],"Labels":{{"ator-harness.role":"home-a/{name}"}}}}]"#
    )
}

fn state(finished: &str) -> String {
    format!(r#"{{"State":{{"Status":"exited","ExitCode":1,"FinishedAt":"{finished}"}}}}"#)
}

/// An engine whose event streams come from `streams`, by number, and whose ended containers and their
/// state are these.
fn engine(
    streams: impl Fn(usize) -> Answer + Send + Sync + 'static,
    list: String,
    finished: &'static str,
) -> Scripted {
    let number = AtomicUsize::new(0);
    Scripted::start(move |request, _| {
        if request.contains("/info") {
            Answer::Json(200, INFO.to_owned())
        } else if request.contains("/events") {
            streams(number.fetch_add(1, Ordering::Relaxed))
        } else if request.contains("/containers/json") {
            Answer::Json(200, list.clone())
        } else if request.contains("/json") {
            Answer::Json(200, state(finished))
        } else {
            panic!("nobody asks for {request}")
        }
    })
}

async fn watch(scripted: &Scripted) -> Watch {
    let engine = scripted.engine().await;
    Watch::of(&[engine], &[RUN]).await.expect("begins")
}

fn streams_asked(scripted: &Scripted) -> Vec<String> {
    let asked = scripted.asked.lock().expect("no test panics");
    let events = asked.iter().filter(|line| line.contains("/events"));
    events.cloned().collect()
}

const LIMIT: Duration = Duration::from_secs(20);

async fn first(watch: &mut Watch) -> Result<Death, EngineError> {
    timeout(LIMIT, watch.death()).await.expect("is told")
}

#[tokio::test]
async fn a_death_is_told_as_it_happens() {
    let scripted = engine(
        |_| Answer::Open(vec![die("connector", 11_000_000_000)]),
        "[]".to_owned(),
        "",
    );
    let death = first(&mut watch(&scripted).await).await.expect("a death");
    assert_eq!(
        death,
        Death {
            container: "connector".to_owned(),
            role: "home-a/connector".to_owned(),
            status: "137".to_owned(),
        }
    );
    let asked = streams_asked(&scripted);
    assert!(
        asked[0].contains("since=1767225610.000000002"),
        "from the moment of its start on, by the engine's clock: {asked:?}"
    );
}

#[tokio::test]
async fn a_stream_that_breaks_goes_on_where_it_broke() {
    let at = 1_767_225_611_000_000_005;
    let scripted = engine(
        move |number| match number {
            0 => Answer::Cut(vec![die("one", at)]),
            _ => Answer::Open(vec![die("two", at + 7)]),
        },
        "[]".to_owned(),
        "",
    );
    let mut watch = watch(&scripted).await;
    assert_eq!(first(&mut watch).await.expect("a death").container, "one");
    assert_eq!(first(&mut watch).await.expect("a death").container, "two");
    let asked = streams_asked(&scripted);
    assert!(
        asked[1].contains("since=1767225611.000000006"),
        "after the last event: {asked:?}"
    );
}

#[tokio::test]
async fn a_death_that_an_engine_has_no_event_of_is_found() {
    // As after a restart of the engine, which ends the containers and forgets its events.
    let scripted = engine(
        |number| match number {
            0 => Answer::Cut(vec![]),
            _ => Answer::Open(vec![]),
        },
        ended("relay"),
        "2026-01-01T00:00:12Z",
    );
    let death = first(&mut watch(&scripted).await).await.expect("a death");
    assert_eq!(
        (death.role.as_str(), death.status.as_str()),
        ("home-a/relay", "1")
    );
}

#[tokio::test]
async fn what_ended_before_the_watch_is_not_told() {
    let scripted = engine(
        |number| match number {
            0 => Answer::Cut(vec![]),
            _ => Answer::Open(vec![]),
        },
        ended("old"),
        "2026-01-01T00:00:09Z",
    );
    let mut watch = watch(&scripted).await;
    let told = watch.death_within(Duration::from_millis(300)).await;
    assert!(matches!(told, Ok(None)), "{told:?}");
    assert_eq!(streams_asked(&scripted).len(), 2);
}

#[tokio::test]
async fn an_engine_that_is_gone_ends_the_watch_with_an_error() {
    let scripted = engine(|_| Answer::Cut(vec![]), "[]".to_owned(), "");
    let mut watch = watch(&scripted).await;
    scripted.stop();
    let told = watch.death_within(Duration::from_millis(100)).await;
    let error = told.expect_err("a stream that is being restored is waited for");
    let text = crate::causes::with_causes(&error).to_string();
    assert!(
        text.contains("no longer tells which containers end"),
        "{text}"
    );
    assert!(text.contains("caused by: the Docker Engine at"), "{text}");
}

#[tokio::test]
async fn a_stream_that_breaks_again_and_again_ends_the_watch_too() {
    let scripted = engine(|_| Answer::Cut(vec![]), "[]".to_owned(), "");
    let mut watch = watch(&scripted).await;
    let told = first(&mut watch).await;
    assert!(
        matches!(told, Err(EngineError::WatchLost { .. })),
        "{told:?}"
    );
    assert_eq!(streams_asked(&scripted).len(), ATTEMPTS + 1);
}
