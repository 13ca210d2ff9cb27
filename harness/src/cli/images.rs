//! What goes into the images of a run.

use std::path::{Path, PathBuf};

use super::error::CliError;
use super::load::Common;
use super::program::ProgramArgs;
use super::values::image;
use crate::connectors::{Content, Kind};
use crate::engine::{
    FilesError, Image, ImageContent, Placed, is_program, program_files, tree_files,
};
use crate::onion::{TldFamily, anonrc};
use crate::plan::{AGENT, HostProgram};
use crate::run::Sources;
use crate::topology::Topology;

/// Where `make images` puts the binaries, and `make tor` the tree of the distribution's tor.
const BINARIES: &str = "target/images";
/// The daemon's programs, as a tree that is given may have them.
const DAEMONS: [&str; 2] = ["anon", "tor"];
/// The daemon's folders, whatever its program is.
const DAEMON_FOLDERS: [&str; 2] = ["/var/lib/anon", "/etc/anon"];

/// Options about what goes into the containers.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ImageArgs {
    /// Use this image as the connector; it must be on the engine and is never pulled
    #[arg(long, value_name = "IMAGE", value_parser = image, help_heading = "Connector")]
    pub connector_image: Option<String>,
    /// Use this binary as the onion daemon; what a dynamically linked one loads is taken from this
    /// machine. A folder is a tree with usr/bin/anon or usr/bin/tor and all that it loads
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with = "anon_image",
        help_heading = "Onion daemon"
    )]
    pub anon_binary: Option<PathBuf>,
    /// Use this image as the onion daemon; it must have `anon` in its PATH, or `tor` for the onion
    /// family, and be on the engine
    #[arg(long, value_name = "IMAGE", value_parser = image, help_heading = "Onion daemon")]
    pub anon_image: Option<String>,
    #[command(flatten)]
    program: ProgramArgs,
}

impl ImageArgs {
    /// Where the images of a topology come from. All missing files are named at once.
    pub(super) fn sources(
        &self,
        common: &Common,
        topology: &Topology,
    ) -> Result<Sources, CliError> {
        let folder = match common.locate() {
            Some(root) => root.join(BINARIES),
            None if self.needs_folder() => return Err(CliError::NoRoot),
            None => PathBuf::new(),
        };
        let mut binaries = Binaries {
            folder,
            missing: Vec::new(),
        };
        let family = topology.network.family;
        let daemon = self.daemon(&mut binaries, family)?;
        let recipe = topology.connector.recipe();
        let program = self.program.program(topology)?;
        let given = self.connector_image.is_some() || program.is_some();
        let reference = recipe.content.is_ours() && !given;
        let (connector, managed) = match (&self.connector_image, &program) {
            (Some(name), _) => both(Image::Named(name.clone())),
            (None, Some(program)) => both(bare(program)),
            (None, None) => {
                let connector = topology.connector.name();
                binaries.connector(connector, recipe.content, &daemon)?
            }
        };
        let mut helper = vec![binaries.placed("agent", AGENT)];
        helper.extend(recipe.server.map(|(name, to)| binaries.placed(name, to)));
        let bls = local("bls", AGENT, helper, &[]);
        if !binaries.missing.is_empty() {
            let missing = binaries.missing;
            return Err(CliError::MissingBinaries { missing });
        }
        let anon = match (&self.anon_image, daemon) {
            (Some(name), _) => Image::Named(name.clone()),
            (None, files) => {
                let program = anonrc::program(family);
                local(program, program, files, &DAEMON_FOLDERS)
            }
        };
        Ok(Sources {
            reference,
            anon,
            connector,
            managed,
            bls,
            program,
        })
    }

    /// Whether something is taken from the project's folder besides the helper.
    fn needs_folder(&self) -> bool {
        self.connector_image.is_none() || (self.anon_binary.is_none() && self.anon_image.is_none())
    }

    /// The daemon's files; none where its image is given.
    fn daemon(&self, binaries: &mut Binaries, family: TldFamily) -> Result<Vec<Placed>, CliError> {
        if self.anon_image.is_some() {
            return Ok(Vec::new());
        }
        let program = anonrc::program(family);
        let (path, what) = match (&self.anon_binary, family) {
            (Some(path), _) => {
                let what = "--anon-binary";
                is_program(path).map_err(unfit(what))?;
                (path.clone(), what)
            }
            (None, TldFamily::Anon | TldFamily::Onion) => {
                (binaries.folder.join(program), "the onion daemon")
            }
            (None, TldFamily::Anyone) => return Err(CliError::NoDaemon { family }),
        };
        if !binaries.need(&path) {
            return Ok(Vec::new());
        }
        program_files(&path, program, &DAEMONS).map_err(unfit(what))
    }
}

/// The images of a connector that stands by itself: the one that is given, or else the profile's own; and that of its
/// server where it has one. All missing files are named at once.
pub(super) fn alone(
    common: &Common,
    connector: Kind,
    given: Option<&str>,
) -> Result<(Image, Option<Image>), CliError> {
    let recipe = connector.recipe();
    let content = given.map_or(recipe.content, |name| Content::Image(name.to_owned()));
    let folder = match common.locate() {
        Some(root) => root.join(BINARIES),
        None if matches!(content, Content::Image(_)) && recipe.server.is_none() => PathBuf::new(),
        None => return Err(CliError::NoRoot),
    };
    let mut binaries = Binaries {
        folder,
        missing: Vec::new(),
    };
    let (image, _) = binaries.connector(connector.name(), content, &[])?;
    let server = recipe.server.map(|(name, to)| {
        let files = vec![binaries.placed("agent", AGENT), binaries.placed(name, to)];
        local("bls", AGENT, files, &[])
    });
    match binaries.missing.is_empty() {
        true => Ok((image, server)),
        false => Err(CliError::MissingBinaries {
            missing: binaries.missing,
        }),
    }
}

/// The folder of binaries, and which of those that are needed are not there.
struct Binaries {
    folder: PathBuf,
    missing: Vec<String>,
}

impl Binaries {
    /// Whether a file or folder is there. One that is not is noted.
    fn need(&mut self, path: &Path) -> bool {
        let there = path.is_file() || path.is_dir();
        if !there {
            self.missing.push(path.display().to_string());
        }
        there
    }

    /// The connector alone, and with a daemon beside it where it can run one.
    fn connector(
        &mut self,
        name: &'static str,
        content: Content,
        daemon: &[Placed],
    ) -> Result<(Image, Image), CliError> {
        match content {
            Content::Program {
                binary,
                entrypoint,
                directories,
            } => {
                let alone = vec![self.placed(binary, entrypoint)];
                let with_daemon = [&alone, daemon].concat();
                let folders = [directories, &DAEMON_FOLDERS].concat();
                Ok((
                    local("connector", entrypoint, alone, directories),
                    local("managed-connector", entrypoint, with_daemon, &folders),
                ))
            }
            Content::Tree { folder, program } => {
                let tree = self.folder.join(folder);
                let files = match self.need(&tree) {
                    true => tree_files(&tree).map_err(unfit("the connector's files"))?,
                    false => Vec::new(),
                };
                Ok(both(local(name, &program, files, &["/config", "/tmp"])))
            }
            Content::Image(image) => Ok(both(Image::Named(image))),
            Content::Unknown => Err(CliError::NoConnector { connector: name }),
        }
    }

    /// A binary of the folder and its path in an image.
    fn placed(&mut self, name: &str, to: &str) -> Placed {
        let path = self.folder.join(name);
        self.need(&path);
        (path, to.to_owned())
    }
}

fn unfit(what: &'static str) -> impl FnOnce(FilesError) -> CliError {
    move |source| CliError::Files { what, source }
}

/// An image that is given is both, and has to hold a daemon of its own where one is asked for.
fn both(image: Image) -> (Image, Image) {
    (image.clone(), image)
}

/// An image with nothing but the folders at which a program of this machine finds what it needs.
fn bare(program: &HostProgram) -> Image {
    let system = program.system.iter().map(String::as_str);
    let folders: Vec<&str> = ["/config", "/tmp"].into_iter().chain(system).collect();
    // Whatever a container starts is named when it is made.
    local("this-machine", "/", Vec::new(), &folders)
}

/// An image of ours, which starts `entrypoint`.
fn local(name: &str, entrypoint: &str, files: Vec<Placed>, directories: &[&str]) -> Image {
    Image::Local(ImageContent {
        repository: format!("ator-harness/{name}"),
        files,
        directories: directories
            .iter()
            .map(|&folder| folder.to_owned())
            .collect(),
        entrypoint: entrypoint.to_owned(),
    })
}
