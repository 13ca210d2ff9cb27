//! Finding the project's folder and topology files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::{CliError, NoName};
use super::values::family_parser;
use crate::causes::with_causes;
use crate::deployment;
use crate::embedded;
use crate::environment::variable;
use crate::input;
use crate::onion::TldFamily;
use crate::run::{ConnectorSource, ProfileText, TopologySource};
use crate::topology::{Bound, NamedFault, Topology};

/// Where a topology is looked for by name.
const TOPOLOGIES: &str = "fixtures/topologies";

/// A topology with the text it came from.
pub(super) struct Loaded {
    pub(super) source: TopologySource,
    pub(super) topology: Topology,
}

/// What a command adds to a topology.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Besides<'a> {
    /// Faults of the catalogue.
    pub(super) faults: &'a [&'static NamedFault],
    /// Bounds in place of those of its budgets.
    pub(super) bounds: &'a [Bound],
}

/// Which topology.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TopologyArgs {
    /// Name of a topology that comes along or is in the project folder's fixtures/topologies, or a path to a file
    pub(super) topology: String,
    /// How many homes, for a topology with a [many] table
    #[arg(long, value_name = "N")]
    pub(super) homes: Option<usize>,
}

/// Options that several subcommands share.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Common {
    /// Project folder whose `fixtures/topologies` and `target/images` come before what is built in; the one that
    /// ATOR_HARNESS_ROOT names, else found from the current folder when not given. None is needed
    #[arg(long, value_name = "DIR", global = true)]
    pub root: Option<PathBuf>,
    /// Tell everything: list the checks that passed and every stage at the end, and show on standard error a line for
    /// each stage and what engines, daemons and connectors are asked and what they answer; twice shows when each is
    /// asked, too. RUST_LOG says that in detail, as in ator_harness::daemon=debug
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// Which onion daemons.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct FamilyArgs {
    /// Run on onion daemons of this TLD family, whatever the topology says: anon brings the daemon
    /// of `make images` or `ator-harness fetch`, onion the distribution's tor of `make tor`, and anyone needs --anon-binary
    /// or --anon-image
    #[arg(long, value_name = "FAMILY", value_parser = family_parser(), help_heading = "Onion daemon")]
    pub family: Option<TldFamily>,
}

/// Which connector.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ConnectorArgs {
    /// Give every home this connector, whatever the topology says: the name of one that comes along
    /// (toon, toon-1, ilp-connector), or a profile that says how to configure and run one (docs/profiles.md)
    #[arg(long, value_name = "PROFILE", help_heading = "Connector")]
    pub connector: Option<String>,
}

impl ConnectorArgs {
    /// Where the connector comes from; none where the topology's own counts.
    pub(super) fn source(&self) -> Result<Option<ConnectorSource>, CliError> {
        let Some(name) = self.connector.clone() else {
            return Ok(None);
        };
        if !looks_like_path(&name) {
            let profile = None;
            return Ok(Some(ConnectorSource { name, profile }));
        }
        let unreadable = |source| CliError::ProfileFile {
            path: name.clone(),
            source,
        };
        let path = Path::new(&name).canonicalize();
        let path = path.map_err(|error| unreadable(error.into()))?;
        let profile = Some(ProfileText {
            text: input::text(&path, input::BY_PEOPLE).map_err(unreadable)?,
            folder: path.parent().unwrap_or(&path).to_owned(),
        });
        Ok(Some(ConnectorSource { name, profile }))
    }
}

impl Common {
    fn given(&self) -> Option<PathBuf> {
        let named = || variable("ATOR_HARNESS_ROOT").map(PathBuf::from);
        self.root.clone().or_else(named)
    }

    /// Fails when a project's folder is given and is none: what comes along is not what was asked for.
    pub(super) fn check(&self) -> Result<(), CliError> {
        match self.given().filter(|root| !root.is_dir()) {
            Some(root) => Err(CliError::NoRoot {
                root: root.display().to_string(),
            }),
            None => Ok(()),
        }
    }

    /// The project's folder: the given one, or the nearest above the current folder or above this
    /// program that has topologies.
    pub(super) fn locate(&self) -> Option<PathBuf> {
        if let Some(root) = self.given() {
            return Some(root);
        }
        let current = std::env::current_dir().ok();
        let program = std::env::current_exe().ok();
        [current, program]
            .into_iter()
            .flatten()
            .flat_map(|start| start.ancestors().map(Path::to_owned).collect::<Vec<_>>())
            .find(|folder| folder.join(TOPOLOGIES).is_dir())
    }

    /// Reads a topology: a path, or the name of one of the project's.
    /// `family` and `connector` take the place of those in the file.
    pub(super) fn topology(
        &self,
        args: &TopologyArgs,
        family: Option<TldFamily>,
        connector: Option<&ConnectorArgs>,
        besides: &Besides<'_>,
    ) -> Result<Loaded, CliError> {
        self.check()?;
        let (file, text) = self.topology_text(&args.topology)?;
        let homes = args.homes;
        let connector = connector.map(ConnectorArgs::source).transpose()?;
        let mut source = TopologySource {
            file,
            text,
            homes,
            family,
            connector: connector.flatten(),
            faults: besides.faults.to_vec(),
            deployments: BTreeMap::new(),
            bounds: besides.bounds.to_vec(),
        };
        let mut topology = source.parse()?;
        if topology.homes.iter().any(|home| home.compose.is_some()) {
            let folder = Path::new(&source.file).parent().unwrap_or(Path::new(""));
            source.deployments = deployment::read(&topology, folder)?;
            topology = source.parse()?;
        }
        Ok(Loaded { source, topology })
    }

    /// The names by which a topology may run that the user names like this: the one in its file, as
    /// `up` has it, then the argument itself, which may also be a run id. A file may have other
    /// mistakes by now.
    pub(super) fn names(&self, argument: &str) -> Result<Vec<String>, NoName> {
        let read = |path: &Path| {
            let file = path.display().to_string();
            let text = input::text(path, input::BY_PEOPLE).map_err(|source| {
                let path = file.clone();
                NoName::File { path, source }
            })?;
            Topology::name_in(&file, &text).map_err(NoName::Topology)
        };
        if looks_like_path(argument) {
            return Ok(vec![read(Path::new(argument))?]);
        }
        let mut names = vec![argument.to_owned()];
        let folder = self.locate().map(|root| root.join(TOPOLOGIES));
        let file = folder.map(|folder| read(&folder.join(format!("{argument}.toml"))));
        // A file of this name that cannot be read hides no topology of this name that runs. One that comes along is
        // called what its file is called.
        if let Some(Ok(name)) = file
            && name != argument
        {
            names.insert(0, name);
        }
        Ok(names)
    }

    /// Every topology that there is, by name: those of the project's folder, and those that come along. Each with its file
    /// and its text, or why that cannot be read.
    pub(super) fn topologies(&self) -> Vec<(String, String, Result<String, String>)> {
        let folder = self.locate().map(|root| root.join(TOPOLOGIES));
        let files = folder.iter().flat_map(|folder| files(folder));
        let mut all: Vec<_> = files
            .map(|path| {
                let file = path.display().to_string();
                let text = input::text(&path, input::BY_PEOPLE).map_err(|error| {
                    let why = with_causes(&error);
                    format!("failed to read {file}: {why}")
                });
                (stem(&path), file, text)
            })
            .collect();
        for (name, text) in embedded::topologies() {
            if all.iter().all(|(known, ..)| known != name) {
                all.push(((*name).to_owned(), along(name), Ok((*text).to_owned())));
            }
        }
        all.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        all
    }

    /// The file and the text of a topology: a path, a file of the project's folder, or one that comes along.
    fn topology_text(&self, name: &str) -> Result<(String, String), CliError> {
        let read = |path: PathBuf| {
            let file = path.display().to_string();
            let text = input::text(&path, input::BY_PEOPLE).map_err(|source| {
                let path = file.clone();
                CliError::TopologyFile { path, source }
            })?;
            Ok((file, text))
        };
        if looks_like_path(name) {
            return read(PathBuf::from(name));
        }
        let folder = self.locate().map(|root| root.join(TOPOLOGIES));
        if let Some(path) = folder.as_deref().and_then(|folder| shipped(folder, name)) {
            return read(path);
        }
        if let Some(text) = embedded::topology(name) {
            return Ok((along(name), text.to_owned()));
        }
        let known = self.topologies().into_iter();
        let known = known.map(|(name, ..)| name).collect();
        Err(CliError::UnknownTopology {
            name: name.to_owned(),
            known,
        })
    }
}

/// The file of a topology in a project's folder, if it is there.
fn shipped(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = folder.join(format!("{name}.toml"));
    path.is_file().then_some(path)
}

/// What messages call the file of a topology that comes along.
fn along(name: &str) -> String {
    format!("{name}.toml (comes along)")
}

/// A file's name without its ending.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// The topology files of a folder, in order. What cannot be read has none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let is_topology = |path: &PathBuf| path.extension().is_some_and(|one| one == "toml");
    let mut files: Vec<PathBuf> = paths.filter(is_topology).collect();
    files.sort();
    files
}

/// Whether an argument is the path of a topology file and not a name.
fn looks_like_path(argument: &str) -> bool {
    let extension = Path::new(argument).extension();
    argument.contains('/') || extension.is_some_and(|extension| extension == "toml")
}
