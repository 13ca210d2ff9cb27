//! What no connector may be accused of: each is a legitimate difference, as what would be seen of it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::healthy::{healthy, refused};
use crate::checks::{
    Answer, FaultPacket, Observations, Reason, Refusal, Removal, Verdict, judge, verdict,
};
use crate::onion::redact;

/// A difference, the checks that are unsupported with it, and how it would be seen.
type Difference = (&'static str, &'static [&'static str], fn(&mut Observations));

const DIFFERENCES: &[Difference] = &[
    ("no address at any level", &[], |seen| {
        for log in &mut seen.logs {
            log.text = redact(&log.text);
        }
    }),
    ("plain text, with levels", &[], |seen| {
        for log in &mut seen.logs {
            let lines = log
                .text
                .lines()
                .map(|line| format!("10:00:00 DEBUG {}\n", &line[1..]));
            log.text = lines.collect();
        }
        silence_sidecars(seen);
        nothing_logged(seen);
    }),
    (
        "no log",
        &["secrecy.addresses", "secrecy.secrets"],
        |seen| {
            for log in &mut seen.logs {
                log.text.clear();
            }
            nothing_logged(seen);
        },
    ),
    (
        "a log that cannot be read",
        &["secrecy.addresses", "secrecy.secrets"],
        |seen| {
            for log in seen.logs.iter_mut().filter(|log| log.role.is_connector()) {
                log.text.clear();
                log.unread = Some("its driver does not support reading".to_owned());
            }
            nothing_logged(seen);
        },
    ),
    (
        "daemons that log more than they do by themselves",
        &[],
        |seen| {
            let address = seen.homes[0].planned.as_ref().expect("is planned");
            let line = format!(
                "Nov 22 10:00:02.000 [info] asked for {}\n",
                address.expose()
            );
            let mut logs = seen.logs.iter_mut();
            let sidecar = logs.find(|log| log.role.to_string() == "home-b/sidecar");
            sidecar.expect("is there").text.push_str(&line);
        },
    ),
    ("no admission logged", &[], nothing_logged),
    ("no list of peers", &[], |seen| {
        for peering in &mut seen.peerings {
            peering.connected = Err("no such path".to_owned());
        }
        for home in &mut seen.homes {
            let health = home.health.as_mut().expect("tells");
            health.as_mut().expect("has one").decoy_connected = None;
        }
    }),
    ("a list under other ids", &[], |seen| {
        for peering in &mut seen.peerings {
            peering.connected = Ok(None);
        }
    }),
    (
        "no health",
        &["resilience.health", "resilience.health-live"],
        |seen| {
            for home in &mut seen.homes {
                home.health = Ok(None);
            }
        },
    ),
    (
        "no word for its health",
        &["resilience.health-live"],
        |seen| {
            for home in &mut seen.homes {
                let health = home.health.as_mut().expect("tells");
                health.as_mut().expect("has one").status = None;
            }
            let ending = seen.ending.as_mut().expect("ends").as_mut();
            ending.expect("ends").bereft.clear();
        },
    ),
    (
        "a packet in flight that waits until its next hop is back",
        &[],
        |seen| {
            let view = seen.faults.as_mut().expect("is seen").as_mut();
            let packets = view.expect("is broken").in_flight.iter_mut();
            packets.for_each(|packet| packet.took = Duration::from_secs(9));
        },
    ),
    (
        "a packet in flight that waits for a next hop that is not back in time",
        &["faults.in-flight"],
        |seen| {
            let view = seen.faults.as_mut().expect("is seen").as_mut();
            let packets = view.expect("is broken").in_flight.iter_mut();
            // A fault that came meanwhile may have taken the next hop away once more.
            packets.for_each(|packet| packet.took = Duration::from_millis(28_500));
        },
    ),
    (
        "a packet that is sent again when its session is",
        &[],
        |seen| {
            let view = seen.faults.as_mut().expect("is seen").as_mut();
            let view = view.expect("is broken");
            // It was on its way when the peer was dialled anew, at 40 s.
            let on_its_way = FaultPacket {
                sent: 39_000,
                took: Duration::from_secs(2),
                arrived: 2,
                ..view.packets[0].clone()
            };
            view.packets.push(on_its_way);
        },
    ),
    ("claims demanded above 0", &["packets.amounts"], |seen| {
        for packet in seen
            .deliveries
            .iter_mut()
            .filter(|packet| packet.amount > 0)
        {
            packet.arrived.clear();
            packet.answer = Answer::Rejected {
                code: "F06".to_owned(),
                message: "No payment channel claim attached to packet".to_owned(),
            };
        }
    }),
    (
        "nothing above 0 was asked for",
        &["packets.amounts"],
        |seen| {
            seen.only_zero = true;
            seen.deliveries.retain(|packet| packet.amount == 0);
        },
    ),
    ("R02 for too little time", &[], |seen| {
        for reject in &mut seen.rejects {
            if reject.reason == Reason::TooLittleTime {
                reject.came = Ok("R02".to_owned());
            }
        }
    }),
    ("a hop that takes 300 ms off the expiry", &[], |seen| {
        for packet in seen.deliveries.iter_mut().filter(|packet| packet.hops > 0) {
            let expires = super::healthy::EXPIRES_MS + 20 - 300;
            packet.arrived[0].expires_at = super::healthy::iso(expires);
        }
        for reject in &mut seen.rejects {
            if reject.reason == Reason::TooLittleTime {
                reject.came = Err("fulfilled".to_owned());
                reject.fulfilled = true;
            }
        }
    }),
    ("a close with another code, late", &[], |seen| {
        let how = "refused with ERROR F05, connection closed with 1000";
        seen.probe.wrong_secret = Refusal::Refused(how.to_owned());
        seen.probe.configured_secret = Refusal::Refused(how.to_owned());
    }),
    (
        "strangers refused where empty secrets are allowed",
        &[],
        |seen| {
            seen.probe.no_auth_allowed = true;
            seen.probe.stranger = refused();
        },
    ),
    (
        "peers are never forgotten",
        &["resilience.removed-peer"],
        |seen| {
            for home in &mut seen.homes {
                let decoy = home.decoy.as_mut().expect("is told").as_mut();
                decoy.expect("is told").removal = Removal::Unsupported;
            }
        },
    ),
    ("a topology that stays", &["resilience.shutdown"], |seen| {
        seen.ending = Ok(None);
    }),
];

fn nothing_logged(seen: &mut Observations) {
    for peering in &mut seen.peerings {
        peering.admitted_in_line = None;
    }
}

/// The lines of daemons and servers are theirs, and stay as they are.
fn silence_sidecars(seen: &mut Observations) {
    for log in seen.logs.iter_mut().filter(|log| !log.role.is_connector()) {
        log.text.clear();
    }
}

#[test]
fn no_legitimate_difference_fails() {
    for (name, lacking, bend) in DIFFERENCES {
        let mut seen = healthy();
        bend(&mut seen);
        let results = judge(&seen);
        assert_eq!(verdict(&results), Verdict::Pass, "{name}: {results:#?}");
        let unsupported: BTreeSet<&str> = results
            .iter()
            .filter(|result| result.verdict == Verdict::Unsupported)
            .map(|result| result.id.as_str())
            .collect();
        let wanted: BTreeSet<&str> = lacking.iter().copied().collect();
        assert_eq!(unsupported, wanted, "{name}");
    }
}
