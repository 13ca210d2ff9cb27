//! Load with a fixed number of packets in flight.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use toon_wire::EncodeError;

use super::{OutcomeCounts, Traffic, Until};
use crate::probe::latency::{Latencies, LatencySummary};
use crate::probe::reply::RequestError;
use crate::probe::session::Session;

/// A load that sends the next packet when one is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedLoop {
    /// Packets in flight, at least 1; a session holds 4096 at most.
    pub concurrency: usize,
    /// Packets sent before the measurement starts, in the same way but not counted anywhere.
    pub warm_up: u64,
    /// When the measurement ends.
    pub until: Until,
    /// Time limit of each packet.
    pub limit: Duration,
}

/// What a closed loop found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClosedReport {
    /// Packets in flight.
    pub concurrency: usize,
    /// What became of the packets.
    pub outcomes: OutcomeCounts,
    /// Length of the measurement in seconds, from its first packet to its last answer.
    pub seconds: f64,
    /// Answered packets per second.
    pub rate: f64,
    /// Round trips of the answered packets.
    pub latency: LatencySummary,
}

impl ClosedLoop {
    /// Runs the load over `session`. It ends early when the connection does.
    ///
    /// # Errors
    ///
    /// If the traffic cannot be expressed in the session's dialect.
    pub async fn run(
        &self,
        session: &Session,
        traffic: &Traffic,
    ) -> Result<ClosedReport, EncodeError> {
        let mut first = 0;
        if self.warm_up > 0 {
            self.measure(session, traffic, Until::Packets(self.warm_up), &mut first)
                .await?;
        }
        let started = Instant::now();
        let (outcomes, latencies) = self
            .measure(session, traffic, self.until, &mut first)
            .await?;
        let seconds = started.elapsed().as_secs_f64();
        Ok(ClosedReport {
            concurrency: self.concurrency.max(1),
            rate: outcomes.answered() as f64 / seconds,
            outcomes,
            seconds,
            latency: latencies.summary(),
        })
    }

    /// `next` is the number of the next packet, counted on over warm-up and measurement.
    async fn measure(
        &self,
        session: &Session,
        traffic: &Traffic,
        until: Until,
        next: &mut u64,
    ) -> Result<(OutcomeCounts, Latencies), EncodeError> {
        let mut outcomes = OutcomeCounts::default();
        let mut latencies = Latencies::new();
        let (last, deadline) = match until {
            Until::Packets(packets) => (next.saturating_add(packets), None),
            Until::Elapsed(duration) => (u64::MAX, Some(Instant::now() + duration)),
        };
        // The time is looked at when a packet is done, which is when it is needed anyway.
        let mut over = false;
        let mut in_flight = FuturesUnordered::new();
        loop {
            while !over && *next < last && in_flight.len() < self.concurrency.max(1) {
                let packet = traffic.packet(session.codec(), *next)?;
                *next += 1;
                let limit = self.limit;
                in_flight.push(async move {
                    let result = session.request(packet.ilp, limit).await;
                    (result, packet.condition)
                });
            }
            let Some((result, condition)) = in_flight.next().await else {
                return Ok((outcomes, latencies));
            };
            outcomes.add(&result, &condition);
            match &result {
                Ok(reply) => latencies.record(reply.round_trip()),
                Err(RequestError::Lost(_)) => over = true,
                Err(RequestError::TimedOut(_) | RequestError::Encode(_)) => {}
            }
            over = over || deadline.is_some_and(|deadline| Instant::now() >= deadline);
        }
    }
}
