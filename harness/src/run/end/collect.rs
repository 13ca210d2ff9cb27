//! The end of a run: save the logs, then remove everything.

use std::time::Duration;

use futures_util::future::join_all;

use crate::causes::with_causes;
use crate::connectors::{Level, level_of};
use crate::diagnosis::NodeText;
use crate::events::Stage;
use crate::run::context::{Placed, Run};
use crate::run::outcome::NodeLog;

/// Lines of a log that a failure report shows.
const TAIL: usize = 12;
/// How many of them are kept for what is wrong, as far as something is.
const WRONG: usize = 6;
/// How much of a line it shows, in characters.
const LINE: usize = 1000;
/// How long collecting may take. An engine that hangs must not keep us from removing.
const COLLECT_LIMIT: Duration = Duration::from_secs(20);

/// What was collected.
#[derive(Default)]
pub(in crate::run) struct Collected {
    /// The ends of the logs, for people.
    pub(in crate::run) tails: Vec<NodeLog>,
    /// The whole logs, for the diagnosis.
    pub(in crate::run) texts: Vec<NodeText>,
}

/// Saves every container's log, and returns them. Never fails: what can't be collected is noted, and must not hide why the run ended. A second interrupt skips it.
pub(in crate::run) async fn collect(run: &Run, containers: &[Placed<'_>]) -> Collected {
    let guard = run.recorder.stage(Stage::Collect, None);
    let reading = async {
        let reads = containers
            .iter()
            .map(|one| async move { (one.role.clone(), one.engine.logs(&one.name, None).await) });
        let mut logs = Collected::default();
        for (role, result) in join_all(reads).await {
            let text = match result {
                Ok(text) => text,
                // A run that ended early has not created every container.
                Err(error) if error.is_absence() => continue,
                Err(error) => with_causes(&error).to_string(),
            };
            // Whoever is sent the folder is not to learn more than from the report.
            let saved = match run.keep_addresses {
                true => run.plan.redact_secrets(text.clone()),
                false => run.plan.redact(&text),
            };
            let name = format!("logs/{}.log", role.to_string().replace('/', "-"));
            run.keep(&name, saved.as_bytes());
            logs.tails.push(NodeLog {
                role: role.clone(),
                tail: tail(&text)
                    .iter()
                    .map(|line| clipped(&run.plan.redact(line)))
                    .collect(),
            });
            logs.texts.push(NodeText {
                role: role.clone(),
                text,
            });
        }
        logs
    };
    let logs = tokio::select! {
        logs = reading => logs,
        () = run.interrupts.at_least(2) => {
            run.recorder.interrupted();
            guard.saw("interrupted again");
            return Collected::default();
        }
        () = tokio::time::sleep(COLLECT_LIMIT) => {
            guard.saw(format!("not done within {} s", COLLECT_LIMIT.as_secs()));
            return Collected::default();
        }
    };
    guard.reached(format!("{} logs saved", logs.tails.len()));
    logs
}

/// A line as far as a report shows it.
fn clipped(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        None => line.to_owned(),
        Some((at, _)) => format!("{} [...]", &line[..at]),
    }
}

/// What a failure report shows of a log: the last lines that say that something is wrong, then its end.
/// Lines in a row that differ in figures alone, such as those of questions that are asked again and again,
/// are one.
fn tail(text: &str) -> Vec<String> {
    let lines = distinct(text);
    let is_wrong = |line: &str| level_of(line).is_some_and(|level| level >= Level::Warn);
    let end = lines.len().saturating_sub(TAIL);
    let wrong: Vec<&String> = lines[..end].iter().filter(|line| is_wrong(line)).collect();
    let wrong = &wrong[wrong.len().saturating_sub(WRONG)..];
    let end = lines.len().saturating_sub(TAIL - wrong.len());
    let shown = wrong.iter().map(|line| (*line).clone());
    shown.chain(lines[end..].iter().cloned()).collect()
}

/// The lines, those that follow one and differ from it in figures alone counted at its end.
fn distinct(text: &str) -> Vec<String> {
    let plain = |line: &str| line.replace(|c: char| c.is_ascii_digit(), "");
    let mut lines: Vec<(String, String, usize)> = Vec::new();
    for line in text.lines() {
        let shape = plain(line);
        match lines.last_mut() {
            Some((_, last, more)) if *last == shape => *more += 1,
            _ => lines.push((line.to_owned(), shape, 0)),
        }
    }
    let told = lines.into_iter().map(|(line, _, more)| match more {
        0 => line,
        more => format!("{line} (and {more} more like it)"),
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_comes_first_and_what_repeats_is_one_line() {
        let mut text = String::from("{\"level\":30,\"msg\":\"start\"}\n");
        text.push_str("{\"level\":50,\"msg\":\"getaddrinfo ENOTFOUND\"}\n");
        for number in 0..30 {
            text.push_str(&format!(
                "{{\"level\":30,\"msg\":\"step {}\"}}\n",
                "x".repeat(number)
            ));
        }
        for time in 0..40 {
            text.push_str(&format!(
                "{{\"level\":30,\"time\":{time},\"msg\":\"GET /peers\"}}\n"
            ));
        }
        let tail = tail(&text);
        assert_eq!(tail.len(), TAIL);
        assert!(tail[0].contains("ENOTFOUND"), "{tail:?}");
        assert!(
            tail[TAIL - 1].ends_with("(and 39 more like it)"),
            "{tail:?}"
        );
        assert!(tail[TAIL - 2].contains("step"), "{tail:?}");
        assert_eq!(super::tail("one\n"), ["one"]);
        assert!(super::tail("").is_empty());
        assert_eq!(clipped("short"), "short");
        assert_eq!(clipped(&"ä".repeat(5000)).chars().count(), LINE + 6);
    }
}
