//! Packets between the homes and those of the probe.

use super::{Mutant, fails, fails_all};
use crate::checks::Observations;
use crate::connector::{Received, SendAnswer};

fn answer(seen: &mut Observations) -> &mut SendAnswer {
    let answer = seen.deliveries[1].answer.as_mut();
    answer.expect("a healthy connector answers")
}

fn received(seen: &mut Observations) -> &mut Received {
    &mut seen.deliveries[1].arrived[0]
}

const ACCEPTED: &[&str; 1] = &["packets.accepted"];
const DELIVERED: &[&str; 1] = &["packets.delivered"];
const BOTH: &[&str] = &["packets.accepted", "packets.delivered"];
const NO_ROUTE: &[&str; 1] = &["packets.no-route"];
const PROBE: &[&str; 1] = &["packets.probe"];

pub(super) fn between_homes() -> Vec<Mutant> {
    vec![
        fails(
            ACCEPTED,
            "a fulfillment that does not fit",
            "home-a to home-b of 1000: the fulfillment does not fit",
            |seen| {
                answer(seen).fulfillment = Some("another".to_owned());
            },
        ),
        fails(
            ACCEPTED,
            "accepted without a fulfillment",
            "the fulfillment does not fit",
            |seen| {
                answer(seen).fulfillment = None;
            },
        ),
        fails(
            ACCEPTED,
            "a rejected packet",
            "rejected with T04 no liquidity",
            |seen| {
                *answer(seen) = SendAnswer {
                    code: Some("T04".to_owned()),
                    message: Some("no liquidity".to_owned()),
                    ..SendAnswer::default()
                };
            },
        ),
        fails(
            ACCEPTED,
            "a packet without an answer",
            "home-a to home-b of 1000: timed out",
            |seen| {
                seen.deliveries[1].answer = Err("timed out".to_owned());
            },
        ),
        fails_all(
            BOTH,
            "no packet above 0 in one direction",
            "none of amount above 0 from home-a to home-b",
            |seen| {
                seen.deliveries.remove(1);
            },
        ),
        fails_all(
            BOTH,
            "no packet of 0 in one direction",
            "none of amount 0 from home-b to home-a",
            |seen| {
                seen.deliveries.remove(2);
            },
        ),
        fails(
            DELIVERED,
            "a packet delivered twice",
            "arrived 2 times",
            |seen| {
                let twin = received(seen).clone();
                seen.deliveries[1].arrived.push(Received {
                    payment_id: "another".to_owned(),
                    ..twin
                });
            },
        ),
        fails(
            DELIVERED,
            "a packet that is accepted and not delivered",
            "arrived 0 times",
            |seen| {
                seen.deliveries[1].arrived.clear();
            },
        ),
        fails(
            DELIVERED,
            "a packet at the wrong home too",
            "arrived at another home 1 times",
            |seen| {
                seen.deliveries[1].arrived_elsewhere = 1;
            },
        ),
        fails(
            DELIVERED,
            "two payloads swapped",
            "arrived with another payload",
            |seen| {
                let (first, second) = seen.deliveries.split_at_mut(1);
                std::mem::swap(
                    &mut first[0].arrived[0].data,
                    &mut second[0].arrived[0].data,
                );
            },
        ),
        fails(
            DELIVERED,
            "another amount",
            "arrived with amount 999",
            |seen| {
                received(seen).amount = "999".to_owned();
            },
        ),
        fails(
            DELIVERED,
            "another destination",
            "arrived for test.home-b.other",
            |seen| {
                received(seen).destination = "test.home-b.other".to_owned();
            },
        ),
        fails(DELIVERED, "no payment id", "without a payment id", |seen| {
            received(seen).payment_id.clear();
        }),
        fails(
            DELIVERED,
            "a payment id used again",
            "the payment id of another packet",
            |seen| {
                received(seen).payment_id = seen.deliveries[0].arrived[0].payment_id.clone();
            },
        ),
        fails(
            NO_ROUTE,
            "another code for an unknown destination",
            "home-a answered F00",
            |seen| {
                seen.unknown[0].came = Ok("F00".to_owned());
            },
        ),
        fails(
            NO_ROUTE,
            "an unknown destination is fulfilled",
            "home-a: accepted",
            |seen| {
                seen.unknown[0].came = Err("accepted".to_owned());
            },
        ),
        fails(
            NO_ROUTE,
            "one connector was not asked",
            "home-b was not asked",
            |seen| {
                seen.unknown.remove(1);
            },
        ),
    ]
}

pub(super) fn of_the_probe() -> Vec<Mutant> {
    vec![
        fails(
            PROBE,
            "one packet lost",
            "199 of 200 fulfilled; 1 timed out",
            |seen| {
                seen.probe.fulfilled -= 1;
                seen.probe.other_outcomes.insert("timed out".to_owned(), 1);
            },
        ),
        fails(
            PROBE,
            "one packet fulfilled and not delivered",
            "199 of 200 recorded at home-b",
            |seen| {
                seen.probe.recorded -= 1;
            },
        ),
        fails(
            PROBE,
            "one packet delivered twice",
            "1 recorded more than once",
            |seen| {
                seen.probe.repeated = 1;
            },
        ),
        fails(
            PROBE,
            "duplicate answers",
            "1 late, duplicate, unknown or undecodable answers",
            |seen| {
                seen.probe.counters.duplicate = 1;
            },
        ),
        fails(
            PROBE,
            "late answers",
            "2 late, duplicate, unknown or undecodable answers",
            |seen| {
                seen.probe.counters.late = 2;
            },
        ),
        fails(
            PROBE,
            "answers to nothing",
            "1 late, duplicate, unknown or undecodable answers",
            |seen| {
                seen.probe.counters.unknown_id = 1;
            },
        ),
        fails(
            PROBE,
            "answers that cannot be read",
            "1 late, duplicate, unknown or undecodable answers",
            |seen| {
                seen.probe.counters.undecodable = 1;
            },
        ),
        fails(
            PROBE,
            "no packet sent",
            "found nothing to look at",
            |seen| {
                seen.probe.sent = 0;
                seen.probe.fulfilled = 0;
                seen.probe.recorded = 0;
            },
        ),
    ]
}
