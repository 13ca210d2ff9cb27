//! What the images of a run are made of: files of a checkout, what comes along in the program, and what `fetch` has
//! kept.

mod missing;

use std::path::{Path, PathBuf};

pub use missing::{IngredientError, Missing};

use crate::connectors::{Content, Kind};
use crate::embedded;
use crate::engine::{
    FilesError, Image, ImageContent, Material, Placed, is_program, program_files, tree_files,
};
use crate::npm::{Cache, Package};
use crate::onion::{TldFamily, anonrc};
use crate::plan::{AGENT, HostProgram};
use crate::run::Sources;
use crate::topology::Topology;

/// Where in a checkout `make images` puts the binaries, and `make tor` the tree of the distribution's tor.
const BINARIES: &str = "target/images";
/// The onion daemon's program, as `make images` puts it there and `fetch` keeps it.
const DAEMON: &str = "anon";
/// The daemon's programs, as a tree that is given may have them.
const DAEMONS: [&str; 2] = ["anon", "tor"];
/// The daemon's folders, whatever its program is.
const DAEMON_FOLDERS: [&str; 2] = ["/var/lib/anon", "/etc/anon"];

/// What was given in place of what is found.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The connector's image, which is on the engine.
    pub connector_image: Option<String>,
    /// A program of this machine as the connector.
    pub program: Option<HostProgram>,
    /// The onion daemon's program, or a tree that has it.
    pub anon_binary: Option<PathBuf>,
    /// The onion daemon's image, which is on the engine.
    pub anon_image: Option<String>,
}

/// Where the images of a topology come from. `checkout` is the project's folder, where there is one.
///
/// # Errors
///
/// [`IngredientError`]; all that is missing is named at once.
pub fn sources(
    checkout: Option<&Path>,
    topology: &Topology,
    given: Given,
) -> Result<Sources, IngredientError> {
    let mut binaries = Binaries::of(checkout);
    let family = topology.network.family;
    let daemon = binaries.daemon(&given, family)?;
    let recipe = topology.connector.recipe();
    let is_given = given.connector_image.is_some() || given.program.is_some();
    let reference = recipe.content.is_ours() && !is_given;
    let (connector, managed) = match (&given.connector_image, &given.program) {
        (Some(name), _) => both(Image::Named(name.clone())),
        (None, Some(program)) => both(bare(program)),
        (None, None) => {
            let connector = topology.connector.name();
            binaries.connector(connector, recipe.content, &daemon)?
        }
    };
    let bls = binaries.server(recipe.server);
    let anon_is_given = given.anon_image.is_some() || given.anon_binary.is_some();
    binaries.complete()?;
    let anon = match (given.anon_image, daemon) {
        (Some(name), _) => Image::Named(name),
        (None, files) => {
            let program = anonrc::program(family);
            local(program, program, files, &DAEMON_FOLDERS)
        }
    };
    Ok(Sources {
        reference,
        anon,
        anon_is_given,
        connector,
        connector_is_given: given.connector_image.is_some(),
        managed,
        bls,
        program: given.program,
    })
}

/// The onion daemon of the npm package by itself.
///
/// # Errors
///
/// [`IngredientError`] where it is not there.
pub fn onion_daemon(checkout: Option<&Path>) -> Result<ImageContent, IngredientError> {
    let mut binaries = Binaries::of(checkout);
    let files = binaries.daemon(&Given::default(), TldFamily::Anon)?;
    binaries.complete()?;
    Ok(content("onion-daemon", DAEMON, files, &DAEMON_FOLDERS))
}

/// The reference connector by itself, whose configuration is put into a folder of its image.
///
/// # Errors
///
/// [`IngredientError`] where it is not there.
pub fn reference_connector(checkout: Option<&Path>) -> Result<ImageContent, IngredientError> {
    let recipe = Kind::default().recipe();
    let Content::Program {
        binary,
        entrypoint,
        directories,
    } = recipe.content
    else {
        let connector = Kind::default().name();
        return Err(IngredientError::NoConnector { connector });
    };
    let mut binaries = Binaries::of(checkout);
    let files = binaries.placed(binary, entrypoint).into_iter().collect();
    binaries.complete()?;
    let name = "reference-connector";
    Ok(content(name, entrypoint, files, directories))
}

/// The reference connector's business-logic server by itself.
///
/// # Errors
///
/// [`IngredientError`] where it is not there.
pub fn business_logic_server(checkout: Option<&Path>) -> Result<ImageContent, IngredientError> {
    let recipe = Kind::default().recipe();
    let (name, program) = recipe.server.unwrap_or_default();
    let mut binaries = Binaries::of(checkout);
    let files = binaries.placed(name, program).into_iter().collect();
    binaries.complete()?;
    Ok(content("business-logic-server", program, files, &[]))
}

/// The helper's program, which runs on this machine too.
///
/// # Errors
///
/// [`IngredientError::Missing`] where it is not there.
pub fn helper(checkout: Option<&Path>) -> Result<Material, IngredientError> {
    let mut binaries = Binaries::of(checkout);
    let found = binaries.placed("agent", AGENT);
    binaries.complete()?;
    found.map(|(material, _)| material).ok_or_else(|| {
        let missing = vec![Missing::Program("agent".to_owned())];
        IngredientError::Missing { missing }
    })
}

/// The images of a connector that stands by itself: the one that is given, or else the profile's own; and that of its
/// server where it has one.
///
/// # Errors
///
/// [`IngredientError`]; all that is missing is named at once.
pub fn alone(
    checkout: Option<&Path>,
    connector: Kind,
    given: Option<&str>,
) -> Result<(Image, Option<Image>), IngredientError> {
    let recipe = connector.recipe();
    let content = given.map_or(recipe.content, |name| Content::Image(name.to_owned()));
    let mut binaries = Binaries::of(checkout);
    let (image, _) = binaries.connector(connector.name(), content, &[])?;
    let server = recipe.server.map(|server| binaries.server(Some(server)));
    binaries.complete()?;
    Ok((image, server))
}

/// Files of an image: what they hold, and their paths in it.
type Files = Vec<(Material, String)>;

fn from_files(files: Vec<Placed>) -> Files {
    let from_file = |(path, to)| (Material::File(path), to);
    files.into_iter().map(from_file).collect()
}

/// What there is to make images of, and which of what is needed is not there. A file of a checkout comes before what
/// comes along in the program.
struct Binaries {
    /// The checkout's folder of them.
    folder: Option<PathBuf>,
    missing: Vec<Missing>,
}

impl Binaries {
    fn of(checkout: Option<&Path>) -> Self {
        Self {
            folder: checkout.map(|root| root.join(BINARIES)),
            missing: Vec::new(),
        }
    }

    /// Fails when something was needed that is not there; all of it is named.
    fn complete(self) -> Result<(), IngredientError> {
        match self.missing.is_empty() {
            true => Ok(()),
            false => Err(IngredientError::Missing {
                missing: self.missing,
            }),
        }
    }

    /// A file or folder of the checkout, if it is there.
    fn there(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.as_ref()?.join(name);
        (path.is_file() || path.is_dir()).then_some(path)
    }

    /// Notes that something is not there.
    fn lacks(&mut self, name: &str, otherwise: Missing) {
        self.missing.push(match &self.folder {
            Some(folder) => Missing::File(folder.join(name)),
            None => otherwise,
        });
    }

    /// A file or folder that is in a checkout alone. One that is not there is noted.
    fn file(&mut self, name: &str) -> Option<PathBuf> {
        let there = self.there(name);
        if there.is_none() {
            self.lacks(name, Missing::Tree(name.to_owned()));
        }
        there
    }

    /// The onion daemon of the npm package: the checkout's, or else the one that `fetch` has put into the cache.
    fn fetched_daemon(&mut self) -> Option<PathBuf> {
        let kept = || {
            let path = Cache::locate().ok()?.place(&Package::anon(), DAEMON);
            path.is_file().then_some(path)
        };
        let found = self.there(DAEMON).or_else(kept);
        if found.is_none() {
            self.lacks(DAEMON, Missing::Daemon);
        }
        found
    }

    /// The daemon's files; none where its image is given.
    fn daemon(&mut self, given: &Given, family: TldFamily) -> Result<Files, IngredientError> {
        if given.anon_image.is_some() {
            return Ok(Vec::new());
        }
        let program = anonrc::program(family);
        let (path, what) = match (&given.anon_binary, family) {
            (Some(path), _) => {
                let what = "--anon-binary";
                is_program(path).map_err(unfit(what))?;
                (Some(path.clone()), what)
            }
            (None, TldFamily::Anon) => (self.fetched_daemon(), "the onion daemon"),
            (None, TldFamily::Onion) => (self.file(program), "the onion daemon"),
            (None, TldFamily::Anyone) => return Err(IngredientError::NoDaemon { family }),
        };
        let Some(path) = path else {
            return Ok(Vec::new());
        };
        let files = program_files(&path, program, &DAEMONS).map_err(unfit(what))?;
        Ok(from_files(files))
    }

    /// The image of the helper, with the business-logic server where there is one.
    fn server(&mut self, server: Option<(&'static str, &'static str)>) -> Image {
        let mut files: Files = self.placed("agent", AGENT).into_iter().collect();
        files.extend(server.and_then(|(name, to)| self.placed(name, to)));
        local("bls", AGENT, files, &[])
    }

    /// The connector alone, and with a daemon beside it where it can run one.
    fn connector(
        &mut self,
        name: &'static str,
        content: Content,
        daemon: &[(Material, String)],
    ) -> Result<(Image, Image), IngredientError> {
        match content {
            Content::Program {
                binary,
                entrypoint,
                directories,
            } => {
                let alone: Files = self.placed(binary, entrypoint).into_iter().collect();
                let with_daemon = [&alone, daemon].concat();
                let folders = [directories, &DAEMON_FOLDERS].concat();
                Ok((
                    local("connector", entrypoint, alone, directories),
                    local("managed-connector", entrypoint, with_daemon, &folders),
                ))
            }
            Content::Tree { folder, program } => {
                let files = match self.tree(&folder) {
                    Some(tree) => tree_files(&tree).map_err(unfit("the connector's files"))?,
                    None => Vec::new(),
                };
                let files = from_files(files);
                Ok(both(local(name, &program, files, &["/config", "/tmp"])))
            }
            Content::Image(image) => Ok(both(Image::Named(image))),
            Content::Unknown => Err(IngredientError::NoConnector { connector: name }),
        }
    }

    /// The folder of a connector's files: where it is, or in the checkout's folder.
    fn tree(&mut self, folder: &Path) -> Option<PathBuf> {
        if folder.is_absolute() {
            let there = folder.is_dir();
            if !there {
                self.missing.push(Missing::File(folder.to_owned()));
            }
            return there.then(|| folder.to_owned());
        }
        self.file(&folder.to_string_lossy())
    }

    /// A program of ours and its path in an image: the checkout's file, or else the one that comes along.
    fn placed(&mut self, name: &str, to: &str) -> Option<(Material, String)> {
        let along = || embedded::program(name).map(Material::Program);
        let found = self.there(name).map(Material::File).or_else(along);
        if found.is_none() {
            self.lacks(name, Missing::Program(name.to_owned()));
        }
        Some((found?, to.to_owned()))
    }
}

fn unfit(what: &'static str) -> impl FnOnce(FilesError) -> IngredientError {
    move |source| IngredientError::Files { what, source }
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
fn local(name: &str, entrypoint: &str, files: Files, directories: &[&str]) -> Image {
    Image::Local(content(name, entrypoint, files, directories))
}

fn content(name: &str, entrypoint: &str, files: Files, directories: &[&str]) -> ImageContent {
    ImageContent {
        repository: format!("ator-harness/{name}"),
        files,
        directories: directories
            .iter()
            .map(|&folder| folder.to_owned())
            .collect(),
        entrypoint: entrypoint.to_owned(),
    }
}
