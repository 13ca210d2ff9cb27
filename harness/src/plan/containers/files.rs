//! Files of containers, and what daemons are told with them.

use crate::connectors::ConfigFile;
use crate::engine::FileSpec;
use crate::onion::anonrc::{AuthorityLine, Common, DATA_DIRECTORY};

/// Where the daemon finds its configuration.
pub(crate) const ANONRC: &str = "/etc/anon/anonrc";

pub(super) fn common<'a>(
    nickname: &'a str,
    authorities: &'a [AuthorityLine],
    hashed: &'a str,
) -> Common<'a> {
    Common {
        nickname,
        authorities,
        hashed_password: hashed,
    }
}

pub(crate) fn daemon_arguments() -> Vec<String> {
    vec!["-f".to_owned(), ANONRC.to_owned()]
}

pub(crate) fn daemon_files(rc: String) -> Vec<FileSpec> {
    vec![
        directory("/etc/anon"),
        file(ANONRC, &rc),
        directory(DATA_DIRECTORY),
    ]
}

pub(super) fn directory(path: &str) -> FileSpec {
    FileSpec {
        path: path.to_owned(),
        mode: 0o700,
        content: None,
    }
}

pub(crate) fn file(path: &str, content: &str) -> FileSpec {
    FileSpec {
        path: path.to_owned(),
        mode: 0o600,
        content: Some(content.as_bytes().to_vec()),
    }
}

/// A connector's files, each folder before what is in it.
pub(crate) fn config_files(files: Vec<ConfigFile>) -> Vec<FileSpec> {
    let mut all: Vec<FileSpec> = Vec::new();
    for ConfigFile { path, content } in files {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if !folder.is_empty() && !all.iter().any(|known| known.path == folder) {
            all.push(directory(folder));
        }
        all.push(FileSpec {
            path,
            mode: 0o600,
            content: Some(content),
        });
    }
    all
}
