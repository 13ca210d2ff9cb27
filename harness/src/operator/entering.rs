//! How a home's daemon gets into its network, and what keeps it from that.

use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::error::HomeError;
use super::folder::Home;
use super::ladder::{Found, seconds};
use crate::engine::Engine;
use crate::onion::monitor::Monitor;
use crate::onion::{Notice, notices, redact, refused_folder};
use crate::run::kept_out;

/// How long a machine that has just started may be without its routes.
const SETTLED: Duration = Duration::from_secs(15);
/// How many lines of a daemon's log are looked through for its clock.
const LINES: usize = 2000;
/// What a daemon's log has where it knows nothing of what was before: it has started, or its clock was set.
const AFRESH: [&str; 2] = ["Bootstrapped 0%", "system clock just jumped"];
/// How much of what it says is quoted, in characters.
const QUOTED: usize = 120;

impl Home {
    /// Waits until the daemon has a circuit, or says what keeps it from one. A clock that differs from the network's is
    /// named also where the daemon gets in with it: packets expire by clocks, and nobody else is asked for the time.
    pub(super) async fn bootstrapped(
        &self,
        engine: &Engine,
        monitor: &Monitor,
        limit: Duration,
    ) -> Result<Found, HomeError> {
        let mut watch = monitor.watch();
        let begun = Instant::now();
        let mut moved = (begun, 0);
        loop {
            let state = watch.borrow_and_update().clone();
            if let Some(skewed) = self.skewed(engine).await? {
                return Ok(skewed);
            }
            if state.bootstrap == 100 {
                return Ok(Found::holds(format!(
                    "done, after {}",
                    seconds(begun.elapsed())
                )));
            }
            if state.gone {
                return Ok(Found::fails(
                    "the daemon has ended",
                    "`docker logs` of its container says why",
                ));
            }
            if state.bootstrap > moved.1 {
                moved = (Instant::now(), state.bootstrap);
            }
            let kept_out = kept_out(
                &self.settings.id,
                &state,
                begun.elapsed(),
                moved.0.elapsed(),
            );
            if let Some(failure) = kept_out.filter(|_| begun.elapsed() >= SETTLED.min(limit)) {
                return Ok(Found::surroundings(
                    failure.to_string(),
                    "then start the home again",
                ));
            }
            if begun.elapsed() >= limit {
                return Ok(Found::unknown(format!(
                    "at {} % ({}) after {}; it may need more time",
                    state.bootstrap,
                    state.tag,
                    seconds(limit)
                )));
            }
            // What comes first: an event, or a time after which none is an answer too.
            let _ = timeout_at(
                (Instant::now() + Duration::from_secs(1)).into(),
                watch.changed(),
            )
            .await;
        }
    }

    /// What the daemon's log says of its clock. The control port tells that to whoever listens at that moment alone.
    async fn skewed(&self, engine: &Engine) -> Result<Option<Found>, HomeError> {
        let name = self.container(self.daemon_part());
        let log = engine.logs(&name, Some(LINES)).await?;
        Ok(skew(&log))
    }
}

/// What a log says of the daemon's clock, since it was started or its clock was set.
fn skew(log: &str) -> Option<Found> {
    let of_now = AFRESH.iter().fold(log, |log, words| {
        log.rsplit(words).next().unwrap_or_default()
    });
    let said = notices(of_now).filter(|(notice, _)| *notice == Notice::ClockSkewed);
    said.last().map(|(_, line)| clock_differs(line))
}

/// What a daemon says of itself in its log that names a cause.
pub(super) fn said(log: &str) -> Option<Found> {
    let (notice, line) = notices(log).last()?;
    Some(match notice {
        Notice::TermsNotAgreed => Found::surroundings(
            "the network's terms and conditions are not agreed to, so the daemon ends",
            "read them, write terms = \"agreed\" into home.toml, and start the home",
        ),
        Notice::BadNickname => Found::fails(
            "the daemon refuses its nickname",
            "anonrc needs a Nickname of 1 to 19 letters and digits",
        ),
        Notice::FolderRefused => Found::fails(
            format!(
                "the daemon refuses {}, which is not its user's alone",
                refused_folder(line).unwrap_or("a folder")
            ),
            "remove the daemon's container with `docker rm -f`; `ator-harness home start` makes it anew, and the folder with it",
        ),
        Notice::ClockSkewed => clock_differs(line),
        Notice::TooFewVotes | Notice::TooFewSignatures => return None,
    })
}

/// What a line about a clock comes to, by how much in the daemon's own words.
fn clock_differs(line: &str) -> Found {
    let own = ["our clock is ", "Our clock is "];
    let by = own.iter().find_map(|words| line.split_once(words));
    let by = by.map_or("", |(_, rest)| {
        let end = [", or", "."].iter().filter_map(|end| rest.find(end)).min();
        &rest[..end.unwrap_or(rest.len())]
    });
    let by: String = by.chars().take(QUOTED).collect();
    let told = match by.is_empty() {
        true => String::new(),
        false => format!(": it is {}, as the daemon says", redact(&by)),
    };
    Found::surroundings(
        format!("the daemon's clock differs from the network's{told}"),
        "set the clock of the machine that the engine runs on by NTP, and start the home again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKEWED: &str = "Nov 21 18:10:59.000 [warn] Received NETINFO cell with skewed time (OR:10.194.104.1:21002): It seems that our clock is behind by 1 days, 1 hours, 0 minutes, or that theirs is ahead. Anon requires an accurate clock to work: please check your time, timezone, and date settings.";

    #[test]
    fn a_clock_that_differs_is_told_with_its_direction() {
        let log = format!("x [notice] Bootstrapped 0% (starting): Starting\n{SKEWED}\n");
        let found = skew(&log).expect("is said").words();
        assert!(
            found.contains("it is behind by 1 days, 1 hours, 0 minutes, as"),
            "{found}"
        );
        assert!(found.contains("by NTP"), "{found}");
        let found = said(SKEWED).expect("is said").words();
        assert!(found.contains("differs from the network's"), "{found}");
    }

    #[test]
    fn what_was_said_before_a_start_or_before_the_clock_was_set_counts_no_more() {
        assert!(skew("").is_none());
        for afresh in [
            "x [notice] Bootstrapped 0% (starting): Starting",
            "x [warn] Your system clock just jumped 90000 seconds forward; assuming established circuits no longer work.",
        ] {
            assert!(skew(&format!("{SKEWED}\n{afresh}\n")).is_none(), "{afresh}");
            assert!(skew(&format!("{afresh}\n{SKEWED}\n")).is_some(), "{afresh}");
        }
    }
}
