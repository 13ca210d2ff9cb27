//! Whether git keeps a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::input;

/// Whether a file is in the index of the work tree that it lies in. Where that cannot be read, nobody says that
/// it is.
#[must_use]
pub(super) fn tracks(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else {
        return false;
    };
    let Some((top, folder)) = path.ancestors().skip(1).find_map(work_tree) else {
        return false;
    };
    let Ok(inside) = path.strip_prefix(&top) else {
        return false;
    };
    let Ok(index) = input::bytes(&folder.join("index"), input::BY_PROGRAMS) else {
        return false;
    };
    // An entry of the index ends with its path and at least one zero byte, and the path's length, where it is
    // short, stands in the 12 bits before it.
    let name = inside.to_string_lossy().into_owned().into_bytes();
    let Ok(length) = u16::try_from(name.len().min(0xfff)) else {
        return false;
    };
    let entry = [&length.to_be_bytes()[..], &name, &[0]].concat();
    index.windows(entry.len()).any(|window| {
        window[0] & 0x0f == entry[0] && window[1] == entry[1] && window[2..] == entry[2..]
    })
}

/// A work tree's folder and that of its index.
fn work_tree(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some((folder.to_owned(), git));
    }
    let text = fs::read_to_string(&git).ok()?;
    let elsewhere = text.trim().strip_prefix("gitdir: ")?;
    Some((folder.to_owned(), folder.join(elsewhere)))
}
