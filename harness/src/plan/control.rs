//! Control ports of onion daemons.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Serialize, Serializer};

use super::seed::Seed;
use crate::onion::ControlPassword;
use crate::onion::anonrc::CONTROL_PORT;

/// How a daemon's control port is reached.
#[derive(Clone)]
pub struct Control {
    /// Its address.
    pub address: SocketAddr,
    /// Its password.
    pub password: ControlPassword,
}

impl Control {
    /// That of the daemon with this nickname at `address`.
    pub(super) fn of(seed: &Seed, nickname: &str, address: Ipv4Addr) -> Self {
        let random = seed.derive(&format!("control/{nickname}"));
        let mut bytes = [0; 24];
        bytes.copy_from_slice(&random[..24]);
        Self {
            address: SocketAddr::from((address, CONTROL_PORT)),
            password: ControlPassword::from_bytes(&bytes),
        }
    }
}

impl Serialize for Control {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.address)
    }
}
