//! What the relay passes on, records and resets.

use std::os::unix::fs::PermissionsExt as _;

use home_agent::record::{Cause, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::common::{dial, dial_and_be_reset, listener, random, within};
use crate::support::{KEY, Recorder, end, pass};

#[tokio::test]
async fn each_address_type_is_recorded_before_its_reply() {
    let recorder = Recorder::start().await;
    let v6 = [&[4][..], &[0x20, 1, 0x0d, 0xb8], &[0; 11], &[9]].concat();
    let cases = [
        (&[1, 192, 0, 2, 9][..], 1, "192.0.2.9", 0),
        (b"\x03\x0cservice.anon", 3, "service.anon", 4),
        (&v6, 4, "2001:db8::9", 1),
    ];
    for (number, (address, address_type, host, code)) in (1..).zip(cases) {
        let (mut client, mut upstream) = recorder.dial().await;
        let local = upstream.peer_addr().unwrap();
        pass(&mut client, &mut upstream, &[5, 1, 0]).await;
        pass(&mut upstream, &mut client, &[5, 0]).await;
        let request = [&[5, 1, 0], address, &[0x0b, 0xb8]].concat();
        pass(&mut client, &mut upstream, &request).await;
        // It has arrived, so that it must have been recorded.
        let records = recorder.records();
        let connect = records.iter().find_map(|record| match record {
            Record::Connect {
                connection, host, ..
            } if *connection == number => Some((record.clone(), host.expose().to_owned())),
            _ => None,
        });
        let (connect, recorded) = connect.expect("the request is recorded");
        assert_eq!(recorded, host);
        let Record::Connect {
            command: 1,
            port: 3000,
            user: false,
            upstream: recorded,
            address_type: recorded_type,
            ..
        } = connect
        else {
            panic!("{connect:?}");
        };
        assert_eq!((recorded, recorded_type), (local, address_type));

        pass(
            &mut upstream,
            &mut client,
            &[5, code, 0, 1, 0, 0, 0, 0, 0, 0],
        )
        .await;
        assert!(recorder.records().contains(&Record::Reply {
            connection: number,
            code
        }));
        pass(&mut client, &mut upstream, b"hello").await;
        end(client, upstream).await;
        let records = recorder.closed(number).await;
        let sent = 3 + request.len() as u64 + 5;
        assert_eq!(
            records[records.len() - 2..],
            [
                Record::Bytes {
                    connection: number,
                    sent,
                    received: 12
                },
                Record::Closed {
                    connection: number,
                    cause: Cause::ClientEnded
                },
            ]
        );
    }
    let mode = std::fs::metadata(recorder.file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn user_and_password_are_noticed_and_not_written() {
    let recorder = Recorder::start().await;
    let (mut client, mut upstream) = recorder.dial().await;
    pass(&mut client, &mut upstream, &[5, 2, 0, 2]).await;
    pass(&mut upstream, &mut client, &[5, 2]).await;
    pass(&mut client, &mut upstream, b"\x01\x06lookup\x07passing").await;
    pass(&mut upstream, &mut client, &[1, 0]).await;
    pass(
        &mut client,
        &mut upstream,
        b"\x05\x01\x00\x03\x06a.anon\x0b\xb8",
    )
    .await;
    pass(&mut upstream, &mut client, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await;
    end(upstream, client).await;
    let records = recorder.closed(1).await;
    assert!(records.iter().any(|record| matches!(record, Record::Connect { user: true, host, .. } if host.expose() == "a.anon")));
    assert_eq!(
        records.last(),
        Some(&Record::Closed {
            connection: 1,
            cause: Cause::UpstreamEnded
        })
    );
    let text = std::fs::read_to_string(recorder.file()).unwrap();
    assert!(!text.contains("lookup") && !text.contains("passing"));
}

#[tokio::test]
async fn bytes_pass_unchanged_both_ways_and_after_a_half_close() {
    let recorder = Recorder::start().await;
    let (client, upstream) = recorder.dial().await;
    let (there, back) = (random(1, 3_000_000), random(2, 2_000_000));
    let (mut from_client, mut to_upstream) = client.into_split();
    let (mut from_upstream, mut to_client) = upstream.into_split();
    // Both directions at once; the client's ends, and the upstream's begins a second part only then.
    let greeting = [&[5, 1, 0][..], &there].concat();
    let send = async {
        to_upstream.write_all(&greeting).await.unwrap();
        to_upstream.shutdown().await.unwrap();
    };
    let serve = async {
        to_client.write_all(&back).await.unwrap();
        let mut got = Vec::new();
        from_upstream.read_to_end(&mut got).await.unwrap();
        assert!(got == greeting, "changed on its way to the upstream");
        to_client.write_all(&back).await.unwrap();
        to_client.shutdown().await.unwrap();
    };
    let receive = async {
        let mut got = Vec::new();
        from_client.read_to_end(&mut got).await.unwrap();
        assert!(
            got == [&back[..], &back].concat(),
            "changed on its way to the client"
        );
    };
    within(async { tokio::join!(send, serve, receive) }).await;
    let records = recorder.closed(1).await;
    let bytes = Record::Bytes {
        connection: 1,
        sent: 3_000_003,
        received: 4_000_000,
    };
    assert_eq!(records[records.len() - 2], bytes);
    assert!(records.iter().any(|record| matches!(
        record,
        Record::Malformed {
            connection: Some(1),
            count: 1,
            ..
        }
    )));
    assert_eq!(
        records.last(),
        Some(&Record::Closed {
            connection: 1,
            cause: Cause::ClientEnded
        })
    );
}

#[tokio::test]
async fn an_upstream_that_is_not_there_resets_the_client() {
    let (upstream, _) = listener().await;
    // Bound without listening: refused, and nobody else's.
    let shut = tokio::net::TcpSocket::new_v4().unwrap();
    shut.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = shut.local_addr().unwrap().to_string();
    let recorder = Recorder::start_at(upstream, &address).await;
    dial_and_be_reset(recorder.socks).await;
    let closed = Record::Closed {
        connection: 1,
        cause: Cause::UpstreamUnreachable,
    };
    assert_eq!(recorder.closed(1).await.last(), Some(&closed));
}

#[tokio::test]
async fn a_reset_is_passed_on_in_both_directions() {
    let recorder = Recorder::start().await;
    for (number, by_client) in [(1, true), (2, false)] {
        let (mut client, mut upstream) = recorder.dial().await;
        pass(&mut client, &mut upstream, &[5, 1, 0]).await;
        let (resetting, mut other, cause) = if by_client {
            (client, upstream, Cause::ClientFailed)
        } else {
            (upstream, client, Cause::UpstreamFailed)
        };
        resetting.set_zero_linger().unwrap();
        drop(resetting);
        let read = within(other.read(&mut [0; 1])).await;
        assert_eq!(
            read.unwrap_err().kind(),
            std::io::ErrorKind::ConnectionReset
        );
        let records = recorder.closed(number).await;
        assert_eq!(
            records.last(),
            Some(&Record::Closed {
                connection: number,
                cause
            })
        );
    }
}

#[tokio::test]
async fn totals_are_written_while_a_connection_lives_and_no_faster_than_told() {
    let recorder = Recorder::start().await;
    let (mut client, mut upstream) = recorder.dial().await;
    pass(&mut client, &mut upstream, &[5, 1, 0]).await;
    let bytes = |wanted| {
        move |records: &[Record]| {
            records
                .iter()
                .any(|record| matches!(record, Record::Bytes { sent, .. } if *sent == wanted))
                .then_some(())
        }
    };
    recorder.until(bytes(3)).await;
    let start = std::time::Instant::now();
    for _ in 0..100 {
        pass(&mut client, &mut upstream, b"x").await;
    }
    recorder.until(bytes(103)).await;
    let most = 2 + start.elapsed().as_millis() / 100;
    let reports = recorder
        .records()
        .iter()
        .filter(|record| matches!(record, Record::Bytes { .. }))
        .count() as u128;
    assert!(
        reports <= most + 1,
        "{reports} reports in at most {most} periods"
    );
}

#[tokio::test]
async fn many_connections_are_told_apart() {
    let recorder = Recorder::start().await;
    let mut pairs = Vec::new();
    for _ in 0..100 {
        pairs.push(recorder.dial().await);
    }
    for (index, (client, upstream)) in pairs.iter_mut().enumerate() {
        pass(client, upstream, &[5, 1, 0]).await;
        pass(upstream, client, &[5, 0]).await;
        let host = format!("h{index:03}");
        let request = [b"\x05\x01\x00\x03\x04", host.as_bytes(), b"\x00\x50"].concat();
        pass(client, upstream, &request).await;
    }
    let records = recorder.records();
    for (index, (_, upstream)) in pairs.iter().enumerate() {
        let peer = upstream.peer_addr().unwrap();
        let host = format!("h{index:03}");
        assert!(records.iter().any(|record| matches!(
            record,
            Record::Connect { connection, host: recorded, upstream, .. }
                if *connection == index as u64 + 1 && recorded.expose() == host && *upstream == peer
        )));
    }
}

#[tokio::test]
async fn whoever_arrives_where_nobody_has_to_is_recorded_and_sent_away() {
    let recorder = Recorder::start().await;
    for count in 1..=2 {
        let mut arrived = dial(recorder.arrivals).await;
        let mut rest = Vec::new();
        arrived.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
        recorder
            .until(|records| {
                let arrivals = records.iter().filter(|one| **one == Record::Arrival);
                (arrivals.count() == count).then_some(())
            })
            .await;
    }
}

#[tokio::test]
async fn the_record_so_far_is_sent_after_its_length_to_whoever_has_the_key_alone() {
    let recorder = Recorder::start().await;
    drop(dial(recorder.arrivals).await);
    recorder
        .until(|records| records.contains(&Record::Arrival).then_some(()))
        .await;
    let mut shown = dial(recorder.shown).await;
    shown.write_all(KEY.as_bytes()).await.unwrap();
    let length = shown.read_u64().await.unwrap();
    let mut record = String::new();
    shown.read_to_string(&mut record).await.unwrap();
    assert_eq!(record.len() as u64, length);
    assert_eq!(record, std::fs::read_to_string(recorder.file()).unwrap());
    assert_eq!(record.lines().count(), 2);

    // Another key of the same length, and one that never comes whole.
    for sent in [&KEY.replace('k', "c"), &KEY[1..]] {
        let mut stranger = dial(recorder.shown).await;
        stranger.write_all(sent.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        stranger.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
    }
}
