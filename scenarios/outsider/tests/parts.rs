//! Single parts, by testcontainers alone.

use ator_harness::testing::parts::{BusinessLogicServer, OnionDaemon, ReferenceConnector};
use testcontainers::ImageExt;
use testcontainers::runners::{AsyncBuilder, AsyncRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// What is answered to a request, up to the end of the connection.
async fn ask(port: u16, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_daemon_answers_at_its_control_port() -> Result {
    let daemon = OnionDaemon::new()?.with_option("Nickname", "alone");
    let password = daemon.control_password().clone();
    let daemon = daemon.build_image().await?.start().await?;
    let port = daemon.get_host_port_ipv4(OnionDaemon::CONTROL).await?;
    let asked = format!(
        "AUTHENTICATE \"{}\"\r\nGETCONF DisableNetwork Nickname\r\nQUIT\r\n",
        password.expose()
    );
    let answer = ask(port, &asked).await?;
    assert!(answer.starts_with("250 OK"), "{answer}");
    assert!(answer.contains("DisableNetwork=1"), "{answer}");
    assert!(answer.contains("Nickname=alone"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_connector_delivers_to_a_server_in_a_network_of_their_own() -> Result {
    let network = format!("outsider-{}", std::process::id());
    let bls = format!("{network}-bls");
    let server = BusinessLogicServer::new()?.build_image().await?;
    let server = server
        .with_network(&network)
        .with_container_name(&bls)
        .start()
        .await?;
    let connector = ReferenceConnector::new("home", "test.home", "key-of-the-admin-api")?
        .with_server(&format!("http://{bls}:{}", BusinessLogicServer::PORT))
        .with_caller("peer", "a secret of the peer's")
        .build_image()
        .await?
        .with_network(&network)
        .start()
        .await?;
    let health = connector
        .get_host_port_ipv4(ReferenceConnector::HEALTH)
        .await?;
    let answer = ask(health, "GET /health HTTP/1.0\r\n\r\n").await?;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    let port = server.get_host_port_ipv4(BusinessLogicServer::PORT).await?;
    let answer = ask(port, "GET /health HTTP/1.0\r\n\r\n").await?;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    Ok(())
}
