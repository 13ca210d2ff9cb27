//! The way to a target.

use std::net::SocketAddr;

use super::socks::Isolation;

/// How to get a byte stream to the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// A plain TCP connection.
    Direct,
    /// Through a SOCKS5 proxy that resolves the name.
    Socks {
        /// Where the proxy listens.
        proxy: SocketAddr,
        /// What to keep this connection's circuit apart by.
        isolation: Option<Isolation>,
    },
}
