//! Homes that are held until something ends this process. What does is chosen by `OUTSIDER_ENDS`; the scenario that
//! runs this looks at what is left.

use std::time::Duration;

use ator_harness::testing::TwoHomes;

#[tokio::test]
#[ignore = "it is ended from outside"]
async fn held() {
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let builder = TwoHomes::builder().artefacts(set("OUTSIDER_RUNS"));
    let ends = set("OUTSIDER_ENDS");
    if ends == "start" {
        // Given up before they are up.
        let given_up = tokio::time::timeout(Duration::from_secs(2), builder.start()).await;
        assert!(given_up.is_err(), "they were up within 2 s");
        return;
    }
    let _homes = builder.start().await.expect("they come up");
    match ends.as_str() {
        "panic" => panic!("as it was asked to"),
        "exit" => std::process::exit(7),
        _ => tokio::time::sleep(Duration::from_secs(600)).await,
    }
}
