//! Load at a fixed rate.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use wire::EncodeError;

use super::phase::Answered;
use super::{LoadReport, Phase, Traffic, Until};
use crate::probe::latency::Latencies;
use crate::probe::session::Session;

/// A load that sends at a fixed rate, whatever comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpenLoop {
    /// Packets per second, above zero.
    pub rate: f64,
    /// When the warm-up ends, which is sent at the same rate and reported apart.
    pub warm_up: Until,
    /// When sending ends.
    pub until: Until,
    /// Time limit of each packet, from when it is really sent.
    pub limit: Duration,
    /// Most packets in flight. A packet that would exceed it is sent when another one is done, and
    /// the wait counts towards its corrected latency.
    pub max_in_flight: usize,
}

impl OpenLoop {
    /// Runs the load over `session`. It ends early when the connection does, and at once, with what
    /// was found so far, when `stop` resolves.
    ///
    /// # Errors
    ///
    /// If the traffic cannot be expressed in the session's dialect.
    pub async fn run(
        &self,
        session: &Session,
        traffic: &Traffic,
        stop: impl Future<Output = ()>,
    ) -> Result<LoadReport, EncodeError> {
        tokio::pin!(stop);
        let mut report = LoadReport::default();
        let mut next = 0;
        for (phase, until) in [
            (&mut report.warm_up, self.warm_up),
            (&mut report.measured, self.until),
        ] {
            (*phase, report.stopped) = self
                .measure(session, traffic, until, &mut next, stop.as_mut())
                .await?;
            if report.stopped || session.end().is_some() {
                break;
            }
        }
        Ok(report)
    }

    /// `next` is the number of the next packet, counted on over warm-up and measurement. Returns
    /// whether it was stopped, too.
    async fn measure(
        &self,
        session: &Session,
        traffic: &Traffic,
        until: Until,
        next: &mut u64,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(Phase, bool), EncodeError> {
        let interval = Duration::from_secs_f64(1.0 / self.rate.max(f64::MIN_POSITIVE))
            .min(Duration::from_secs(3600));
        let count = match until {
            Until::Packets(packets) => packets,
            Until::Elapsed(duration) => (duration.as_secs_f64() * self.rate).ceil() as u64,
        };
        let mut phase = Phase {
            corrected: Some(Latencies::new()),
            ..Phase::default()
        };
        let start = Instant::now();
        let mut over = false;
        let mut in_flight = FuturesUnordered::new();
        let timer = tokio::time::sleep_until(start.into());
        tokio::pin!(timer);
        loop {
            // Everything that is due goes out at once: the timer's grain is a millisecond, which
            // is many packets at a high rate.
            while !over && phase.sent < count && in_flight.len() < self.max_in_flight.max(1) {
                let intended = start + interval.mul_f64(phase.sent as f64);
                if intended > Instant::now() {
                    timer.as_mut().reset(intended.into());
                    break;
                }
                let packet = traffic.packet(session.codec(), *next)?;
                *next += 1;
                phase.sent += 1;
                let limit = self.limit;
                in_flight.push(async move {
                    // Looked at here, where it is handed over, and not where it was made.
                    let late = Instant::now().duration_since(intended);
                    Answered {
                        result: session.request(packet.ilp, limit).await,
                        condition: packet.condition,
                        late,
                    }
                });
            }
            let may_send =
                !over && phase.sent < count && in_flight.len() < self.max_in_flight.max(1);
            if !may_send && in_flight.is_empty() {
                return Ok((phase.end(start, 0), false));
            }
            tokio::select! {
                Some(answered) = in_flight.next(), if !in_flight.is_empty() => {
                    phase.add(&answered);
                    // Nothing more can be sent; what is in flight fails by itself.
                    over = over || answered.is_last();
                }
                () = timer.as_mut(), if may_send => {}
                // Between two packets of a slow rate nothing else would tell.
                _ = session.ended(), if !over => over = true,
                () = stop.as_mut() => return Ok((phase.end(start, in_flight.len()), true)),
            }
        }
    }
}
