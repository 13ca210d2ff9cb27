//! What each row's source holds a connector to, and by what. `harness/tests/contract.rs` holds this
//! against the document.

use crate::evidence::Basis;

/// A source of rows.
#[derive(Debug, Clone, Copy)]
pub(in crate::conformance) struct Stands {
    source: &'static str,
    /// What it holds a connector to.
    pub(in crate::conformance) basis: Basis,
    /// By what.
    pub(in crate::conformance) by: &'static str,
}

/// What `by` is where nothing but the contract says which answers there are.
const CONTRACT: &str = "contract";

const fn required(source: &'static str, by: &'static str) -> Stands {
    Stands {
        source,
        basis: Basis::Required,
        by,
    }
}

const fn either_way(source: &'static str) -> Stands {
    Stands {
        source,
        basis: Basis::EitherWay,
        by: CONTRACT,
    }
}

const fn defect(source: &'static str) -> Stands {
    Stands {
        source,
        basis: Basis::Defect,
        by: CONTRACT,
    }
}

/// Every source that rows cite.
const STANDS: &[Stands] = &[
    required("contract#auth-accepted", "RFC-0023 Authentication"),
    either_way("contract#auth-allow-noauth"),
    required("contract#auth-client", "safety"),
    required("contract#auth-empty-secret", "safety"),
    either_way("contract#auth-empty-secret-default"),
    either_way("contract#auth-id-spelling"),
    either_way("contract#auth-lenient"),
    required("contract#auth-malformed", "safety"),
    either_way("contract#auth-peer-id-type"),
    required("contract#auth-refused", "RFC-0023 Authentication"),
    required("contract#auth-secret", "interop"),
    required("contract#auth-secret-empty", "safety"),
    either_way("contract#auth-second-try"),
    required("contract#auth-token-is-shown", "safety"),
    either_way("contract#auth-twice"),
    defect("contract#defect-answer-from-any-connection"),
    defect("contract#defect-empty-secret-takeover"),
    defect("contract#defect-in-flight-forgotten"),
    defect("contract#defect-older-close-deregisters"),
    defect("contract#defect-refused-login-harms"),
    defect("contract#defect-shutdown-hangs"),
    required("contract#delivery-answer", "interop"),
    required("contract#expiry", "RFC-0027 ILP Packet Lifecycle"),
    required("contract#fulfillment-convention", "RFC-0027 ILP Fulfill"),
    required("contract#hop-changes", "RFC-0027 ILP Prepare"),
    either_way("contract#ildcp"),
    required("contract#ilp-address", "RFC-0015 Address Requirements"),
    either_way("contract#ilp-address-tilde"),
    either_way("contract#ilp-amount"),
    required("contract#ilp-data", "RFC-0027 ILP Prepare"),
    either_way("contract#ilp-time"),
    either_way("contract#message-without-packet"),
    required("contract#next-hop", "RFC-0027 ILP Packet Lifecycle"),
    required("contract#next-hop-answered", "RFC-0023 Flow"),
    either_way("contract#other-types"),
    required("contract#reject-codes", "RFC-0027 Error Codes"),
    required("contract#request-id", "RFC-0023 Flow"),
    either_way("contract#request-id-twice"),
    required("contract#rfc-auth", "RFC-0023 Authentication"),
    either_way("contract#rfc-auth-empty"),
    required("contract#rfc-auth-refused", "RFC-0023 Authentication"),
    either_way("contract#rfc-auth-twice"),
    either_way("contract#rfc-auth-username"),
    either_way("contract#rfc-amount-max"),
    required("contract#rfc-connection", "RFC-0023 Authentication"),
    either_way("contract#rfc-empty-requests"),
    required(
        "contract#rfc-error-time",
        "RFC-0030 Variable-length Timestamps",
    ),
    required("contract#rfc-invalid-packets", "RFC-0023 Flow"),
    required(
        "contract#rfc-packet-time",
        "RFC-0030 Fixed-length Timestamps",
    ),
    required("contract#rfc-packets", "RFC-0027 Packet Format"),
    required("contract#rfc-requests", "RFC-0023 Flow"),
    required("contract#rfc-unexpected", "RFC-0023 Flow"),
    either_way("contract#rfc-unreadable"),
    either_way("contract#rfc-unreadable-before-auth"),
    required("contract#rfc-differences", "interop"),
    either_way("contract#trailing-bytes"),
    either_way("contract#undecodable-frame-answer"),
    required("contract#undecodable-packet", "RFC-0023 Flow"),
    required("contract#unexpected-message", "RFC-0023 Flow"),
    required("contract#ws-close", "RFC 6455 section 5.5.1"),
    required("contract#ws-frames", "RFC 6455 section 5.4"),
    required("contract#ws-ping", "RFC 6455 section 5.5.2"),
    required("contract#ws-protocol-error", "RFC 6455 section 5"),
    required("contract#ws-size", "safety"),
    either_way("contract#ws-subprotocol"),
    either_way("contract#ws-text"),
    required("contract#ws-text-utf8", "RFC 6455 section 8.1"),
    required("contract#ws-upgrade", "RFC 6455 section 4.2"),
];

/// What `source` holds a connector to.
///
/// # Panics
///
/// If no line above has it. Every row is made for every table, so a test that makes one shows it.
pub(super) fn stands(source: &str) -> &'static Stands {
    STANDS
        .iter()
        .find(|stands| stands.source == source)
        .unwrap_or_else(|| panic!("no line of STANDS has {source}"))
}
