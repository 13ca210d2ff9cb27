//! A connector that is broken: the verdict names the check.

use ator_harness::testing::parts::ReferenceConnector;
use ator_harness::testing::{TwoHomes, Verdict};
use testcontainers::runners::AsyncBuilder;
use testcontainers::{GenericBuildableImage, Image};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn a_connector_that_takes_any_secret_fails() -> Result {
    let whole = ReferenceConnector::new("x", "test.x", "x")?
        .build_image()
        .await?;
    let recipe = format!(
        "FROM {}:{}\nENV REFERENCE_CONNECTOR_MUTANT=accepts-any-secret\n",
        whole.name(),
        whole.tag()
    );
    let broken = GenericBuildableImage::new("outsider/broken", "1").with_dockerfile_string(recipe);
    let broken = broken.build_image().await?;
    let image = format!("{}:{}", broken.name(), broken.tag());
    let homes = TwoHomes::builder().connector_image(image).start().await?;
    let judged = homes.verdict().await?;
    assert_eq!(judged.verdict(), Verdict::Fail, "{judged}");
    let failed: Vec<&str> = judged.failed().map(|check| check.id.as_str()).collect();
    assert!(failed.contains(&"handshake.wrong-secret"), "{judged}");
    assert!(
        judged.to_string().contains("handshake.wrong-secret"),
        "{judged}"
    );
    assert!(judged.folder().join("report.html").is_file(), "{judged}");
    Ok(())
}

/// Not even a program of a connector's: what comes of it is a verdict, or an error that says what is wrong with it.
#[tokio::test]
async fn an_image_that_is_not_there_is_named() -> Result {
    let homes = TwoHomes::builder()
        .connector_image("outsider/nosuch:1")
        .start()
        .await;
    let error = homes.err().expect("there is no such image").to_string();
    assert!(error.contains("outsider/nosuch:1"), "{error}");
    Ok(())
}
