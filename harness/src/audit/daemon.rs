//! An onion daemon, as its configuration and its service describe it.

use std::sync::Arc;

use super::place::At;
use crate::onion::TldFamily;

/// An onion daemon.
#[derive(Debug, Clone)]
pub struct Daemon {
    /// What it is called in findings.
    pub name: String,
    /// Where it is told of.
    pub at: At,
    /// Its project and service, by their places in the model.
    pub service: Option<(usize, usize)>,
    /// Its configuration.
    pub options: Option<Vec<DaemonOption>>,
    /// Whether it is tor, which knows no terms.
    pub is_tor: bool,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonOption {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it stands.
    pub at: At,
}

/// Where a service's connections go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// The port that others dial.
    pub virtual_port: u16,
    /// The host that it leads to.
    pub host: String,
    /// The port that it leads to; none for a socket.
    pub port: Option<u16>,
    /// Where it stands.
    pub at: At,
}

/// Reads a daemon's configuration.
#[must_use]
pub(super) fn parse(file: &Arc<str>, text: &str) -> Vec<DaemonOption> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let mut whole = line.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            let Some((_, more)) = lines.next() else { break };
            whole.push_str(more);
        }
        let line = whole.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (name, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        found.push(DaemonOption {
            name: name.trim_start_matches('+').to_owned(),
            value: value.trim().trim_matches('"').to_owned(),
            at: At::new(file, index + 1),
        });
    }
    found
}

impl Daemon {
    /// Every value of an option.
    pub fn all<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d DaemonOption> {
        let options = self.options.as_deref().unwrap_or_default();
        options
            .iter()
            .filter(move |option| option.name.eq_ignore_ascii_case(name))
    }

    /// The last value of an option.
    #[must_use]
    pub fn last<'d>(&'d self, name: &'d str) -> Option<&'d DaemonOption> {
        self.all(name).last()
    }

    /// Where its services lead.
    #[must_use]
    pub fn service_ports(&self) -> Vec<ServicePort> {
        self.all("HiddenServicePort")
            .filter_map(service_port)
            .collect()
    }
}

fn service_port(option: &DaemonOption) -> Option<ServicePort> {
    let mut words = option.value.split_whitespace();
    let virtual_port: u16 = words.next()?.parse().ok()?;
    let (host, port) = match words.next() {
        None => ("127.0.0.1".to_owned(), Some(virtual_port)),
        Some(target) if target.starts_with("unix:") => (target.to_owned(), None),
        Some(target) => match (target.parse::<u16>(), target.rsplit_once(':')) {
            (Ok(port), _) => ("127.0.0.1".to_owned(), Some(port)),
            (_, Some((host, port))) if port.parse::<u16>().is_ok() => {
                (host.to_owned(), port.parse().ok())
            }
            _ => (target.to_owned(), Some(virtual_port)),
        },
    };
    Some(ServicePort {
        virtual_port,
        host,
        port,
        at: option.at.clone(),
    })
}

/// The family of a version such as `0.4.9.11-live`, `v0.4.10.0-beta`; none where it is no version of anon.
#[must_use]
pub(super) fn family_of(version: &str) -> Option<TldFamily> {
    let version = version.trim_start_matches('v');
    let mut parts = version.split(['.', '-', '+', '_']);
    let mut number = || parts.next()?.parse::<u32>().ok();
    let version = (number()?, number()?, number()?, number()?);
    if version.0 != 0 || version.1 != 4 {
        return None;
    }
    Some(match version {
        (_, _, ..=8, _) | (_, _, 9, ..=8) => TldFamily::Onion,
        (_, _, 9, _) => TldFamily::Anon,
        _ => TldFamily::Anyone,
    })
}

/// The family of the daemon that comes with a version of the client's package.
#[must_use]
pub(super) fn family_of_client(version: &str) -> Option<TldFamily> {
    // 1.1.3 comes with 0.4.9.11; of others nothing is known.
    (version == "1.1.3").then_some(TldFamily::Anon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_its_family() {
        for (version, family) in [
            ("0.4.9.8", Some(TldFamily::Onion)),
            ("v0.4.9.9", Some(TldFamily::Anon)),
            ("0.4.9.11-live", Some(TldFamily::Anon)),
            ("v0.4.10.0-beta", Some(TldFamily::Anyone)),
            ("latest", None),
            ("22-alpine", None),
        ] {
            assert_eq!(family_of(version), family, "{version}");
        }
    }

    #[test]
    fn targets_are_read() {
        let options = parse(
            &Arc::from("f"),
            "HiddenServicePort 80\nHiddenServicePort 80 3000 # why\nHiddenServicePort 443 connector:3000\nHiddenServicePort 1 unix:/s\n",
        );
        let found: Vec<(String, Option<u16>)> = options
            .iter()
            .filter_map(service_port)
            .map(|port| (port.host, port.port))
            .collect();
        let expected = [
            ("127.0.0.1", Some(80)),
            ("127.0.0.1", Some(3000)),
            ("connector", Some(3000)),
            ("unix:/s", None),
        ];
        assert_eq!(found, expected.map(|(host, port)| (host.to_owned(), port)));
    }
}
