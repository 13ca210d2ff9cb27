//! Ports that are published.

use std::net::IpAddr;

use crate::audit::place::At;
use crate::audit::yaml::Node;

/// A published port, or a range of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Where it stands.
    pub at: At,
    /// The address of the host; none is every one.
    pub host: Option<String>,
    /// The ports of the container, first and last.
    pub target: (u16, u16),
}

impl Port {
    /// Whether this port of the container is published by it.
    #[must_use]
    pub fn publishes(&self, port: u16) -> bool {
        (self.target.0..=self.target.1).contains(&port)
    }

    /// Whether only this machine reaches it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.as_deref().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

/// Reads one item of `ports`; none where it is told by what was not given, or is no port.
pub(super) fn port(item: &Node) -> Option<Port> {
    if let Some(target) = item.text_of("target") {
        return Some(Port {
            at: item.at.clone(),
            host: item.text_of("host_ip").map(str::to_owned),
            target: range(target)?,
        });
    }
    let text = item.text()?;
    let text = text.split('/').next().unwrap_or_default();
    let (before, target) = match text.rsplit_once(':') {
        Some((before, target)) => (Some(before), target),
        None => (None, text),
    };
    let host = before.and_then(|before| {
        let (host, _) = before.rsplit_once(':')?;
        (!host.is_empty()).then(|| host.to_owned())
    });
    Some(Port {
        at: item.at.clone(),
        host,
        target: range(target)?,
    })
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn short_forms_are_read() {
        let at = At::new(&Arc::from("f"), 1);
        for (text, host, target) in [
            ("8081", None, (8081, 8081)),
            ("80:8081/tcp", None, (8081, 8081)),
            ("127.0.0.1:9401:9401", Some("127.0.0.1"), (9401, 9401)),
            ("127.0.0.1::9401", Some("127.0.0.1"), (9401, 9401)),
            ("[::1]:80:90", Some("[::1]"), (90, 90)),
            ("3000-3005:3000-3005", None, (3000, 3005)),
        ] {
            let found = port(&Node::of_text(&at, text)).expect("is a port");
            assert_eq!(
                (found.host.as_deref(), found.target),
                (host, target),
                "{text}"
            );
        }
    }
}
