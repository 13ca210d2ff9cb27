//! Tar archives, in which files go into images and containers.

use std::io::{self, Read, Write};

/// User and group of every process in an image of ours.
pub(super) const USER: u64 = 1000;

/// A tar archive under way. The time of its entries is fixed, so that equal content makes equal
/// archives.
pub(super) struct Archive<W: Write>(tar::Builder<W>);

impl<W: Write> Archive<W> {
    pub(super) fn new(into: W) -> Self {
        Self(tar::Builder::new(into))
    }

    /// Adds an empty directory at an absolute path.
    pub(super) fn directory(&mut self, path: &str, mode: u32) -> io::Result<()> {
        let mut header = header(mode, USER, 0);
        header.set_entry_type(tar::EntryType::Directory);
        self.0.append_data(&mut header, relative(path), io::empty())
    }

    /// Adds a file of `size` bytes at an absolute path, with the number of its user and group.
    ///
    /// # Errors
    ///
    /// What reading or writing says, and [`io::ErrorKind::UnexpectedEof`] when the content is
    /// shorter: whatever follows in the archive would be read in its place.
    pub(super) fn file(
        &mut self,
        path: &str,
        (mode, owner): (u32, u64),
        size: u64,
        content: impl Read,
    ) -> io::Result<()> {
        let mut header = header(mode, owner, size);
        let mut content = content.take(size);
        self.0
            .append_data(&mut header, relative(path), &mut content)?;
        match content.limit() {
            0 => Ok(()),
            left => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("it ends {left} bytes before its size of {size}"),
            )),
        }
    }

    /// Ends the archive.
    pub(super) fn finish(self) -> io::Result<W> {
        self.0.into_inner()
    }
}

fn header(mode: u32, owner: u64, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(owner);
    header.set_gid(owner);
    header.set_mtime(0);
    header
}

/// Names in an archive are relative to the root.
fn relative(path: &str) -> &str {
    path.trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_ends_early_is_an_error() {
        let mut archive = Archive::new(Vec::new());
        let error = archive
            .file("/usr/bin/anon", (0o755, 0), 10, &b"seven b"[..])
            .expect_err("is shorter");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(error.to_string(), "it ends 3 bytes before its size of 10");
    }

    #[test]
    fn a_file_that_has_grown_is_cut_to_its_size() {
        let mut archive = Archive::new(Vec::new());
        archive
            .file("/a", (0o600, USER), 3, &b"abcdef"[..])
            .expect("is written");
        archive.directory("/b", 0o700).expect("is written");
        let bytes = archive.finish().expect("is whole");
        let mut entries = tar::Archive::new(bytes.as_slice());
        let entries = entries.entries().expect("has entries");
        let sizes: Vec<u64> = entries
            .map(|entry| entry.expect("is an entry").size())
            .collect();
        assert_eq!(sizes, [3, 0]);
    }
}
