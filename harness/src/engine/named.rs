//! The engine that the environment names, as the docker command finds it: `DOCKER_HOST`, else the context
//! of `DOCKER_CONTEXT`, else the one in use by the command's own configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::error::EngineError;
use crate::environment::variable;
use crate::input;

/// The context that stands for no context.
const DEFAULT: &str = "default";

/// An address, and what names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// Such as `DOCKER_HOST`, for messages.
    pub(super) by: String,
    pub(super) address: String,
}

/// What is read of the command's own configuration, `config.json`.
#[derive(Deserialize)]
struct Configuration {
    #[serde(rename = "currentContext", default)]
    current: String,
}

/// What is read of a context, `meta.json`.
#[derive(Deserialize)]
struct Context {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Endpoint,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host")]
    host: String,
}

/// The engine that the environment names; `None` where it names none. A variable that is set to nothing
/// counts as unset.
///
/// # Errors
///
/// [`EngineError::NoContext`] when it names a context that cannot be read.
pub(super) fn named() -> Result<Option<Named>, EngineError> {
    named_by(&variable)
}

fn named_by(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<Named>, EngineError> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    // What is not UTF-8 is no address, and is refused as one when it is parsed.
    let text = |value: OsString| value.to_string_lossy().into_owned();
    if let Some(address) = set("DOCKER_HOST") {
        let by = "DOCKER_HOST".to_owned();
        let address = text(address);
        return Ok(Some(Named { by, address }));
    }
    let folder = set("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&set("HOME")?).join(".docker")));
    let (name, by) = match (set("DOCKER_CONTEXT"), &folder) {
        (Some(name), _) => (text(name), "DOCKER_CONTEXT".to_owned()),
        (None, Some(folder)) => {
            let file = folder.join("config.json");
            (in_use(&file), file.display().to_string())
        }
        (None, None) => return Ok(None),
    };
    if name.is_empty() || name == DEFAULT {
        return Ok(None);
    }
    let contexts = folder.unwrap_or_default().join("contexts");
    let id = HEXLOWER.encode(&Sha256::digest(name.as_bytes()));
    let file = contexts.join("meta").join(&id).join("meta.json");
    let no_context = |why: String| EngineError::NoContext {
        name: name.clone(),
        by: by.clone(),
        file: file.display().to_string(),
        why,
    };
    let read = input::bytes(&file, input::BY_PEOPLE);
    let read = read.map_err(|error| no_context(error.to_string()))?;
    let context: Context =
        serde_json::from_slice(&read).map_err(|error| no_context(error.to_string()))?;
    let mut address = context.endpoints.docker.host;
    // The context has its own.
    let certificates = contexts.join("tls").join(&id).join("docker");
    if address.starts_with("tcp://") && certificates.is_dir() {
        address = format!("{address}?certificates={}", certificates.display());
    }
    Ok(Some(Named {
        by: format!("the Docker context {name} (named by {by})"),
        address,
    }))
}

/// The context that the docker command uses. A configuration that is not there, or that the command could
/// not read either, names none.
fn in_use(file: &Path) -> String {
    let read = input::bytes(file, input::BY_PEOPLE).ok();
    let configuration = read.and_then(|text| serde_json::from_slice::<Configuration>(&text).ok());
    configuration.map_or_else(String::new, |one| one.current)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    /// A home folder with the context `lab`, which is in use if `current` says so.
    fn home(current: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().expect("a folder");
        let docker = home.path().join(".docker");
        let id = HEXLOWER.encode(&Sha256::digest(b"lab"));
        let meta = docker.join("contexts/meta").join(id);
        fs::create_dir_all(&meta).expect("makes folders");
        let config = format!(r#"{{"auths":{{}},"currentContext":"{current}"}}"#);
        fs::write(docker.join("config.json"), config).expect("writes");
        let context = r#"{"Name":"lab","Endpoints":{"docker":{"Host":"unix:///run/lab.sock"}}}"#;
        fs::write(meta.join("meta.json"), context).expect("writes");
        home
    }

    fn asked(home: &Path, more: &[(&str, &str)]) -> Result<Option<Named>, EngineError> {
        let mut set: BTreeMap<&str, OsString> = more
            .iter()
            .map(|(name, value)| (*name, value.into()))
            .collect();
        set.insert("HOME", home.into());
        named_by(&|name| set.get(name).cloned())
    }

    fn address(home: &Path, more: &[(&str, &str)]) -> Option<String> {
        asked(home, more).expect("reads").map(|named| named.address)
    }

    #[test]
    fn the_host_comes_before_the_context_and_nothing_counts_as_unset() {
        let home = home("");
        let host = ("DOCKER_HOST", "unix:///run/other.sock");
        let lab = ("DOCKER_CONTEXT", "lab");
        let other = Some("unix:///run/other.sock".to_owned());
        let of_lab = Some("unix:///run/lab.sock".to_owned());
        assert_eq!(address(home.path(), &[host, lab]), other);
        assert_eq!(address(home.path(), &[("DOCKER_HOST", ""), lab]), of_lab);
        assert_eq!(address(home.path(), &[]), None);
        assert_eq!(address(home.path(), &[("DOCKER_CONTEXT", "")]), None);
    }

    #[test]
    fn the_context_in_use_counts_unless_another_is_named() {
        let home = home("lab");
        let of_lab = Some("unix:///run/lab.sock".to_owned());
        assert_eq!(address(home.path(), &[]), of_lab);
        assert_eq!(address(home.path(), &[("DOCKER_CONTEXT", "default")]), None);
    }

    #[test]
    fn a_context_that_is_not_there_is_named() {
        let home = home("");
        let error = asked(home.path(), &[("DOCKER_CONTEXT", "gone")]).expect_err("is not there");
        let text = error.to_string();
        assert!(
            text.contains("gone") && text.contains("DOCKER_CONTEXT"),
            "{text}"
        );
    }
}
