//! A connector's image between two homes.

use ator_harness::testing::{Reply, TwoHomes};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn packets_cross_both_ways() -> Result {
    let homes = TwoHomes::builder().start().await?;
    let (a, b) = (homes.a(), homes.b());
    for (from, to) in [(a, b), (b, a)] {
        let destination = to.ilp_address("shop");
        let reply = from.send(&destination, 0, b"hello").await?;
        assert_eq!(reply, Reply::Fulfilled { fits: true });
        let received = to.received().await?;
        assert_eq!(received.last().expect("one").destination, destination);
    }
    homes.verdict().await?.assert_pass();
    Ok(())
}
