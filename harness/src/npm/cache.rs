//! Where programs of packages are kept: a folder for each version with its digest, below the user's cache folder.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::error::FetchError;
use super::package::Package;
use crate::environment::variable;

/// What a program is called until it is whole.
const UNFINISHED: &str = ".unfinished-";
/// The lock of whoever fetches.
const LOCK: &str = ".lock";

/// The folder in which programs of packages are kept.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `ator-harness` below the user's cache folder (XDG base directory specification).
    ///
    /// # Errors
    ///
    /// [`FetchError::NoCache`] when the environment names none, nor a home folder.
    pub fn locate() -> Result<Self, FetchError> {
        // The specification has relative ones ignored.
        let folder = |name| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
        let caches = caches.ok_or(FetchError::NoCache)?;
        Ok(Self::at(caches.join("ator-harness")))
    }

    /// What is kept in a folder.
    #[must_use]
    pub const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where a package's program is, or will be.
    #[must_use]
    pub fn place(&self, package: &Package, program: &str) -> PathBuf {
        let digest = HEXLOWER.encode(&package.digest[..8]);
        let folder = format!("{program}-{}-{digest}", package.version);
        self.root.join(folder).join(program)
    }

    /// Makes the folder of a place, and waits for whoever else puts something there. Calls `waiting` when it has to.
    pub(super) fn enter(place: &Path, waiting: impl FnOnce()) -> Result<Entered<'_>, FetchError> {
        let folder = place.parent().unwrap_or(place);
        let mut made = DirBuilder::new();
        made.recursive(true).mode(0o700);
        made.create(folder).map_err(failed(folder))?;
        let path = folder.join(LOCK);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(&path).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                lock.lock().map_err(failed(&path))?;
            }
            Err(TryLockError::Error(error)) => return Err(failed(&path)(error)),
        }
        Ok(Entered {
            place,
            folder,
            _lock: lock,
        })
    }
}

/// A place that nobody else puts anything at meanwhile.
pub(super) struct Entered<'p> {
    place: &'p Path,
    folder: &'p Path,
    _lock: File,
}

impl Entered<'_> {
    /// Puts a program there, whole or not at all.
    pub(super) fn put(&self, program: &[u8]) -> Result<(), FetchError> {
        self.forget_unfinished();
        let write = || {
            let mut file = tempfile::Builder::new()
                .prefix(UNFINISHED)
                .permissions(Permissions::from_mode(0o755))
                .tempfile_in(self.folder)?;
            // Whatever the user's mask is: an image is made of it.
            file.as_file()
                .set_permissions(Permissions::from_mode(0o755))?;
            file.write_all(program)?;
            file.as_file().sync_all()?;
            file.persist(self.place).map_err(|error| error.error)?;
            File::open(self.folder)?.sync_all()
        };
        write().map_err(failed(self.place))
    }

    /// Removes what somebody left who was killed: nobody else is at work here.
    fn forget_unfinished(&self) {
        let entries = std::fs::read_dir(self.folder)
            .into_iter()
            .flatten()
            .flatten();
        for entry in entries {
            let name = entry.file_name();
            if name.to_string_lossy().starts_with(UNFINISHED) {
                // One that stays takes space and does no other harm.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    let path = path.display().to_string();
    move |source| FetchError::Cache { path, source }
}
