//! Files that a user names, read whole: regular ones and pipes, never an endless one.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// The most that is read of a file that people write (topology, profile, certificates), in bytes.
pub const BY_PEOPLE: u64 = 1 << 20;
/// The most that is read of a file that programs write (report, ledger, state), in bytes.
pub const BY_PROGRAMS: u64 = 64 << 20;
/// How long a pipe may take to its end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The system does not let us.
    #[error(transparent)]
    System(#[from] io::Error),
    /// It is something of which nobody can say where it ends.
    #[error("it is {0}; give a regular file or a pipe")]
    Kind(&'static str),
    /// It is longer than such a file may be.
    #[error("it is longer than {} MiB, the most that is read of such a file", limit >> 20)]
    TooLong {
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// A pipe whose end did not come.
    #[error("its end did not come within {} s; make sure that a program writes to it and closes it", PATIENCE.as_secs())]
    Endless,
    /// It holds something else than text.
    #[error("it is no text: byte {0} is not UTF-8")]
    NoText(usize),
}

impl InputError {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::System(error) if error.kind() == ErrorKind::NotFound)
    }
}

/// The content of a file.
///
/// # Errors
///
/// [`InputError`], which does not name the file.
pub fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, InputError> {
    let mut options = OpenOptions::new();
    bytes_of(&careful(&mut options).read(true).open(path)?, limit)
}

/// The content of a file of text.
///
/// # Errors
///
/// As [`bytes`], and [`InputError::NoText`].
pub fn text(path: &Path, limit: u64) -> Result<String, InputError> {
    String::from_utf8(bytes(path, limit)?)
        .map_err(|error| InputError::NoText(error.utf8_error().valid_up_to()))
}

/// Lets nothing be waited for when a file is opened: a pipe would wait for its writer.
pub fn careful(options: &mut OpenOptions) -> &mut OpenOptions {
    // The bits are the same in both types.
    options.custom_flags(OFlags::NONBLOCK.bits() as i32)
}

/// The content of a file that was opened with [`careful`] options.
///
/// # Errors
///
/// As [`bytes`].
pub fn bytes_of(mut file: &File, limit: u64) -> Result<Vec<u8>, InputError> {
    let kind = file.metadata()?.file_type();
    if !kind.is_file() && !kind.is_fifo() {
        return Err(InputError::Kind(name(kind)));
    }
    let until = Instant::now() + PATIENCE;
    let mut held = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        // Without a writer yet a pipe would seem to be at its end.
        if kind.is_fifo() {
            wait(file, until)?;
        }
        match file.read(&mut buffer) {
            Ok(0) => return Ok(held),
            Ok(count) => held.extend_from_slice(&buffer[..count]),
            // Some of the system's own files are pipes in truth.
            Err(error) if error.kind() == ErrorKind::WouldBlock => wait(file, until)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        if held.len() as u64 > limit {
            return Err(InputError::TooLong { limit });
        }
    }
}

/// Waits until there is something to read, or the end.
fn wait(file: &File, until: Instant) -> Result<(), InputError> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(InputError::Endless);
        }
        let limit = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&limit)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(InputError::System(error.into())),
        }
    }
}

/// What something is that is no regular file and no pipe.
fn name(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::PathBuf;

    use rustix::fs::Mode;

    use super::*;

    fn told(path: &str) -> String {
        text(Path::new(path), BY_PEOPLE)
            .expect_err("is refused")
            .to_string()
    }

    fn pipe() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        let (kind, mode) = (rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR);
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).expect("a pipe");
        (folder, path)
    }

    #[test]
    fn what_is_endless_or_no_file_is_refused_at_once() {
        let begun = Instant::now();
        for device in ["/dev/zero", "/dev/full", "/dev/random", "/dev/null"] {
            assert_eq!(
                told(device),
                "it is a device; give a regular file or a pipe"
            );
        }
        assert!(told("/proc").contains("it is a folder"));
        assert!(begun.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_file_is_read_to_its_limit_and_not_beyond() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), "12345678").expect("writes");
        assert_eq!(text(file.path(), 8).expect("fits"), "12345678");
        let error = bytes(file.path(), 7).expect_err("is too long");
        assert!(matches!(error, InputError::TooLong { limit: 7 }), "{error}");
        file.as_file().set_len(1 << 40).expect("a hole");
        let error = text(file.path(), BY_PEOPLE).expect_err("is too long");
        assert!(error.to_string().contains("longer than 1 MiB"), "{error}");
        fs::write(file.path(), b"ab\xff").expect("writes");
        let error = text(file.path(), 8).expect_err("is no text");
        assert_eq!(error.to_string(), "it is no text: byte 2 is not UTF-8");
        let gone = bytes(Path::new("/nosuch"), 8).expect_err("is not there");
        assert!(gone.is_absence(), "{gone}");
    }

    #[test]
    fn a_pipe_is_read_to_its_end_whoever_comes_first() {
        let (_folder, path) = pipe();
        let writer = {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut pipe = OpenOptions::new().write(true).open(path).expect("a reader");
                for part in ["name = ", "\"piped\""] {
                    pipe.write_all(part.as_bytes()).expect("writes");
                    std::thread::sleep(Duration::from_millis(50));
                }
            })
        };
        assert_eq!(text(&path, 100).expect("reads"), "name = \"piped\"");
        writer.join().expect("wrote");
    }

    #[test]
    fn a_pipe_to_which_nobody_writes_is_given_up() {
        let (_folder, path) = pipe();
        let mut options = OpenOptions::new();
        let file = careful(&mut options).read(true).open(&path).expect("opens");
        let begun = Instant::now();
        let error = wait(&file, begun + Duration::from_millis(100)).expect_err("nothing comes");
        assert!(error.to_string().contains("within 10 s"), "{error}");
        assert!(begun.elapsed() >= Duration::from_millis(100));
    }
}
