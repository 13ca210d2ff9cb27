//! Ports that are published.

use std::net::IpAddr;

use crate::audit::interpolate::{UNTOLD, Variables, partly};
use crate::audit::place::At;
use crate::audit::yaml::Node;

/// Who reaches a port of a container by way of its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nobody: it is another port.
    Nobody,
    /// This machine alone.
    Machine,
    /// Everybody who reaches the machine.
    Everybody,
    /// Which port it is, or who reaches it, is told by what was not given.
    Untold,
}

/// A published TCP port, or a range of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Where it stands.
    pub at: At,
    /// Who reaches it.
    reach: Reach,
    /// The ports of the container, first and last; none where that is not told.
    target: Option<(u16, u16)>,
}

impl Port {
    /// Who reaches this port of the container by it.
    #[must_use]
    pub fn publishes(&self, port: u16) -> Reach {
        match self.target {
            Some((first, last)) if (first..=last).contains(&port) => self.reach,
            Some(_) => Reach::Nobody,
            None if self.reach == Reach::Machine => Reach::Machine,
            None => Reach::Untold,
        }
    }

    /// Whether it is told which ports of the container it is about.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        self.target.is_some()
    }
}

fn reach(host: &str) -> Reach {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match is_loopback {
        true => Reach::Machine,
        false if host.contains(UNTOLD) => Reach::Untold,
        false => Reach::Everybody,
    }
}

/// Reads one item of `ports`; none where it is no TCP port.
pub(super) fn port(item: &Node, variables: &Variables) -> Option<Port> {
    let told = |node: &Node| {
        let scalar = node.scalar()?;
        let text = scalar.text.clone();
        Some(text.unwrap_or_else(|| partly(&scalar.raw, variables)))
    };
    let part = |key: &str| item.get(key).and_then(told);
    if let Some(target) = part("target") {
        let is_udp = part("protocol").is_some_and(|protocol| protocol == "udp");
        return (!is_udp).then(|| Port {
            at: item.at.clone(),
            reach: reach(&part("host_ip").unwrap_or_default()),
            target: range(&target),
        });
    }
    let text = told(item)?;
    let (text, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    if protocol == "udp" {
        return None;
    }
    let (before, target) = match text.rsplit_once(':') {
        Some((before, target)) => (Some(before), target),
        None => (None, text),
    };
    let reach = match before.map(|before| (before, before.rsplit_once(':'))) {
        Some((_, Some((host, _)))) => reach(host),
        // It may be a port, or an address and a port.
        Some((before, None)) if before.contains(UNTOLD) => Reach::Untold,
        None if target.contains(UNTOLD) => Reach::Untold,
        Some((_, None)) | None => Reach::Everybody,
    };
    Some(Port {
        at: item.at.clone(),
        reach,
        target: range(target),
    })
    .filter(|port| port.is_told() || target.contains(UNTOLD))
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audit::interpolate::fill_tree;

    fn read(text: &str) -> Option<Port> {
        let at = At::new(&Arc::from("f"), 1);
        let variables = [("HERE", "127.0.0.1"), ("ALL", "0.0.0.0")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = variables.into();
        let mut item = Node::of_text(&at, text);
        fill_tree(&mut item, &variables, &mut Vec::new());
        port(&item, &variables)
    }

    #[test]
    fn short_forms_are_read() {
        for (text, reach, target) in [
            ("8081", Reach::Everybody, (8081, 8081)),
            ("80:8081/tcp", Reach::Everybody, (8081, 8081)),
            ("127.0.0.1:9401:9401", Reach::Machine, (9401, 9401)),
            ("127.0.0.1::9401", Reach::Machine, (9401, 9401)),
            ("[::1]:80:90", Reach::Machine, (90, 90)),
            ("[::]:80:90", Reach::Everybody, (90, 90)),
            (":80:90", Reach::Everybody, (90, 90)),
            ("3000-3005:3000-3005", Reach::Everybody, (3000, 3005)),
        ] {
            let found = read(text).expect("is a port");
            assert_eq!((found.reach, found.target), (reach, Some(target)), "{text}");
        }
        assert!(read("53:53/udp").is_none());
        assert!(read("x").is_none());
    }

    #[test]
    fn what_was_not_given_is_not_told_and_the_rest_is() {
        for (text, reach) in [
            ("${X:?}:80", Reach::Untold),
            ("${X}:80:80", Reach::Untold),
            ("${X:-80}:80", Reach::Everybody),
            ("127.0.0.1:${X:?}:80", Reach::Machine),
            ("${HERE}:${X:?}:80", Reach::Machine),
            ("${ALL}:${X:?}:80", Reach::Everybody),
            ("${X}", Reach::Untold),
            ("8080:${X}", Reach::Untold),
            ("127.0.0.1:8080:${X}", Reach::Machine),
            ("8080:81", Reach::Nobody),
        ] {
            let found = read(text).expect("is a port");
            assert_eq!(found.publishes(80), reach, "{text}");
        }
    }
}
