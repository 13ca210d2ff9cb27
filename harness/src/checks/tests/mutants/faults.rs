//! What goes wrong while something is broken.

use std::time::Duration;

use super::super::faulted::dial;
use super::{BentObservation, fails, unknown};
use crate::checks::{
    Ended, FaultPacket, FaultsView, HealthSample, Observations, PacketEnd, PeerSample,
    SocksRequest, Wire,
};
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

/// What was in flight when the far connector was told to end is answered by the end of its time.
fn forgotten(seen: &mut Observations) {
    let packets = view(seen).in_flight.iter_mut();
    packets.for_each(|packet| packet.took = Duration::from_millis(28_500));
    // The fault after it came later.
    let later = &mut view(seen).faults[3];
    (later.started, later.began, later.over) = (122_000, 122_000, Some(122_000));
}

/// The connector that was told to end.
fn ended(seen: &mut Observations) -> &mut Ended {
    view(seen).faults[2].ended.as_mut().expect("is told")
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
    all.extend(of_quiet_and_health());
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
            &["faults.in-flight"],
            "a packet in flight that is answered when its time is over",
            "home-a to home-b at 90.0 s: answered after 28.5 s, and it lived for 30.0 s",
            forgotten,
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
            "pause home-b/bls for 10.0 s, home-b to home-a at 165.0 s: rejected with T00",
            |seen| {
                let mut packets = view(seen).packets.iter_mut();
                let other =
                    packets.find(|packet| packet.sent == 165_000 && packet.from == "home-b");
                let other = other.expect("is there");
                other.end = PacketEnd::Rejected("T00".to_owned());
                other.arrived = 0;
            },
        ),
    ]
}

/// A dial of the far home by the near one, at a time.
fn dial_of_peer(seen: &mut Observations, at: u64) {
    let far = seen.homes.iter().find(|home| home.id == "home-b");
    let far = far.and_then(|home| home.planned.as_ref());
    let host = far.expect("has one").expose().to_owned();
    let dialled = SocksRequest {
        host: Secret::new(host),
        ..dial(at)
    };
    wire(seen).requests.push(dialled);
}

fn of_quiet_and_health() -> Vec<BentObservation> {
    vec![
        fails(
            TRUTH,
            "a health that stays when all peers are away",
            "cut home-b for 45.0 s: home-a says for all of 45.0 s that it is healthy",
            |seen| {
                let healths = view(seen).healths.iter_mut();
                healths
                    .filter(|one| one.home == "home-a")
                    .for_each(|one| one.healthy = true);
            },
        ),
        unknown(
            TRUTH,
            "a health that nobody asked for when all peers were away",
            "cut home-b for 45.0 s: home-a was not asked of its health",
            |seen| {
                let during = 2_000..47_000;
                let healths = &mut view(seen).healths;
                healths.retain(|one| one.home != "home-a" || !during.contains(&one.at));
            },
        ),
        fails(
            TRUTH,
            "a health that does not come back with the peers",
            "cut home-b for 45.0 s: home-a says that it is not healthy, and its peers are connected",
            |seen| {
                one_way(seen);
                let healths = view(seen).healths.iter_mut();
                let after = healths.filter(|one| one.home == "home-a" && one.at >= 54_000);
                after.for_each(|one| one.healthy = false);
            },
        ),
        fails(
            &["faults.held"],
            "a session that is dialled anew while nothing is broken",
            "home-a dialled home-b anew at 1.5 s",
            |seen| dial_of_peer(seen, 1_500),
        ),
        fails(
            &["faults.held"],
            "the same after a fault that is got over",
            "home-a dialled home-b anew at 158.0 s",
            |seen| {
                let said = PeerSample {
                    at: 157_000,
                    home: "home-a".to_owned(),
                    peer: "home-b".to_owned(),
                    connected: Some(true),
                };
                let samples = &mut view(seen).samples;
                samples.insert(samples.len() - 2, said);
                dial_of_peer(seen, 158_000);
            },
        ),
        fails(
            &["faults.undisturbed"],
            "a packet that is lost while nothing is broken",
            "nothing broken, home-a to home-b at 500 ms: rejected with T00",
            |seen| {
                let first = &mut view(seen).packets[0];
                first.end = PacketEnd::Rejected("T00".to_owned());
                first.arrived = 0;
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
            &["faults.closed", "faults.held", "faults.redials"],
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
            |seen| ended(seen).took = Ok(None),
        ),
        unknown(
            &["faults.shutdown"],
            "a connector that could not be told to end",
            "home-b: no answer",
            |seen| {
                let unknown = Err("no answer".to_owned());
                ended(seen).took = unknown;
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
                view(seen).healths.push(HealthSample {
                    at: 185_000,
                    home: "home-a".to_owned(),
                    healthy: true,
                });
            },
        ),
        unknown(
            &[
                "faults.recovered",
                "faults.lost",
                "faults.closed",
                "faults.held",
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
