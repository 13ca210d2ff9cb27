//! What a dial is given: where to, and what keeps its circuit apart from others.

use std::fmt;

use crate::probe::tls::Tls;

/// Where to connect to: a host name or address literal, and a port; and what is asked for there.
///
/// `Debug` and `Display` show only the port: the host may be an onion address, and those must not
/// reach a log or an error text.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    resource: String,
    tls: Option<Tls>,
}

impl Target {
    /// A target from its parts. The host is not looked at until it is dialled.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            resource: "/".to_owned(),
            tls: None,
        }
    }

    /// The same with another resource than `/`: a path that begins with `/`, and maybe a query.
    #[must_use]
    pub fn at(mut self, resource: impl Into<String>) -> Self {
        self.resource = resource.into();
        self
    }

    /// The same over TLS.
    #[must_use]
    pub fn over(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Path and query.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// How TLS is spoken with it, if it is.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// Host and port as a URL and a `Host` header have them.
    #[must_use]
    pub fn authority(&self) -> String {
        // An IPv6 literal needs brackets (RFC 3986 section 3.2.2).
        if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The host, unredacted.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[redacted]:{}", self.port)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// SOCKS user name and password, which onion daemons use to keep circuits apart: two streams with
/// different values never share a circuit.
///
/// When isolation is asked for, only the user name/password method is offered, so that a proxy
/// which ignores it is noticed instead of silently mixing circuits.
#[derive(Clone, PartialEq, Eq)]
pub struct Isolation {
    pub(super) username: String,
    pub(super) password: String,
}

impl Isolation {
    /// An isolation key. Each part is 1 to 255 bytes long (RFC 1929).
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password: password.into(),
        }
    }
}

impl fmt::Debug for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Isolation([redacted])")
    }
}
