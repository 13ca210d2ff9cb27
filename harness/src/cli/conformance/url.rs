//! What `--url`, `--socks` and `--ca` name.

use std::net::SocketAddr;
use std::path::Path;

use tokio::net::{TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::http::Uri;

use crate::onion::{HostError, host_family};
use crate::probe::{Target, Tls, TlsError};

/// Ports that a URL need not name (RFC 6455 section 3).
const PORT: u16 = 80;
const SECURE_PORT: u16 = 443;

/// Where a BTP server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    target: Target,
    secure: bool,
}

impl Url {
    /// The host.
    pub(super) fn host(&self) -> &str {
        self.target.host()
    }

    /// Where to dial. A certificate has to be by one of the file `ca`, or by one that this system trusts;
    /// an onion service needs none that anybody has signed, because its address is its key.
    pub(super) fn target(&self, ca: Option<&Path>) -> Result<Target, Error> {
        let target = self.target.clone();
        if !self.secure {
            return Ok(target);
        }
        let is_onion = host_family(self.host())?.is_some();
        let tls = match ca {
            Some(file) => Tls::with_file(file)?,
            None if is_onion => Tls::of_onion_services()?,
            None => Tls::system()?,
        };
        Ok(target.over(tls))
    }
}

/// Why a URL cannot be dialled.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// Its host is none.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Certificates cannot be judged.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Reads `ws://HOST[:PORT][/PATH][?QUERY]` or the same with `wss`.
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    const FORM: &str = "expected ws://HOST:PORT/PATH or wss://HOST:PORT/PATH";
    if text.contains('#') {
        return Err("a fragment (#...) has no meaning for WebSocket".to_owned());
    }
    let uri: Uri = text.parse().map_err(|error| format!("{error}; {FORM}"))?;
    let secure = match uri.scheme_str() {
        Some("ws") => false,
        Some("wss") => true,
        _ => return Err(FORM.to_owned()),
    };
    let authority = uri.authority().ok_or(FORM)?.as_str();
    if authority.contains('@') {
        return Err(
            "a user and a password have no place in it; name the peer with --peer and the \
                    variable with its secret with --secret-env"
                .to_owned(),
        );
    }
    let port = match uri.port_u16() {
        Some(0) => return Err("the port is not a number from 1 to 65535".to_owned()),
        Some(port) => port,
        None if ends_in_port(authority) => {
            return Err("the port is not a number from 1 to 65535".to_owned());
        }
        None if secure => SECURE_PORT,
        None => PORT,
    };
    let host = uri.host().unwrap_or_default();
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if host.is_empty() {
        return Err(format!("the host is missing; {FORM}"));
    }
    let resource = uri
        .path_and_query()
        .map_or("/", |resource| resource.as_str());
    Ok(Url {
        target: Target::new(host, port).at(if resource.is_empty() { "/" } else { resource }),
        secure,
    })
}

/// Whether something stands where a port would, after the host or the bracket of an IPv6 literal.
fn ends_in_port(authority: &str) -> bool {
    let after_host = authority
        .rsplit_once(']')
        .map_or(authority, |(_, rest)| rest);
    after_host.contains(':')
}

/// Reads `HOST:PORT` of a proxy.
pub(super) fn parse_proxy(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port))
            if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("expected HOST:PORT, such as localhost:9050".to_owned()),
    }
}

/// The address of a proxy: of those that its name has, one that listens; the first if none does, so that
/// the dial says why.
pub(super) async fn resolve(proxy: &str) -> std::io::Result<SocketAddr> {
    let found: Vec<SocketAddr> = lookup_host(proxy).await?.collect();
    if let [only] = found.as_slice() {
        return Ok(*only);
    }
    for address in &found {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(*address);
        }
    }
    found.first().copied().ok_or_else(|| {
        let text = "the name has no address";
        std::io::Error::new(std::io::ErrorKind::NotFound, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        parse_url(text).expect(text).target(None).expect(text)
    }

    #[test]
    fn urls_have_a_host_and_may_have_a_port_a_path_and_a_query() {
        assert_eq!(target("ws://h.example:81"), Target::new("h.example", 81));
        assert_eq!(target("ws://h.example"), Target::new("h.example", 80));
        assert_eq!(target("ws://[::1]:80/"), Target::new("::1", 80));
        assert_eq!(target("ws://[::1]"), Target::new("::1", 80));
        assert_eq!(
            target("ws://h:1/ilp/btp?a=b"),
            Target::new("h", 1).at("/ilp/btp?a=b")
        );
        let secure = parse_url("wss://h.example/btp").unwrap();
        assert!(secure.secure);
        assert_eq!(secure.target.port(), 443);
    }

    #[test]
    fn what_is_no_url_says_what_is_expected() {
        for (bad, says) in [
            ("http://h:80", "expected ws://"),
            ("h:80", "expected ws://"),
            ("ws://", "expected ws://"),
            ("ws://:80", "host is missing"),
            ("ws://h:0", "1 to 65535"),
            ("ws://h:65536", "1 to 65535"),
            ("ws://user@h:80", "--secret-env"),
            ("ws://h:80/p#part", "fragment"),
        ] {
            let error = parse_url(bad).expect_err(bad);
            assert!(error.contains(says), "{bad}: {error}");
        }
    }

    #[test]
    fn a_proxy_is_named_by_host_and_port() {
        for good in ["localhost:9050", "127.0.0.1:9050", "[::1]:9050"] {
            assert_eq!(parse_proxy(good).as_deref(), Ok(good));
        }
        for bad in ["localhost", ":9050", "localhost:0", "localhost:x"] {
            assert!(parse_proxy(bad).is_err(), "{bad}");
        }
    }
}
