//! Variables of the environment. One that is set to nothing counts as unset, whoever reads it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Variables that libraries read by themselves, and take a text of no length for a file, a folder, an engine or a
/// terminal.
const READ_BY_LIBRARIES: [&str; 22] = [
    "ALL_PROXY",
    "CI",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "DOCKER_AUTH_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_HOST",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_COLOR",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

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

/// Keeps libraries from reading a variable that is set to nothing. To be called before anything else: this program is
/// started anew in its own place without such variables, because a process that runs cannot change its environment
/// safely.
pub fn settle() {
    let is_nothing = |name: &str| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let nothing: Vec<&str> = READ_BY_LIBRARIES
        .into_iter()
        .filter(|name| is_nothing(name))
        .collect();
    if nothing.is_empty() {
        return;
    }
    // Where the program's own file is gone, it goes on with what it has.
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let mut anew = Command::new(program);
    if let Some(called) = arguments.next() {
        anew.arg0(called);
    }
    anew.args(arguments);
    for name in nothing {
        anew.env_remove(name);
    }
    // It returns only where it fails; what then goes wrong is told where it does.
    let _ = anew.exec();
}
