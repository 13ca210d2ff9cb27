//! How long others are waited for.

use crate::audit::check::{Check, Look};
use crate::audit::connector::Connector;
use crate::audit::duration;
use crate::audit::model::Model;
use crate::audit::place::At;
use crate::audit::yaml::{Node, Value};

/// The longest that a cold circuit takes on a healthy day, in ms.
const CONNECT: u64 = 5_000;
/// What a hop takes at the least of a packet's expiry, in ms.
const HOP: u64 = 2_000;
/// What is advised for the first hop, and for each further one, in ms.
const ADVISED: (u64, u64) = (4_000, 3_000);

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "timeouts.connect",
        says: "connecting may take 5 s",
        looks_at: "variables and settings about connecting, such as BTP_CONNECT_TIMEOUT_MS",
        why: "A connection over the onion network takes 600 ms on a warm circuit and 2 to 5 s on a cold one, where a direct one takes 50 ms.",
        remedy: "allow 5000 ms or more",
        run: connect,
    },
    Check {
        id: "timeouts.expiry",
        says: "packets and what waits for them may take 4 s for one hop, and 3 s for each further one",
        looks_at: "timeouts and expiries of STREAM, SDK, settlement, BTP and packets, in variables and settings; the hops are those of --hops",
        why: "One hop takes 0.4 to 0.7 s over the onion network, three take up to 2.1 s, a cold circuit 2 to 5 s more; a connector hands the sender's expiry on and takes 1 s of it. Too short a time is a rejected packet, or a payment that is given up.",
        remedy: "allow 2 to 4 s for one hop and 6 to 10 s for three",
        run: expiry,
    },
    Check {
        id: "timeouts.told",
        says: "what sends packets by the connector is told how long they may take",
        looks_at: "services that wait for a connector in another network than theirs",
        why: "Programs' own defaults are made for direct connections; whether they fit is told by nothing that was given.",
        remedy: "set the timeouts of STREAM, SDK and settlement for onion peers in the environment of such a service",
        run: told,
    },
];

/// Which of the checks a setting is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Connecting,
    Packets,
}

/// What a name of a setting is about; none where it is none of these.
fn about(name: &str) -> Option<About> {
    let lower = name.to_ascii_lowercase().replace("connector", "");
    if !lower.contains("timeout") && !lower.contains("expir") {
        return None;
    }
    let other = [
        "localdelivery",
        "local_delivery",
        "stop",
        "startup",
        "start_",
        "health",
        "shutdown",
        "keepalive",
        "keep_alive",
        "idle",
        "session",
        "cache",
        "jwt",
        "cookie",
        "database",
        "db_",
    ];
    if other.iter().any(|word| lower.contains(word)) {
        return None;
    }
    if lower.contains("connect") || lower.contains("dial") {
        return Some(About::Connecting);
    }
    let packets = [
        "stream", "sdk", "settle", "packet", "ilp", "btp", "send", "prepare", "hop", "payment",
        "request", "claim", "expir",
    ];
    packets
        .iter()
        .any(|word| lower.contains(word))
        .then_some(About::Packets)
}

/// A time, or why it is none.
enum Time {
    Millis(u64),
    NoUnit,
    NotGiven,
    NotReadable,
}

fn time(name: &str, value: Option<&str>) -> Time {
    let Some(value) = value else {
        return Time::NotGiven;
    };
    let lower = name.to_ascii_lowercase();
    if let Some(time) = duration::parse(value) {
        return Time::Millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    }
    let Ok(number) = value.trim().parse::<u64>() else {
        return Time::NotReadable;
    };
    if lower.ends_with("ms") || lower.ends_with("millis") {
        Time::Millis(number)
    } else if ["_s", "sec", "secs", "seconds"]
        .iter()
        .any(|end| lower.ends_with(end))
    {
        Time::Millis(number.saturating_mul(1000))
    } else if number >= 1000 {
        // Nobody waits a quarter of an hour for a packet.
        Time::Millis(number)
    } else {
        Time::NoUnit
    }
}

/// Every setting of this kind, with its name, value and place.
fn settings(model: &Model) -> Vec<(String, Option<String>, At)> {
    let mut found: Vec<(String, Option<String>, At)> = Vec::new();
    let of_services = model
        .services()
        .flat_map(|(_, service)| &service.environment);
    for variable in of_services.chain(&model.variables) {
        if !found.iter().any(|(_, _, at)| *at == variable.at) {
            found.push((
                variable.name.clone(),
                variable.value.clone(),
                variable.at.clone(),
            ));
        }
    }
    for config in model
        .connectors
        .iter()
        .filter_map(|one| one.config.as_ref())
    {
        of_tree(config, "", &mut found);
    }
    found
}

fn of_tree(node: &Node, path: &str, into: &mut Vec<(String, Option<String>, At)>) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let path = format!(
                    "{path}{}{}",
                    if path.is_empty() { "" } else { "." },
                    entry.key
                );
                if entry.node.scalar().is_some() {
                    into.push((path, entry.node.text().map(str::to_owned), entry.at.clone()));
                } else {
                    of_tree(&entry.node, &path, into);
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| of_tree(item, path, into)),
        Value::Null | Value::Scalar(_) => {}
    }
}

/// Whether anything of this is to be reached over the onion network.
fn concerns_onion(model: &Model) -> bool {
    model.connectors.is_empty()
        || model
            .connectors
            .iter()
            .any(|one| model.meant_for_onion(one))
}

fn judge(model: &Model, look: &mut Look, kind: About, judge: &dyn Fn(&mut Look, &str, u64, &At)) {
    if !concerns_onion(model) {
        return;
    }
    for (name, value, at) in settings(model) {
        if about(&name) != Some(kind) {
            continue;
        }
        match time(&name, value.as_deref()) {
            Time::Millis(millis) => {
                look.at_one();
                judge(look, &name, millis, &at);
            }
            Time::NoUnit => look.unknown(
                &at,
                format!(
                    "{name} has no unit in its name or value: whether these are seconds is not told"
                ),
            ),
            Time::NotGiven => look.note(format!("the value of {name}")),
            Time::NotReadable => {}
        }
    }
}

fn connect(model: &Model, look: &mut Look) {
    judge(model, look, About::Connecting, &|look, name, millis, at| {
        if millis < CONNECT {
            look.fail(at, format!("{name} is {millis} ms"));
        }
    });
}

fn expiry(model: &Model, look: &mut Look) {
    let hops = u64::from(model.hops.max(1));
    let (least, advised) = (HOP * hops, ADVISED.0 + ADVISED.1 * (hops - 1));
    let ways = if hops == 1 {
        "one hop".to_owned()
    } else {
        format!("{hops} hops")
    };
    judge(model, look, About::Packets, &|look, name, millis, at| {
        if millis < least {
            look.fail(
                at,
                format!("{name} is {millis} ms, and {ways} may take {least} ms"),
            );
        } else if millis < advised {
            look.warn(
                at,
                format!("{name} is {millis} ms; {advised} ms are advised for {ways}"),
            );
        }
    });
}

fn told(model: &Model, look: &mut Look) {
    let onion: Vec<&Connector> = model
        .connectors
        .iter()
        .filter(|one| model.meant_for_onion(one))
        .collect();
    for (project_at, project) in model.projects.iter().enumerate() {
        for service in &project.services {
            let waits = onion.iter().any(|one| {
                let place = one.service.filter(|place| place.0 == project_at);
                place.is_some() && service.after().any(|(entry, _)| entry.key == one.name)
            });
            if !waits || service.shares().is_some() {
                continue;
            }
            look.at_one();
            let is_told = service
                .environment
                .iter()
                .any(|one| about(&one.name).is_some());
            if !is_told {
                look.unknown(
                    &service.at,
                    format!(
                        "no variable of {} says how long STREAM, the SDK or settlement wait",
                        service.name
                    ),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are_about() {
        let kind = |name: &str| about(name).map(|about| about == About::Connecting);
        assert_eq!(kind("BTP_CONNECT_TIMEOUT_MS"), Some(true));
        assert_eq!(kind("CONNECTOR_SEND_TIMEOUT_MS"), Some(false));
        assert_eq!(kind("STREAM_TIMEOUT"), Some(false));
        assert_eq!(kind("PACKET_EXPIRY_MS"), Some(false));
        assert_eq!(kind("LOCAL_DELIVERY_TIMEOUT"), None);
        assert_eq!(kind("transport.managedOptions.startupTimeoutMs"), None);
        assert_eq!(kind("DB_TIMEOUT"), None);
    }

    #[test]
    fn a_time_has_a_unit_or_is_not_told() {
        assert!(matches!(time("X_TIMEOUT_MS", Some("30")), Time::Millis(30)));
        assert!(matches!(
            time("X_TIMEOUT_SECONDS", Some("30")),
            Time::Millis(30_000)
        ));
        assert!(matches!(time("X_TIMEOUT", Some("3s")), Time::Millis(3_000)));
        assert!(matches!(time("X_TIMEOUT", Some("30")), Time::NoUnit));
        assert!(matches!(time("X_TIMEOUT", None), Time::NotGiven));
        assert!(matches!(
            time("X_TIMEOUT", Some("never")),
            Time::NotReadable
        ));
    }
}
