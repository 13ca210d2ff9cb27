//! Packets in every direction, sent at a fixed rate whatever becomes of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::causes::with_causes;
use crate::checks::{FaultPacket, PacketEnd};
use crate::connectors::{Outgoing, Reply};
use crate::run::context::Run;
use crate::run::faults::direction::Direction;
use crate::run::packet::payload;

/// Time between two packets of a direction.
const PACE: Duration = Duration::from_millis(250);
/// So many directions have that pace; of more each is slower, so that the whole is no load that is felt.
const AT_PACE: usize = 8;
/// How long a packet lives.
const LIMIT: Duration = Duration::from_secs(5);
/// Size of its payload.
const SIZE: usize = 128;

/// A packet that was sent, before it is known whether it arrived.
struct Sent {
    destination: String,
    packet: FaultPacket,
}

/// The packets of a run's faults.
pub(in crate::run) struct Load<'r> {
    run: &'r Run,
    directions: &'r [Direction],
    nonce: &'r str,
    began: Instant,
    sent: Mutex<Vec<Sent>>,
    /// When a home's connector was away, from and until; nothing while it still is.
    away: Mutex<Vec<(String, u64, Option<u64>)>>,
    stopped: watch::Sender<bool>,
}

impl<'r> Load<'r> {
    pub(super) fn new(run: &'r Run, directions: &'r [Direction], nonce: &'r str) -> Self {
        Self {
            run,
            directions,
            nonce,
            began: Instant::now(),
            sent: Mutex::default(),
            away: Mutex::default(),
            stopped: watch::Sender::new(false),
        }
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Milliseconds since packets began to flow.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// No more packets are sent; those in flight are waited for.
    pub(super) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Sends packets until it is told to stop, and waits for the answers of those that were sent.
    pub(super) async fn flow(&self) {
        let crowd = self.directions.len().div_ceil(AT_PACE).max(1);
        let mut ticks = interval(PACE * u32::try_from(crowd).unwrap_or(u32::MAX));
        // What a busy machine is late with is not made up for in one go.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopped = self.stopped.subscribe();
        let mut in_flight = FuturesUnordered::new();
        let mut number = 0_u32;
        loop {
            tokio::select! {
                biased;
                // Its sender is this load's own.
                _ = stopped.wait_for(|stopped| *stopped) => break,
                _ = ticks.tick() => {
                    number += 1;
                    let each = self.directions.iter();
                    in_flight.extend(each.map(|direction| self.send(direction, number)));
                }
                Some(()) = in_flight.next(), if !in_flight.is_empty() => {}
            }
        }
        while in_flight.next().await.is_some() {}
    }

    async fn send(&self, direction: &Direction, number: u32) {
        let Direction { from, to, .. } = direction;
        let (Some(home), Some(far)) = (self.run.plan.home(from), self.run.plan.home(to)) else {
            return;
        };
        let destination = format!("{}.{}.f.{from}.{number}", far.prefix, self.nonce).to_lowercase();
        let data = payload(&destination, self.nonce, SIZE);
        let packet = Outgoing {
            destination: &destination,
            amount: 0,
            data: &data,
            limit: LIMIT,
        };
        let sent = self.now();
        let begun = Instant::now();
        let end = match self.run.control(home).send(&packet).await {
            Ok(Reply::Fulfilled { fits }) => PacketEnd::Fulfilled { fits },
            Ok(Reply::Rejected { code, .. }) => PacketEnd::Rejected(code),
            // Nobody was there to take it.
            Err(error) if error.is_absence() => return,
            Err(error) => PacketEnd::Unanswered(with_causes(&error).to_string()),
        };
        let packet = FaultPacket {
            from: from.clone(),
            to: to.clone(),
            sent,
            took: begun.elapsed(),
            limit: LIMIT,
            end,
            arrived: 0,
            excused: false,
        };
        self.lock().push(Sent {
            destination,
            packet,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Sent>> {
        // A list is whole after any panic.
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a home's connector cannot answer.
    pub(super) fn goes(&self, home: &str) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.push((home.to_owned(), self.now(), None));
    }

    /// From now on it can again.
    pub(super) fn comes_back(&self, home: &str) {
        let now = self.now();
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let open = away
            .iter_mut()
            .filter(|(of, _, until)| of == home && until.is_none());
        open.for_each(|(.., until)| *until = Some(now));
    }

    /// How long it took until a packet of a direction was fulfilled that was sent at this time or later; `None` as long
    /// as none was.
    pub(super) fn first_fulfilled(&self, from: &str, to: &str, since: u64) -> Option<Duration> {
        let sent = self.lock();
        let fulfilled = sent.iter().map(|one| &one.packet).filter(|packet| {
            packet.from == from && packet.to == to && packet.sent >= since && packet.is_fulfilled()
        });
        let first = fulfilled.min_by_key(|packet| packet.sent)?;
        Some(Duration::from_millis(first.sent - since) + first.took)
    }

    /// Every packet, with how often it arrived; and the homes whose servers did not say what has, each with the reason.
    pub(super) async fn accounted(&self, run: &Run) -> (Vec<FaultPacket>, Vec<(String, String)>) {
        let records = run
            .plan
            .homes
            .iter()
            .map(|home| async move { (home.id.clone(), run.control(home).received().await) });
        let mut arrived: HashMap<String, usize> = HashMap::new();
        let mut unread = Vec::new();
        for (home, received) in join_all(records).await {
            match received {
                Ok(received) => {
                    for packet in received {
                        *arrived.entry(packet.destination).or_default() += 1;
                    }
                }
                Err(error) => unread.push((home, with_causes(&error).to_string())),
            }
        }
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let excused = |packet: &FaultPacket| {
            let took = u64::try_from(packet.took.as_millis()).unwrap_or(u64::MAX);
            let answered = packet.sent.saturating_add(took);
            away.iter().any(|(home, from, until)| {
                *home == packet.from
                    && answered >= *from
                    && until.is_none_or(|until| packet.sent <= until)
            })
        };
        let sent = std::mem::take(&mut *self.lock());
        let packets = sent.into_iter().map(|sent| FaultPacket {
            arrived: arrived.get(&sent.destination).copied().unwrap_or(0),
            excused: excused(&sent.packet),
            ..sent.packet
        });
        (packets.collect(), unread)
    }
}
