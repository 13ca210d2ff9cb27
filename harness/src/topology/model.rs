//! The topology's types.

use std::time::Duration;

use serde::Serialize;

use crate::onion::TldFamily;

/// What is to be run. Pure data; [`Topology::parse`] makes one from TOML.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Topology {
    /// Short name, used in labels, reports and file names.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// The private onion network.
    pub network: Network,
    /// The homes, in file order.
    #[serde(rename = "home")]
    pub homes: Vec<Home>,
    /// Who dials whom, in file order.
    #[serde(rename = "peering")]
    pub peerings: Vec<Peering>,
    /// The harness's own BTP peer.
    pub probe: Probe,
    /// How long each stage may take before the run is given up.
    pub deadlines: Deadlines,
    /// What measured values are held against.
    #[serde(rename = "budget")]
    pub budgets: Vec<Budget>,
}

/// A private network of real onion daemons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Network {
    /// The TLD family the daemons speak; an address of another family is a failure.
    pub family: TldFamily,
    /// Number of directory authorities (`AuthoritativeDirectory`). An odd number, at least 3.
    pub authorities: usize,
    /// Number of relays that are not authorities, at least 4.
    pub relays: usize,
}

/// One operator's place: onion sidecar, connector and business-logic server behind NAT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Home {
    /// The connector's `nodeId`, which is also its BTP peer id (contract section 0).
    pub id: String,
    /// The ILP address prefix that this home delivers locally.
    pub prefix: String,
}

/// A BTP relation: `from` dials `to` through the onion network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peering {
    /// The home that dials.
    pub from: String,
    /// The home that accepts.
    pub to: String,
    /// How the dialling side proves who it is.
    pub auth: Auth,
}

/// How the dialling side of a peering authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// A fresh 32-byte secret per peering, and `BTP_ALLOW_NOAUTH=false` at the accepting side.
    Secret,
}

/// The harness as a third peer: it dials `to`'s onion service through `via`'s SOCKS port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The peer id it authenticates with.
    pub id: String,
    /// The home whose SOCKS port it dials through.
    pub via: String,
    /// The home it dials.
    pub to: String,
    /// How many packets it sends over its session, at least 200.
    pub packets: u32,
    /// How many fresh circuits it dials over, at least 3.
    pub dials: u32,
}

/// How long a stage may take. When it is over the run fails with that stage's last evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deadlines {
    /// All daemons started and every authority knows every relay.
    #[serde(with = "millis")]
    pub descriptors: Duration,
    /// The authorities agreed on a complete consensus.
    #[serde(with = "millis")]
    pub consensus: Duration,
    /// Every home's daemon is bootstrapped and its onion service is published.
    #[serde(with = "millis")]
    pub publication: Duration,
    /// Every peering's BTP session is up.
    #[serde(with = "millis")]
    pub peering: Duration,
    /// One ILP packet sent through a connector is answered.
    #[serde(with = "millis")]
    pub delivery: Duration,
}

/// What is measured and may have a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// SOCKS5 CONNECT to an onion service over a fresh circuit, until the proxy's success reply.
    Dial,
    /// The dial, the WebSocket upgrade and the BTP authentication together.
    BtpConnect,
    /// One ILP PREPARE to the far business-logic server and its answer, over an open session.
    RoundTrip,
    /// From the start of the run until every peering is connected.
    Ready,
}

impl Metric {
    /// Every metric, in report order.
    pub const ALL: [Self; 4] = [Self::Dial, Self::BtpConnect, Self::RoundTrip, Self::Ready];

    /// The name used in topology files, reports and check ids.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::BtpConnect => "btp-connect",
            Self::RoundTrip => "round-trip",
            Self::Ready => "ready",
        }
    }
}

/// A percentile of a metric, the bound it must not pass, and how many samples it takes to say so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Budget {
    /// What is measured.
    pub metric: Metric,
    /// Which percentile, above 0 and up to 100.
    pub percentile: f64,
    /// The bound.
    #[serde(with = "millis")]
    pub at_most: Duration,
    /// Fewer samples than this make the check inconclusive.
    pub samples: u64,
}

impl Topology {
    /// The home with this id. Validation makes sure that every reference has one.
    #[must_use]
    pub fn home(&self, id: &str) -> Option<&Home> {
        self.homes.iter().find(|home| home.id == id)
    }
}

/// The environment variable in which a connector looks for the secret of the peer `id`.
///
/// Upper case, every `-` becomes `_`, dots stay (contract section 2). Different ids can map to
/// one variable, which validation refuses.
#[must_use]
pub fn secret_variable(id: &str) -> String {
    format!("BTP_PEER_{}_SECRET", id.to_uppercase().replace('-', "_"))
}

/// Durations are serialized as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::Serializer;

    pub(super) fn serialize<S: Serializer>(
        value: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }
}
