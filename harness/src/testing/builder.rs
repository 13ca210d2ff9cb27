//! How two homes are asked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::checkout::checkout;
use super::error::TestError;
use super::keeper::Keeper;
use super::two_homes::TwoHomes;
use crate::checks::defect;
use crate::descriptors;
use crate::embedded;
use crate::engine::{EngineAddress, Placement};
use crate::events::Event;
use crate::ingredients::{self, Given, IngredientError};
use crate::input;
use crate::run::{
    Amounts, ConnectorSource, NetworkChoice, Options, ProfileText, Progress, ReaperProgram,
    TopologySource,
};
use crate::topology::NamedFault;

/// The topology that comes along for this.
const TOPOLOGY: &str = "two-home-local";

/// How two homes are asked for: [`TwoHomes::builder`] makes one, [`start`](Self::start) brings them up.
///
/// What nothing is said about is as `ator-harness verify two-home-local` has it.
#[derive(Clone, Default)]
#[must_use]
pub struct TwoHomesBuilder {
    connector_image: Option<String>,
    connector: Option<String>,
    network: NetworkChoice,
    without_budgets: bool,
    amounts: Amounts,
    accepted_defects: Vec<String>,
    faults: Vec<String>,
    engine: Option<String>,
    checkout: Option<PathBuf>,
    artefacts: Option<PathBuf>,
    progress: Option<Progress>,
}

impl TwoHomes {
    /// How they are asked for.
    pub fn builder() -> TwoHomesBuilder {
        TwoHomesBuilder::default()
    }
}

impl TwoHomesBuilder {
    /// The image of the connector under test, which has to be on the engine: it is never pulled. Without it, the homes
    /// run the reference connector.
    pub fn connector_image(mut self, image: impl Into<String>) -> Self {
        self.connector_image = Some(image.into());
        self
    }

    /// How the connector is configured and run: the name of a profile that comes along, such as `toon-1`, or the path
    /// of a file (`docs/profiles.md`). Without it, as the TOON connector is.
    pub fn connector(mut self, profile: impl Into<String>) -> Self {
        self.connector = Some(profile.into());
        self
    }

    /// Which network the homes meet in: one that stands by where one fits, else one of their own, which is the
    /// default; [`Fresh`](NetworkChoice::Fresh) for one of their own in any case, which faults of the network need; or
    /// [`Keep`](NetworkChoice::Keep), which makes one that stays for 12 hours where none fits, so that the tests that
    /// follow take half the time (`docs/networks.md`).
    pub const fn network(mut self, which: NetworkChoice) -> Self {
        self.network = which;
        self
    }

    /// Judges without the budgets on times: for machines on which too much else goes on.
    pub const fn without_budgets(mut self) -> Self {
        self.without_budgets = true;
        self
    }

    /// Which amounts the verdict is made with: 0 and one above it, or 0 alone for connectors that hand nothing on
    /// without settlement.
    pub const fn amounts(mut self, amounts: Amounts) -> Self {
        self.amounts = amounts;
        self
    }

    /// A defect that may be there: the id of a check of the level defect, or the contract's name for it. One that
    /// there is not is an error of `start`.
    pub fn accept_defect(mut self, check: impl Into<String>) -> Self {
        self.accepted_defects.push(check.into());
        self
    }

    /// A fault of the catalogue (`docs/faults.md`) that is made while the verdict is found, with packets flowing, and
    /// judged. One that a test makes by itself is [`TwoHomes::fault`].
    pub fn fault(mut self, name: impl Into<String>) -> Self {
        self.faults.push(name.into());
        self
    }

    /// The engine, as in `unix:///var/run/docker.sock`, instead of the one that is found. It has to be on this machine,
    /// and the network is of the homes' own.
    pub fn engine(mut self, address: impl Into<String>) -> Self {
        self.engine = Some(address.into());
        self
    }

    /// A checkout of ator-harness in which `make images` was run, instead of the one that this library was built from.
    pub fn checkout(mut self, folder: impl Into<PathBuf>) -> Self {
        self.checkout = Some(folder.into());
        self
    }

    /// The folder in which the run gets a folder of its own for logs and reports; without it, `ator-runs` beside the
    /// test's program, such as `target/debug/ator-runs`.
    pub fn artefacts(mut self, folder: impl Into<PathBuf>) -> Self {
        self.artefacts = Some(folder.into());
        self
    }

    /// Calls this with every event of the run.
    pub fn on_event(mut self, reader: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.progress = Some(std::sync::Arc::new(reader));
        self
    }

    /// Brings the homes up: when this returns, each dials the other over the onion network and is let in. That takes
    /// some 10 s, or half of it over a network that stands by. Where the future is dropped before, everything is
    /// removed; where it ends with an error, too.
    ///
    /// # Errors
    ///
    /// [`TestError::NotUp`] when they did not come up, with what is known of why: for a connector that is broken that
    /// is a verdict. [`TestError::Missing`] and the others when the run could not begin.
    pub async fn start(self) -> Result<TwoHomes, TestError> {
        descriptors::raise();
        let few = |error| TestError::Process(std::io::Error::other(error));
        descriptors::enough(2).map_err(few)?;
        let mut topology = self.source()?.parse()?;
        if self.without_budgets {
            topology.budgets.clear();
        }
        let checkout = checkout(self.checkout.as_deref());
        let missing = |error| not_had(error, checkout.as_deref());
        let given = Given {
            connector_image: self.connector_image.clone(),
            ..Given::default()
        };
        let sources =
            ingredients::sources(checkout.as_deref(), &topology, given).map_err(missing)?;
        let helper = ingredients::helper(checkout.as_deref()).map_err(missing)?;
        let accepted_defects = self.defects()?;
        let options = Options {
            sources,
            family: None,
            connector: None,
            placement: Placement {
                common: self.engine.as_deref().map(on_this_machine).transpose()?,
                ..Placement::default()
            },
            tunnels: false,
            keep_addresses: false,
            subnets: Vec::new(),
            artefacts: self.artefacts.unwrap_or_else(beside_the_test),
            stand_in: None,
            network: self.network,
            keys: None,
            connector_memory: None,
            amounts: self.amounts,
            accepted_defects,
            reaper: ReaperProgram::Helper(helper),
            bounds: Vec::new(),
            progress: self.progress,
        };
        let (keeper, up) = Keeper::start(topology, options).await?;
        Ok(TwoHomes::new(keeper, up))
    }

    /// The checks of the defects that may be there.
    fn defects(&self) -> Result<Vec<String>, TestError> {
        let named = self.accepted_defects.iter().map(|named| defect(named));
        named
            .collect::<Result<_, _>>()
            .map_err(TestError::NoSuchDefect)
    }

    fn source(&self) -> Result<TopologySource, TestError> {
        let find = |name: &String| {
            NamedFault::find(name).ok_or_else(|| TestError::NoSuchFault { name: name.clone() })
        };
        let text = embedded::topology(TOPOLOGY).unwrap_or_default().to_owned();
        Ok(TopologySource {
            file: format!("{TOPOLOGY}.toml"),
            text,
            homes: None,
            family: None,
            connector: self.connector.as_deref().map(profile).transpose()?,
            faults: self.faults.iter().map(find).collect::<Result<_, _>>()?,
            deployments: BTreeMap::new(),
            bounds: Vec::new(),
        })
    }
}

/// Where a connector comes from: a profile that comes along, or a file.
fn profile(name: &str) -> Result<ConnectorSource, TestError> {
    let path = Path::new(name);
    let is_path = name.contains('/') || path.extension().is_some_and(|one| one == "toml");
    if !is_path {
        let name = name.to_owned();
        return Ok(ConnectorSource {
            name,
            profile: None,
        });
    }
    let unreadable = |source| TestError::Profile {
        path: name.to_owned(),
        source,
    };
    let path = path.canonicalize();
    let path = path.map_err(|error| unreadable(error.into()))?;
    Ok(ConnectorSource {
        name: name.to_owned(),
        profile: Some(ProfileText {
            text: input::text(&path, input::BY_PEOPLE).map_err(unreadable)?,
            folder: path.parent().unwrap_or(&path).to_owned(),
        }),
    })
}

fn on_this_machine(address: &str) -> Result<EngineAddress, TestError> {
    match address.parse() {
        Ok(address @ EngineAddress::Socket(_)) => Ok(address),
        Ok(_) | Err(_) => Err(TestError::OtherMachine {
            address: address.to_owned(),
        }),
    }
}

/// Why images cannot be made, as a test is told it.
pub(super) fn not_had(error: IngredientError, checkout: Option<&Path>) -> TestError {
    match error {
        IngredientError::Missing { missing } => TestError::Missing {
            missing,
            checkout: checkout.map(|folder| folder.display().to_string()),
        },
        other => TestError::Ingredients(other),
    }
}

/// `ator-runs` in the folder of the profile that the test was built with: cargo puts tests in `deps` below it.
fn beside_the_test() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let folder = program.parent().filter(|folder| folder.ends_with("deps"));
    let profile = folder.and_then(Path::parent).unwrap_or(Path::new(""));
    profile.join("ator-runs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_beside_its_runs() {
        assert!(beside_the_test().ends_with("debug/ator-runs") || cfg!(not(debug_assertions)));
    }

    #[test]
    fn what_cannot_be_asked_for_is_told_before_anything_begins() {
        let builder = TwoHomes::builder().fault("relay-on-pat");
        let error = builder.source().expect_err("no such fault");
        assert!(matches!(error, TestError::NoSuchFault { .. }), "{error}");
        let builder = TwoHomes::builder().accept_defect("resilience.shutdwn");
        let error = builder.defects().expect_err("no such defect").to_string();
        assert!(
            error.contains("did you mean \"resilience.shutdown\"?"),
            "{error}"
        );
        let source = TwoHomes::builder().connector("tooon").source();
        let error = source.expect("is a name").parse().expect_err("nobody's");
        assert!(
            error.to_string().contains("did you mean \"toon\""),
            "{error}"
        );
        let error = on_this_machine("ssh://host").expect_err("elsewhere");
        assert!(error.to_string().contains("ssh://host"), "{error}");
        on_this_machine("unix:///run/engine.sock").expect("is here");
        let file = TwoHomes::builder().connector("./no-such.toml").source();
        let error = file.expect_err("no file");
        assert!(error.to_string().contains("no-such.toml"), "{error}");
    }
}
