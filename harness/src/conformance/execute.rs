//! Doing what a row says and noting what comes.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::build;
use super::fence::fence;
use super::forwarding;
use super::legs::{self, Found};
use super::refusal;
use super::report::RowReport;
use super::seen::Seen;
use super::socket::Socket;
use super::subject::{NotReachable, Subject, ended};
use super::table::{Listen, Need, Row, Script, Send};
use crate::causes::with_causes;
use crate::probe::Session;
use crate::trace::{Party, Question};

impl Subject {
    /// Whether this subject has what a row needs. `set_up` says that the connector was set up for
    /// exactly that row.
    pub(super) fn meets(&self, need: Need, set_up: bool) -> bool {
        match need {
            Need::Nothing | Need::BestWithNoAuth => true,
            Need::NoAuth(allowed) => self.noauth == Some(allowed),
            Need::Fulfils => self.fulfils.is_some(),
            Need::Forwards => self.forwards.is_some(),
            Need::Setup(_) => set_up,
            // Whoever keeps it runs such rows (`Watch`).
            Need::Keeper => false,
        }
    }
}

/// A session to watch while the rows are run: it has nothing to do with them and must be served
/// after each. `None` if the peer is not let in, or if the connector serves only one connection of
/// a peer at a time, which is no fault of other rows.
///
/// # Errors
///
/// If the connector cannot be reached.
pub async fn bystander(subject: &Subject) -> Result<Option<Session>, NotReachable> {
    let Some(session) = subject.session().await? else {
        return Ok(None);
    };
    let second = subject.session().await?;
    let packet = build::prepare_nowhere(&subject.codec());
    let served = session.request(packet, subject.limit).await.is_ok();
    if let Some(second) = second {
        second.close().await;
    }
    Ok(served.then_some(session))
}

/// Runs one row. `bystander` is a session that has nothing to do with it and must be served
/// afterwards; `set_up` says that the connector was set up for exactly this row.
///
/// # Errors
///
/// If the connector cannot be reached at all any more. A row that merely fails is no error.
pub async fn run_row(
    row: &Row,
    subject: &Subject,
    bystander: Option<&Session>,
    set_up: bool,
) -> Result<RowReport, NotReachable> {
    if !subject.meets(row.need, set_up) {
        return Ok(RowReport::unsupported(row));
    }
    let question = Question::new(Party::Connector, "under test", format!("row {}", row.id));
    let result = answer(row, subject, bystander).await;
    match &result {
        Ok(report) => question.answered(&format!("{:?}", report.verdict)),
        Err(error) => question.answered(&with_causes(error).to_string()),
    }
    result
}

async fn answer(
    row: &Row,
    subject: &Subject,
    bystander: Option<&Session>,
) -> Result<RowReport, NotReachable> {
    let found: Found = match &row.script {
        Script::Fresh(sends) => {
            let socket = subject.socket().await?;
            Ok(exchange(socket, subject, sends, row).await)
        }
        Script::Admitted(sends) => Ok(match subject.admitted().await {
            Ok(socket) => exchange(socket, subject, sends, row).await,
            Err(error) => vec![Seen::Note(with_causes(&error).to_string())],
        }),
        Script::Http(request) => Ok(http(subject, request).await?.into_iter().take(1).collect()),
        Script::Subprotocol(offered) => Ok(subprotocol(subject, offered).await?),
        Script::Ping => Ok(match subject.admitted().await {
            Ok(socket) => ping(socket, subject).await,
            Err(error) => vec![Seen::Note(with_causes(&error).to_string())],
        }),
        Script::SecondConnection => second_connection(subject).await,
        Script::RefusedElsewhere(login) => refusal::then_serves(subject, login).await,
        Script::RefusedThenForward => refusal::then_forwards(subject).await,
        Script::Forward(what) => forwarding::forward(subject, *what).await,
        Script::OlderCloses => forwarding::older_closes(subject).await,
        Script::NextHopLeaves => forwarding::next_hop_leaves(subject).await,
        Script::ForeignAnswer => forwarding::foreign_answer(subject).await,
        // The one who set the connector up runs `observe_give_up` instead, and the one who keeps it `shutdown`.
        Script::GiveUp | Script::Shutdown => return Ok(RowReport::unsupported(row)),
    };
    let mut came = match found {
        Ok(came) => came,
        Err(why) => return Ok(RowReport::not_judged(row, why)),
    };
    if let Some(bystander) = bystander {
        let packet = build::prepare_nowhere(&subject.codec());
        if bystander.request(packet, subject.limit).await.is_err() {
            came.push(Seen::OthersHarmed);
        }
    }
    Ok(RowReport::judged(row, &came))
}

async fn send(socket: &mut Socket, send: &Send) -> Result<(), Seen> {
    let result = match send {
        Send::Message(message) => socket.send(message.clone()).await,
        Send::Burst(messages) => socket.send_burst(messages.iter().cloned()).await,
        Send::Text(text) => socket.send_text(text).await,
        Send::Raw(bytes) => {
            // A connection that is gone shows itself when it is read.
            let _ = socket.byte_stream().write_all(bytes).await;
            Ok(())
        }
    };
    result.map_err(|end| ended(&end))
}

/// Sends, then listens in the way that the answers which are still possible ask for.
async fn exchange(mut socket: Socket, subject: &Subject, sends: &[Send], row: &Row) -> Vec<Seen> {
    for one in sends {
        if let Err(end) = send(&mut socket, one).await {
            return vec![end];
        }
    }
    let mut came = Vec::new();
    while !came.last().is_some_and(Seen::is_end) {
        match row.listen(&came) {
            Listen::Done => break,
            Listen::Ask(last) => {
                fence(&mut socket, subject, &mut came, last).await;
                break;
            }
            Listen::Receive => match socket.next(subject.limit).await {
                Some(incoming) => came.push(Seen::incoming(&incoming, &subject.codec())),
                None => {
                    came.push(Seen::Silence);
                    break;
                }
            },
        }
    }
    // Leaves as a peer should, so that what is left behind does not disturb the next row.
    if !came.last().is_some_and(Seen::is_end) {
        socket.close(subject.limit).await;
    }
    came
}

async fn ping(mut socket: Socket, subject: &Subject) -> Vec<Seen> {
    let mut came = vec![match socket.ping(subject.limit).await {
        Some(_) => Seen::Note("pong".to_owned()),
        None => Seen::Silence,
    }];
    fence(&mut socket, subject, &mut came, Seen::Served).await;
    socket.close(subject.limit).await;
    came
}

/// What a packet on the older of two connections leads to, and whether the newer one is served.
async fn second_connection(subject: &Subject) -> Found {
    let mut older = subject.admitted().await.map_err(legs::why)?;
    let mut newer = subject.admitted().await.map_err(legs::why)?;
    let message = build::message_nowhere(&subject.codec(), build::ROW_ID);
    let mut came = Vec::new();
    // A write that fails shows itself in what is read.
    let _ = older.send(message).await;
    came.push(match older.next(subject.limit).await {
        Some(incoming) => Seen::incoming(&incoming, &subject.codec()),
        None => Seen::Silence,
    });
    fence(&mut newer, subject, &mut came, Seen::Served).await;
    older.close(subject.limit).await;
    newer.close(subject.limit).await;
    Ok(came)
}

/// The status and, as a note, the head of the answer to an HTTP request.
async fn http(subject: &Subject, request: &str) -> Result<Vec<Seen>, NotReachable> {
    let mut stream = subject.stream().await?;
    let exchange = async {
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") && answer.len() < 64 * 1024 {
            let count = stream.read(&mut buffer).await.ok()?;
            if count == 0 {
                break;
            }
            answer.extend_from_slice(&buffer[..count]);
        }
        Some(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = tokio::time::timeout(subject.limit, exchange).await;
    Ok(match answer {
        Err(_) => vec![Seen::Silence],
        Ok(None) => vec![Seen::Ended("broken".to_owned())],
        Ok(Some(answer)) => {
            let status = answer
                .strip_prefix("HTTP/1.1 ")
                .and_then(|rest| rest.get(..3))
                .and_then(|status| status.parse().ok());
            match status {
                Some(status) => vec![Seen::Http(status), Seen::Note(answer)],
                None => vec![Seen::Ended("ended without an HTTP status".to_owned())],
            }
        }
    })
}

async fn subprotocol(subject: &Subject, offered: &str) -> Result<Vec<Seen>, NotReachable> {
    let request = format!(
        "{}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: {offered}\r\n\r\n",
        subject.request_head()
    );
    let answer = http(subject, &request).await?;
    let [Seen::Http(101), Seen::Note(head)] = answer.as_slice() else {
        return Ok(answer.into_iter().take(1).collect());
    };
    let chosen = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-protocol")
            .then(|| value.trim().to_owned())
    });
    Ok(vec![Seen::Note(match chosen {
        Some(name) => format!("subprotocol {name}"),
        None => "no subprotocol".to_owned(),
    })])
}

/// For the row whose connector dials the tester: accepts it at `listener`, never answers its
/// authentication, and notes when it gives up and whether it comes again, each within `limit`.
pub async fn observe_give_up(row: &Row, listener: &TcpListener, limit: Duration) -> RowReport {
    let mut came = Vec::new();
    let accept = async {
        let (stream, _) = listener.accept().await.ok()?;
        tokio_tungstenite::accept_async(stream).await.ok()
    };
    let Ok(Some(mut socket)) = tokio::time::timeout(limit, accept).await else {
        return RowReport::judged(row, &[Seen::Silence]);
    };
    let started = Instant::now();
    let until_end = async {
        use futures_util::StreamExt;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    };
    came.push(match tokio::time::timeout(limit, until_end).await {
        Ok(()) => Seen::Note("gave up".to_owned()),
        Err(_) => Seen::Silence,
    });
    let waited = started.elapsed().as_secs_f64();
    came.push(Seen::Aside(format!("after {waited:.0} s")));
    drop(socket);
    came.push(match tokio::time::timeout(limit, listener.accept()).await {
        Ok(Ok(_)) => Seen::Note("tried again".to_owned()),
        _ => Seen::Silence,
    });
    RowReport::judged(row, &came)
}
