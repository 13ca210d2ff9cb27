//! What the containers of a plan are, and the images that they need.

use serde::{Deserialize, Serialize};

use crate::engine::ContainerSpec;

/// Image names on the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// The onion daemon.
    pub anon: String,
    /// The connector under test.
    pub connector: String,
    /// The connector with an onion daemon of its own; absent where no home needs one.
    #[serde(default)]
    pub managed: Option<String>,
    /// The business-logic server, with the harness's helper beside it.
    pub bls: String,
    /// The program of the engine's machine that runs in the connector's image; absent where the image
    /// brings its own.
    #[serde(default)]
    pub program: Option<HostProgram>,
    /// Whether the connector is the reference connector, which writes nothing to its root file system.
    #[serde(default)]
    pub reference: bool,
}

/// A connector that is run as it is on the engine's machine: its folder and the machine's own programs and
/// libraries are there in the container, and can be read alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostProgram {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder, in which it is started, by its path on the machine.
    pub folder: String,
    /// The machine's own folders.
    pub system: Vec<String>,
}

/// Every container of a run.
pub struct Specs {
    /// The authorities.
    pub authorities: Vec<ContainerSpec>,
    /// The relays.
    pub relays: Vec<ContainerSpec>,
    /// What shapes the links of authorities and relays; empty where links are not shaped.
    pub shaping: Vec<ContainerSpec>,
    /// The homes, in plan order.
    pub homes: Vec<HomeSpecs>,
}

/// The containers of one home.
pub struct HomeSpecs {
    /// The daemon's, unless the connector runs the daemon or there is none.
    pub sidecar: Option<ContainerSpec>,
    /// The business-logic server's.
    pub server: ContainerSpec,
    /// The connector's.
    pub connector: ContainerSpec,
}
