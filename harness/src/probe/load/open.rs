//! Load at a fixed rate.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use toon_wire::EncodeError;

use super::{OutcomeCounts, Traffic, Until};
use crate::probe::latency::{Latencies, LatencySummary};
use crate::probe::reply::RequestError;
use crate::probe::session::Session;

/// A load that sends at a fixed rate, whatever comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpenLoop {
    /// Packets per second, above zero.
    pub rate: f64,
    /// Packets sent before the measurement starts, at the same rate but not counted anywhere.
    pub warm_up: u64,
    /// When sending ends.
    pub until: Until,
    /// Time limit of each packet, from when it is really sent.
    pub limit: Duration,
    /// Most packets in flight. A packet that would exceed it is sent when another one is done, and
    /// the wait counts towards its corrected latency.
    pub max_in_flight: usize,
}

/// What an open loop found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenReport {
    /// Packets per second that were intended.
    pub intended_rate: f64,
    /// Answered packets per second.
    pub rate: f64,
    /// Length of the measurement in seconds, from its first packet to its last answer.
    pub seconds: f64,
    /// What became of the packets.
    pub outcomes: OutcomeCounts,
    /// Latency of the answered packets, each from when it was really sent.
    pub raw: LatencySummary,
    /// Latency from when each packet was meant to be sent, where a packet that timed out counts
    /// with its whole time limit. Where this is worse than `raw`, the other side, or the probe
    /// itself, did not keep up.
    pub corrected: LatencySummary,
}

#[derive(Debug)]
struct Measured {
    outcomes: OutcomeCounts,
    raw: Latencies,
    corrected: Latencies,
}

impl OpenLoop {
    /// Runs the load over `session`. It ends early when the connection does.
    ///
    /// # Errors
    ///
    /// If the traffic cannot be expressed in the session's dialect.
    pub async fn run(
        &self,
        session: &Session,
        traffic: &Traffic,
    ) -> Result<OpenReport, EncodeError> {
        let mut first = 0;
        if self.warm_up > 0 {
            self.measure(session, traffic, Until::Packets(self.warm_up), &mut first)
                .await?;
        }
        let started = Instant::now();
        let measured = self
            .measure(session, traffic, self.until, &mut first)
            .await?;
        let seconds = started.elapsed().as_secs_f64();
        Ok(OpenReport {
            intended_rate: self.rate,
            rate: measured.outcomes.answered() as f64 / seconds,
            seconds,
            raw: measured.raw.summary(),
            corrected: measured.corrected.summary(),
            outcomes: measured.outcomes,
        })
    }

    /// `next` is the number of the next packet, counted on over warm-up and measurement.
    async fn measure(
        &self,
        session: &Session,
        traffic: &Traffic,
        until: Until,
        next: &mut u64,
    ) -> Result<Measured, EncodeError> {
        let interval = Duration::from_secs_f64(1.0 / self.rate.max(f64::MIN_POSITIVE))
            .min(Duration::from_secs(3600));
        let count = match until {
            Until::Packets(packets) => packets,
            Until::Elapsed(duration) => (duration.as_secs_f64() * self.rate).ceil() as u64,
        };
        let mut measured = Measured {
            outcomes: OutcomeCounts::default(),
            raw: Latencies::new(),
            corrected: Latencies::new(),
        };
        let start = Instant::now();
        let mut sent = 0_u64;
        let mut in_flight = FuturesUnordered::new();
        let timer = tokio::time::sleep_until(start.into());
        tokio::pin!(timer);
        loop {
            // Everything that is due goes out at once: the timer's grain is a millisecond, which
            // is many packets at a high rate.
            while sent < count && in_flight.len() < self.max_in_flight.max(1) {
                let intended = start + interval.mul_f64(sent as f64);
                let now = Instant::now();
                if intended > now {
                    timer.as_mut().reset(intended.into());
                    break;
                }
                let packet = traffic.packet(session.codec(), *next)?;
                *next += 1;
                sent += 1;
                let limit = self.limit;
                in_flight.push(async move {
                    let result = session.request(packet.ilp, limit).await;
                    (result, packet.condition, now.duration_since(intended))
                });
            }
            let may_send = sent < count && in_flight.len() < self.max_in_flight.max(1);
            if !may_send && in_flight.is_empty() {
                return Ok(measured);
            }
            tokio::select! {
                Some((result, condition, delay)) = in_flight.next(), if !in_flight.is_empty() => {
                    measured.outcomes.add(&result, &condition);
                    match &result {
                        Ok(reply) => {
                            measured.raw.record(reply.round_trip());
                            measured.corrected.record(reply.round_trip() + delay);
                        }
                        // Nothing more can be sent; what is in flight fails by itself.
                        Err(RequestError::Lost(_)) => sent = count,
                        // Left out, a packet that was never answered would improve the figures.
                        Err(RequestError::TimedOut(limit)) => {
                            measured.corrected.record(*limit + delay);
                        }
                        Err(RequestError::Encode(_)) => {}
                    }
                }
                () = timer.as_mut(), if may_send => {}
            }
        }
    }
}
