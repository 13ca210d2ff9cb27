//! Every mutant there is.

use super::spec::{MutantAddress, MutantSpec, Needs, Part};

/// A connector that breaks itself, in whatever topology, and that one check notices.
const CONNECTOR: MutantSpec = MutantSpec {
    name: "",
    breaks: "",
    caught_by: "",
    may_also_fail: &[],
    needs: Needs::Nothing,
    part: Part::Connector(None),
};

/// Another part, in whatever topology, that one check notices.
const fn part(part: Part) -> MutantSpec {
    MutantSpec { part, ..CONNECTOR }
}

/// Every mutant, in the order of the matrix.
pub static MUTANTS: &[MutantSpec] = &[
    MutantSpec {
        name: "accepts-any-secret",
        breaks: "The connector lets in whoever has any secret.",
        caught_by: "handshake.wrong-secret",
        // A token that is no secret of the environment is any secret.
        may_also_fail: &["handshake.configured-secret"],
        ..CONNECTOR
    },
    MutantSpec {
        name: "yaml-token-authenticates",
        breaks: "The connector lets a peer in with the token that it uses itself to dial that peer.",
        caught_by: "handshake.configured-secret",
        ..CONNECTOR
    },
    MutantSpec {
        name: "accepts-empty-secret",
        breaks: "The connector lets in whoever has no secret, though `BTP_ALLOW_NOAUTH` forbids it.",
        caught_by: "handshake.empty-secret",
        // The probe's id has a secret.
        may_also_fail: &["handshake.takeover"],
        ..CONNECTOR
    },
    MutantSpec {
        name: "empty-secret-takes-over",
        breaks: "The connector lets in whoever has no secret, also for an id that has one.",
        caught_by: "handshake.takeover",
        needs: Needs::NoAuth,
        ..CONNECTOR
    },
    MutantSpec {
        name: "logs-address-at-info",
        breaks: "The connector logs a dialled onion address at INFO.",
        caught_by: "secrecy.addresses",
        ..CONNECTOR
    },
    MutantSpec {
        name: "logs-secret",
        breaks: "The connector logs a secret.",
        caught_by: "secrecy.secrets",
        ..CONNECTOR
    },
    MutantSpec {
        name: "sends-address-to-socks",
        breaks: "The connector hands the SOCKS proxy an IP address instead of the name.",
        caught_by: "names.socks",
        // What the daemon maps to one peer is never the peer that does not exist.
        may_also_fail: &["isolation.no-direct-dial"],
        part: Part::Connector(Some(MutantAddress::MappedToPeer)),
        ..CONNECTOR
    },
    MutantSpec {
        name: "asks-dns",
        breaks: "The connector looks an onion name up in DNS.",
        caught_by: "names.dns",
        ..CONNECTOR
    },
    MutantSpec {
        name: "dials-directly",
        breaks: "The connector dials directly when the onion network fails it.",
        caught_by: "isolation.no-direct-dial",
        part: Part::Connector(Some(MutantAddress::OwnHome)),
        ..CONNECTOR
    },
    MutantSpec {
        name: "answers-without-forwarding",
        breaks: "The connector fulfils packets for a peer itself.",
        caught_by: "packets.delivered",
        may_also_fail: &["isolation.circuit"],
        ..CONNECTOR
    },
    MutantSpec {
        name: "wrong-fulfillment",
        breaks: "The connector answers with a fulfillment that does not fit the condition.",
        caught_by: "packets.fulfillment",
        // A connector on the way rejects what does not fit.
        may_also_fail: &["packets.accepted", "packets.amounts"],
        ..CONNECTOR
    },
    MutantSpec {
        name: "drops-every-tenth",
        breaks: "The connector drops every tenth packet.",
        caught_by: "packets.accepted",
        may_also_fail: &[
            "latency.round-trip.p50",
            "latency.round-trip.p95",
            "packets.amounts",
        ],
        ..CONNECTOR
    },
    MutantSpec {
        name: "delivers-twice",
        breaks: "The connector delivers each packet twice.",
        caught_by: "packets.once",
        ..CONNECTOR
    },
    MutantSpec {
        name: "swaps-payloads",
        breaks: "The connector delivers one packet's payload with another packet.",
        caught_by: "packets.payload",
        ..CONNECTOR
    },
    MutantSpec {
        name: "ignores-expiry",
        breaks: "The connector takes packets that have expired.",
        caught_by: "packets.expired",
        ..CONNECTOR
    },
    MutantSpec {
        name: "adds-delay",
        breaks: "The connector answers 300 ms late.",
        caught_by: "latency.round-trip.p50",
        may_also_fail: &["latency.round-trip.p95"],
        ..CONNECTOR
    },
    MutantSpec {
        name: "healthy-when-gone",
        breaks: "The connector counts peers as connected that are not.",
        caught_by: "resilience.health",
        // It takes its own count for how it is.
        may_also_fail: &["resilience.health-live"],
        ..CONNECTOR
    },
    MutantSpec {
        name: "health-frozen",
        breaks: "The connector says for ever how it was at the end of its start.",
        caught_by: "resilience.health-live",
        ..CONNECTOR
    },
    MutantSpec {
        name: "starting-for-ever",
        breaks: "The connector says for ever that it is starting.",
        caught_by: "resilience.health-live",
        ..CONNECTOR
    },
    MutantSpec {
        name: "dials-removed-peer",
        breaks: "The connector dials a peer again that was removed.",
        caught_by: "resilience.removed-peer",
        ..CONNECTOR
    },
    MutantSpec {
        name: "shutdown-hangs",
        breaks: "The connector does not end while a connection is open that never said who it is.",
        caught_by: "resilience.shutdown",
        ..CONNECTOR
    },
    MutantSpec {
        name: "refuses-amounts",
        breaks: "The connector rejects whatever is above 0 as a bad request.",
        caught_by: "packets.amounts",
        ..CONNECTOR
    },
    MutantSpec {
        name: "resolves-peers",
        breaks: "The connector asks its name server for its peers and does not use the proxy.",
        caught_by: "names.dns",
        ..CONNECTOR
    },
    MutantSpec {
        name: "wrong-hostname-checksum",
        breaks: "The connector hands out an onion address whose checksum is wrong.",
        caught_by: "service.address",
        needs: Needs::ManagedDaemon,
        ..CONNECTOR
    },
    MutantSpec {
        name: "publishes-no-descriptor",
        breaks: "A home's daemon publishes no descriptor.",
        caught_by: "service.uploaded",
        ..part(Part::Daemon("PublishHidServDescriptors 0"))
    },
    MutantSpec {
        name: "leaves-container",
        breaks: "The clean-up forgets a container.",
        caught_by: "hygiene.nothing-left",
        ..part(Part::CleanUp)
    },
    MutantSpec {
        name: "missing-relay",
        breaks: "A relay publishes nothing, so that the consensus lacks it.",
        caught_by: "network.consensus",
        needs: Needs::OwnNetwork,
        ..part(Part::LastRelay)
    },
    MutantSpec {
        name: "one-bridge",
        breaks: "All homes stand on one bridge.",
        caught_by: "isolation.home-to-home",
        may_also_fail: &["isolation.nothing-else"],
        ..part(Part::Bridges)
    },
    MutantSpec {
        name: "refuses-strangers",
        breaks: "The connector refuses peers that it does not dial itself, whatever their secret.",
        caught_by: "handshake.right-secret",
        ..CONNECTOR
    },
    MutantSpec {
        name: "authenticates-slowly",
        breaks: "The connector takes four seconds to answer a right secret.",
        caught_by: "latency.btp-connect.max",
        ..CONNECTOR
    },
    MutantSpec {
        name: "keeps-expiry",
        breaks: "The connector hands packets on without taking a second off their expiry.",
        caught_by: "packets.hops",
        ..CONNECTOR
    },
    MutantSpec {
        name: "wrong-no-route-code",
        breaks: "The connector rejects what it has no route for with another code.",
        caught_by: "packets.no-route",
        ..CONNECTOR
    },
    MutantSpec {
        name: "hides-application-errors",
        breaks: "The connector hides why its business-logic server refused a packet.",
        caught_by: "packets.application-error",
        ..CONNECTOR
    },
    MutantSpec {
        name: "delays-every-tenth",
        breaks: "The connector answers every tenth packet a second late.",
        caught_by: "latency.round-trip.p95",
        ..CONNECTOR
    },
    MutantSpec {
        name: "starts-slowly",
        breaks: "The connector takes twenty-four seconds to listen.",
        caught_by: "latency.ready.max",
        ..CONNECTOR
    },
    MutantSpec {
        name: "certificate-address",
        breaks: "The authorities' certificates name addresses, which override the configured ones.",
        caught_by: "network.certificates",
        needs: Needs::OwnNetwork,
        ..part(Part::Certificates)
    },
    MutantSpec {
        name: "never-bootstraps",
        breaks: "A home's daemon may connect to nothing.",
        caught_by: "network.bootstrapped",
        ..part(Part::Daemon("ReachableAddresses reject *:*"))
    },
    MutantSpec {
        name: "fetches-no-descriptor",
        breaks: "A home's daemon does not fetch descriptors.",
        caught_by: "service.fetched",
        ..part(Part::Daemon("FetchHidServDescriptors 0"))
    },
    MutantSpec {
        name: "shuts-clients-out",
        breaks: "A home's onion service asks for a key that nobody has.",
        caught_by: "service.rendezvous",
        ..part(Part::ServiceClients)
    },
    MutantSpec {
        name: "wrong-service-port",
        breaks: "A home's onion service has another port than the one that is dialled.",
        caught_by: "handshake.connected",
        ..part(Part::ServicePort)
    },
    MutantSpec {
        name: "blocks-home",
        breaks: "A home is locked away from the published addresses as well.",
        caught_by: "isolation.published-reachable",
        needs: Needs::PrivateNetwork,
        ..part(Part::SealShut)
    },
    MutantSpec {
        name: "leaves-home-open",
        breaks: "A home has a route to another home's router.",
        caught_by: "isolation.nothing-else",
        needs: Needs::PrivateNetwork,
        ..part(Part::SealOpen)
    },
    MutantSpec {
        name: "other-environment",
        breaks: "A connector's environment lacks a variable of the plan.",
        caught_by: "handshake.wiring",
        ..part(Part::Environment)
    },
    MutantSpec {
        name: "bypasses-recorder",
        breaks: "A connector reaches its daemon by a way that nobody records.",
        caught_by: "isolation.circuit",
        may_also_fail: &["names.socks", "isolation.no-direct-dial"],
        ..part(Part::Proxy)
    },
    MutantSpec {
        name: "far-relays",
        breaks: "The relays are as far apart as on a bad day of the internet.",
        caught_by: "latency.dial.max",
        may_also_fail: &[
            "latency.btp-connect.max",
            "latency.round-trip.p50",
            "latency.round-trip.p95",
        ],
        needs: Needs::OwnNetwork,
        ..part(Part::LinkShaping)
    },
    MutantSpec {
        name: "gives-up",
        breaks: "The connector dials a peer no more after three failed attempts in a row.",
        caught_by: "faults.recovered",
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"kill\"\non = \"home-a/connector\"\nlasts = \"15s\"\nrecovers_within = \"12s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "older-close-deregisters",
        breaks: "The connector forgets every session of a peer when one of them ends.",
        caught_by: "faults.recovered",
        needs: Needs::FaultsWhereDialled(
            "[[fault]]\nwhat = \"second-session\"\non = \"home-b/connector\"\nlasts = \"8s\"\nrecovers_within = \"12s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "answers-overdue",
        breaks: "The connector answers a packet, whose next hop has not, three seconds after its time is over.",
        caught_by: "faults.answered",
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"pause\"\non = \"home-a/connector\"\nlasts = \"8s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "forgets-in-flight",
        breaks: "The connector answers a packet in flight, whose next hop has left, only when its time is over.",
        caught_by: "faults.in-flight",
        needs: Needs::Faults("[[fault]]\nwhat = \"restart\"\non = \"home-a/connector\"\n"),
        ..CONNECTOR
    },
    MutantSpec {
        name: "delivers-again",
        breaks: "The connector delivers its last packet once more when a peer has let it in again.",
        caught_by: "faults.once",
        needs: Needs::Faults("[[fault]]\nwhat = \"restart\"\non = \"home-a/connector\"\n"),
        ..CONNECTOR
    },
    MutantSpec {
        name: "dials-past-proxy",
        breaks: "The connector dials its peer without the proxy when that says nothing.",
        caught_by: "faults.closed",
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"kill\"\non = \"home-b/daemon\"\nlasts = \"4s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "slow-to-come-back",
        breaks: "The connector forwards nothing for twelve seconds after a peer has let it in again.",
        caught_by: "faults.lost",
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"restart\"\non = \"home-a/connector\"\nloses_at_most = 30\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "waits-for-deliveries",
        breaks: "The connector forwards nothing while four deliveries are under way.",
        caught_by: "faults.undisturbed",
        needs: Needs::Faults("[[fault]]\nwhat = \"pause\"\non = \"home-b/bls\"\nlasts = \"6s\"\n"),
        ..CONNECTOR
    },
    MutantSpec {
        name: "dials-without-pause",
        breaks: "The connector dials a peer that is away again and again without a pause.",
        caught_by: "faults.redials",
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"kill\"\non = \"home-a/connector\"\nlasts = \"6s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "connected-for-ever",
        breaks: "The connector lists a peer as connected that once was.",
        caught_by: "faults.truth",
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"kill\"\non = \"home-a/connector\"\nlasts = \"40s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "healthy-for-ever",
        breaks: "The connector says that it is healthy, whoever of its peers is away.",
        caught_by: "faults.truth",
        // The same is looked at when its peer has ended, at the end.
        may_also_fail: &["resilience.health-live"],
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"kill\"\non = \"home-a/connector\"\nlasts = \"40s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "hangs-with-peers",
        breaks: "The connector does not end on a signal while a peer that it dials is connected.",
        caught_by: "faults.shutdown",
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"stop\"\non = \"home-b/connector\"\nlasts = \"2s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "drops-sessions",
        breaks: "The connector closes each session that it dialled 20 s after the peer let it in.",
        caught_by: "faults.held",
        may_also_fail: &["faults.undisturbed", "faults.answered"],
        needs: Needs::Faults(
            "[[fault]]\nwhat = \"pause\"\non = \"home-b/bls\"\nafter = \"25s\"\nlasts = \"1s\"\n",
        ),
        ..CONNECTOR
    },
    MutantSpec {
        name: "keys-not-kept",
        breaks: "The home's daemon loses the keys of its service when it is started again.",
        caught_by: "identity.kept",
        needs: Needs::Faults("[[fault]]\nwhat = \"restart\"\non = \"home-b/daemon\"\n"),
        ..part(Part::KeysNotKept)
    },
];
