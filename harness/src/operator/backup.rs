//! A home in one file, from which it comes back with the same address.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::HomeError;
use super::folder::{Home, files, needed, private_folder, write};
use super::settings::FORMAT;
use crate::input;

/// The list of what is in a backup, which comes first.
const LIST: &str = "backup.json";

/// What is in a backup, with the SHA-256 of each file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    format: u32,
    files: BTreeMap<PathBuf, String>,
}

fn hash(content: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(content))
}

/// Writes every file of a home to one that is not there yet, for its operator's eyes alone. Returns how many those are.
///
/// # Errors
///
/// [`HomeError::BackupWithin`], [`HomeError::Write`] and [`HomeError::Read`].
pub fn backup(home: &Home, to: &Path) -> Result<usize, HomeError> {
    let whole = |path: &Path| path.canonicalize().ok();
    let above = to.parent().map(|above| match above.as_os_str().is_empty() {
        true => Path::new("."),
        false => above,
    });
    if let (Some(above), Some(own)) = (above.and_then(whole), whole(&home.folder))
        && above.starts_with(own)
    {
        let path = to.display().to_string();
        return Err(HomeError::BackupWithin { path });
    }
    let mut all = BTreeMap::new();
    let mut look = vec![home.folder.clone()];
    while let Some(folder) = look.pop() {
        for path in files(&folder)? {
            if path.is_dir() {
                look.push(path);
                continue;
            }
            let name = path.strip_prefix(&home.folder).unwrap_or(&path);
            all.insert(name.to_owned(), needed(&path)?);
        }
    }
    let list = List {
        format: FORMAT,
        files: all
            .iter()
            .map(|(name, content)| (name.clone(), hash(content)))
            .collect(),
    };
    let list = serde_json::json!(list).to_string();
    let written = || {
        let mut archive = tar::Builder::new(Vec::new());
        let first = [(Path::new(LIST), list.as_bytes())];
        let rest = all
            .iter()
            .map(|(name, content)| (name.as_path(), content.as_slice()));
        for (name, content) in first.into_iter().chain(rest) {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o600);
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, name, content)?;
        }
        let bytes = archive.into_inner()?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(to)?;
        file.write_all(&bytes)?;
        file.sync_all()
    };
    written().map_err(HomeError::write(to))?;
    Ok(all.len())
}

/// Brings a home back into a folder that is free.
///
/// # Errors
///
/// [`HomeError::NotEmpty`] and [`HomeError::Backup`]; nothing is written then.
pub fn restore(from: &Path, folder: &Path) -> Result<Home, HomeError> {
    Home::is_free(folder)?;
    let wrong = |what: &str| HomeError::Backup {
        path: from.display().to_string(),
        what: what.to_owned(),
    };
    let bytes = match input::bytes(from, input::BY_PROGRAMS) {
        Err(error) if error.is_absence() => return Err(wrong("it is not there")),
        read => read.map_err(|source| HomeError::Read {
            path: from.display().to_string(),
            source,
        })?,
    };
    let mut found = read(&bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => wrong("it is truncated"),
        _ => wrong("it cannot be read"),
    })?;
    let list = found.remove(Path::new(LIST));
    let list: List = list
        .and_then(|text| serde_json::from_slice(&text).ok())
        .ok_or_else(|| wrong("it has no list of what is in it"))?;
    if list.format != FORMAT {
        return Err(wrong(
            "it is of another format; use the harness that has made it",
        ));
    }
    let hashes: BTreeMap<PathBuf, String> = found
        .iter()
        .map(|(name, content)| (name.clone(), hash(content)))
        .collect();
    if hashes != list.files {
        return Err(wrong(
            "its files are not those of its list: it was damaged or changed",
        ));
    }
    let stays_inside = |name: &PathBuf| {
        let mut parts = name.components();
        parts.all(|part| matches!(part, Component::Normal(_)))
    };
    if !found.keys().all(stays_inside) {
        return Err(wrong("a file in it would be written elsewhere"));
    }
    private_folder(folder)?;
    for (name, content) in &found {
        let path = folder.join(name);
        private_folder(path.parent().unwrap_or(folder))?;
        write(&path, content)?;
    }
    Home::open(folder)
}

fn read(bytes: &[u8]) -> std::io::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in tar::Archive::new(bytes).entries()? {
        let mut entry = entry?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        found.insert(entry.path()?.into_owned(), content);
    }
    Ok(found)
}
