//! Whether a host that a user names can be reached, as far as can be said before a dial.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::{AddressError, OnionAddress, TldFamily};
use super::daemon::Program;
use crate::answer;
use crate::trace::{Party, ask};

/// How long a proxy may take to say what it is.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// How a host is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Without a proxy.
    Direct,
    /// Through the SOCKS port of a daemon of this family, if it is known.
    Proxy(Option<TldFamily>),
}

/// Why a host cannot be reached that way. The texts name no part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// It ends like an onion address and is none, or is one of another family.
    #[error("the URL's host {0}")]
    Address(AddressError),
    /// An onion address would be asked of the system's name servers, which must not hear of it.
    #[error(
        "the URL's host is a .{family} address, which only an onion daemon resolves; give its SOCKS port with --socks"
    )]
    NoProxy {
        /// The address's family.
        family: TldFamily,
    },
    /// To the daemon the address is an ordinary name, which it would ask public name servers for.
    #[error(
        "the URL's host is a .{host} address, and the daemon behind --socks is of the .{daemon} family, which resolves no .{host} address; give the SOCKS port of a daemon of the .{host} family, or the service's .{daemon} address"
    )]
    OtherFamily {
        /// The address's family.
        host: TldFamily,
        /// The daemon's family.
        daemon: TldFamily,
    },
}

impl From<AddressError> for HostError {
    fn from(error: AddressError) -> Self {
        Self::Address(error)
    }
}

/// A label shorter than this before the TLD is no address with a mistake in it, but a name that the daemon
/// itself maps to one, as in `shop.anon`.
const SHORTEST_ADDRESS: usize = 40;

/// The family of a host that ends in the TLD of one; `None` for an ordinary name or an IP address.
///
/// # Errors
///
/// [`HostError::Address`] when it ends like an onion address and is none of that family.
pub fn host_family(host: &str) -> Result<Option<TldFamily>, HostError> {
    let mut labels = host.rsplit('.');
    let tld = labels.next().unwrap_or_default().to_ascii_lowercase();
    if tld.parse::<TldFamily>().is_err() {
        return Ok(None);
    }
    // What stands before an address names a place within the service.
    let label = labels.next().unwrap_or_default().to_ascii_lowercase();
    if !label.is_empty() && label.len() < SHORTEST_ADDRESS {
        return Ok(tld.parse().ok());
    }
    let address: OnionAddress = format!("{label}.{tld}").parse()?;
    Ok(Some(address.family()))
}

/// Whether an onion address of a family can be reached that way: only through a daemon of the same.
///
/// # Errors
///
/// [`HostError`] says what is wrong and what to do.
pub fn resolvable(family: TldFamily, way: Way) -> Result<(), HostError> {
    match way {
        Way::Direct => Err(HostError::NoProxy { family }),
        Way::Proxy(Some(daemon)) if daemon != family => Err(HostError::OtherFamily {
            host: family,
            daemon,
        }),
        Way::Proxy(_) => Ok(()),
    }
}

/// The program that answers an HTTP request on its SOCKS port with this status line.
fn program_of(status: &str) -> Option<Program> {
    match status.trim_end() {
        "HTTP/1.0 501 Tor is not an HTTP Proxy" => Some(Program::Tor),
        "HTTP/1.0 501 Anon is not an HTTP Proxy" => Some(Program::Anon),
        _ => None,
    }
}

/// Asks a SOCKS port which program it is of. The question names no host. `None` when it answers
/// as another program would.
///
/// # Errors
///
/// When there is no answer.
pub async fn ask_proxy(proxy: SocketAddr) -> io::Result<Option<Program>> {
    let asked = async {
        let mut stream = TcpStream::connect(proxy).await?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
        let line = answer::line(&mut BufReader::new(stream)).await?;
        Ok(program_of(&line))
    };
    let answer = async { timeout(ANSWER_LIMIT, asked).await? };
    ask(Party::Daemon, proxy, "say which program it is", answer).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(family: TldFamily) -> String {
        OnionAddress::of_key(&[7; 32], family).expose().to_owned()
    }

    #[test]
    fn ordinary_hosts_are_of_no_family() {
        for host in [
            "h.example",
            "127.0.0.1",
            "::1",
            "localhost",
            "onion.example",
        ] {
            assert_eq!(host_family(host), Ok(None), "{host}");
        }
    }

    #[test]
    fn an_onion_address_is_of_its_family_however_it_is_written() {
        for family in TldFamily::ALL {
            let name = address(family);
            for name in [
                name.clone(),
                format!("www.{name}"),
                name.to_ascii_uppercase(),
            ] {
                assert_eq!(host_family(&name), Ok(Some(family)));
            }
        }
    }

    #[test]
    fn an_onion_address_takes_a_daemon_of_its_family() {
        for host in TldFamily::ALL {
            assert_eq!(
                resolvable(host, Way::Direct),
                Err(HostError::NoProxy { family: host })
            );
            assert_eq!(resolvable(host, Way::Proxy(None)), Ok(()));
            for daemon in TldFamily::ALL {
                let expected = if daemon == host {
                    Ok(())
                } else {
                    Err(HostError::OtherFamily { host, daemon })
                };
                assert_eq!(resolvable(host, Way::Proxy(Some(daemon))), expected);
            }
        }
    }

    #[test]
    fn a_checksum_of_another_family_is_named() {
        let anon = address(TldFamily::Anon);
        let swapped = anon.replace(".anon", ".onion");
        let error = host_family(&swapped).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the URL's host has a checksum that does not fit .onion; it was made by a daemon of \
             the .anon family"
        );
        let cut = anon.split_at(1).1;
        assert!(matches!(
            host_family(cut),
            Err(HostError::Address(AddressError::Length(55)))
        ));
    }

    #[test]
    fn a_short_name_is_one_that_the_daemon_maps() {
        assert_eq!(host_family("shop.anon"), Ok(Some(TldFamily::Anon)));
        assert_eq!(host_family("a.shop.onion"), Ok(Some(TldFamily::Onion)));
        assert!(host_family(".anon").is_err());
    }

    #[test]
    fn a_socks_port_says_what_it_is_of() {
        let tor = "HTTP/1.0 501 Tor is not an HTTP Proxy\r\n";
        assert_eq!(program_of(tor), Some(Program::Tor));
        let anon = "HTTP/1.0 501 Anon is not an HTTP Proxy\r\n";
        assert_eq!(program_of(anon), Some(Program::Anon));
        for other in ["", "HTTP/1.0 200 OK\r\n", "\u{5}\u{ff}", "Tor"] {
            assert_eq!(program_of(other), None, "{other:?}");
        }
    }
}
