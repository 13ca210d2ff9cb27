//! Finding the project's folder, topology files and the binaries that go into images.

use std::path::{Path, PathBuf};

use super::error::CliError;
use super::values::family_parser;
use crate::engine::{Image, ImageContent, program_files};
use crate::onion::{TldFamily, anonrc};
use crate::run::{Sources, TopologySource};
use crate::topology::Topology;

/// Where a topology is looked for by name.
const TOPOLOGIES: &str = "fixtures/topologies";
/// Where `make images` puts the binaries, and `make tor` the tree of the distribution's tor.
const BINARIES: &str = "target/images";
/// The daemon's programs, as a tree that is given may have them.
const DAEMONS: [&str; 2] = ["anon", "tor"];

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
    /// Project folder with `fixtures` and `target`; found from the current folder when not given
    #[arg(long, value_name = "DIR", env = "ATOR_HARNESS_ROOT", global = true)]
    pub root: Option<PathBuf>,
}

/// Which onion daemons.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct FamilyArgs {
    /// Run on onion daemons of this TLD family, whatever the topology says: anon brings the daemon
    /// of `make images`, onion the distribution's tor of `make tor`, and anyone needs --anon-binary
    /// or --anon-image
    #[arg(long, value_name = "FAMILY", value_parser = family_parser())]
    pub family: Option<TldFamily>,
}

/// Options about what goes into the containers.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ImageArgs {
    /// Use this image as the connector; it must be on the engine and is never pulled
    #[arg(long, value_name = "IMAGE")]
    pub connector_image: Option<String>,
    /// Use this binary as the onion daemon; what a dynamically linked one loads is taken from this
    /// machine. A folder is a tree with usr/bin/anon or usr/bin/tor and all that it loads
    #[arg(long, value_name = "PATH", conflicts_with = "anon_image")]
    pub anon_binary: Option<PathBuf>,
    /// Use this image as the onion daemon; it must have `anon` in its PATH, or `tor` for the onion
    /// family, and be on the engine
    #[arg(long, value_name = "IMAGE")]
    pub anon_image: Option<String>,
}

impl Common {
    /// The project's folder: the given one, or the nearest above the current folder or above this
    /// program that has topologies.
    fn locate(&self) -> Option<PathBuf> {
        if let Some(root) = &self.root {
            return Some(root.clone());
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
    /// `family` takes the place of the one in the file.
    pub(super) fn topology(
        &self,
        args: &TopologyArgs,
        family: Option<TldFamily>,
    ) -> Result<Loaded, CliError> {
        let path = self.topology_path(&args.topology)?;
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|source| CliError::TopologyFile {
            path: file.clone(),
            source,
        })?;
        let homes = args.homes;
        let source = TopologySource {
            file,
            text,
            homes,
            family,
        };
        let topology = source.parse()?;
        Ok(Loaded { source, topology })
    }

    fn topology_path(&self, name: &str) -> Result<PathBuf, CliError> {
        let looks_like_path = name.contains('/')
            || Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "toml");
        if looks_like_path {
            return Ok(PathBuf::from(name));
        }
        let folder = self.locate().ok_or(CliError::NoRoot)?.join(TOPOLOGIES);
        let path = folder.join(format!("{name}.toml"));
        if path.is_file() {
            return Ok(path);
        }
        let mut known: Vec<String> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                (path.extension()? == "toml").then(|| {
                    path.file_stem()
                        .map(|stem| stem.to_string_lossy().into_owned())
                })?
            })
            .collect();
        known.sort();
        Err(CliError::UnknownTopology {
            name: name.to_owned(),
            known,
        })
    }

    /// Where the images for a network of this family come from. All missing files are named at once.
    pub(super) fn sources(
        &self,
        images: &ImageArgs,
        family: TldFamily,
    ) -> Result<Sources, CliError> {
        let needs_folder = images.connector_image.is_none()
            || (images.anon_binary.is_none() && images.anon_image.is_none());
        let folder = match self.locate() {
            Some(root) => root.join(BINARIES),
            None if needs_folder => return Err(CliError::NoRoot),
            None => PathBuf::new(),
        };
        let program = anonrc::program(family);
        let mut missing = Vec::new();
        let mut need = |path: PathBuf| {
            if !path.exists() {
                missing.push(path.display().to_string());
            }
            path
        };
        let mut daemon = Vec::new();
        let anon = match (&images.anon_image, &images.anon_binary) {
            (Some(name), _) => Image::Named(name.clone()),
            (None, given) => {
                let path = match (given, family) {
                    (Some(path), _) => path.clone(),
                    (None, TldFamily::Anon | TldFamily::Onion) => folder.join(program),
                    (None, TldFamily::Anyone) => return Err(CliError::NoDaemon { family }),
                };
                let path = need(path);
                if path.exists() {
                    daemon = program_files(&path, program, &DAEMONS)?;
                }
                local(program, daemon.clone(), &DAEMON_FOLDERS)
            }
        };
        let connector = match &images.connector_image {
            Some(name) => Image::Named(name.clone()),
            None => local(
                "connector",
                vec![placed(need(folder.join("connector")), "/connector")],
                &["/config"],
            ),
        };
        // A connector image that was given has to hold a daemon of its own.
        let managed = match &images.connector_image {
            Some(name) => Image::Named(name.clone()),
            None => {
                daemon.insert(0, placed(folder.join("connector"), "/connector"));
                let [data, configuration] = DAEMON_FOLDERS;
                local(
                    "managed-connector",
                    daemon,
                    &["/config", data, configuration],
                )
            }
        };
        let bls = local(
            "bls",
            vec![
                placed(need(folder.join("bls")), "/bls"),
                placed(need(folder.join("agent")), "/agent"),
            ],
            &[],
        );
        if missing.is_empty() {
            Ok(Sources {
                anon,
                connector,
                managed,
                bls,
            })
        } else {
            Err(CliError::MissingBinaries { missing })
        }
    }
}

/// The daemon's folders, whatever its program is.
const DAEMON_FOLDERS: [&str; 2] = ["/var/lib/anon", "/etc/anon"];

fn placed(from: PathBuf, to: &str) -> (PathBuf, String) {
    (from, to.to_owned())
}

/// An image of ours. Its first file is the program that it starts.
fn local(name: &str, files: Vec<(PathBuf, String)>, directories: &[&str]) -> Image {
    let entrypoint = files.first().map(|(_, to)| to.clone());
    Image::Local(ImageContent {
        repository: format!("ator-harness/{name}"),
        files,
        directories: directories
            .iter()
            .map(|&folder| folder.to_owned())
            .collect(),
        entrypoint: entrypoint.unwrap_or_default(),
    })
}
