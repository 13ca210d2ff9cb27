//! The checkout in which `make images` was run, where there is one.

use std::path::{Path, PathBuf};

use crate::environment::variable;

/// The checkout that this library was built from; of one that cargo fetched, nobody has run `make images` there.
const BUILT_FROM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What a checkout has once `make images` was run.
const IMAGES: &str = "target/images";

/// The checkout that is given, or the one that `ATOR_HARNESS_ROOT` names, or else the one that this library was built
/// from where it has images.
pub(super) fn checkout(given: Option<&Path>) -> Option<PathBuf> {
    let named = || variable("ATOR_HARNESS_ROOT").map(PathBuf::from);
    given.map(Path::to_owned).or_else(named).or_else(|| {
        let built_from = Path::new(BUILT_FROM).canonicalize().ok()?;
        built_from.join(IMAGES).is_dir().then_some(built_from)
    })
}
