//! What keeps a run from being judged, though nothing is wrong with the homes.

use std::net::Ipv4Addr;
use std::time::Duration;

use home_agent::dialled::DialOutcome;
use time::OffsetDateTime;

/// Reason of a connection for which the system has no route (control-spec, `ORCONN`).
pub(in crate::run) const NO_ROUTE: &str = "NOROUTE";

/// What keeps a run from being judged. Says something of the place where it runs and nothing of the
/// homes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreflightFailure {
    /// The home's engine has no way out.
    #[error(
        "no route to the internet from {home}: all {dials} connections of its onion daemon failed with {NO_ROUTE}; connect the machine that its engine runs on, and look at that machine's default route"
    )]
    NoRoute {
        /// The home.
        home: String,
        /// How many connections were tried.
        dials: usize,
    },
    /// Nobody of the network answers.
    #[error(
        "the network's authorities and relays cannot be reached from {home}: {seen} within {} s; a firewall may drop or refuse the connections", .waited.as_secs()
    )]
    Unreachable {
        /// The home.
        home: String,
        /// What became of the connections.
        seen: String,
        /// How long it was tried.
        waited: Duration,
    },
    /// Connections are taken, but not by the network.
    #[error(
        "a captive or blocking network between {home} and the onion network: bootstrap is stuck at {percent} % ({tag}), {seen}; log in to the network's portal, or use one that lets the daemon through"
    )]
    Blocked {
        /// The home.
        home: String,
        /// Bootstrap percentage.
        percent: u8,
        /// Its tag.
        tag: String,
        /// What became of the connections, and the daemon's reason.
        seen: String,
    },
    /// What this machine and the engines' take for the time differs.
    #[error(
        "the clock of an engine is {} s {} this machine's; set both by NTP: when packets expire, and how long they took, is told by both", .ahead_s.unsigned_abs(), if *.ahead_s < 0 { "behind" } else { "ahead of" }
    )]
    Clocks {
        /// By how many seconds the engine's is ahead; negative when it is behind.
        ahead_s: i64,
    },
    /// What containers write to is full, or nearly.
    #[error(
        "the disk of the engine at {engine} is full: {free_mib} MiB are left to its containers, and a run takes {} MiB at least; `docker system df` shows what takes the space, and `docker system prune` removes what nobody uses", NEEDED >> 20
    )]
    Space {
        /// The engine.
        engine: String,
        /// What is left, in mebibytes.
        free_mib: u64,
    },
    /// Nothing was done here for a while.
    #[error(
        "this process stood still for {for_s} s in the middle of the run: it was stopped, or this machine did nothing else; times that were measured meanwhile are worth nothing, so run this again"
    )]
    StoodStill {
        /// For how long, in seconds.
        for_s: u64,
    },
    /// This machine's clock jumped.
    #[error(
        "this machine's clock moved by {by_s} s in the middle of the run: it was set, or the machine was suspended; when packets expire is told by it, so run this again, once the clock is right"
    )]
    ClockMoved {
        /// By how many seconds; negative when it was set back.
        by_s: i64,
    },
    /// A container is reached neither at its address nor through its engine.
    #[error(
        "a container of the engine at {engine} is not reached at its address {address}: {seen}; the engine has to run on this machine and in its network namespace, or let commands be run in containers (exec)"
    )]
    NoAnswer {
        /// The engine.
        engine: String,
        /// The container's address.
        address: Ipv4Addr,
        /// How the attempts ended.
        seen: String,
    },
    /// The nodes of a network that is to stand by are reached through their engine only.
    #[error(
        "containers of the engine at {engine} are not reached at their addresses from here, and a network that stands by has to be; use --network fresh, whose nodes are reached through the engine"
    )]
    NotForStanding {
        /// The engine.
        engine: String,
    },
    /// Somebody else has the address of a container.
    #[error(
        "somebody else answers at {address}, which is the address of a container of this run: a route or a VPN leads elsewhere; name a range that nobody uses with --subnets"
    )]
    OtherHost {
        /// The address.
        address: Ipv4Addr,
    },
    /// Containers do not reach what the engine publishes.
    #[error(
        "a port that the engine publishes at a bridge's gateway, {gateway}, is not reached from a container of that bridge, {subnet}: {outcome}. A firewall of this machine refuses or drops what its bridges send to it, or the engine runs without its userland proxy (the default has it); let new connections from bridges in, as by `iptables -I INPUT -s {subnet} -j ACCEPT`, for all ranges that runs use (--subnets), or change the rule that is in the way"
    )]
    Gateway {
        /// The gateway.
        gateway: Ipv4Addr,
        /// The bridge's subnet.
        subnet: String,
        /// How the attempt ended.
        outcome: DialOutcome,
    },
    /// What a container prints is not to be had.
    #[error(
        "what a container of the engine at {engine} has printed cannot be read back: {why}; logs have to be kept by the engine (log driver json-file, which runs ask for)"
    )]
    Logs {
        /// The engine.
        engine: String,
        /// What it says.
        why: String,
    },
    /// The engine does not tell of ends.
    #[error(
        "the engine at {engine} does not tell that a container has ended; something between it and here may hold its stream of events back, such as a proxy of its socket"
    )]
    Events {
        /// The engine.
        engine: String,
    },
    /// The operator has not agreed to the network's terms.
    #[error(
        "the network's terms and conditions are not agreed to, so {home}'s onion daemon ends; read them, and write terms = \"agreed\" into the topology's [network] table"
    )]
    Terms {
        /// The home.
        home: String,
    },
}

/// How much space an engine's disk has to have for the containers of a run, in bytes. One of two homes writes 3 MiB,
/// and a connector's log may have 64.
pub(in crate::run) const NEEDED: u64 = 64 << 20;

/// How far an engine's clock may be from this machine's, in seconds. Both are told in whole seconds.
pub(in crate::run) const CLOCKS_DIFFER: i64 = 2;

/// Refuses a container whose clock differs from this machine's, both in milliseconds of Unix time.
///
/// # Errors
///
/// [`PreflightFailure::Clocks`].
pub(in crate::run) fn clock_agrees(here: u64, there: u64) -> Result<(), PreflightFailure> {
    let ahead = i128::from(there) - i128::from(here);
    let ahead_s = i64::try_from(ahead / 1000).unwrap_or(i64::MAX);
    match ahead_s.abs() > CLOCKS_DIFFER {
        true => Err(PreflightFailure::Clocks { ahead_s }),
        false => Ok(()),
    }
}

/// Refuses engines whose clocks, in Unix time, differ from this machine's.
///
/// # Errors
///
/// [`PreflightFailure::Clocks`] names the one that differs most.
pub fn clocks_agree(engines: &[i64]) -> Result<(), PreflightFailure> {
    agree(OffsetDateTime::now_utc().unix_timestamp(), engines)
}

fn agree(here: i64, engines: &[i64]) -> Result<(), PreflightFailure> {
    let ahead = engines.iter().map(|clock| clock - here);
    match ahead.max_by_key(|ahead| ahead.unsigned_abs()) {
        Some(ahead_s) if ahead_s.abs() > CLOCKS_DIFFER => Err(PreflightFailure::Clocks { ahead_s }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_differs_is_named_with_its_direction() {
        assert_eq!(agree(1000, &[1001, 998]), Ok(()));
        for (clock, says) in [(4600, "3600 s ahead of this"), (990, "10 s behind this")] {
            let error = agree(1000, &[1000, clock]).expect_err("differs");
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
