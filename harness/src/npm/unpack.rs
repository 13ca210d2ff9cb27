//! One program out of a package's tarball.

use std::io::{Error, ErrorKind, Read, Result};

use flate2::read::GzDecoder;

/// The most that a tarball may unpack to, in bytes: what comes after that is not looked at.
const MOST: u64 = 1 << 30;
/// The longest program, in bytes.
const LONGEST: u64 = 128 << 20;

/// What a file of a tarball holds. Only that one is read into memory, nothing is written, and no name of the tarball
/// is used.
pub(super) fn unpack(tarball: &[u8], wanted: &str) -> Result<Vec<u8>> {
    let mut archive = tar::Archive::new(GzDecoder::new(tarball).take(MOST));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if *entry.path_bytes() != *wanted.as_bytes() {
            continue;
        }
        let size = entry.size();
        if !entry.header().entry_type().is_file() || size > LONGEST {
            let told = format!("{wanted} is no file, or longer than {} MiB", LONGEST >> 20);
            return Err(Error::new(ErrorKind::InvalidData, told));
        }
        let mut held = Vec::new();
        entry.read_to_end(&mut held)?;
        // A tarball that is cut off ends here.
        return match held.len() as u64 == size && held.starts_with(b"\x7fELF") {
            true => Ok(held),
            false => Err(Error::new(
                ErrorKind::InvalidData,
                format!("{wanted} is no program of Linux (an ELF file)"),
            )),
        };
    }
    let told = format!("it has no file {wanted}");
    Err(Error::new(ErrorKind::NotFound, told))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::super::tests::tarball;
    use super::*;

    fn told(tarball: &[u8]) -> String {
        unpack(tarball, "package/bin/a")
            .expect_err("is refused")
            .to_string()
    }

    #[test]
    fn only_what_is_asked_for_is_taken() {
        let whole = tarball(&[
            ("../../package/bin/a", b"\x7fELF out of the folder"),
            ("package/bin/a.txt", b"another"),
            ("package/bin/a", b"\x7fELF and so on"),
            ("package/bin/a", b"\x7fELF a second one"),
        ]);
        let held = unpack(&whole, "package/bin/a").expect("is there");
        assert_eq!(held, b"\x7fELF and so on");
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(told(&tarball(&[("package/bin/b", b"\x7fELF")])).contains("has no file"));
        assert!(told(&tarball(&[("package/bin/a", b"#!/bin/sh")])).contains("an ELF file"));
        assert!(!told(b"no archive at all").is_empty());
        let whole = tarball(&[(
            "package/bin/a",
            &[b"\x7fELF".as_slice(), &[7; 4096]].concat(),
        )]);
        assert!(!told(&whole[..whole.len() / 2]).is_empty());
    }

    #[test]
    fn a_link_is_no_program() {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive
            .append_link(&mut header, "package/bin/a", "/bin/sh")
            .expect("appends");
        let encoder = archive.into_inner().expect("ends");
        assert!(told(&encoder.finish().expect("compresses")).contains("is no file"));
    }

    #[test]
    fn a_program_that_claims_to_be_longer_than_any_is_refused_unread() {
        let mut header = tar::Header::new_ustar();
        header.set_path("package/bin/a").expect("a path");
        header.set_size(LONGEST + 1);
        header.set_cksum();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        std::io::Write::write_all(&mut encoder, header.as_bytes()).expect("writes");
        assert!(told(&encoder.finish().expect("compresses")).contains("longer than 128 MiB"));
    }
}
