//! Faults that a test makes by itself, and one that is judged.

use std::time::{Duration, Instant};

use ator_harness::testing::{NetworkChoice, Reply, TestError, TwoHomes};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// Whether a packet from one home to the other is fulfilled again within a minute.
async fn comes_back(homes: &TwoHomes) -> bool {
    let begun = Instant::now();
    let destination = homes.b().ilp_address("after");
    while begun.elapsed() < Duration::from_secs(60) {
        let reply = homes.a().send(&destination, 0, b"again").await;
        if matches!(reply, Ok(Reply::Fulfilled { fits: true })) {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn sessions_come_back_after_a_relay_has_died_and_a_connector_was_killed() -> Result {
    let homes = TwoHomes::builder()
        .network(NetworkChoice::Fresh)
        .start()
        .await?;
    let session = homes.session().await?;
    let destination = homes.b().ilp_address("before");
    assert!(
        session
            .send(&destination, 0, b"whole")
            .await?
            .is_fulfilled()
    );
    session.close().await;
    let relay = homes.fault("relay-on-path").await?;
    assert!(relay.what().contains("relay-on-path"), "{}", relay.what());
    assert!(comes_back(&homes).await, "{}", homes.a().log().await?);
    let killed = homes.fault("connector-kill").await?;
    let refused = homes.a().send(&destination, 0, b"nobody is there").await;
    assert!(
        !matches!(refused, Ok(Reply::Fulfilled { .. })),
        "{refused:?}"
    );
    killed.undo().await?;
    assert!(comes_back(&homes).await, "{}", homes.b().log().await?);
    let error = homes.fault("relay-on-pat").await.err().expect("nobody's");
    assert!(matches!(error, TestError::NoSuchFault { .. }), "{error}");
    homes.stop().await?;
    Ok(())
}
