//! Many requests over one connection, and what an irregular peer does to them.

use std::time::Duration;

use ator_harness::probe::{
    Answer, ConnectionEnd, InboundHandler, InboundReply, Outcome, Payment, RequestError,
    SessionOptions,
};
use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};
use wire::{Address, BtpFrame, Packet, RejectCode};

use crate::support::{
    CODEC, LIMIT, connect, connect_with, data_of, fulfill, prepare, reject, serve,
};

#[tokio::test]
async fn answers_in_reverse_order_reach_their_requests() {
    const COUNT: u8 = 100;
    let (address, _task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        let mut requests = Vec::new();
        for _ in 0..COUNT {
            requests.push(peer.request().await);
        }
        for (id, ilp) in requests.into_iter().rev() {
            let packet = fulfill(&data_of(&ilp));
            peer.send(&BtpFrame::response(id, &packet)).await;
        }
        peer.until_gone().await
    })
    .await;
    let session = connect(address).await.unwrap();
    let requests = (0..COUNT).map(|number| {
        let session = &session;
        async move {
            let data = [number];
            let payment = Payment {
                destination: Address::new("g.b.x").unwrap(),
                amount: 0,
                data: &data,
                lifetime: LIMIT,
            };
            session.pay(&payment, LIMIT).await.unwrap()
        }
    });
    // Only the answer to the very same request has the fulfillment of its data.
    for paid in join_all(requests).await {
        assert!(paid.outcome.is_fulfilled(), "{:?}", paid.outcome);
    }
    let counters = session.counters();
    assert_eq!(counters.sent, u64::from(COUNT));
    assert_eq!(counters.answered, u64::from(COUNT));
    assert_eq!(counters.irregular(), 0);
}

#[tokio::test]
async fn late_duplicate_and_unknown_answers_are_counted_and_harm_nothing() {
    let (address, task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        let (first, _) = peer.request().await;
        // The second request is sent only after the first has been given up.
        let (second, _) = peer.request().await;
        let packet = reject(RejectCode::F02);
        peer.send(&BtpFrame::response(first, &packet)).await;
        peer.send(&BtpFrame::response(first, &packet)).await;
        peer.send(&BtpFrame::response(4_000_000, &packet)).await;
        let time = "2026-11-22T09:30:55.427Z";
        peer.send(&BtpFrame::error(0, "F00", "BTPError", time))
            .await;
        peer.send_bytes(vec![0xFF; 7]).await;
        peer.send(&BtpFrame::response(second, &packet)).await;
        peer.send(&BtpFrame::response(second, &packet)).await;
        let (third, _) = peer.request().await;
        peer.send(&BtpFrame::response(third, &packet)).await;
        peer.until_gone().await
    })
    .await;
    let session = connect(address).await.unwrap();
    let short = Duration::from_millis(30);
    assert_eq!(
        session.request(prepare(b"1"), short).await.unwrap_err(),
        RequestError::TimedOut(short)
    );
    for data in [b"2", b"3"] {
        let reply = session.request(prepare(data), LIMIT).await.unwrap();
        assert!(matches!(reply.answer(), Answer::Reject(reject) if reject.code == RejectCode::F02));
    }
    let counters = session.counters();
    assert_eq!(counters.sent, 3);
    assert_eq!(counters.answered, 2);
    assert_eq!(counters.timed_out, 1);
    assert_eq!(counters.late, 1);
    assert_eq!(counters.duplicate, 2);
    assert_eq!(counters.unknown_id, 1);
    assert_eq!(counters.errors_without_request, 1);
    assert_eq!(counters.undecodable, 1);
    assert_eq!(counters.irregular(), 6);
    session.close().await;
    let close = task.await.unwrap();
    assert_eq!(close, Some((1000, String::new())));
}

#[tokio::test]
async fn each_kind_of_answer_is_told_apart() {
    let (address, _task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        let time = "2026-11-22T09:30:55.427Z";
        let (id, _) = peer.request().await;
        peer.send(&BtpFrame::response(id, &fulfill(b"other"))).await;
        let (id, _) = peer.request().await;
        peer.send(&BtpFrame::error(id, "F00", "BTPError", time))
            .await;
        let (id, _) = peer.request().await;
        peer.send(&BtpFrame::response_empty(id)).await;
        let (id, ilp) = peer.request().await;
        peer.send(&BtpFrame::response(id, &ilp)).await;
        let (id, _) = peer.request().await;
        peer.send(&BtpFrame::response(id, &[0xEE])).await;
        peer.until_gone().await
    })
    .await;
    let session = connect(address).await.unwrap();
    let payment = Payment {
        destination: Address::new("g.b.x").unwrap(),
        amount: 0,
        data: b"hi",
        lifetime: LIMIT,
    };
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        outcomes.push(session.pay(&payment, LIMIT).await.unwrap().outcome);
    }
    assert!(matches!(outcomes[0], Outcome::WrongFulfillment { .. }));
    assert_eq!(
        outcomes[1],
        Outcome::BtpError {
            code: "F00".to_owned(),
            name: "BTPError".to_owned(),
        }
    );
    assert!(matches!(&outcomes[2], Outcome::Nonsense(what) if what.contains("without a packet")));
    assert!(matches!(&outcomes[3], Outcome::Nonsense(what) if what == "a PREPARE"));
    assert!(matches!(&outcomes[4], Outcome::Nonsense(what) if what.contains("undecodable")));
}

/// Lets `COUNT` requests come in, ends the connection with `end`, and returns what each request
/// and a later one got.
async fn lose<F, Fut>(end: F) -> Vec<RequestError>
where
    F: FnOnce(crate::support::Peer) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    const COUNT: usize = 20;
    let (address, _task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        for _ in 0..COUNT {
            peer.request().await;
        }
        end(peer).await;
    })
    .await;
    let session = connect(address).await.unwrap();
    let requests = (0..COUNT).map(|_| session.request(prepare(b"x"), LIMIT));
    let mut errors: Vec<_> = join_all(requests)
        .await
        .into_iter()
        .map(|result| result.unwrap_err())
        .collect();
    assert_eq!(errors.len(), COUNT);
    errors.push(session.request(prepare(b"x"), LIMIT).await.unwrap_err());
    let cause = session.ended().await;
    assert_eq!(session.end(), Some(cause.clone()));
    assert!(
        errors
            .iter()
            .all(|error| *error == RequestError::Lost(cause.clone())),
        "{errors:?}"
    );
    errors
}

#[tokio::test]
async fn a_close_fails_everything_in_flight_with_its_code() {
    let errors = lose(|mut peer| async move {
        peer.close(1001, "going away").await;
        peer.until_gone().await;
    })
    .await;
    let end = ConnectionEnd::Closed {
        code: 1001,
        reason: "going away".to_owned(),
    };
    assert_eq!(errors[0], RequestError::Lost(end));
    assert!(errors[0].to_string().contains("1001"), "{}", errors[0]);
}

#[tokio::test]
async fn an_abrupt_end_fails_everything_in_flight() {
    let errors = lose(|peer| async move { drop(peer) }).await;
    assert_eq!(errors[0], RequestError::Lost(ConnectionEnd::Eof));
}

#[tokio::test]
async fn a_reset_fails_everything_in_flight() {
    let errors = lose(|peer| async move {
        // Without lingering, closing discards what is unsent and sends RST.
        peer.0.get_ref().set_zero_linger().unwrap();
        drop(peer);
    })
    .await;
    assert_eq!(
        errors[0],
        RequestError::Lost(ConnectionEnd::Broken(
            std::io::ErrorKind::ConnectionReset.into()
        ))
    );
}

#[tokio::test]
async fn closing_ourselves_fails_what_is_in_flight() {
    let (seen, arrived) = oneshot::channel();
    let (address, task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        peer.request().await;
        seen.send(()).unwrap();
        peer.until_gone().await
    })
    .await;
    let session = connect(address).await.unwrap();
    let other = session.clone();
    let request = tokio::spawn(async move { other.request(prepare(b"x"), LIMIT).await });
    arrived.await.unwrap();
    session.close().await;
    assert_eq!(
        request.await.unwrap().unwrap_err(),
        RequestError::Lost(ConnectionEnd::Local)
    );
    assert_eq!(task.await.unwrap(), Some((1000, String::new())));
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_connection() {
    let (address, task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        peer.until_gone().await
    })
    .await;
    drop(connect(address).await.unwrap());
    assert_eq!(task.await.unwrap(), Some((1000, String::new())));
}

#[tokio::test]
async fn inbound_prepares_reach_the_handler_and_its_reply_the_sender() {
    let (address, task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        peer.send(&BtpFrame::message(41, &prepare(b"hi"))).await;
        let fulfilled = peer.request().await;
        peer.send(&BtpFrame::message(42, &prepare(b"silence")))
            .await;
        peer.send(&BtpFrame::message(43, &prepare(b"reject"))).await;
        let rejected = peer.request().await;
        // A MESSAGE without a packet gets no answer.
        peer.send(&BtpFrame::message(44, &[])).await;
        (fulfilled, rejected, peer.until_gone().await)
    })
    .await;
    let (record, mut recorded) = mpsc::unbounded_channel();
    let handler = InboundHandler::new(move |prepare| {
        record.send(prepare.data.to_vec()).unwrap();
        match prepare.data {
            b"silence" => InboundReply::Silence,
            b"reject" => InboundReply::Reject {
                code: RejectCode::T00,
                triggered_by: "g.probe".to_owned(),
                message: "not now".to_owned(),
            },
            _ => InboundReply::fulfilling(prepare),
        }
    });
    let options = SessionOptions {
        inbound: Some(handler),
        ..SessionOptions::default()
    };
    let session = connect_with(address, options).await.unwrap();
    for expected in [&b"hi"[..], b"silence", b"reject"] {
        assert_eq!(recorded.recv().await.unwrap(), expected);
    }
    session.close().await;
    let ((id, ilp), (rejected_id, rejected), _) = task.await.unwrap();
    assert_eq!((id, ilp), (41, fulfill(b"hi")));
    assert_eq!(rejected_id, 43);
    let Ok(Packet::Reject(packet)) = CODEC.decode_packet(&rejected) else {
        panic!("no REJECT");
    };
    assert_eq!(packet.code, RejectCode::T00);
    assert_eq!(packet.triggered_by, Address::new("g.probe").ok());
    assert_eq!(session.counters().inbound_prepares, 3);
}

#[tokio::test]
async fn without_a_handler_inbound_prepares_are_rejected() {
    let (address, task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        peer.send(&BtpFrame::message(7, &prepare(b"hi"))).await;
        peer.request().await
    })
    .await;
    let session = connect(address).await.unwrap();
    let (id, ilp) = task.await.unwrap();
    assert_eq!(id, 7);
    assert!(matches!(
        CODEC.decode_packet(&ilp),
        Ok(Packet::Reject(reject)) if reject.code == RejectCode::F02
    ));
    assert_eq!(session.ended().await, ConnectionEnd::Eof);
}
