//! Variables of the environment. One that is set to nothing counts as unset, whoever reads it.

use std::ffi::OsString;
use std::path::Path;

/// Where temporary files go where no variable says so.
const TEMPORARY: &str = "/tmp";

/// A variable; `None` where it is not set, or set to nothing.
#[must_use]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A variable as it is set: for a secret, of which nobody knows beforehand whether it is empty. `None` where it is not
/// set, or no text.
#[must_use]
pub fn as_set(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Keeps libraries from taking a `TMPDIR` that is set to nothing for the current folder. To be called before any of them
/// makes a temporary file.
pub fn settle() {
    if variable("TMPDIR").is_none() {
        // It fails where it was called before, with the same folder.
        let _ = tempfile::env::override_temp_dir(Path::new(TEMPORARY));
    }
}
