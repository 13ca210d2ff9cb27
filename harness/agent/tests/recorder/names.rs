//! What the name server answers and records.

use home_agent::record::{Record, Transport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;

use crate::common::{dial, random, within};
use crate::support::Recorder;

/// A query for one name, A.
fn query(id: u16, name: &str) -> Vec<u8> {
    use simple_dns::{CLASS, Name, Packet, QCLASS, QTYPE, Question, TYPE};
    let mut packet = Packet::new_query(id);
    let (kind, class) = (QTYPE::TYPE(TYPE::A), QCLASS::CLASS(CLASS::IN));
    packet
        .questions
        .push(Question::new(Name::new(name).unwrap(), kind, class, false));
    packet.build_bytes_vec().unwrap()
}

fn is_no_such_name(answer: &[u8], id: u16) {
    let answer = simple_dns::Packet::parse(answer).unwrap();
    assert_eq!(
        (answer.id(), answer.rcode()),
        (id, simple_dns::RCODE::NameError)
    );
}

fn asked(records: &[Record], name: &str, transport: Transport) -> bool {
    records.iter().any(|record| matches!(
        record,
        Record::Query { name: recorded, query_type: 1, transport: by } if recorded.expose() == name && *by == transport
    ))
}

#[tokio::test]
async fn names_asked_for_over_udp_and_tcp_are_recorded_and_unknown() {
    let recorder = Recorder::start().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(recorder.dns).await.unwrap();
    let mut buffer = [0; 2048];
    socket.send(&query(7, "leak.anon")).await.unwrap();
    let count = within(socket.recv(&mut buffer)).await.unwrap();
    is_no_such_name(&buffer[..count], 7);
    assert!(asked(&recorder.records(), "leak.anon", Transport::Udp));

    let mut stream = dial(recorder.dns).await;
    for (id, name) in [(8, "first.test"), (9, "second.test")] {
        let message = query(id, name);
        stream.write_u16(message.len() as u16).await.unwrap();
        stream.write_all(&message).await.unwrap();
        let count = usize::from(within(stream.read_u16()).await.unwrap());
        within(stream.read_exact(&mut buffer[..count]))
            .await
            .unwrap();
        is_no_such_name(&buffer[..count], id);
        assert!(asked(&recorder.records(), name, Transport::Tcp));
    }
}

#[tokio::test]
async fn malformed_queries_are_counted_and_the_next_is_answered() {
    let recorder = Recorder::start().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(recorder.dns).await.unwrap();
    let loops = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01";
    for message in [&b""[..], b"scrap", loops, &random(3, 60_000)] {
        socket.send(message).await.unwrap();
    }
    let mut stream = dial(recorder.dns).await;
    stream.write_all(b"\x00\x20cut").await.unwrap();
    stream.shutdown().await.unwrap();
    let malformed = |records: &[Record]| {
        let counts: Vec<u64> = records
            .iter()
            .filter_map(|record| match record {
                Record::Malformed {
                    count,
                    connection: None,
                    ..
                } => Some(*count),
                _ => None,
            })
            .collect();
        (counts.len() == 5).then_some(counts)
    };
    assert_eq!(recorder.until(malformed).await, [1, 2, 3, 4, 5]);
    socket.send(&query(11, "after.test")).await.unwrap();
    let mut buffer = [0; 2048];
    within(async {
        loop {
            let count = socket.recv(&mut buffer).await.unwrap();
            if buffer[..2] == [0, 11] {
                return is_no_such_name(&buffer[..count], 11);
            }
        }
    })
    .await;
}
