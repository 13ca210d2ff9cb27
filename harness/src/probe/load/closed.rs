//! Load with a fixed number of packets in flight.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use wire::EncodeError;

use super::phase::Answered;
use super::{LoadReport, Phase, Traffic, Until};
use crate::probe::session::Session;

/// A load that sends the next packet when one is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedLoop {
    /// Packets in flight, at least 1; a session holds 4096 at most.
    pub concurrency: usize,
    /// When the warm-up ends, which is sent in the same way and reported apart.
    pub warm_up: Until,
    /// When the measurement ends.
    pub until: Until,
    /// Time limit of each packet.
    pub limit: Duration,
}

impl ClosedLoop {
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
        let mut phase = Phase::default();
        let started = Instant::now();
        let (count, deadline) = match until {
            Until::Packets(packets) => (packets, None),
            Until::Elapsed(duration) => (u64::MAX, Some(started + duration)),
        };
        // The time is looked at when a packet is done, which is when it is needed anyway.
        let mut over = false;
        let mut in_flight = FuturesUnordered::new();
        loop {
            while !over && phase.sent < count && in_flight.len() < self.concurrency.max(1) {
                let packet = traffic.packet(session.codec(), *next)?;
                *next += 1;
                phase.sent += 1;
                let limit = self.limit;
                in_flight.push(async move {
                    Answered {
                        result: session.request(packet.ilp, limit).await,
                        condition: packet.condition,
                        late: Duration::ZERO,
                    }
                });
            }
            let answered = tokio::select! {
                answered = in_flight.next() => answered,
                () = stop.as_mut() => return Ok((phase.end(started, in_flight.len()), true)),
            };
            let Some(answered) = answered else {
                return Ok((phase.end(started, 0), false));
            };
            phase.add(&answered);
            over = over
                || answered.is_last()
                || deadline.is_some_and(|deadline| Instant::now() >= deadline);
        }
    }
}
