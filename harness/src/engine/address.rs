//! Where an engine listens, as the user writes it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The socket of an engine that is reached through `ssh`, when the address names none.
const USUAL_SOCKET: &str = "/var/run/docker.sock";
/// What in a `tcp://` address goes before the folder with the certificates.
const CERTIFICATES: &str = "?certificates=";

/// Where an engine listens. Printed as it is read; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EngineAddress {
    /// `unix:///path/to/socket`: on this machine.
    Socket(PathBuf),
    /// `tcp://host:port`, always over TLS; `?certificates=/folder` names the folder of the
    /// certificates, when it is not the usual one.
    Tls {
        /// Name or address; an IPv6 address is in brackets.
        host: String,
        /// The port.
        port: u16,
        /// Folder of `ca.pem`, `cert.pem` and `key.pem`.
        certificates: Option<PathBuf>,
    },
    /// `ssh://[user@]host[:port][/path/to/socket]`: the socket there, through the `ssh` program.
    Ssh {
        /// The user there; the one that `ssh` chooses when not given.
        user: Option<String>,
        /// Name, address in brackets, or a `Host` of `ssh`'s configuration.
        host: String,
        /// The port; the one that `ssh` chooses when not given.
        port: Option<u16>,
        /// The engine's socket there.
        socket: String,
    },
}

/// A text that is no engine's address. Each names the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No scheme that is known.
    #[error(
        "{0:?} is not an engine's address; use unix:///path/to/socket, tcp://host:port (over TLS) or ssh://[user@]host[:port]"
    )]
    Scheme(String),
    /// `http://`, which an engine would be reached by without TLS.
    #[error(
        "{0:?} would be without TLS, and whoever reaches an engine without is root on its machine; use tcp://host:port with certificates, or ssh://[user@]host"
    )]
    Plain(String),
    /// A socket's path that is not absolute.
    #[error("{0:?} has no absolute path; use three slashes, as in unix:///var/run/docker.sock")]
    Path(String),
    /// No host, or one that can't be a host's name.
    #[error("{0:?} names no host; write it as in {1}")]
    Host(String, &'static str),
    /// No port where one is needed, or one that is no number from 1 to 65535.
    #[error("{0:?} has no port from 1 to 65535; write it as in {1}")]
    Port(String, &'static str),
    /// A user that can't be a user's name.
    #[error("{0:?} has a user that can't be one; write it as in ssh://operator@home.example")]
    User(String),
    /// Something after what belongs to an address.
    #[error("{0:?} goes on after the port; only {CERTIFICATES}/folder may follow")]
    Trailing(String),
}

const TCP_EXAMPLE: &str = "tcp://home.example:2376";
const SSH_EXAMPLE: &str = "ssh://operator@home.example:22";

impl EngineAddress {
    /// Whether the engine runs on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Socket(_))
    }

    /// Whether both are the same engine's, whatever certificates they are reached with.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        let place = |address: &Self| match address {
            Self::Tls { host, port, .. } => Self::Tls {
                host: host.clone(),
                port: *port,
                certificates: None,
            },
            other => other.clone(),
        };
        place(self) == place(other)
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets. It goes into a command line, so it
/// can't be an option.
fn is_host(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_word(host),
    }
}

fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !text.is_empty() && !text.starts_with('-') && text.chars().all(fits)
}

/// `host[:port]`, with an IPv6 host in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rfind(':') {
        Some(at) if !authority[at..].contains(']') => {
            (&authority[..at], Some(&authority[at + 1..]))
        }
        _ => (authority, None),
    }
}

fn port_of(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

impl FromStr for EngineAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let own = || text.to_owned();
        if let Some(path) = text.strip_prefix("unix://") {
            return if path.starts_with('/') {
                Ok(Self::Socket(PathBuf::from(path)))
            } else {
                Err(AddressError::Path(own()))
            };
        }
        if let Some(rest) = text.strip_prefix("tcp://") {
            let (authority, certificates) = match rest.split_once(CERTIFICATES) {
                Some((authority, folder)) => (authority, Some(PathBuf::from(folder))),
                None => (rest, None),
            };
            let authority = authority.strip_suffix('/').unwrap_or(authority);
            if authority.contains(['/', '?', '@']) {
                return Err(AddressError::Trailing(own()));
            }
            let (host, port) = split_port(authority);
            if !is_host(host) {
                return Err(AddressError::Host(own(), TCP_EXAMPLE));
            }
            let port = port.and_then(port_of);
            return Ok(Self::Tls {
                host: host.to_owned(),
                port: port.ok_or_else(|| AddressError::Port(own(), TCP_EXAMPLE))?,
                certificates,
            });
        }
        if let Some(rest) = text.strip_prefix("ssh://") {
            let (authority, socket) = match rest.find('/') {
                Some(at) => rest.split_at(at),
                None => (rest, ""),
            };
            let (user, authority) = match authority.rsplit_once('@') {
                Some((user, authority)) => (Some(user), authority),
                None => (None, authority),
            };
            if user.is_some_and(|user| !is_word(user)) {
                return Err(AddressError::User(own()));
            }
            let (host, port) = split_port(authority);
            if !is_host(host) {
                return Err(AddressError::Host(own(), SSH_EXAMPLE));
            }
            let port = match port {
                None => None,
                Some(port) => {
                    let port = port_of(port);
                    Some(port.ok_or_else(|| AddressError::Port(own(), SSH_EXAMPLE))?)
                }
            };
            return Ok(Self::Ssh {
                user: user.map(str::to_owned),
                host: host.to_owned(),
                port,
                socket: match socket {
                    "" | "/" => USUAL_SOCKET.to_owned(),
                    path => path.to_owned(),
                },
            });
        }
        if text.starts_with("http://") {
            return Err(AddressError::Plain(own()));
        }
        Err(AddressError::Scheme(own()))
    }
}

impl fmt::Display for EngineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix://{}", path.display()),
            Self::Tls {
                host,
                port,
                certificates,
            } => {
                write!(f, "tcp://{host}:{port}")?;
                match certificates {
                    Some(folder) => write!(f, "{CERTIFICATES}{}", folder.display()),
                    None => Ok(()),
                }
            }
            Self::Ssh {
                user,
                host,
                port,
                socket,
            } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                f.write_str(host)?;
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
                if socket != USUAL_SOCKET {
                    f.write_str(socket)?;
                }
                Ok(())
            }
        }
    }
}

impl TryFrom<String> for EngineAddress {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<EngineAddress> for String {
    fn from(address: EngineAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_printed_as_it_is_read() {
        for text in [
            "unix:///var/run/docker.sock",
            "tcp://home.example:2376",
            "tcp://[2001:db8::1]:2376",
            "tcp://192.0.2.1:2376?certificates=/etc/docker certificates",
            "ssh://home.example",
            "ssh://operator@home.example:2222",
            "ssh://operator@[2001:db8::1]:22",
            "ssh://home.example/run/user/1000/docker.sock",
        ] {
            let address: EngineAddress = text.parse().expect(text);
            assert_eq!(address.to_string(), text);
            let json = serde_json::to_string(&address).expect("serializes");
            let again: EngineAddress = serde_json::from_str(&json).expect("is read again");
            assert_eq!(again, address);
        }
    }

    #[test]
    fn an_engine_behind_ssh_has_the_usual_socket() {
        for text in ["ssh://home.example", "ssh://home.example/"] {
            let address: EngineAddress = text.parse().expect(text);
            assert!(
                matches!(&address, EngineAddress::Ssh { socket, .. } if socket == USUAL_SOCKET)
            );
            assert!(!address.is_local());
        }
    }

    #[test]
    fn every_mistake_is_quoted_with_its_remedy() {
        for (text, remedy) in [
            ("", "unix:///path/to/socket"),
            ("/var/run/docker.sock", "unix:///path/to/socket"),
            ("npipe://x", "unix:///path/to/socket"),
            ("unix://docker.sock", "three slashes"),
            ("http://home.example:2375", "without TLS"),
            ("tcp://", "names no host"),
            ("tcp://:2376", "names no host"),
            ("tcp://home.example", "no port"),
            ("tcp://home.example:0", "no port"),
            ("tcp://home.example:x", "no port"),
            ("tcp://home.example:2376/v1.41", "goes on after the port"),
            ("tcp://user@home.example:2376", "goes on after the port"),
            ("ssh://", "names no host"),
            ("ssh://-oProxyCommand=x", "names no host"),
            ("ssh://[x]", "names no host"),
            ("ssh://-x@home.example", "has a user"),
            ("ssh://@home.example", "has a user"),
            ("ssh://home.example:99999", "no port"),
        ] {
            let message = text.parse::<EngineAddress>().expect_err(text).to_string();
            assert!(message.contains(&format!("{text:?}")), "{message}");
            assert!(message.contains(remedy), "{text}: {message}");
        }
    }
}
