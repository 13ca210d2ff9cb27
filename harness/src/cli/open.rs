//! `--open`: a page in the user's browser.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::CliError;
use crate::environment::variable;

/// What opens a file with the desktop's own program.
const DESKTOP: &str = "xdg-open";

/// Shows a page in the browser that `BROWSER` names, else in the desktop's. Nobody waits for it.
///
/// # Errors
///
/// [`CliError::NoPage`] when the page is not there, and [`CliError::Open`] when there is no program for it.
pub(super) fn open_page(page: &Path) -> Result<(), CliError> {
    let failed = |program: &str, source| CliError::Open {
        page: page.display().to_string(),
        program: program.to_owned(),
        source,
    };
    let page = page.canonicalize().map_err(|source| CliError::NoPage {
        page: page.display().to_string(),
        source,
    })?;
    let named = variable("BROWSER").map(|named| named.to_string_lossy().into_owned());
    let program = named.as_deref().unwrap_or(DESKTOP);
    // Several may be named, of which the first one counts; one that takes its page elsewhere says so by %s.
    let program = program.split(':').next().unwrap_or(DESKTOP);
    let mut words = program.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or(DESKTOP));
    let mut placed = false;
    for word in words {
        placed |= word == "%s";
        match word {
            "%s" => command.arg(&page),
            word => command.arg(word),
        };
    }
    if !placed {
        command.arg(&page);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // A child that ends after this process has nobody to wait for it.
    command
        .spawn()
        .map(drop)
        .map_err(|error| failed(program, error))
}

/// The same after a verdict, which stays what it is: what keeps the page from being shown is told.
pub(super) fn open_after(page: &Path) {
    if let Err(error) = open_page(page) {
        error.tell();
    }
    // Whoever closed standard error does not want to know.
    let _ = std::io::stderr().lock().flush();
}
