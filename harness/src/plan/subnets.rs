//! Choosing addresses that nobody else uses.

use std::net::Ipv4Addr;

use super::addresses::{AddressSpace, BLOCK_PREFIX};
use super::seed::Seed;
use crate::connectors::ConfigureError;

/// Prefix length of one network.
pub const PREFIX: u8 = 27;
/// Addresses of one network.
pub(super) const NETWORK_SIZE: u32 = 32;
/// Networks in a block, of which the first is the relays'.
pub(super) const NETWORKS: usize = 64;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Every block of the pools overlaps with something.
    #[error(
        "no /{BLOCK_PREFIX} of {pools} is free: routes of this machine or networks of its engine have {taken}; name a range that nobody uses with --subnets"
    )]
    NoFreeSubnet {
        /// Where it was looked for.
        pools: String,
        /// What has them.
        taken: String,
    },
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
    /// A home whose connector is a deployment that was not read.
    #[error("the deployment of {home} was not read; name the topology by its file")]
    NotRead {
        /// The home.
        home: String,
    },
    /// A home's connector cannot be configured.
    #[error(transparent)]
    Configuration(#[from] Box<ConfigureError>),
}

/// A run's block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block(u32);

impl Block {
    /// The first free block, pool by pool, in an order that the seed decides, so that runs that start
    /// together rarely want the same one.
    pub(super) fn choose(seed: &Seed, space: &AddressSpace) -> Result<Self, PlanError> {
        let random = seed.derive("subnet");
        let start = u32::from(u16::from_be_bytes([random[0], random[1]]));
        space
            .pools()
            .iter()
            .flat_map(|pool| {
                let count = pool.blocks();
                let steps = (0..count).map(move |step| (start + step) % count);
                steps.map(move |block| pool.first() + (block << (32 - BLOCK_PREFIX)))
            })
            .find(|first| space.is_free(*first))
            .map(Self)
            .ok_or_else(|| PlanError::NoFreeSubnet {
                pools: space.told(),
                taken: space.taken(),
            })
    }

    /// Address `host` of network `index`; host 0 names the network itself.
    pub(super) const fn address(self, index: u32, host: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.0 + index * NETWORK_SIZE + host)
    }
}

/// The first address of a network that nobody uses, of prefix length [`PREFIX`].
///
/// # Errors
///
/// [`PlanError::NoFreeSubnet`].
pub fn free_network(seed: &Seed, space: &AddressSpace) -> Result<Ipv4Addr, PlanError> {
    Ok(Block::choose(seed, space)?.address(0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_pool_is_an_error_that_says_what_fills_it() {
        let pool = "10.192.0.0/21".parse().expect("a range");
        let mut space = AddressSpace::new(&[pool], &[]);
        space.add(Ipv4Addr::new(10, 192, 1, 0), PREFIX);
        let none = Block::choose(&Seed::new([1; 32]), &space).expect_err("is full");
        let text = none.to_string();
        assert!(
            text.contains("10.192.1.0/27") && text.contains("--subnets"),
            "{text}"
        );
    }

    #[test]
    fn a_taken_block_is_left_for_another() {
        let seed = Seed::new([1; 32]);
        let mut space = AddressSpace::default();
        let first = Block::choose(&seed, &space).expect("free");
        space.add(first.address(0, 0), PREFIX);
        let second = Block::choose(&seed, &space).expect("free");
        assert_ne!(first, second);
    }

    #[test]
    fn other_pools_come_after_the_first() {
        let mut space = AddressSpace::default();
        space.add(Ipv4Addr::new(10, 0, 0, 0), 8);
        let block = Block::choose(&Seed::new([1; 32]), &space).expect("free");
        assert_eq!(block.address(0, 0).octets()[0], 172);
    }
}
