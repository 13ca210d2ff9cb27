//! What `--version` tells: of what this program was made, and what of it is an interface with a version of its own.

use std::fmt::Write;
use std::sync::LazyLock;

use crate::connectors::{Kind, PROFILE_FORMAT};
use crate::embedded;
use crate::npm::Package;
use crate::report::VERSION;

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let package = Package::anon();
    let connectors: Vec<&str> = Kind::all().map(|kind| kind.name()).collect();
    let programs = embedded::lacking().map_or_else(
        || "built in".to_owned(),
        |why| format!("those of a checkout ({why})"),
    );
    let mut text = env!("CARGO_PKG_VERSION").to_owned();
    for (what, told) in [
        ("commit", env!("ATOR_HARNESS_COMMIT").to_owned()),
        (
            "daemon",
            format!("{}@{} of npm", package.name, package.version),
        ),
        (
            "profiles",
            format!(
                "format {PROFILE_FORMAT}; {} come along",
                connectors.join(", ")
            ),
        ),
        ("reports", format!("version {VERSION}")),
        ("programs", programs),
    ] {
        let _ = write!(text, "\n{what:<9} {told}");
    }
    text
});

/// The text of `--version`; `-V` tells the version alone.
pub(super) fn long() -> &'static str {
    &TEXT
}
