//! Packets that have to be rejected.

use super::{BentObservation, fails};
use crate::checks::{Observations, Reason, Reject};

/// The last packet that was sent to be rejected for a reason: the probe's.
fn reject(seen: &mut Observations, reason: Reason) -> &mut Reject {
    let mut rejects = seen.rejects.iter_mut().rev();
    let reject = rejects.find(|reject| reject.reason == reason);
    reject.expect("a healthy run tries every reason")
}

fn answered(seen: &mut Observations, reason: Reason, code: &str) {
    reject(seen, reason).came = Ok(code.to_owned());
}

fn fulfilled(seen: &mut Observations, reason: Reason) {
    let reject = reject(seen, reason);
    reject.came = Err("fulfilled".to_owned());
    reject.fulfilled = true;
}

fn never_tried(seen: &mut Observations, reason: Reason) {
    seen.rejects.retain(|reject| reject.reason != reason);
}

const NO_ROUTE: &[&str; 1] = &["packets.no-route"];
const EXPIRED: &[&str; 1] = &["packets.expired"];
const APPLICATION: &[&str; 1] = &["packets.application-error"];

pub(super) fn mutants() -> Vec<BentObservation> {
    let mut all = unknown();
    all.extend(late());
    all.extend(refused());
    all
}

fn unknown() -> Vec<BentObservation> {
    vec![
        fails(
            NO_ROUTE,
            "another code for an unknown destination",
            "unknown destination: home-a answered F00",
            |seen| seen.rejects[0].came = Ok("F00".to_owned()),
        ),
        fails(
            NO_ROUTE,
            "another code for the probe's unknown destination",
            "unknown destination: home-b, by the probe answered T01",
            |seen| answered(seen, Reason::NoRoute, "T01"),
        ),
        fails(
            NO_ROUTE,
            "an unknown destination is fulfilled",
            "unknown destination: home-a accepted",
            |seen| seen.rejects[0].came = Err("accepted".to_owned()),
        ),
        fails(
            NO_ROUTE,
            "one connector was not asked",
            "home-b was not asked",
            |seen| seen.rejects.retain(|reject| reject.asked != "home-b"),
        ),
        fails(
            NO_ROUTE,
            "no unknown destination was tried",
            "unknown destination: no packet was sent that F02 is due to",
            |seen| never_tried(seen, Reason::NoRoute),
        ),
    ]
}

fn late() -> Vec<BentObservation> {
    vec![
        fails(
            EXPIRED,
            "an expired packet is fulfilled",
            "expired packet: home-b, by the probe fulfilled",
            |seen| reject(seen, Reason::Expired).came = Err("fulfilled".to_owned()),
        ),
        fails(
            EXPIRED,
            "another code for an expired packet",
            "expired packet: home-b, by the probe answered F99",
            |seen| answered(seen, Reason::Expired, "F99"),
        ),
        fails(
            EXPIRED,
            "no expired packet was tried",
            "expired packet: no packet was sent that R00 is due to",
            |seen| never_tried(seen, Reason::Expired),
        ),
        fails(
            EXPIRED,
            "a packet with too little time is handed on",
            "too little time: home-b, by the probe fulfilled",
            |seen| fulfilled(seen, Reason::TooLittleTime),
        ),
        fails(
            EXPIRED,
            "another code for too little time",
            "too little time: home-b, by the probe answered F02",
            |seen| answered(seen, Reason::TooLittleTime, "F02"),
        ),
        fails(
            EXPIRED,
            "no packet with too little time was tried",
            "too little time: no packet was sent that R00 or R02 is due to",
            |seen| never_tried(seen, Reason::TooLittleTime),
        ),
    ]
}

fn refused() -> Vec<BentObservation> {
    vec![
        fails(
            APPLICATION,
            "another code than the server's",
            "refusal by the server: home-b, by the probe answered F00",
            |seen| answered(seen, Reason::Application, "F00"),
        ),
        fails(
            APPLICATION,
            "what the server refuses is fulfilled",
            "refusal by the server: home-b, by the probe fulfilled",
            |seen| reject(seen, Reason::Application).came = Err("fulfilled".to_owned()),
        ),
        fails(
            APPLICATION,
            "no answer to what the server refuses",
            "refusal by the server: home-b, by the probe no answer in time",
            |seen| reject(seen, Reason::Application).came = Err("no answer in time".to_owned()),
        ),
        fails(
            APPLICATION,
            "nothing was tried that the server refuses",
            "refusal by the server: no packet was sent that F99 is due to",
            |seen| never_tried(seen, Reason::Application),
        ),
    ]
}
