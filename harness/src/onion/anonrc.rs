//! The daemon's configuration, one function per role.
//!
//! The options are those of a private network that is ready in seconds and does not stall; each
//! comment names the stall that the option prevents.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::TldFamily;

/// Interval of the votes, in seconds, while the authorities wait to be told of their first one.
const WAITING_INTERVAL: i64 = 1800;

/// Where a node can be reached: the address and ports that it advertises and listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The relay bridge's gateway, where the engine publishes every node's ports.
    pub address: Ipv4Addr,
    /// OR port, unique in the run.
    pub or_port: u16,
    /// Directory port, unique in the run; authorities only.
    pub dir_port: Option<u16>,
}

/// One authority, as every node's `DirAuthority` line needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityLine {
    /// Nickname.
    pub nickname: String,
    /// Where it is reached.
    pub published: Published,
    /// SHA-1 of the relay identity key, hex.
    pub fingerprint: String,
    /// SHA-1 of the authority identity key, hex.
    pub v3_identity: String,
}

/// What every node has in common.
pub struct Common<'a> {
    /// Nickname, 1 to 19 letters and digits. A hyphen makes the daemon abort.
    pub nickname: &'a str,
    /// All authorities.
    pub authorities: &'a [AuthorityLine],
    /// Value of `HashedControlPassword`.
    pub hashed_password: &'a str,
}

/// Folder of the daemon's state in its container.
pub const DATA_DIRECTORY: &str = "/var/lib/anon";
/// A file in [`DATA_DIRECTORY`] that tells anon that its terms are agreed to, and its content. The
/// option `AgreeToTerms` would say the same, but tor refuses to start with an option that it does
/// not know; so one configuration serves both.
pub const TERMS: (&str, &str) = ("/var/lib/anon/terms-agreement", "agreed");
/// Folder of a home's onion service in its daemon's container.
pub const SERVICE_DIRECTORY: &str = "/var/lib/anon/hs";
/// The control port of every daemon.
pub const CONTROL_PORT: u16 = 9051;
/// The SOCKS port of a home's daemon.
pub const SOCKS_PORT: u16 = 9050;

/// The daemon's program: what publishes `.onion` is taken for tor.
#[must_use]
pub const fn program(family: TldFamily) -> &'static str {
    match family {
        TldFamily::Onion => "tor",
        TldFamily::Anon | TldFamily::Anyone => "anon",
    }
}

fn common(node: &Common<'_>) -> String {
    let mut rc = format!(
        "Nickname {}\n\
         DataDirectory {DATA_DIRECTORY}\n\
         ContactInfo none@invalid\n\
         Log notice stdout\n\
         TestingTorNetwork 1\n\
         AssumeReachable 1\n\
         ShutdownWaitLength 0\n\
         ConfluxEnabled 0\n\
         # KIST sends in 2 ms steps on every hop, which six hops add up.\n\
         Schedulers Vanilla\n\
         ControlPort 0.0.0.0:{CONTROL_PORT}\n\
         HashedControlPassword {}\n",
        node.nickname, node.hashed_password,
    );
    authority_lines(&mut rc, node.authorities);
    rc
}

fn authority_lines(rc: &mut String, authorities: &[AuthorityLine]) {
    for authority in authorities {
        let Published {
            address,
            or_port,
            dir_port,
        } = authority.published;
        let _ = writeln!(
            rc,
            "DirAuthority {} orport={or_port} v3ident={} {address}:{} {}",
            authority.nickname,
            authority.v3_identity,
            dir_port.unwrap_or_default(),
            authority.fingerprint,
        );
    }
}

fn published(rc: &mut String, at: Published, listener: SocketAddr) {
    let Published {
        address,
        or_port,
        dir_port,
    } = at;
    let _ = write!(
        rc,
        "Address {address}\n\
         ORPort {address}:{or_port} NoListen IPv4Only\n\
         ORPort {listener} NoAdvertise IPv4Only\n",
    );
    if let Some(dir_port) = dir_port {
        let _ = write!(
            rc,
            "DirPort {address}:{dir_port} NoListen\n\
             DirPort 0.0.0.0:{dir_port} NoAdvertise\n",
        );
    }
    // A relay's own traffic of the last seconds would become its weight in the consensus; with
    // one relay at 1 and the others at 0 every rendezvous goes through that relay and fails.
    rc.push_str("CountPrivateBandwidth 0\nSocksPort 0\n");
    // See [`PUBLISH`].
    rc.push_str("PublishServerDescriptor 0\n");
}

/// The second, modulo the voting interval, that is farthest from `now`: the authorities must not
/// vote by themselves before every relay has published (they would at full and half hours).
#[must_use]
pub fn idle_voting_offset(now_unix: i64) -> i64 {
    (now_unix + WAITING_INTERVAL / 2).rem_euclid(WAITING_INTERVAL)
}

/// Configuration of a directory authority that waits to be told when to vote. Its daemon takes
/// connections at `listener`.
#[must_use]
pub fn authority(node: &Common<'_>, at: Published, listener: SocketAddr, now_unix: i64) -> String {
    let mut rc = common(node);
    published(&mut rc, at, listener);
    let _ = write!(
        rc,
        "AuthoritativeDirectory 1\n\
         V3AuthoritativeDirectory 1\n\
         ExitPolicy reject *:*\n\
         TestingV3AuthInitialVotingInterval {WAITING_INTERVAL} seconds\n\
         TestingV3AuthInitialVoteDelay 2 seconds\n\
         TestingV3AuthInitialDistDelay 2 seconds\n\
         V3AuthVotingInterval {WAITING_INTERVAL} seconds\n\
         V3AuthVoteDelay 2 seconds\n\
         V3AuthDistDelay 2 seconds\n\
         V3AuthNIntervalsValid 48\n\
         TestingV3AuthVotingStartOffset {} seconds\n\
         TestingAuthDirTimeToLearnReachability 0\n\
         TestingDirAuthVoteGuard *\n\
         TestingDirAuthVoteHSDir *\n\
         TestingDirAuthVoteExit *\n\
         TestingMinExitFlagThreshold 0\n\
         # A relay whose OR port an authority has not reached itself yet would be left out of its\n\
         # vote, although it has its descriptor.\n\
         AuthDirTestReachability 0\n\
         # Every node publishes on one address.\n\
         AuthDirMaxServersPerAddr 0\n",
        idle_voting_offset(now_unix),
    );
    rc
}

/// The `SETCONF` arguments that make the authorities agree on a consensus at the second `at_unix`:
/// they vote 2 s before it and compute 1 s before it. From then on they vote every `interval`. It is
/// not in their configuration, because no offset may be longer than it, that of the waiting neither.
#[must_use]
pub fn vote_at(at_unix: i64, interval: Duration) -> String {
    format!(
        "TestingV3AuthInitialVotingInterval=5 TestingV3AuthVotingStartOffset={} V3AuthVotingInterval={}",
        at_unix.rem_euclid(5),
        interval.as_secs()
    )
}

/// How often authorities vote while they are told to vote once more, in seconds.
const AGAIN_INTERVAL: i64 = 20;

/// The same for authorities of which some have a consensus: those vote by the interval that is not the initial one, 4 s
/// before. It is short until [`vote_at`] says otherwise.
#[must_use]
pub fn vote_again_at(at_unix: i64) -> String {
    format!(
        "TestingV3AuthInitialVotingInterval={AGAIN_INTERVAL} TestingV3AuthVotingStartOffset={} V3AuthVotingInterval={AGAIN_INTERVAL}",
        at_unix.rem_euclid(AGAIN_INTERVAL)
    )
}

/// The `SETCONF` arguments that make a node upload its descriptor to every authority. A daemon
/// uploads it once, moments after its start, and an authority that does not listen yet would not
/// hear of it again for a minute: so no node publishes before all authorities listen.
pub const PUBLISH: &str = "PublishServerDescriptor=1";

/// Configuration of a relay whose daemon takes connections at `listener`.
#[must_use]
pub fn relay(node: &Common<'_>, at: Published, listener: SocketAddr) -> String {
    let mut rc = common(node);
    published(&mut rc, at, listener);
    rc.push_str("ExitRelay 1\nExitPolicy accept *:*\n");
    rc
}

/// The lines of an onion service that hands each of these ports on to the same of a machine.
fn service(ports: &[u16], target: Ipv4Addr) -> String {
    let mut lines = format!("HiddenServiceDir {SERVICE_DIRECTORY}\n");
    for port in ports {
        let _ = writeln!(lines, "HiddenServicePort {port} {target}:{port}");
    }
    lines
}

/// Configuration of a home's daemon: a client with an onion service, its network switched off until it is
/// watched and the consensus is complete.
#[must_use]
pub fn home(node: &Common<'_>, service_ports: &[u16]) -> String {
    let mut rc = common(node);
    let _ = write!(
        rc,
        "SocksPort 0.0.0.0:{SOCKS_PORT}\n\
         # Without it a client asks relays that do not have the microdescriptors yet, and waits\n\
         # 10 or 60 s before it asks again.\n\
         FetchDirInfoEarly 1\n\
         # Layer-2 guards skip the exit restriction, and with few relays paths repeat a node.\n\
         VanguardsLiteEnabled 0\n\
         MaxCircuitDirtiness 1 day\n\
         DisableNetwork 1\n\
         {}",
        service(service_ports, Ipv4Addr::LOCALHOST),
    );
    rc
}

/// Configuration of a home's daemon in a network that is there already: a plain client of the public
/// one with an onion service, its network switched off until it is watched. With authorities it joins
/// the network that stands in for the public one, under the conditions of that network.
#[must_use]
pub fn joining(node: &Common<'_>, service_ports: &[u16]) -> String {
    let mut rc = serving(node, service_ports, Ipv4Addr::LOCALHOST);
    rc.push_str("DisableNetwork 1\n");
    rc
}

/// Configuration of an operator's daemon, which enters its network by itself whenever it starts, as that of
/// [`joining`] does when it is told. Its onion service hands streams on to `target`: an address, because a name that
/// does not resolve yet ends the daemon.
#[must_use]
pub fn serving(node: &Common<'_>, service_ports: &[u16], target: Ipv4Addr) -> String {
    let mut rc = format!(
        "Nickname {}\n\
         DataDirectory {DATA_DIRECTORY}\n\
         Log notice stdout\n\
         ControlPort 0.0.0.0:{CONTROL_PORT}\n\
         HashedControlPassword {}\n\
         SocksPort 0.0.0.0:{SOCKS_PORT}\n\
         {}",
        node.nickname,
        node.hashed_password,
        service(service_ports, target),
    );
    rc.push_str(&stand_in(node.authorities));
    rc
}

/// What has a daemon join the network of these authorities in place of the public one; nothing without any. It is
/// what the stand-in's own homes are told, and for the same reasons.
#[must_use]
pub fn stand_in(authorities: &[AuthorityLine]) -> String {
    if authorities.is_empty() {
        return String::new();
    }
    let mut rc = "TestingTorNetwork 1\n\
         AssumeReachable 1\n\
         ConfluxEnabled 0\n\
         Schedulers Vanilla\n\
         FetchDirInfoEarly 1\n\
         VanguardsLiteEnabled 0\n"
        .to_owned();
    authority_lines(&mut rc, authorities);
    rc
}
