//! Parts of URLs.

use std::net::IpAddr;

use crate::onion::TldFamily;

/// The host of a URL.
#[must_use]
pub(super) fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    if let Some(rest) = place.strip_prefix('[') {
        return rest.split(']').next();
    }
    place.split(':').next().filter(|host| !host.is_empty())
}

/// The port of a URL, that of its scheme where it names none.
#[must_use]
pub(super) fn port(url: &str) -> Option<u16> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    let after = place.rsplit(']').next()?;
    match (after.rsplit_once(':'), scheme) {
        (Some((_, port)), _) => port.parse().ok(),
        (None, "ws" | "http") => Some(80),
        (None, "wss" | "https") => Some(443),
        (None, _) => None,
    }
}

/// Whether a host is this machine itself.
#[must_use]
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The family of an onion name.
#[must_use]
pub(super) fn onion_family(host: &str) -> Option<TldFamily> {
    let (_, tld) = host.rsplit_once('.')?;
    tld.to_ascii_lowercase().parse().ok()
}

/// Whether a text has a name where a host stands: behind `//` or `@`, or before a port as the whole of it.
#[must_use]
pub(super) fn addresses(text: &str, name: &str) -> bool {
    let ends =
        |rest: &str| rest.is_empty() || rest.starts_with([':', '/', '?', '"', '\'', ' ', ',']);
    let mut places = text.match_indices(name);
    places.any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let as_host = before.ends_with("//") || before.ends_with('@');
        let port = after
            .strip_prefix(':')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
        (as_host && ends(after)) || (before.is_empty() && port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found() {
        for (url, host_of, port_of) in [
            ("ws://a.b:3000", Some("a.b"), Some(3000)),
            ("wss://user:x@a/p", Some("a"), Some(443)),
            ("ws://[::1]:1/", Some("::1"), Some(1)),
            ("a:1", None, None),
        ] {
            assert_eq!((host(url), port(url)), (host_of, port_of), "{url}");
        }
    }
}
