//! Which addresses runs may use, and which of them somebody else does.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A run's own block is a /21: 64 networks of 32 addresses.
pub(super) const BLOCK_PREFIX: u8 = 21;
/// Ranges that runs take their subnets from when nobody names others, in this order: parts of the private
/// ranges that few use (RFC 1918), and the one for benchmarks (RFC 2544).
const POOLS: [Range; 4] = [
    Range::new([10, 192, 0, 0], 11),
    Range::new([172, 24, 0, 0], 14),
    Range::new([198, 18, 0, 0], 15),
    Range::new([192, 168, 128, 0], 17),
];
/// How many ranges a message names.
const NAMED: usize = 4;

/// A range of IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    first: u32,
    prefix: u8,
}

impl Range {
    const fn new(first: [u8; 4], prefix: u8) -> Self {
        Self {
            first: u32::from_be_bytes(first),
            prefix,
        }
    }

    /// The range of a network of this prefix length, at most 32, that holds an address.
    #[must_use]
    pub fn around(address: Ipv4Addr, prefix: u8) -> Self {
        let kept = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        Self {
            first: address.to_bits() & kept,
            prefix,
        }
    }

    /// How many blocks of runs it has.
    pub(super) const fn blocks(self) -> u32 {
        1 << (BLOCK_PREFIX - self.prefix)
    }

    /// Its first address.
    pub(super) const fn first(self) -> u32 {
        self.first
    }

    fn last(self) -> u32 {
        self.first | u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0)
    }

    fn overlaps(self, other: Self) -> bool {
        self.first <= other.last() && other.first <= self.last()
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from_bits(self.first), self.prefix)
    }
}

/// A text that names no range that runs can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no range of IPv4 addresses for runs; write ADDRESS/LENGTH, as in 10.192.0.0/11, with a length of at most {BLOCK_PREFIX}, the first address of the range, and none of loopback, link-local or multicast"
)]
pub struct NotARange {
    text: String,
}

impl FromStr for Range {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let wrong = || NotARange {
            text: text.chars().take(40).collect(),
        };
        let (address, prefix) = text.trim().split_once('/').ok_or_else(wrong)?;
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        if !(8..=BLOCK_PREFIX).contains(&prefix) {
            return Err(wrong());
        }
        let range = Self::around(address, prefix);
        let reserved = [
            Self::new([0, 0, 0, 0], 8),
            Self::new([127, 0, 0, 0], 8),
            Self::new([169, 254, 0, 0], 16),
            Self::new([224, 0, 0, 0], 3),
        ];
        match range.first == address.to_bits() && !reserved.iter().any(|one| one.overlaps(range)) {
            true => Ok(range),
            false => Err(wrong()),
        }
    }
}

/// A route of this machine that is not a default route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Where it leads.
    pub range: Range,
    /// Whether the route of a bridge comes before it: it is in the main table, where the longer prefix
    /// counts. One of another table is looked at by rules of its own, maybe first.
    pub yields: bool,
}

/// The addresses that runs may use, and the ranges that are in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSpace {
    pools: Vec<Range>,
    taken: Vec<Range>,
    /// Wider ranges in which a run's may lie all the same, because nothing else is left.
    inside: Vec<Range>,
}

impl Default for AddressSpace {
    fn default() -> Self {
        Self {
            pools: POOLS.to_vec(),
            taken: Vec::new(),
            inside: Vec::new(),
        }
    }
}

impl AddressSpace {
    /// The addresses of these pools, or of those that come along, that no route leads to. Where that leaves
    /// nothing, a route that yields and is wider than a run's block is let go: hosts behind it that have
    /// just these addresses are out of reach meanwhile.
    #[must_use]
    pub fn new(pools: &[Range], routes: &[Route]) -> Self {
        let pools = match pools {
            [] => POOLS.to_vec(),
            named => named.to_vec(),
        };
        let mut space = Self {
            pools,
            taken: routes.iter().map(|route| route.range).collect(),
            inside: Vec::new(),
        };
        if !space.has_room() {
            let wide = |route: &&Route| route.yields && route.range.prefix < BLOCK_PREFIX;
            let (wide, narrow): (Vec<&Route>, Vec<&Route>) = routes.iter().partition(wide);
            space.taken = narrow.into_iter().map(|route| route.range).collect();
            space.inside = wide.into_iter().map(|route| route.range).collect();
        }
        space
    }

    /// Adds a range that turned out to be taken.
    pub fn add(&mut self, first: Ipv4Addr, prefix: u8) {
        self.taken.push(Range::around(first, prefix));
    }

    /// The pools, the first choice first.
    pub(super) fn pools(&self) -> &[Range] {
        &self.pools
    }

    /// Whether nobody has addresses of this block.
    pub(super) fn is_free(&self, first: u32) -> bool {
        let block = Range {
            first,
            prefix: BLOCK_PREFIX,
        };
        !self.taken.iter().any(|range| range.overlaps(block))
    }

    fn has_room(&self) -> bool {
        self.blocks().any(|first| self.is_free(first))
    }

    fn blocks(&self) -> impl Iterator<Item = u32> {
        self.pools.iter().flat_map(|pool| {
            (0..pool.blocks()).map(|block| pool.first + (block << (32 - BLOCK_PREFIX)))
        })
    }

    /// The pools in words.
    #[must_use]
    pub fn told(&self) -> String {
        listed(self.pools.iter())
    }

    /// Who has addresses of the pools, in words.
    #[must_use]
    pub fn taken(&self) -> String {
        let of_pools = |range: &&Range| self.pools.iter().any(|pool| pool.overlaps(**range));
        listed(self.taken.iter().filter(of_pools))
    }

    /// The wider range that holds these addresses and was let go, if that was necessary.
    #[must_use]
    pub fn holder(&self, address: Ipv4Addr) -> Option<Range> {
        let one = Range::around(address, 32);
        self.inside
            .iter()
            .copied()
            .find(|range| range.overlaps(one))
    }
}

fn listed<'r>(ranges: impl Iterator<Item = &'r Range>) -> String {
    let mut texts: Vec<String> = ranges.map(ToString::to_string).collect();
    if texts.len() > NAMED {
        let more = texts.len() - NAMED;
        texts.truncate(NAMED);
        texts.push(format!("{more} more"));
    }
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(range: &str, yields: bool) -> Route {
        let (address, prefix) = range.split_once('/').expect("a range");
        Route {
            range: Range::around(
                address.parse().expect("address"),
                prefix.parse().expect("length"),
            ),
            yields,
        }
    }

    #[test]
    fn ranges_are_read_and_what_is_none_is_refused() {
        for text in ["10.192.0.0/11", "100.64.0.0/10", "192.168.8.0/21"] {
            assert_eq!(text.parse::<Range>().expect("a range").to_string(), text);
        }
        for text in [
            "",
            "10.192.0.0",
            "10.192.0.0/33",
            "10.192.0.0/22",
            "10.192.0.1/11",
            "127.0.0.0/8",
            "126.0.0.0/7",
            "224.0.0.0/8",
            "fd00::/8",
            "10.0.0.0/-1",
            "0.0.0.0/0",
        ] {
            let error = text.parse::<Range>().expect_err(text).to_string();
            assert!(error.contains("10.192.0.0/11"), "{error}");
        }
    }

    #[test]
    fn a_route_that_takes_a_pool_leads_to_the_next() {
        let space = AddressSpace::new(&[], &[route("10.0.0.0/8", true)]);
        let free: Vec<u32> = space
            .blocks()
            .filter(|block| space.is_free(*block))
            .collect();
        assert_eq!(free.len(), (1 << 7) + (1 << 6) + (1 << 4));
        assert_eq!(space.holder(Ipv4Addr::new(10, 192, 0, 1)), None);
    }

    #[test]
    fn where_all_is_taken_a_wider_route_of_the_main_table_is_let_go() {
        let pool = ["10.192.0.0/20".parse().expect("a range")];
        let wide = [route("10.0.0.0/8", true), route("10.192.0.0/21", true)];
        let space = AddressSpace::new(&pool, &wide);
        assert!(space.has_room());
        let own = Ipv4Addr::new(10, 192, 8, 1);
        assert_eq!(space.holder(own).expect("let go").to_string(), "10.0.0.0/8");
        assert!(!space.is_free(Ipv4Addr::new(10, 192, 0, 0).to_bits()));
        // A table with rules of its own may come first.
        let space = AddressSpace::new(&pool, &[route("10.0.0.0/8", false)]);
        assert!(!space.has_room());
        assert_eq!(
            (space.told(), space.taken()),
            ("10.192.0.0/20".to_owned(), "10.0.0.0/8".to_owned())
        );
    }
}
