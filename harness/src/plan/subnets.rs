//! Choosing addresses that nobody else uses.

use std::net::Ipv4Addr;

use crate::connectors::ConfigureError;
use serde::{Deserialize, Serialize};

use super::seed::Seed;

/// Where runs take their subnets from: 10.192.0.0/11.
const POOL: u32 = u32::from_be_bytes([10, 192, 0, 0]);
/// A run's own block is a /21: 64 networks of 32 addresses.
const BLOCK_BITS: u32 = 11;
/// Blocks in the pool.
const BLOCKS: u32 = 1 << 10;
/// Prefix length of one network.
pub(super) const PREFIX: u8 = 27;
/// Addresses of one network.
pub(super) const NETWORK_SIZE: u32 = 32;
/// Networks in a block, of which the first is the relays'.
pub(super) const NETWORKS: usize = 64;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Every block of the pool overlaps with something.
    #[error(
        "failed to find a free /21 in 10.192.0.0/11; remove networks or routes that overlap with it"
    )]
    NoFreeSubnet,
    /// More homes than networks.
    #[error("{homes} homes need more networks than the {} that one run has", NETWORKS - 1)]
    TooManyHomes {
        /// Homes in the topology.
        homes: usize,
    },
    /// More homes on one local network than it has addresses.
    #[error("{homes} homes need more addresses than one bridge has")]
    TooManyNeighbours {
        /// Homes on that local network.
        homes: usize,
    },
    /// More nodes than one network has addresses.
    #[error("{nodes} authorities and relays need more addresses than one bridge has")]
    TooManyNodes {
        /// Authorities and relays in the topology.
        nodes: usize,
    },
    /// A home whose connector is to run an onion daemon and cannot.
    #[error(
        "{home} asks the connector {connector} to run an onion daemon, which it cannot; set daemon = \"sidecar\" in that home"
    )]
    NoOwnDaemon {
        /// The home.
        home: String,
        /// Its connector.
        connector: &'static str,
    },
    /// A home's connector cannot be configured.
    #[error(transparent)]
    Configuration(#[from] Box<ConfigureError>),
}

/// Address ranges that are in use: the machine's routes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupied(Vec<(u32, u32)>);

impl Occupied {
    /// Reads the kernel's IPv4 routing table in the format of `/proc/net/route`. Default routes
    /// occupy nothing.
    #[must_use]
    pub fn from_route_table(text: &str) -> Self {
        let ranges = text.lines().skip(1).filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let destination = parse(fields.next()?)?;
            let mask = parse(fields.nth(5)?)?;
            (mask != 0).then_some((destination, destination | !mask))
        });
        Self(ranges.collect())
    }

    /// Adds a range that turned out to be taken.
    pub fn add(&mut self, first: Ipv4Addr, prefix: u8) {
        let first = u32::from(first);
        let size = 1u32.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        self.0
            .push((first, first.wrapping_add(size.wrapping_sub(1))));
    }

    fn overlaps(&self, first: u32, last: u32) -> bool {
        self.0
            .iter()
            .any(|(start, end)| *start <= last && first <= *end)
    }
}

/// The kernel prints addresses in hex, in the machine's byte order.
fn parse(hex: &str) -> Option<u32> {
    let native = u32::from_str_radix(hex, 16).ok()?;
    Some(u32::from_be_bytes(native.to_ne_bytes()))
}

/// A run's block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block(u32);

impl Block {
    /// The first free block in an order that the seed decides, so that runs that start together
    /// rarely want the same one.
    pub(super) fn choose(seed: &Seed, occupied: &Occupied) -> Result<Self, PlanError> {
        let random = seed.derive("subnet");
        let start = u32::from(u16::from_be_bytes([random[0], random[1]]));
        (0..BLOCKS)
            .map(|step| POOL + (((start + step) % BLOCKS) << BLOCK_BITS))
            .find(|first| !occupied.overlaps(*first, first + (1 << BLOCK_BITS) - 1))
            .map(Self)
            .ok_or(PlanError::NoFreeSubnet)
    }

    /// Address `host` of network `index`; host 0 names the network itself.
    pub(super) const fn address(self, index: u32, host: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.0 + index * NETWORK_SIZE + host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
        eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
        tun0\t0000C00A\t00000000\t0001\t0\t0\t0\t0000E0FF\t0\t0\t0\n";

    #[test]
    fn routes_are_read_and_avoided() {
        // 10.192.0.0/11 less one half: 10.192.0.0/12 is taken.
        let table = TABLE.replace("0000E0FF", "0000F0FF");
        let occupied = Occupied::from_route_table(&table);
        for byte in 0..=255 {
            let block = Block::choose(&Seed::new([byte; 32]), &occupied).expect("half is free");
            assert!(block.address(0, 0) >= Ipv4Addr::new(10, 208, 0, 0));
        }
    }

    #[test]
    fn a_full_pool_is_an_error() {
        let occupied = Occupied::from_route_table(TABLE);
        let none = Block::choose(&Seed::new([1; 32]), &occupied);
        assert!(matches!(none, Err(PlanError::NoFreeSubnet)));
    }

    #[test]
    fn a_taken_block_is_left_for_another() {
        let seed = Seed::new([1; 32]);
        let mut occupied = Occupied::default();
        let first = Block::choose(&seed, &occupied).expect("free");
        occupied.add(first.address(0, 0), PREFIX);
        let second = Block::choose(&seed, &occupied).expect("free");
        assert_ne!(first, second);
    }
}
