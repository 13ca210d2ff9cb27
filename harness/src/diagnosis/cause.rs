//! The causes that are known, what helps, and a cause with its evidence.

use std::fmt;

use serde::Serialize;

// The longer ones of what helps.
const NO_DAEMON_PROGRAM: &str = "the connector is to run the onion daemon itself, and its image has no program for that; put \
     the program where the connector looks for it, or install the package that brings it with \
     the connector's (`npm install @anyone-protocol/anyone-client`, which `--omit=optional` \
     leaves out), or give the home a daemon of its own (`daemon = \"sidecar\"`)";
const FOLDER_REFUSED: &str = "the daemon refuses a folder that others may read, or that another user owns; it has to \
     be the daemon's user's alone: `chmod 700` and `chown` it, also where it is on a volume";
const NO_ADMIN_API: &str = "the connector listens for its peers, but not where it is to be told of them; enable its \
     admin API on the port that its configuration names, or name with `--connector` a \
     profile of a connector that knows its peers from the start, one that comes along or one \
     of your own (docs/profiles.md)";

/// What can be at the bottom of a stage that is not reached, or of a container that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A daemon has no route to the network's addresses.
    NoRoute,
    /// The daemon was not told that the terms are agreed to.
    TermsNotAgreed,
    /// A nickname that the daemon does not take.
    BadNickname,
    /// A name of another TLD family was dialled.
    WrongTldFamily,
    /// Nothing listens where the onion service hands its streams to.
    TargetNotListening,
    /// Too few authorities answer to make a consensus.
    NoQuorum,
    /// The authorities answer, and what they voted comes to no consensus that can be relied on.
    NoAgreement,
    /// What runs on the machine waited for its processors while something was measured.
    MachineBusy,
    /// A program ended by itself or was killed.
    DaemonExited,
    /// A clock is wrong.
    ClockSkewed,
    /// HSDirs do not have the descriptor, or refuse it.
    DescriptorNotPublished,
    /// The published addresses cannot be reached from inside a home.
    AddressesBlocked,
    /// A connector resolves its peers' onion names itself and does not use the proxy.
    ProxyNotUsed,
    /// A connector does not let a peer in.
    LoginRefused,
    /// A connector listens for its peers, and there is nothing to tell it of them.
    AdminApiAbsent,
    /// A program was killed because it used more memory than its container has.
    OutOfMemory,
    /// A program cannot be executed at all.
    NotExecutable,
    /// A program lacks a library that it loads.
    MissingLibrary,
    /// A connector is to run the onion daemon, and has no program for it.
    DaemonProgramAbsent,
    /// A daemon refuses a folder that is not its user's alone, as that of its service's keys.
    FolderRefused,
    /// There is no space left where containers write.
    NoSpace,
    /// The evidence supports none of these.
    Unknown,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 22] = [
        Self::NoRoute,
        Self::TermsNotAgreed,
        Self::BadNickname,
        Self::WrongTldFamily,
        Self::TargetNotListening,
        Self::NoQuorum,
        Self::NoAgreement,
        Self::MachineBusy,
        Self::DaemonExited,
        Self::ClockSkewed,
        Self::DescriptorNotPublished,
        Self::AddressesBlocked,
        Self::ProxyNotUsed,
        Self::LoginRefused,
        Self::AdminApiAbsent,
        Self::OutOfMemory,
        Self::NotExecutable,
        Self::MissingLibrary,
        Self::DaemonProgramAbsent,
        Self::FolderRefused,
        Self::NoSpace,
        Self::Unknown,
    ];

    /// The name in reports. Part of the interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoRoute => "no-route",
            Self::TermsNotAgreed => "terms-not-agreed",
            Self::BadNickname => "bad-nickname",
            Self::WrongTldFamily => "wrong-tld-family",
            Self::TargetNotListening => "target-not-listening",
            Self::NoQuorum => "no-quorum",
            Self::NoAgreement => "no-agreement",
            Self::MachineBusy => "machine-busy",
            Self::DaemonExited => "daemon-exited",
            Self::ClockSkewed => "clock-skewed",
            Self::DescriptorNotPublished => "descriptor-not-published",
            Self::AddressesBlocked => "addresses-blocked",
            Self::ProxyNotUsed => "proxy-not-used",
            Self::LoginRefused => "login-refused",
            Self::AdminApiAbsent => "admin-api-absent",
            Self::OutOfMemory => "out-of-memory",
            Self::NotExecutable => "not-executable",
            Self::MissingLibrary => "missing-library",
            Self::DaemonProgramAbsent => "daemon-program-absent",
            Self::FolderRefused => "folder-refused",
            Self::NoSpace => "no-space",
            Self::Unknown => "unknown",
        }
    }

    /// What is wrong and what helps, in one or two sentences.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::NoRoute => {
                "a daemon has no route to the network's addresses; attach it to a network that \
                 leads there, and do not close it further than that"
            }
            Self::TermsNotAgreed => {
                "the daemon was not told that the terms are agreed to; its configuration needs \
                 `AgreeToTerms 1`"
            }
            Self::BadNickname => {
                "the daemon refuses a nickname; it must be 1 to 19 letters and digits, without \
                 hyphens"
            }
            Self::WrongTldFamily => {
                "a name of another TLD family was dialled, which this daemon takes for an \
                 ordinary DNS name; take the address from a daemon of the same family, because \
                 its checksum differs too and the suffix alone cannot be changed"
            }
            Self::TargetNotListening => {
                "the onion service was met, but nothing listens where it hands its streams to; \
                 start the connector's BTP server on the port that HiddenServicePort names"
            }
            Self::NoQuorum => {
                "authorities without quorum: half of them or more do not answer, so no consensus \
                 can be made; start the missing ones"
            }
            Self::NoAgreement => {
                "the authorities of the private network did not come to one consensus with every node, of which \
                 their votes tell more (`logs/*.vote`); a machine that is too busy for them misses rounds: run \
                 again with less beside it, or with fewer homes"
            }
            Self::MachineBusy => {
                "this machine had no processors left for what was measured, so that a budget that was exceeded says \
                 nothing of a connector; run again with less beside it, or on a machine with more processors"
            }
            Self::DaemonExited => {
                "a program ended while it was needed; its last lines say what it was doing"
            }
            Self::ClockSkewed => {
                "a daemon's clock differs from the others'; set this machine's time, or the time \
                 that the container is given"
            }
            Self::DescriptorNotPublished => {
                "the onion service's descriptor is not to be had: HSDirs refuse it or do not have \
                 it; wait for the publication of the dialled service before dialling it"
            }
            Self::AddressesBlocked => {
                "published addresses do not answer from inside a home; the engine must run with \
                 its userland proxy, and no firewall may drop traffic from its bridges to this \
                 machine"
            }
            Self::ProxyNotUsed => {
                "the connector asks a name server for its peer's onion name, which tells the name to \
                 others and leads nowhere; have it dial through the SOCKS5 proxy that it is given, with \
                 the name in the request (`socks5h`), also on its WebSocket"
            }
            Self::LoginRefused => {
                "the accepting connector ends the dialling one's sessions at the login; both have to \
                 have the same secret: the accepting one in the variable that is named, the dialling one \
                 as the peer's `authToken`"
            }
            Self::AdminApiAbsent => NO_ADMIN_API,
            Self::OutOfMemory => {
                "the program used more memory than its container has, and was killed for it; for a \
                 connector `--connector-memory` gives it more"
            }
            Self::NotExecutable => {
                "the engine could not execute the program: it is for another processor, has no \
                 permission to be executed, or it or its interpreter is not in the image"
            }
            Self::MissingLibrary => {
                "the program lacks a library that it loads; put it into the image, or link the program \
                 statically"
            }
            Self::DaemonProgramAbsent => NO_DAEMON_PROGRAM,
            Self::FolderRefused => FOLDER_REFUSED,
            Self::NoSpace => {
                "there is no space left on the engine's disk; `docker system df` shows what takes it, and \
                 `docker system prune` removes what nobody uses"
            }
            Self::Unknown => {
                "the cause is not known: the evidence fits none of the known ones; what was seen \
                 last is all there is to go by"
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A cause, with what supports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// What is wrong and what helps.
    pub remedy: &'static str,
    /// What was seen, each with where. Redacted by whoever gathered it.
    pub evidence: Vec<String>,
}

impl Diagnosis {
    pub(crate) fn new(cause: Cause, evidence: Vec<String>) -> Self {
        Self {
            cause,
            remedy: cause.remedy(),
            evidence,
        }
    }
}
