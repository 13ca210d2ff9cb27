//! Asking by HTTP what runs on this machine.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// A client for what is at an address that the harness chose itself: directory ports, admin APIs, servers.
///
/// It uses no proxy, whatever the environment names (`http_proxy`, `ALL_PROXY` and the like): a proxy does
/// not reach those addresses, and is not to learn an admin key.
#[must_use]
pub fn client() -> reqwest::Client {
    // It speaks no TLS: left to itself it would read the system's certificates, and fail where there are none.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|error| unreachable!("the provider has the versions: {error}"))
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let built = reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls)
        .build();
    built.unwrap_or_else(|error| unreachable!("a client without options: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::process::Command;

    /// Set in the process that asks.
    const ADDRESS: &str = "ATOR_HARNESS_TEST_ADDRESS";

    /// Not a test by itself: what [`no_proxy_of_the_environment_is_used`] runs with another environment.
    #[tokio::test]
    async fn asks() {
        if let Ok(address) = std::env::var(ADDRESS) {
            let answer = super::client()
                .get(format!("http://{address}/"))
                .send()
                .await;
            assert_eq!(answer.expect("answers").status(), 204);
        }
    }

    #[test]
    fn no_proxy_of_the_environment_is_used() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = server.local_addr().expect("an address").to_string();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().expect("a connection");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        });
        let mut command = Command::new(std::env::current_exe().expect("has a path"));
        command
            .args(["--exact", "local::tests::asks"])
            .env(ADDRESS, &address);
        for name in [
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
        ] {
            command.env(name, "http://127.0.0.1:9");
        }
        command
            .env_remove("REQUEST_METHOD")
            .env_remove("no_proxy")
            .env_remove("NO_PROXY");
        let output = command.output().expect("runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        served.join().expect("served once");
    }
}
