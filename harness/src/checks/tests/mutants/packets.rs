//! Packets between the homes and those of the probe.

use super::super::healthy::{EXPIRES_MS, iso};
use super::{BentObservation, fails, fails_all, unknown};
use crate::checks::{Answer, Delivery, Observations};
use crate::connectors::Received;

/// A packet above 0 from home A to home B.
fn packet(seen: &mut Observations) -> &mut Delivery {
    &mut seen.deliveries[1]
}

fn reject(packet: &mut Delivery, code: &str) {
    packet.arrived.clear();
    packet.answer = Answer::Rejected {
        code: code.to_owned(),
        message: "no liquidity".to_owned(),
    };
}

fn received(seen: &mut Observations) -> &mut Received {
    &mut packet(seen).arrived[0]
}

/// The packets of the probe.
fn probed(seen: &mut Observations) -> impl Iterator<Item = &mut Delivery> {
    let id = &seen.probe.id;
    seen.deliveries
        .iter_mut()
        .filter(move |one| one.from == *id)
}

/// Of something there has to be a packet, or no property of the packets is known to hold.
const ALL: &[&str] = &[
    "packets.accepted",
    "packets.delivered",
    "packets.fulfillment",
    "packets.hops",
    "packets.once",
    "packets.payload",
];
const ACCEPTED: &[&str; 1] = &["packets.accepted"];
const AMOUNTS: &[&str; 1] = &["packets.amounts"];
const FULFILLMENT: &[&str; 1] = &["packets.fulfillment"];
const DELIVERED: &[&str; 1] = &["packets.delivered"];
const ONCE: &[&str; 1] = &["packets.once"];
const PAYLOAD: &[&str; 1] = &["packets.payload"];
const HOPS: &[&str; 1] = &["packets.hops"];

pub(super) fn mutants() -> Vec<BentObservation> {
    let mut all = missing();
    all.extend(answers());
    all.extend(arrivals());
    all.extend(repeats());
    all.extend(changes());
    all
}

fn missing() -> Vec<BentObservation> {
    vec![
        fails(
            AMOUNTS,
            "no packet above 0 in one direction",
            "none of an amount above 0 from home-a to home-b",
            |seen| {
                seen.deliveries.remove(1);
            },
        ),
        fails_all(
            ALL,
            "no packet of 0 in one direction",
            "none of amount 0 from home-b to home-a",
            |seen| {
                seen.deliveries.remove(2);
            },
        ),
        fails_all(
            ALL,
            "no packet over a path",
            "none over the path from home-a to home-c",
            |seen| {
                let path = ("home-a".to_owned(), "home-c".to_owned());
                seen.paths.push(path);
            },
        ),
        fails_all(
            ALL,
            "no packet of a probe that has a session",
            "none of the probe from probe to home-b",
            |seen| seen.deliveries.retain(|packet| packet.from != "probe"),
        ),
        fails_all(
            ALL,
            "no packet of the probe to the home behind",
            "none of the probe from probe to home-c",
            |seen| seen.probe.far = Some("home-c".to_owned()),
        ),
    ]
}

fn answers() -> Vec<BentObservation> {
    vec![
        unknown(
            &[
                "isolation.circuit",
                "packets.delivered",
                "packets.hops",
                "packets.once",
                "packets.payload",
            ],
            "a business-logic server that cannot be asked",
            "home-b: its record could not be read",
            |seen| {
                let reason = "its record could not be read".to_owned();
                seen.unread_servers.insert("home-b".to_owned(), reason);
                for packet in &mut seen.deliveries {
                    if packet.to == "home-b" {
                        packet.arrived.clear();
                    }
                }
            },
        ),
        fails(
            ACCEPTED,
            "a rejected packet",
            "home-a to home-b: rejected with T04 no liquidity",
            |seen| reject(&mut seen.deliveries[0], "T04"),
        ),
        fails(
            ACCEPTED,
            "a packet without an answer",
            "home-a to home-b: timed out",
            |seen| seen.deliveries[0].answer = Answer::Otherwise("timed out".to_owned()),
        ),
        fails(
            AMOUNTS,
            "an amount that is refused for another reason",
            "home-a to home-b: rejected with F00 no liquidity",
            |seen| reject(packet(seen), "F00"),
        ),
        fails(
            AMOUNTS,
            "an amount without an answer",
            "home-a to home-b: timed out",
            |seen| packet(seen).answer = Answer::Otherwise("timed out".to_owned()),
        ),
        fails_all(
            &["isolation.circuit", "packets.accepted", "packets.amounts"],
            "neither 0 nor more goes through",
            "home-a to home-b: rejected with T00 no liquidity",
            |seen| {
                reject(&mut seen.deliveries[0], "T00");
                reject(packet(seen), "T00");
            },
        ),
        fails(
            ACCEPTED,
            "every tenth packet is lost",
            "probe to home-b: no answer (20 packets)",
            |seen| {
                for packet in probed(seen).step_by(10) {
                    packet.answer = Answer::Otherwise("no answer".to_owned());
                    packet.arrived.clear();
                }
            },
        ),
        fails(
            FULFILLMENT,
            "a fulfillment that does not fit",
            "home-a to home-b: the fulfillment does not fit",
            |seen| packet(seen).answer = Answer::Fulfilled { fits: false },
        ),
        fails(
            FULFILLMENT,
            "no fulfillment of the probe's fits",
            "probe to home-b: the fulfillment does not fit the condition (200 packets)",
            |seen| {
                probed(seen).for_each(|packet| packet.answer = Answer::Fulfilled { fits: false });
            },
        ),
    ]
}

fn arrivals() -> Vec<BentObservation> {
    vec![
        fails(
            DELIVERED,
            "a packet that is fulfilled and not delivered",
            "home-a to home-b: fulfilled, but never arrived",
            |seen| packet(seen).arrived.clear(),
        ),
        fails(
            DELIVERED,
            "no packet of the probe is delivered",
            "probe to home-b: fulfilled, but never arrived (200 packets)",
            |seen| probed(seen).for_each(|packet| packet.arrived.clear()),
        ),
        fails(
            DELIVERED,
            "another amount",
            "home-a to home-b: arrived with another amount",
            |seen| received(seen).amount = "999".to_owned(),
        ),
    ]
}

fn repeats() -> Vec<BentObservation> {
    vec![
        fails(
            ONCE,
            "a packet delivered twice",
            "home-a to home-b: arrived 2 times",
            |seen| {
                let twin = received(seen).clone();
                packet(seen).arrived.push(Received {
                    payment_id: "another".to_owned(),
                    ..twin
                });
            },
        ),
        fails(
            ONCE,
            "a packet at the wrong home too",
            "home-a to home-b: arrived at another home",
            |seen| packet(seen).arrived_elsewhere = 1,
        ),
        fails(ONCE, "no payment id", "without a payment id", |seen| {
            received(seen).payment_id.clear();
        }),
        fails(
            ONCE,
            "a payment id used again",
            "with another packet's payment id",
            |seen| {
                received(seen).payment_id = seen.deliveries[0].arrived[0].payment_id.clone();
            },
        ),
        fails(ONCE, "duplicate answers", "1 late, duplicate", |seen| {
            seen.probe.counters.duplicate = 1;
        }),
        fails(ONCE, "late answers", "2 late, duplicate", |seen| {
            seen.probe.counters.late = 2;
        }),
        fails(ONCE, "answers to nothing", "1 late, duplicate", |seen| {
            seen.probe.counters.unknown_id = 1;
        }),
        fails(
            ONCE,
            "answers that cannot be read",
            "1 late, duplicate, unknown or undecodable answers",
            |seen| seen.probe.counters.undecodable = 1,
        ),
    ]
}

fn changes() -> Vec<BentObservation> {
    vec![
        fails(
            PAYLOAD,
            "two payloads swapped",
            "home-a to home-b: arrived with another payload (2 packets)",
            |seen| {
                let (first, second) = seen.deliveries.split_at_mut(1);
                std::mem::swap(
                    &mut first[0].arrived[0].data,
                    &mut second[0].arrived[0].data,
                );
            },
        ),
        fails(PAYLOAD, "a payload lost", "another payload", |seen| {
            received(seen).data.clear();
        }),
        fails(
            HOPS,
            "a hop that takes nothing of the expiry",
            "home-a to home-b: its expiry is not earlier, after 1 hops",
            |seen| received(seen).expires_at = iso(EXPIRES_MS + 20),
        ),
        fails(
            HOPS,
            "one hop more than there are",
            "probe to home-b: its expiry is 980 ms earlier, and no connector handed it on (200 packets)",
            |seen| {
                let late = iso(EXPIRES_MS - 980);
                probed(seen).for_each(|packet| packet.arrived[0].expires_at.clone_from(&late));
            },
        ),
        fails(
            HOPS,
            "no expiry",
            "home-a to home-b: arrived without an expiry",
            |seen| received(seen).expires_at.clear(),
        ),
        fails(
            HOPS,
            "an expiry that is no time",
            "home-a to home-b: arrived without an expiry",
            |seen| received(seen).expires_at = "in a second".to_owned(),
        ),
    ]
}
