//! What a URL can name: a path, a query, TLS, a name that only a proxy knows.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ator_harness::causes::with_causes;
use ator_harness::cli::conformance::Error;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reference_connector::{Connector, Env};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::command::{conformance_of, exit_code, onion_url, socks_port};
use crate::reference::start;
use ator_harness::onion::TldFamily;

/// A relay that speaks TLS, as `localhost`, before a reference connector.
struct Secure {
    address: SocketAddr,
    certificate: tempfile::NamedTempFile,
    /// The names that clients asked for.
    names: Arc<Mutex<Vec<Option<String>>>>,
    task: JoinHandle<()>,
    connector: Option<Connector>,
}

impl Secure {
    async fn start() -> Self {
        let connector = start(Env::default(), "").await;
        let to = SocketAddr::from(([127, 0, 0, 1], connector.btp_addr().port()));
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut certificate = tempfile::NamedTempFile::new().unwrap();
        certificate.write_all(cert.pem().as_bytes()).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let names = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&names);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    // Who does not take the certificate leaves.
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let name = stream.get_ref().1.server_name().map(str::to_owned);
                    seen.lock().unwrap().push(name);
                    let mut server = TcpStream::connect(to).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut server).await;
                });
            }
        });
        Self {
            address,
            certificate,
            names,
            task,
            connector: Some(connector),
        }
    }

    async fn stop(mut self) {
        self.task.abort();
        if let Some(connector) = self.connector.take() {
            connector.shutdown("SIGTERM").await;
        }
    }
}

const ROWS: [&str; 6] = ["--only", "auth-", "--only", "http-", "--timeout", "2"];

#[tokio::test]
async fn a_server_behind_tls_is_held_against_its_certificate() {
    let secure = Secure::start().await;
    let port = secure.address.port();
    let url = format!("wss://localhost:{port}/");
    let file = secure.certificate.path().to_str().unwrap();
    let (output, result) = conformance_of(&url, &[&ROWS[..], &["--ca", file]].concat()).await;
    assert_eq!(exit_code(result), 0, "{output}");
    let names = secure.names.lock().unwrap().clone();
    assert!(names.len() > 10, "{names:?}");
    assert!(
        names
            .iter()
            .all(|name| name.as_deref() == Some("localhost"))
    );

    // For another name it is not.
    let other = format!("wss://127.0.0.1:{port}/");
    let (_, result) = conformance_of(&other, &[&ROWS[..], &["--ca", file]].concat()).await;
    let error = result.unwrap_err();
    assert_eq!(error.exit().code(), 3);
    let text = with_causes(&error).to_string();
    assert!(
        text.contains("TLS") && text.contains("certificate"),
        "{text}"
    );

    let empty = tempfile::NamedTempFile::new().unwrap();
    let empty = empty.path().to_str().unwrap();
    for file in [empty, "/no/such/file.pem"] {
        let (_, result) = conformance_of(&url, &["--ca", file]).await;
        let error = result.unwrap_err();
        assert_eq!(error.exit().code(), 2);
        let text = with_causes(&error).to_string();
        assert!(text.contains(file) && text.contains("PEM"), "{text}");
    }
    secure.stop().await;
}

/// The first line and the host of what comes to a port.
async fn first_request(listener: TcpListener) -> (String, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = vec![0; 1024];
    let count = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..count]).into_owned();
    stream
        .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    let mut lines = head.lines().map(str::to_owned);
    let first = lines.next().unwrap();
    let host = lines.find(|line| line.to_lowercase().starts_with("host:"));
    (first, host.unwrap())
}

#[tokio::test]
async fn the_path_and_the_query_are_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("ws://127.0.0.1:{port}/ilp/btp?version=2");
    let more = ["--only", "auth-right-secret"];
    let (asked, (_, result)) = tokio::join!(first_request(listener), conformance_of(&url, &more));
    assert_eq!(asked.0, "GET /ilp/btp?version=2 HTTP/1.1");
    assert_eq!(asked.1.to_lowercase(), format!("host: 127.0.0.1:{port}"));
    let text = with_causes(&result.unwrap_err()).to_string();
    assert!(text.contains("404"), "{text}");
}

#[tokio::test]
async fn names_that_a_daemon_maps_go_to_it_as_they_are() {
    let anon = "HTTP/1.0 501 Anon is not an HTTP Proxy\r\n";
    let (proxy, mut firsts) = socks_port(anon).await;
    let named = proxy.replace("127.0.0.1", "localhost");
    let (_, result) = conformance_of("ws://shop.anon:3000", &["--socks", &named]).await;
    assert!(matches!(result, Err(Error::NotReachable(_))));
    let mut greeted = false;
    while let Ok(first) = firsts.try_recv() {
        greeted |= first.first() == Some(&5);
    }
    assert!(greeted, "a SOCKS5 greeting");

    // And nowhere without one.
    let (_, result) = conformance_of("ws://shop.anon:3000", &[]).await;
    assert_eq!(result.unwrap_err().exit().code(), 2);
    // A full address with a mistake in it is not such a name.
    let url = onion_url(TldFamily::Anon).replacen("ws://", "ws://a", 1);
    let (_, result) = conformance_of(&url, &["--socks", &named]).await;
    assert_eq!(result.unwrap_err().exit().code(), 2);
}

#[tokio::test]
async fn a_proxy_without_an_address_is_named() {
    let more = ["--socks", "no-such-proxy.invalid:9050"];
    let (_, result) = conformance_of("ws://h.example:1", &more).await;
    let error = result.unwrap_err();
    assert_eq!(error.exit().code(), 3);
    assert!(
        error.to_string().contains("no-such-proxy.invalid:9050"),
        "{error}"
    );
}
