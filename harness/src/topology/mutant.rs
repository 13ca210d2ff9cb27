//! Parts that are broken on purpose.
//!
//! A verifier is judged by what it catches: each mutant is one broken part of a real topology, and
//! the check that it is named beside has to notice it, and no other.

use serde::Serialize;

/// A deliberately broken part, chosen by `mutant = "..."` in a topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
    /// The connector lets in whoever has any secret.
    AcceptsAnySecret,
    /// The connector lets a peer in with the token that it uses itself to dial that peer.
    YamlTokenAuthenticates,
    /// The connector lets in whoever has no secret, though `BTP_ALLOW_NOAUTH` forbids it.
    AcceptsEmptySecret,
    /// The connector logs a dialled onion address at INFO.
    LogsAddress,
    /// The connector logs a secret.
    LogsSecret,
    /// The connector hands the SOCKS proxy an IP address instead of the name.
    SendsAddressToSocks,
    /// The connector looks an onion name up in DNS.
    AsksDns,
    /// The connector dials directly when the onion network fails it.
    DialsDirectly,
    /// The connector fulfils packets for a peer itself.
    AnswersWithoutForwarding,
    /// The connector answers with a fulfillment that does not fit the condition.
    WrongFulfillment,
    /// The connector drops every tenth packet.
    DropsEveryTenth,
    /// The connector delivers each packet twice.
    DeliversTwice,
    /// The connector delivers one packet's payload with another packet.
    SwapsPayloads,
    /// The connector takes packets that have expired.
    IgnoresExpiry,
    /// The connector answers 300 ms late.
    AddsDelay,
    /// The connector counts peers as connected that are not.
    HealthyWhenGone,
    /// The connector hands out an onion address whose checksum is wrong. It runs its own daemon.
    WrongHostnameChecksum,
    /// A home's daemon publishes no descriptor.
    PublishesNoDescriptor,
    /// The clean-up forgets a container.
    LeavesContainer,
    /// A relay publishes nothing, so that the consensus lacks it.
    MissingRelay,
    /// All homes stand on one bridge.
    OneBridge,
    /// The connector refuses peers that it does not dial itself, whatever their secret.
    RefusesStrangers,
    /// The connector takes four seconds to answer a right secret.
    AuthenticatesSlowly,
    /// The connector hands packets on without taking a second off their expiry.
    KeepsExpiry,
    /// The connector rejects what it has no route for with another code.
    WrongNoRouteCode,
    /// The connector hides why its business-logic server refused a packet.
    HidesApplicationErrors,
    /// The connector answers every tenth packet a second late.
    DelaysEveryTenth,
    /// The connector takes twenty seconds to listen.
    StartsSlowly,
    /// The authorities' certificates name addresses, which override the configured ones.
    CertificateAddress,
    /// A home's daemon may connect to nothing.
    NeverBootstraps,
    /// A home's daemon does not fetch descriptors.
    FetchesNoDescriptor,
    /// A home's onion service asks for a key that nobody has.
    ShutsClientsOut,
    /// A home's onion service has another port than the one that is dialled.
    WrongServicePort,
    /// A home is sealed off from the published addresses as well.
    BlocksHome,
    /// A home has a route to another home's router.
    LeavesHomeOpen,
    /// A connector's environment lacks a variable of the plan.
    OtherEnvironment,
    /// A connector reaches its daemon by a way that nobody records.
    BypassesRecorder,
    /// The relays are as far apart as on a bad day of the internet.
    FarRelays,
}

impl Mutant {
    /// Every mutant, in the order of the matrix.
    pub const ALL: [Self; 38] = [
        Self::AcceptsAnySecret,
        Self::YamlTokenAuthenticates,
        Self::AcceptsEmptySecret,
        Self::LogsAddress,
        Self::LogsSecret,
        Self::SendsAddressToSocks,
        Self::AsksDns,
        Self::DialsDirectly,
        Self::AnswersWithoutForwarding,
        Self::WrongFulfillment,
        Self::DropsEveryTenth,
        Self::DeliversTwice,
        Self::SwapsPayloads,
        Self::IgnoresExpiry,
        Self::AddsDelay,
        Self::HealthyWhenGone,
        Self::WrongHostnameChecksum,
        Self::PublishesNoDescriptor,
        Self::LeavesContainer,
        Self::MissingRelay,
        Self::OneBridge,
        Self::RefusesStrangers,
        Self::AuthenticatesSlowly,
        Self::KeepsExpiry,
        Self::WrongNoRouteCode,
        Self::HidesApplicationErrors,
        Self::DelaysEveryTenth,
        Self::StartsSlowly,
        Self::CertificateAddress,
        Self::NeverBootstraps,
        Self::FetchesNoDescriptor,
        Self::ShutsClientsOut,
        Self::WrongServicePort,
        Self::BlocksHome,
        Self::LeavesHomeOpen,
        Self::OtherEnvironment,
        Self::BypassesRecorder,
        Self::FarRelays,
    ];

    /// The name in topology files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcceptsAnySecret => "accepts-any-secret",
            Self::YamlTokenAuthenticates => "yaml-token-authenticates",
            Self::AcceptsEmptySecret => "accepts-empty-secret",
            Self::LogsAddress => "logs-address-at-info",
            Self::LogsSecret => "logs-secret",
            Self::SendsAddressToSocks => "sends-address-to-socks",
            Self::AsksDns => "asks-dns",
            Self::DialsDirectly => "dials-directly",
            Self::AnswersWithoutForwarding => "answers-without-forwarding",
            Self::WrongFulfillment => "wrong-fulfillment",
            Self::DropsEveryTenth => "drops-every-tenth",
            Self::DeliversTwice => "delivers-twice",
            Self::SwapsPayloads => "swaps-payloads",
            Self::IgnoresExpiry => "ignores-expiry",
            Self::AddsDelay => "adds-delay",
            Self::HealthyWhenGone => "healthy-when-gone",
            Self::WrongHostnameChecksum => "wrong-hostname-checksum",
            Self::PublishesNoDescriptor => "publishes-no-descriptor",
            Self::LeavesContainer => "leaves-container",
            Self::MissingRelay => "missing-relay",
            Self::OneBridge => "one-bridge",
            Self::RefusesStrangers => "refuses-strangers",
            Self::AuthenticatesSlowly => "authenticates-slowly",
            Self::KeepsExpiry => "keeps-expiry",
            Self::WrongNoRouteCode => "wrong-no-route-code",
            Self::HidesApplicationErrors => "hides-application-errors",
            Self::DelaysEveryTenth => "delays-every-tenth",
            Self::StartsSlowly => "starts-slowly",
            Self::CertificateAddress => "certificate-address",
            Self::NeverBootstraps => "never-bootstraps",
            Self::FetchesNoDescriptor => "fetches-no-descriptor",
            Self::ShutsClientsOut => "shuts-clients-out",
            Self::WrongServicePort => "wrong-service-port",
            Self::BlocksHome => "blocks-home",
            Self::LeavesHomeOpen => "leaves-home-open",
            Self::OtherEnvironment => "other-environment",
            Self::BypassesRecorder => "bypasses-recorder",
            Self::FarRelays => "far-relays",
        }
    }

    /// The check that has to notice it.
    #[must_use]
    pub const fn caught_by(self) -> &'static str {
        match self {
            Self::AcceptsAnySecret => "handshake.wrong-secret",
            Self::YamlTokenAuthenticates => "handshake.configured-secret",
            Self::AcceptsEmptySecret => "handshake.empty-secret",
            Self::LogsAddress => "secrecy.addresses",
            Self::LogsSecret => "secrecy.secrets",
            Self::SendsAddressToSocks => "names.socks",
            Self::AsksDns => "names.dns",
            Self::DialsDirectly => "isolation.no-direct-dial",
            Self::AnswersWithoutForwarding => "packets.delivered",
            Self::WrongFulfillment => "packets.fulfillment",
            Self::DropsEveryTenth => "packets.accepted",
            Self::DeliversTwice => "packets.once",
            Self::SwapsPayloads => "packets.payload",
            Self::IgnoresExpiry => "packets.expired",
            Self::AddsDelay => "latency.round-trip.p50",
            Self::HealthyWhenGone => "resilience.health",
            Self::WrongHostnameChecksum => "service.address",
            Self::PublishesNoDescriptor => "service.uploaded",
            Self::LeavesContainer => "hygiene.nothing-left",
            Self::MissingRelay => "network.consensus",
            Self::OneBridge => "isolation.home-to-home",
            Self::RefusesStrangers => "handshake.right-secret",
            Self::AuthenticatesSlowly => "latency.btp-connect.max",
            Self::KeepsExpiry => "packets.hops",
            Self::WrongNoRouteCode => "packets.no-route",
            Self::HidesApplicationErrors => "packets.application-error",
            Self::DelaysEveryTenth => "latency.round-trip.p95",
            Self::StartsSlowly => "latency.ready.max",
            Self::CertificateAddress => "network.certificates",
            Self::NeverBootstraps => "network.bootstrapped",
            Self::FetchesNoDescriptor => "service.fetched",
            Self::ShutsClientsOut => "service.rendezvous",
            Self::WrongServicePort => "handshake.connected",
            Self::BlocksHome => "isolation.published-reachable",
            Self::LeavesHomeOpen => "isolation.nothing-else",
            Self::OtherEnvironment => "handshake.wiring",
            Self::BypassesRecorder => "isolation.circuit",
            Self::FarRelays => "latency.dial.max",
        }
    }

    /// Checks that may notice it as well, because they look at the same thing from another side.
    #[must_use]
    pub const fn may_also_fail(self) -> &'static [&'static str] {
        match self {
            // A token that is no secret of the environment is any secret.
            Self::AcceptsAnySecret => &["handshake.configured-secret"],
            // What the daemon maps to one peer is never the peer that does not exist.
            Self::SendsAddressToSocks => &["isolation.no-direct-dial"],
            // A connector on the way rejects what does not fit.
            Self::WrongFulfillment => &["packets.accepted"],
            Self::AnswersWithoutForwarding => &["isolation.circuit"],
            Self::DropsEveryTenth => &["latency.round-trip.p50", "latency.round-trip.p95"],
            Self::AddsDelay => &["latency.round-trip.p95"],
            Self::OneBridge => &["isolation.nothing-else"],
            Self::BypassesRecorder => &["names.socks", "isolation.no-direct-dial"],
            Self::FarRelays => &[
                "latency.btp-connect.max",
                "latency.round-trip.p50",
                "latency.round-trip.p95",
            ],
            _ => &[],
        }
    }

    /// Whether the broken part is one that only a private network has: a node, or the seal of a home.
    #[must_use]
    pub const fn is_of_network(self) -> bool {
        matches!(
            self,
            Self::MissingRelay
                | Self::CertificateAddress
                | Self::FarRelays
                | Self::BlocksHome
                | Self::LeavesHomeOpen
        )
    }

    /// Whether the broken part is the connector that the probe dials: it is told by
    /// `REFERENCE_CONNECTOR_MUTANT`. Otherwise the plan or the harness is broken.
    #[must_use]
    pub const fn is_connector(self) -> bool {
        !matches!(
            self,
            Self::PublishesNoDescriptor
                | Self::LeavesContainer
                | Self::MissingRelay
                | Self::OneBridge
                | Self::CertificateAddress
                | Self::NeverBootstraps
                | Self::FetchesNoDescriptor
                | Self::ShutsClientsOut
                | Self::WrongServicePort
                | Self::BlocksHome
                | Self::LeavesHomeOpen
                | Self::OtherEnvironment
                | Self::BypassesRecorder
                | Self::FarRelays
        )
    }
}

impl Serialize for Mutant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
