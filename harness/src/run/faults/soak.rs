//! Keeping a topology busy for hours, with faults that are drawn from a seed.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::checks::FaultView;
use crate::run::context::Run;
use crate::run::faults::enough::Enough;
use crate::run::faults::load::Load;
use crate::run::faults::usage::UsageLog;
use crate::topology::{Fault, Soak, draws, format_age};

/// How often packets with which all is well are forgotten, and it is told how far the soak is.
const SLICE: Duration = Duration::from_secs(60);
/// How many times it is looked what is used, at least; but not more often than each second, and once a minute.
const LOOKS: u32 = 60;

/// What became of it.
pub(super) struct Soaked {
    pub(super) took: Duration,
    pub(super) cut_short: bool,
}

/// A soak under way.
pub(super) struct Soaking<'r> {
    pub(super) run: &'r Run,
    pub(super) load: &'r Load<'r>,
    pub(super) usage: &'r UsageLog,
}

impl Soaking<'_> {
    /// Lets packets flow, and has `make` make the faults that are drawn, until the time is over or the user asks. What is
    /// under way then is undone, and got over, all the same.
    pub(super) async fn go(
        &self,
        soak: &Soak,
        make: impl AsyncFn(&Fault, &Enough) -> FaultView,
        views: &mut Vec<FaultView>,
    ) -> Soaked {
        self.run.is_patient();
        let begun = Instant::now();
        let until = begun + soak.lasts;
        let enough = Enough {
            interrupts: Some(self.run.interrupts.clone()),
        };
        let looks = self
            .usage
            .look_every(self.run, self.load, every(soak.lasts));
        let work = async {
            for fault in draws(&self.run.plan.topology, soak) {
                if !self.flow(&enough, fault.after, until).await {
                    return;
                }
                views.push(make(&fault, &enough).await);
                self.load.forget().await;
            }
            while self.flow(&enough, SLICE, until).await {}
        };
        tokio::select! {
            () = work => {}
            () = looks => {}
        }
        self.usage.look(self.run, self.load).await;
        let took = begun.elapsed();
        let cut_short = Instant::now() < until;
        if cut_short {
            self.run.recorder.note(format!(
                "ended by the user after {} of {}; judged by what was seen until then",
                format_age(took),
                format_age(soak.lasts)
            ));
        }
        Soaked { took, cut_short }
    }

    /// Lets packets flow undisturbed for a time. Whether there is time left until the end.
    async fn flow(&self, enough: &Enough, time: Duration, end: Instant) -> bool {
        let until = Instant::now() + time;
        while Instant::now() < until {
            let slice = SLICE.min(until.saturating_duration_since(Instant::now()));
            let in_time = timeout_at(end, enough.sleep(slice)).await.is_ok();
            self.load.forget().await;
            if !in_time || self.run.interrupts.have_asked() {
                return false;
            }
        }
        true
    }
}

/// How often it is looked what is used.
fn every(lasts: Duration) -> Duration {
    (lasts / LOOKS).clamp(Duration::from_secs(1), Duration::from_secs(60))
}
