//! Files of the state folder: each has a format version, appears whole or not at all, and is read as
//! a result.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::source::SourceError;
use crate::input::{self, InputError};
use crate::plan::PlanError;

/// The format that is written, and the only one that is read.
const FORMAT: u64 = 1;

/// The state folder could not be used, or something in it not be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file or folder cannot be made, locked or listed.
    #[error(
        "failed to use the state folder {path}; set ATOR_HARNESS_STATE to a folder that can be written"
    )]
    Unusable {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The run cannot be made known to others on this machine.
    #[error("failed to make run {run} known on this machine by an abstract socket")]
    Unannounced {
        /// The run.
        run: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file about a run is there and cannot be read.
    #[error(
        "failed to read what is known of run {run} in {path}; the run is left alone until `ator-harness down {run}` removes it"
    )]
    Unreadable {
        /// The run.
        run: String,
        /// The file.
        path: String,
        /// Why.
        source: Unreadable,
    },
    /// The file that describes a network that stands by is there and cannot be read.
    #[error(
        "failed to read what is known of the standing network {run} in {path}; it is joined by nobody, and `ator-harness network down` removes it"
    )]
    UnreadableNetwork {
        /// The run that made it.
        run: String,
        /// The file.
        path: String,
        /// Why.
        source: Unreadable,
    },
}

/// Why a file about a run cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The system does not let us, or it is no such file.
    #[error("it is not to be had")]
    File(#[source] InputError),
    /// The text is cut off, or of something else.
    #[error("it does not hold what it should")]
    Json(#[source] serde_json::Error),
    /// It was written before files had a version.
    #[error("it has no format version, so an earlier version of ator-harness has written it")]
    Earlier,
    /// A later version has written it.
    #[error(
        "it is of format {0}, which a later version of ator-harness has written; this one reads format {FORMAT}, so use that one for it"
    )]
    Later(u64),
    /// The seed or the keys in it are no such.
    #[error("its {0} is garbled")]
    Garbled(&'static str),
    /// The topology in it is none any more.
    #[error("the topology in it is refused")]
    Topology(#[source] SourceError),
    /// The topology in it cannot be planned any more.
    #[error("the topology in it cannot be planned")]
    Plan(#[source] PlanError),
    /// What it describes has another run id.
    #[error("it is about another run, {0}")]
    OtherRun(String),
}

/// What the system said about a file or folder.
pub(super) fn unusable(path: &Path) -> impl FnOnce(io::Error) -> StateError {
    let path = path.display().to_string();
    move |source| StateError::Unusable { path, source }
}

#[derive(Serialize)]
struct Written<'v, T> {
    format: u64,
    #[serde(flatten)]
    value: &'v T,
}

#[derive(Deserialize)]
struct Header {
    format: Option<u64>,
}

/// The text of a file, with its format version.
pub(super) fn encode(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let format = FORMAT;
    Ok(serde_json::to_vec(&Written { format, value })?)
}

/// Writes a file of mode 0600 aside and renames it, so that whoever looks finds the old one or the
/// new one, also after the machine lost power.
pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), StateError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let put = || {
        let text = encode(value)?;
        let mut aside = tempfile::NamedTempFile::new_in(folder)?;
        aside.write_all(&text)?;
        aside.as_file().sync_all()?;
        aside.persist(path)?;
        File::open(folder)?.sync_all()
    };
    put().map_err(unusable(path))
}

/// Reads what [`write`](write()) wrote; `None` when there is no such file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Unreadable> {
    let text = match input::bytes(path, input::BY_PROGRAMS) {
        Ok(text) => text,
        Err(error) if error.is_absence() => return Ok(None),
        Err(error) => return Err(Unreadable::File(error)),
    };
    let header: Header = serde_json::from_slice(&text).map_err(Unreadable::Json)?;
    match header.format {
        None => Err(Unreadable::Earlier),
        Some(FORMAT) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(Unreadable::Json),
        Some(other) => Err(Unreadable::Later(other)),
    }
}

#[derive(Deserialize)]
struct OfTopology {
    topology: String,
}

/// The topology that a file is about, where it says so in the way of [`FORMAT`], whatever else is in it: a file of a
/// later version cannot be read, and is about its topology all the same.
pub(super) fn topology(path: &Path) -> Option<String> {
    let text = input::bytes(path, input::BY_PROGRAMS).ok()?;
    let about: OfTopology = serde_json::from_slice(&text).ok()?;
    Some(about.topology)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Thing {
        name: String,
    }

    fn thing(name: &str) -> Thing {
        Thing {
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_file_is_read_as_it_was_written_and_is_replaced_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("thing.json");
        assert!(matches!(read::<Thing>(&path), Ok(None)));
        for name in ["first", "second"] {
            write(&path, &thing(name)).expect("writes");
            assert_eq!(read(&path).expect("reads"), Some(thing(name)));
        }
        let mode = fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let files = fs::read_dir(folder.path()).expect("lists").count();
        assert_eq!(files, 1, "nothing is left aside");
    }

    #[test]
    fn a_writer_that_fails_leaves_the_old_file() {
        struct Never;
        impl Serialize for Never {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("never"))
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("thing.json");
        write(&path, &thing("old")).expect("writes");
        write(&path, &Never).expect_err("does not write");
        assert_eq!(read(&path).expect("reads"), Some(thing("old")));
    }

    #[test]
    fn what_cannot_be_read_is_told_apart_from_what_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("thing.json");
        let reason = |text: &str| {
            fs::write(&path, text).expect("writes");
            read::<Thing>(&path).expect_err("cannot be read")
        };
        assert!(matches!(reason(""), Unreadable::Json(_)));
        assert!(matches!(reason("{\"format\":1,\"na"), Unreadable::Json(_)));
        assert!(matches!(reason("{\"format\":1}"), Unreadable::Json(_)));
        assert!(matches!(reason("{\"name\":\"x\"}"), Unreadable::Earlier));
        assert!(matches!(
            reason("{\"format\":2,\"name\":\"x\"}"),
            Unreadable::Later(2)
        ));
        fs::remove_file(&path).expect("removes");
        fs::create_dir(&path).expect("a folder in its place");
        assert!(matches!(read::<Thing>(&path), Err(Unreadable::File(_))));
    }
}
