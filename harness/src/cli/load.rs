//! Finding the project's folder and topology files.

use std::path::{Path, PathBuf};

use super::error::{CliError, NoName};
use super::values::family_parser;
use crate::environment::variable;
use crate::input;
use crate::onion::TldFamily;
use crate::run::{ConnectorSource, ProfileText, TopologySource};
use crate::topology::Topology;

/// Where a topology is looked for by name.
const TOPOLOGIES: &str = "fixtures/topologies";

/// A topology with the text it came from.
pub(super) struct Loaded {
    pub(super) source: TopologySource,
    pub(super) topology: Topology,
}

/// Which topology.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TopologyArgs {
    /// Name of a topology in fixtures/topologies, or a path to a file
    pub(super) topology: String,
    /// How many homes, for a topology with a [many] table
    #[arg(long, value_name = "N")]
    pub(super) homes: Option<usize>,
}

/// Options that several subcommands share.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Common {
    /// Project folder with `fixtures` and `target`; the one that ATOR_HARNESS_ROOT names, else found from the
    /// current folder when not given
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
    /// of `make images`, onion the distribution's tor of `make tor`, and anyone needs --anon-binary
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
    /// The project's folder: the given one, or the nearest above the current folder or above this
    /// program that has topologies.
    pub(super) fn locate(&self) -> Option<PathBuf> {
        let named = || variable("ATOR_HARNESS_ROOT").map(PathBuf::from);
        if let Some(root) = self.root.clone().or_else(named) {
            return Some(root);
        }
        // Where neither leads to a project, the message says how to name its folder.
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
    ) -> Result<Loaded, CliError> {
        let path = self.topology_path(&args.topology)?;
        let file = path.display().to_string();
        let text = input::text(&path, input::BY_PEOPLE).map_err(|source| {
            let path = file.clone();
            CliError::TopologyFile { path, source }
        })?;
        let homes = args.homes;
        let connector = connector.map(ConnectorArgs::source).transpose()?;
        let source = TopologySource {
            file,
            text,
            homes,
            family,
            connector: connector.flatten(),
        };
        let topology = source.parse()?;
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
        let shipped = self
            .locate()
            .map(|root| root.join(TOPOLOGIES).join(format!("{argument}.toml")));
        // A file of this name that cannot be read hides no topology of this name that runs.
        if let Some(Ok(name)) = shipped.map(|path| read(&path))
            && name != argument
        {
            names.insert(0, name);
        }
        Ok(names)
    }

    /// The files of the project's topologies, in order.
    pub(super) fn shipped(&self) -> Result<Vec<PathBuf>, CliError> {
        let folder = self.locate().ok_or(CliError::NoRoot)?.join(TOPOLOGIES);
        Ok(files(&folder))
    }

    fn topology_path(&self, name: &str) -> Result<PathBuf, CliError> {
        if looks_like_path(name) {
            return Ok(PathBuf::from(name));
        }
        let folder = self.locate().ok_or(CliError::NoRoot)?.join(TOPOLOGIES);
        let path = folder.join(format!("{name}.toml"));
        if path.is_file() {
            return Ok(path);
        }
        let files = files(&folder);
        let stems = files.iter().filter_map(|path| path.file_stem());
        let known = stems.map(|stem| stem.to_string_lossy().into_owned());
        let known = known.collect();
        Err(CliError::UnknownTopology {
            name: name.to_owned(),
            known,
        })
    }
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
