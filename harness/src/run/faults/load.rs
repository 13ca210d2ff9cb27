//! Packets in every direction, sent at a fixed rate whatever becomes of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::causes::with_causes;
use crate::checks::{FaultPacket, PacketEnd};
use crate::connectors::{Outgoing, Reply};
use crate::plan::HomePlan;
use crate::probe::Latencies;
use crate::run::context::Run;
use crate::run::faults::crowd::Crowd;
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
/// So long after it was sent a packet's answer is there, in milliseconds.
const SETTLED: u64 = 10_000;
/// Servers may tell of packets that are so many numbers ahead of those that they told of.
const AHEAD: usize = 100_000;

/// A packet that was sent, before it is known whether it arrived.
struct Sent {
    /// Which direction.
    direction: usize,
    /// Its number there.
    number: u32,
    packet: FaultPacket,
}

/// The packets of a run's faults.
pub(in crate::run) struct Load<'r> {
    run: &'r Run,
    directions: &'r [Direction],
    /// Of each direction, what its packets' destinations begin with; as the servers have it.
    destinations: Vec<String>,
    nonce: &'r str,
    began: Instant,
    sent: Mutex<Vec<Sent>>,
    arrivals: Mutex<Arrivals>,
    /// How many packets are forgotten because all was well with them.
    fine: AtomicU64,
    /// How long packets took that were fulfilled.
    traffic: Mutex<Latencies>,
    /// When a home's connector was away, from and until; nothing while it still is.
    away: Mutex<Vec<(String, u64, Option<u64>)>>,
    /// The packets that are under way to a connector when that is ended.
    crowd: Crowd,
    stopped: watch::Sender<bool>,
}

/// What servers have told of what arrived.
#[derive(Default)]
struct Arrivals {
    /// How often each packet of a direction did, by its number.
    times: Vec<Vec<u8>>,
    /// How many entries of each home's record are known.
    read: HashMap<String, u64>,
}

impl<'r> Load<'r> {
    pub(super) fn new(run: &'r Run, directions: &'r [Direction], nonce: &'r str) -> Self {
        let prefix = |home: &str| run.plan.home(home).map_or("", |home| home.prefix.as_str());
        let beginning =
            |one: &Direction| format!("{}.{nonce}.f.{}", prefix(&one.to), one.from).to_lowercase();
        Self {
            run,
            directions,
            destinations: directions.iter().map(beginning).collect(),
            nonce,
            began: Instant::now(),
            sent: Mutex::default(),
            arrivals: Mutex::new(Arrivals {
                times: vec![Vec::new(); directions.len()],
                read: HashMap::new(),
            }),
            fine: AtomicU64::new(0),
            traffic: Mutex::default(),
            away: Mutex::default(),
            crowd: Crowd::default(),
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
        let mut crowd_ticks = interval(Crowd::PACE);
        crowd_ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut crowded = self.crowd.around.subscribe();
        let mut crowd = FuturesUnordered::new();
        let mut in_flight = FuturesUnordered::new();
        let (mut number, mut of_crowd) = (0_u32, 0_u32);
        loop {
            tokio::select! {
                biased;
                // Its sender is this load's own.
                _ = stopped.wait_for(|stopped| *stopped) => break,
                _ = ticks.tick() => {
                    number += 1;
                    let each = 0..self.directions.len();
                    in_flight.extend(each.map(|direction| self.send(direction, number)));
                }
                // So that the next turn knows of it.
                Ok(()) = crowded.changed() => {}
                _ = crowd_ticks.tick(), if self.crowd.is_wanted() => {
                    of_crowd += 1;
                    let all = self.directions.iter();
                    let there = all.filter(|direction| self.crowd.takes(direction));
                    crowd.extend(there.map(|direction| self.send_in_crowd(direction, of_crowd)));
                }
                Some(()) = in_flight.next(), if !in_flight.is_empty() => {}
                Some(()) = crowd.next(), if !crowd.is_empty() => {}
            }
        }
        while in_flight.next().await.is_some() {}
        while crowd.next().await.is_some() {}
    }

    /// Whether there is anywhere for packets to flow.
    pub(super) fn flows(&self) -> bool {
        !self.directions.is_empty()
    }

    /// Has many packets be under way to a home's connector, until it [`ends`](Self::ends).
    pub(super) async fn crowds(&self, home: &str) {
        self.crowd.around.send_replace(Some(home.to_owned()));
        sleep(Crowd::BEFORE).await;
    }

    /// The connector ends now, and whatever is under way to it is in flight.
    pub(super) fn ends(&self) {
        self.crowd.ended(self.now());
    }

    /// One packet more in a direction, of which nothing is counted but when its answer came.
    async fn send_in_crowd(&self, direction: &Direction, number: u32) {
        let (Some(from), Some(to)) = (
            self.run.plan.home(&direction.from),
            self.run.plan.home(&direction.to),
        ) else {
            return;
        };
        let destination = format!("{}.{}.i.{}.{number}", to.prefix, self.nonce, from.id);
        let data = payload(&destination, self.nonce, SIZE);
        let packet = Outgoing {
            destination: &destination,
            amount: 0,
            data: &data,
            limit: Crowd::LIMIT,
        };
        let (sent, begun) = (self.now(), Instant::now());
        if let Some(end) = self.ask(from, &packet).await {
            self.crowd.answered(FaultPacket {
                from: direction.from.clone(),
                to: direction.to.clone(),
                sent,
                took: begun.elapsed(),
                limit: Crowd::LIMIT,
                end,
                arrived: 0,
                excused: false,
            });
        }
    }

    /// Has a home's connector send a packet. `None` where nobody was there to take it.
    async fn ask(&self, home: &HomePlan, packet: &Outgoing<'_>) -> Option<PacketEnd> {
        match self.run.control(home).send(packet).await {
            Ok(Reply::Fulfilled { fits }) => Some(PacketEnd::Fulfilled { fits }),
            Ok(Reply::Rejected { code, .. }) => Some(PacketEnd::Rejected(code)),
            Err(error) if error.is_absence() => None,
            Err(error) => Some(PacketEnd::Unanswered(with_causes(&error).to_string())),
        }
    }

    /// The packets that were under way when a connector was ended.
    pub(super) fn in_flight(&self) -> Vec<FaultPacket> {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let mut packets = self.crowd.in_flight();
        packets.retain(|packet| !is_excused(&away, packet));
        packets
    }

    async fn send(&self, direction: usize, number: u32) {
        let Direction { from, to, .. } = &self.directions[direction];
        let Some(home) = self.run.plan.home(from) else {
            return;
        };
        let destination = format!("{}.{number}", self.destinations[direction]);
        let data = payload(&destination, self.nonce, SIZE);
        let packet = Outgoing {
            destination: &destination,
            amount: 0,
            data: &data,
            limit: LIMIT,
        };
        let sent = self.now();
        let begun = Instant::now();
        let Some(end) = self.ask(home, &packet).await else {
            return;
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
        if packet.is_fulfilled() {
            let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
            traffic.record_at(self.run.recorder.elapsed(), packet.took);
        }
        self.lock().push(Sent {
            direction,
            number,
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

    /// How long packets took that were fulfilled, until now.
    pub(super) fn traffic(&self) -> Latencies {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut traffic)
    }

    /// Forgets packets with which all was well, but for how many there were: sent long enough ago, fulfilled in time,
    /// delivered once. What was not read is looked at the next time.
    pub(super) async fn forget(&self) {
        let settled = self.now().saturating_sub(SETTLED);
        // A server that is away now tells later.
        let _ = self.read().await;
        let arrivals = self.arrivals();
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let mut forgotten = 0;
        self.lock().retain(|sent| {
            let packet = &sent.packet;
            let in_time = packet.took <= packet.limit + FaultPacket::GRACE;
            let is_well = packet.end == (PacketEnd::Fulfilled { fits: true })
                && in_time
                && arrivals.of(sent) == 1
                && !is_excused(&away, packet);
            let goes = packet.sent < settled && is_well;
            forgotten += u64::from(goes);
            !goes
        });
        self.fine.fetch_add(forgotten, Ordering::Relaxed);
    }

    fn arrivals(&self) -> std::sync::MutexGuard<'_, Arrivals> {
        // Counts are whole after any panic.
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what has arrived since the last time. Returns the homes whose servers did not say, each with the reason.
    async fn read(&self) -> Vec<(String, String)> {
        let homes = self.run.plan.homes.iter();
        let records = homes.map(|home| async {
            let first = self.arrivals().read.get(&home.id).copied().unwrap_or(0);
            let received = self.run.control(home).received_from(first).await;
            (home.id.clone(), first, received)
        });
        let mut unread = Vec::new();
        for (home, first, received) in join_all(records).await {
            match received {
                Ok(received) => {
                    let mut arrivals = self.arrivals();
                    let count = u64::try_from(received.len()).unwrap_or(u64::MAX);
                    arrivals.read.insert(home, first.saturating_add(count));
                    let destinations = received.iter().map(|packet| packet.destination.as_str());
                    destinations.for_each(|destination| self.arrived(&mut arrivals, destination));
                }
                Err(error) => unread.push((home, with_causes(&error).to_string())),
            }
        }
        unread
    }

    fn arrived(&self, arrivals: &mut Arrivals, destination: &str) {
        let Some((beginning, number)) = destination.rsplit_once('.') else {
            return;
        };
        let mut destinations = self.destinations.iter();
        let direction = destinations.position(|one| one.eq_ignore_ascii_case(beginning));
        if let (Some(direction), Ok(number)) = (direction, number.parse::<usize>()) {
            let times = &mut arrivals.times[direction];
            // Whoever delivers a number that nobody sent yet makes no list that has no end.
            if number < times.len() + AHEAD {
                times.resize(times.len().max(number + 1), 0);
                times[number] = times[number].saturating_add(1);
            }
        }
    }

    /// Every packet that is not forgotten, with how often it arrived; how many are; and the homes whose servers did
    /// not say what has, each with the reason.
    pub(super) async fn accounted(&self) -> Accounted {
        let unread = self.read().await;
        let mut arrivals = self.arrivals();
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = std::mem::take(&mut *self.lock());
        let mut packets = Vec::new();
        for Sent {
            direction,
            number,
            packet,
        } in sent
        {
            let times = usize::try_from(number).ok();
            let times = times.and_then(|number| arrivals.times[direction].get_mut(number));
            packets.push(FaultPacket {
                arrived: times.map_or(0, std::mem::take).into(),
                excused: is_excused(&away, &packet),
                ..packet
            });
        }
        // Of those that are forgotten each arrived once by then, and any more is one too many.
        let again = arrivals.times.iter().zip(self.directions);
        let again = again.flat_map(|(times, direction)| {
            let twice = times.iter().filter(|times| **times > 1);
            twice.map(move |times| FaultPacket {
                from: direction.from.clone(),
                to: direction.to.clone(),
                sent: 0,
                took: Duration::ZERO,
                limit: LIMIT,
                end: PacketEnd::Fulfilled { fits: true },
                arrived: usize::from(*times),
                excused: false,
            })
        });
        packets.extend(again);
        Accounted {
            packets,
            fine: self.fine.load(Ordering::Relaxed),
            unread,
        }
    }
}

impl Arrivals {
    fn of(&self, sent: &Sent) -> u8 {
        let number = usize::try_from(sent.number).unwrap_or(usize::MAX);
        self.times[sent.direction].get(number).copied().unwrap_or(0)
    }
}

/// What became of a load's packets.
pub(super) struct Accounted {
    /// Those that are not forgotten.
    pub(super) packets: Vec<FaultPacket>,
    /// How many are.
    pub(super) fine: u64,
    /// Homes whose server did not say what it has received, each with the reason.
    pub(super) unread: Vec<(String, String)>,
}

/// Whether the sender's own connector was away while a packet was under way.
fn is_excused(away: &[(String, u64, Option<u64>)], packet: &FaultPacket) -> bool {
    let took = u64::try_from(packet.took.as_millis()).unwrap_or(u64::MAX);
    let answered = packet.sent.saturating_add(took);
    away.iter().any(|(home, from, until)| {
        *home == packet.from && answered >= *from && until.is_none_or(|until| packet.sent <= until)
    })
}
