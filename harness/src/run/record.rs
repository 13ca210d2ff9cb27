//! Reading what a home's SOCKS and DNS recorder has recorded.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use home_agent::record::{Entry, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::{self, TooLong};
use crate::causes::with_causes;
use crate::checks::{SocksRequest, Wire};
use crate::plan::{HomePlan, RECORD};
use crate::run::context::Run;
use crate::secret::Secret;

/// How long the recorder may take to show its record. It is at hand, or its container is stopped or paused.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

/// The record of a home so far, or why there is none.
pub(in crate::run) async fn read(run: &Run, home: &HomePlan) -> Result<Wire, String> {
    let place = run.reach().socket(home, HomePlan::RECORD_PORT);
    // The recorder shows it for next to nothing, while its container runs; the engine starts a process to read a file.
    let key = run.plan.record_key(home);
    let text = match timeout(SHOWN_WITHIN, shown(place, &key)).await {
        Ok(Ok(text)) => text,
        Ok(Err(_)) | Err(_) => run
            .engine_of(home)
            .read_file(&home.bls, RECORD)
            .await
            .map_err(|error| with_causes(&error).to_string())?,
    };
    parse(&text)
}

/// The record as the recorder shows it: all of it, or an error.
async fn shown(place: SocketAddr, key: &Secret) -> io::Result<String> {
    let mut recorder = TcpStream::connect(place).await?;
    recorder.write_all(key.expose().as_bytes()).await?;
    let length = recorder.read_u64().await?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > answer::MOST {
        return Err(io::Error::other(TooLong {
            limit: answer::MOST,
        }));
    }
    let mut record = vec![0; length];
    recorder.read_exact(&mut record).await?;
    String::from_utf8(record).map_err(io::Error::other)
}

/// Adds the lines up. The last line may be under way; any other that is not a record is an error.
fn parse(text: &str) -> Result<Wire, String> {
    let mut wire = Wire::default();
    let mut requests: BTreeMap<u64, SocksRequest> = BTreeMap::new();
    let mut opened: BTreeMap<u64, u64> = BTreeMap::new();
    let mut listening = false;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for (number, line) in whole.lines().enumerate() {
        let entry: Entry = serde_json::from_str(line)
            .map_err(|error| format!("line {} of its record: {error}", number + 1))?;
        match entry.record {
            Record::Listening { .. } => listening = true,
            Record::Arrival => wire.arrivals += 1,
            Record::Opened { connection } => {
                opened.insert(connection, entry.at_us);
                wire.last_opened_us = entry.at_us;
            }
            Record::Connect {
                connection,
                address_type,
                host,
                upstream,
                ..
            } => {
                let request = SocksRequest {
                    at_us: entry.at_us,
                    opened_us: opened.get(&connection).copied().unwrap_or(entry.at_us),
                    address_type,
                    host: Secret::new(host.expose()),
                    upstream: upstream.port(),
                    reply: None,
                    ended: false,
                    sent: 0,
                    received: 0,
                };
                requests.insert(connection, request);
            }
            Record::Reply { connection, code } => {
                if let Some(request) = requests.get_mut(&connection) {
                    request.reply = Some(code);
                }
            }
            Record::Bytes {
                connection,
                sent,
                received,
            } => {
                if let Some(request) = requests.get_mut(&connection) {
                    (request.sent, request.received) = (sent, received);
                }
            }
            Record::Query { name, .. } => wire.queries.push(Secret::new(name.expose())),
            Record::Malformed { what, .. } => wire.malformed.push(what),
            Record::Closed { connection, .. } => {
                if let Some(request) = requests.get_mut(&connection) {
                    request.ended = true;
                }
            }
        }
    }
    if !listening {
        return Err("its SOCKS and DNS recorder never listened".to_owned());
    }
    wire.requests = requests.into_values().collect();
    // As they were recorded, so that what is new since an earlier look is at the end.
    wire.requests.sort_by_key(|request| request.at_us);
    Ok(wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENING: &str =
        r#"{"at_us":1,"record":"listening","socks":"127.0.0.1:9150","dns":"127.0.0.1:53"}"#;
    const CONNECT: &str = r#"{"at_us":2,"record":"connect","connection":1,"command":1,"address_type":3,"host":"a.anon","port":3000,"user":false,"upstream":"127.0.0.1:4001"}"#;

    #[test]
    fn lines_add_up_and_the_one_under_way_is_left_out() {
        let text = format!(
            "{LISTENING}\n{CONNECT}\n{}\n{}\n{}\n{{\"at_us\":9",
            r#"{"at_us":3,"record":"reply","connection":1,"code":0}"#,
            r#"{"at_us":4,"record":"bytes","connection":1,"sent":70,"received":30}"#,
            r#"{"at_us":5,"record":"query","name":"x.example","type":1,"transport":"udp"}"#,
        );
        let wire = parse(&text).expect("all lines are whole");
        let request = &wire.requests[0];
        assert_eq!(
            (request.address_type, request.upstream, request.reply),
            (3, 4001, Some(0))
        );
        assert_eq!((request.sent, request.received), (70, 30));
        assert_eq!(wire.queries.len(), 1);
    }

    #[test]
    fn a_dial_counts_by_when_it_was_opened_however_late_the_daemon_greets_it() {
        let opened = |at_us, connection| {
            format!(r#"{{"at_us":{at_us},"record":"opened","connection":{connection}}}"#)
        };
        let asked = |at_us, connection| {
            CONNECT
                .replace(r#""at_us":2"#, &format!(r#""at_us":{at_us}"#))
                .replace(
                    r#""connection":1"#,
                    &format!(r#""connection":{connection}"#),
                )
        };
        let early = format!("{LISTENING}\n{}\n{}\n", opened(3, 1), opened(4, 2));
        let removed = parse(&early).expect("all lines are whole").last_opened_us;
        assert_eq!(removed, 4);
        let under_way = format!("{early}{}\n{}\n", asked(700, 2), asked(800, 1));
        let wire = parse(&under_way).expect("all lines are whole");
        assert_eq!(wire.dials_opened_after(removed, "a.anon"), 0);
        let at = wire.requests.iter().map(|one| (one.at_us, one.opened_us));
        assert_eq!(at.collect::<Vec<_>>(), [(700, 4), (800, 3)]);

        let anew = format!("{under_way}{}\n{}\n", opened(900, 3), asked(901, 3));
        let wire = parse(&anew).expect("all lines are whole");
        assert_eq!(wire.dials_opened_after(removed, "a.anon"), 1);
        assert_eq!(wire.dials_opened_after(removed, "b.anon"), 0);
    }

    #[test]
    fn a_record_that_is_none_is_an_error() {
        assert!(parse("").is_err());
        assert!(parse(&format!("{CONNECT}\n")).is_err());
        assert!(parse(&format!("{LISTENING}\nnonsense\n")).is_err());
    }
}
