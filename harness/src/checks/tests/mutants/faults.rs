//! What goes wrong while something is broken.

use std::time::Duration;

use super::super::faulted::dial;
use super::{BentObservation, fails, unknown};
use crate::checks::{FaultPacket, FaultsView, Observations, PacketEnd, Wire};
use crate::secret::Secret;

fn view(seen: &mut Observations) -> &mut FaultsView {
    let view = seen.faults.as_mut().expect("is seen");
    view.as_mut().expect("is broken")
}

fn wire(seen: &mut Observations) -> &mut Wire {
    let (_, wire) = &mut view(seen).wires[0];
    wire.as_mut().expect("is read")
}

/// The packet that was rejected in the middle of the cut.
fn rejected(seen: &mut Observations) -> &mut FaultPacket {
    let mut packets = view(seen).packets.iter_mut();
    let found = packets.find(|packet| packet.end == PacketEnd::Rejected("T01".to_owned()));
    found.expect("is there")
}

/// The home that the probe dials dials nobody itself.
fn one_way(seen: &mut Observations) {
    view(seen).samples.retain(|one| one.home == "home-a");
}

const ANSWERED: &[&str; 1] = &["faults.answered"];
const ONCE: &[&str; 1] = &["faults.once"];
const TRUTH: &[&str; 1] = &["faults.truth"];
const REDIALS: &[&str; 1] = &["faults.redials"];

pub(super) fn mutants() -> Vec<BentObservation> {
    let mut all = of_packets();
    all.extend(of_peers());
    all.extend(of_recovery());
    all
}

fn of_packets() -> Vec<BentObservation> {
    vec![
        fails(
            ANSWERED,
            "a packet that is forgotten",
            "home-a to home-b at 10.0 s: no answer",
            |seen| rejected(seen).end = PacketEnd::Unanswered("no answer".to_owned()),
        ),
        fails(
            ANSWERED,
            "an answer after the expiry",
            "answered after 9.0 s, and it lived for 5.0 s",
            |seen| rejected(seen).took = Duration::from_secs(9),
        ),
        fails(
            ANSWERED,
            "a fulfillment that does not fit",
            "its fulfillment does not fit",
            |seen| view(seen).packets[0].end = PacketEnd::Fulfilled { fits: false },
        ),
        fails(
            ONCE,
            "a packet that is delivered again after a reconnect",
            "home-a to home-b at 10.0 s: delivered 2 times",
            |seen| rejected(seen).arrived = 2,
        ),
        fails(
            ONCE,
            "a packet that is fulfilled and not delivered",
            "fulfilled, and not delivered",
            |seen| view(seen).packets[0].arrived = 0,
        ),
        unknown(
            ONCE,
            "a server that does not say what it has received",
            "home-b: no answer",
            |seen| view(seen).unread = vec![("home-b".to_owned(), "no answer".to_owned())],
        ),
        fails(
            &["faults.lost"],
            "more packets than may be are lost",
            "cut home-b for 45.0 s: 3 lost, of 2 at most",
            |seen| {
                let more = rejected(seen).clone();
                view(seen).packets.push(more);
            },
        ),
        fails(
            &["faults.undisturbed"],
            "a direction that has nothing to do with it is disturbed",
            "pause home-b/bls for 10.0 s, home-b to home-a at 65.0 s: rejected with T00",
            |seen| {
                let mut packets = view(seen).packets.iter_mut();
                let other = packets.find(|packet| packet.sent == 65_000 && packet.from == "home-b");
                let other = other.expect("is there");
                other.end = PacketEnd::Rejected("T00".to_owned());
                other.arrived = 0;
            },
        ),
    ]
}

fn of_peers() -> Vec<BentObservation> {
    vec![
        fails(
            &["faults.closed"],
            "a direct dial when the proxy is down",
            "home-a: 1 direct dials",
            |seen| wire(seen).arrivals = 1,
        ),
        fails(
            &["faults.closed"],
            "a name that is asked of DNS when the proxy is down",
            "home-a: 1 DNS queries",
            |seen| wire(seen).queries.push(Secret::new("a name")),
        ),
        unknown(
            &["faults.closed", "faults.redials"],
            "a recorder that cannot be read",
            "home-a: no record",
            |seen| view(seen).wires[0].1 = Err("no record".to_owned()),
        ),
        fails(
            REDIALS,
            "dials without a pause",
            "home-a: more than 20 dials of one peer within 4 s",
            |seen| wire(seen).requests = (0..40).map(|number| dial(38_000 + number * 50)).collect(),
        ),
        fails(
            TRUTH,
            "a peer that is away and listed as connected",
            "cut home-b for 45.0 s: home-a of home-b connected for all of 45.0 s",
            |seen| {
                let samples = view(seen).samples.iter_mut();
                let own = samples.filter(|one| one.home == "home-a");
                own.for_each(|one| one.connected = Some(true));
            },
        ),
        fails(
            TRUTH,
            "a peer that is back and listed as away",
            "home-a of home-b away, with packets fulfilled for",
            |seen| {
                one_way(seen);
                let samples = view(seen).samples.iter_mut();
                let last = samples.filter(|one| one.at == 54_000);
                last.for_each(|one| one.connected = Some(false));
            },
        ),
        unknown(
            TRUTH,
            "a connector that nobody asked afterwards",
            "home-a of home-b was not asked after it",
            |seen| {
                one_way(seen);
                view(seen).samples.retain(|one| one.at != 54_000);
            },
        ),
        fails(
            &["faults.shutdown"],
            "a connector that does not end",
            "home-b had not ended 10.0 s after SIGTERM",
            |seen| view(seen).faults[2].ended = Some(("home-b".to_owned(), Ok(None))),
        ),
        unknown(
            &["faults.shutdown"],
            "a connector that could not be told to end",
            "home-b: no answer",
            |seen| {
                let unknown = Err("no answer".to_owned());
                view(seen).faults[2].ended = Some(("home-b".to_owned(), unknown));
            },
        ),
    ]
}

fn of_recovery() -> Vec<BentObservation> {
    vec![
        fails(
            &["faults.recovered"],
            "a peering that is dead after an outage",
            "cut home-b for 45.0 s: home-a to home-b not within 8.0 s",
            |seen| {
                let view = view(seen);
                view.faults[0].concerned[0].took = None;
                view.faults[0].until = 55_000;
            },
        ),
        fails(
            &["faults.recovered"],
            "a peering that takes too long to come back",
            "after 70.0 s, of 60.0 s",
            |seen| {
                let fault = &mut view(seen).faults[3];
                fault.concerned[0].took = Some(Duration::from_secs(70));
                fault.until = 190_000;
                let samples = &mut view(seen).samples;
                let last = samples.iter().rfind(|one| one.home == "home-a").cloned();
                samples.extend(last.map(|last| crate::checks::PeerSample {
                    at: 185_000,
                    ..last
                }));
            },
        ),
        unknown(
            &[
                "faults.recovered",
                "faults.lost",
                "faults.closed",
                "faults.redials",
                "faults.truth",
                "faults.undisturbed",
            ],
            "a fault that could not be made",
            "cut home-b for 45.0 s: there is no route",
            |seen| view(seen).faults[0].failed = Some("there is no route".to_owned()),
        ),
        fails(
            &["identity.kept"],
            "an address that changes on restart",
            "home-b has another address, and its keys are there",
            |seen| {
                let identity = view(seen).faults[3].identity.as_mut();
                identity.expect("is looked at").after = Ok(Secret::new("another"));
            },
        ),
        fails(
            &["identity.kept"],
            "an address that outlives its keys",
            "home-b has the address of keys that are gone",
            |seen| {
                let identity = view(seen).faults[3].identity.as_mut();
                identity.expect("is looked at").keys_lost = true;
            },
        ),
        unknown(
            &["identity.kept"],
            "a daemon that has no address again",
            "home-b: it has no address",
            |seen| {
                let identity = view(seen).faults[3].identity.as_mut();
                identity.expect("is looked at").after = Err("it has no address".to_owned());
            },
        ),
    ]
}
