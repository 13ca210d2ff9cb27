//! The connector's log: JSON lines with a level, a time and an event (contract#log-lines, contract#log-events).

use serde_json::Value;

use crate::connectors::{LogEvent, SessionEvent};

/// What the lines tell of sessions. Lines that are no JSON, and events of another kind, are passed
/// over.
pub(in crate::connectors) fn events(log: &str) -> Vec<LogEvent> {
    log.lines().filter_map(event).collect()
}

fn event(line: &str) -> Option<LogEvent> {
    let line = parse(line)?;
    let what = match line.get("event")?.as_str()? {
        "btp_connection_attempt" => SessionEvent::Dialling,
        "btp_connected" => SessionEvent::Connected,
        "btp_auth_attempt" => SessionEvent::Authenticating,
        "btp_auth_success" => SessionEvent::LetIn,
        "btp_auth" => match line.get("success").and_then(Value::as_bool)? {
            true => SessionEvent::Admitted,
            false => SessionEvent::TurnedAway,
        },
        "btp_auth_failed" => SessionEvent::Refused,
        "btp_forward" => SessionEvent::Forwarded,
        "btp_forward_success" => SessionEvent::Answered,
        _ => return None,
    };
    let peer = line.get("peerId").and_then(Value::as_str);
    // Who was turned away, connectors of this kind do not say.
    let peer = peer.or_else(|| (what == SessionEvent::TurnedAway).then_some(""))?;
    Some(LogEvent {
        at_ms: line.get("time").and_then(Value::as_i64),
        peer: peer.to_owned(),
        what,
    })
}

/// A line as JSON; `None` for whatever else stands in the log.
fn parse(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"
{"level":30,"time":100,"event":"btp_connection_attempt","peerId":"home-b"}
{"level":50,"time":110,"event":"btp_connection_error","peerId":"home-b"}
{"level":30,"time":300,"event":"btp_connected","peerId":"home-b"}
{"level":30,"time":301,"event":"btp_auth_attempt","peerId":"home-b"}
{"level":30,"time":305,"event":"btp_auth_success","peerId":"home-b"}
not JSON
{"level":30,"event":"btp_auth","peerId":"home-a","success":true}
{"level":40,"event":"btp_auth","peerId":"home-a","success":false}
{"level":40,"time":390,"event":"btp_auth","success":false,"reason":"invalid secret"}
{"level":30,"time":400,"event":"btp_forward","peerId":"home-b"}
{"level":30,"time":420,"event":"btp_forward_success","peerId":"home-b"}
{"level":30,"time":430,"event":"btp_connected"}"#;

    #[test]
    fn sessions_are_read_from_the_log_and_the_rest_is_passed_over() {
        let came: Vec<_> = events(LOG)
            .into_iter()
            .map(|event| (event.what, event.at_ms, event.peer))
            .collect();
        let of = |what, at_ms, peer: &str| (what, at_ms, peer.to_owned());
        assert_eq!(
            came,
            [
                of(SessionEvent::Dialling, Some(100), "home-b"),
                of(SessionEvent::Connected, Some(300), "home-b"),
                of(SessionEvent::Authenticating, Some(301), "home-b"),
                of(SessionEvent::LetIn, Some(305), "home-b"),
                of(SessionEvent::Admitted, None, "home-a"),
                of(SessionEvent::TurnedAway, None, "home-a"),
                of(SessionEvent::TurnedAway, Some(390), ""),
                of(SessionEvent::Forwarded, Some(400), "home-b"),
                of(SessionEvent::Answered, Some(420), "home-b"),
            ]
        );
    }
}
