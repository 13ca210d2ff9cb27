//! Which files an image needs for a program to run in it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where programs are in an image of ours.
const PROGRAMS: &str = "/usr/bin";
/// What every program of Linux begins with.
const ELF: &[u8; 4] = b"\x7fELF";

/// A file, and the absolute path that it has in an image.
pub type Placed = (PathBuf, String);

/// Why a program cannot go into an image.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A file or folder cannot be read.
    #[error("{path} cannot be read; name a file or folder that can")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A link in a tree leads to a file outside of it.
    #[error(
        "{path} is a link that leads out of {tree}; make it a file, or lead it to one in there"
    )]
    LeadsOut {
        /// The link.
        path: String,
        /// The tree.
        tree: String,
    },
    /// A tree has none of the programs that were looked for.
    #[error("{tree} is a folder without {PROGRAMS}/{}; give a program, or a folder with one there", names.join(&format!(" or {PROGRAMS}/")))]
    NoProgram {
        /// The tree.
        tree: String,
        /// The programs' names.
        names: Vec<String>,
    },
    /// A file is no program that an image without anything else could start.
    #[error(
        "{path} is no program of Linux (an ELF file); give the onion daemon's program, or a folder with {PROGRAMS}/PROGRAM and all that it loads"
    )]
    NoElf {
        /// The file.
        path: String,
    },
    /// A dynamically linked program lacks a library on this machine.
    #[error(
        "{path} is dynamically linked and this machine lacks {library}; install that, give a statically linked program, or a folder with {PROGRAMS}/PROGRAM and all that it loads"
    )]
    NoLibrary {
        /// The program.
        path: String,
        /// The library.
        library: String,
    },
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> FilesError {
    let path = path.display().to_string();
    move |source| FilesError::Unreadable { path, source }
}

/// Makes sure that a file is a program of Linux. A folder may be a tree with one, which
/// [`program_files`] looks for.
///
/// # Errors
///
/// [`FilesError::Unreadable`] and [`FilesError::NoElf`] name the file.
pub fn is_program(path: &Path) -> Result<(), FilesError> {
    let kind = path.metadata().map_err(unreadable(path))?.file_type();
    if kind.is_dir() {
        return Ok(());
    }
    let mut magic = [0; ELF.len()];
    // A device or a pipe has no start that could be looked at without taking it away.
    let read = match kind.is_file() {
        true => File::open(path).and_then(|mut file| file.read_exact(&mut magic)),
        false => Ok(()),
    };
    match read {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(unreadable(path)(error)),
        Ok(()) if magic == *ELF => Ok(()),
        _ => Err(FilesError::NoElf {
            path: path.display().to_string(),
        }),
    }
}

/// The files of a program, which comes first and is called `name` in the image. It is a tree of
/// files with a program of one of the `names` in its `/usr/bin`, a statically linked program, or a
/// dynamically linked one with the libraries that this machine would load it with.
///
/// # Errors
///
/// [`FilesError`] names the file and the remedy.
pub fn program_files(path: &Path, name: &str, names: &[&str]) -> Result<Vec<Placed>, FilesError> {
    let own = format!("{PROGRAMS}/{name}");
    if path.is_dir() {
        return tree_program(path, &own, names);
    }
    let mut files = vec![(path.to_owned(), own)];
    files.extend(libraries(path)?);
    Ok(files)
}

fn tree_program(tree: &Path, own: &str, names: &[&str]) -> Result<Vec<Placed>, FilesError> {
    let mut files = tree_files(tree)?;
    let found = names.iter().find_map(|name| {
        let program = format!("{PROGRAMS}/{name}");
        files.iter().position(|(_, to)| *to == program)
    });
    let Some(found) = found else {
        return Err(FilesError::NoProgram {
            tree: tree.display().to_string(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
        });
    };
    let (program, _) = files.remove(found);
    // Another file of that name would take the program's place.
    files.retain(|(_, to)| to != own);
    files.insert(0, (program, own.to_owned()));
    Ok(files)
}

/// Every file of a tree with its path in there, in order. A link is the file that it leads to;
/// absolute links lead to places in the tree.
///
/// # Errors
///
/// [`FilesError`] names the file and the remedy.
pub fn tree_files(tree: &Path) -> Result<Vec<Placed>, FilesError> {
    let root = tree.canonicalize().map_err(unreadable(tree))?;
    let mut files = Vec::new();
    // Folders that are being looked into, by where they really are: a link to one of those above
    // it would go round for ever.
    walk(&root, &root, "", &mut Vec::new(), &mut files)?;
    files.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(files)
}

fn walk(
    root: &Path,
    folder: &Path,
    name: &str,
    above: &mut Vec<PathBuf>,
    files: &mut Vec<Placed>,
) -> Result<(), FilesError> {
    if above.iter().any(|other| other == folder) {
        return Ok(());
    }
    above.push(folder.to_owned());
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let path = entry.path();
        let real = resolve(root, &path)?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if real.is_dir() {
            walk(root, &real, &name, above, files)?;
        } else if real.is_file() {
            files.push((real, name));
        }
    }
    above.pop();
    Ok(())
}

/// Where a path in a tree really leads.
fn resolve(root: &Path, path: &Path) -> Result<PathBuf, FilesError> {
    let mut target = path.to_owned();
    // What is no link, or cannot be read, is told apart by the next step.
    if let Ok(to) = std::fs::read_link(path)
        && let Ok(inside) = to.strip_prefix("/")
    {
        target = root.join(inside);
    }
    let real = target.canonicalize().map_err(unreadable(path))?;
    if real.starts_with(root) {
        Ok(real)
    } else {
        Err(FilesError::LeadsOut {
            path: path.display().to_string(),
            tree: root.display().to_string(),
        })
    }
}

/// Whether a program of 64 bits asks for no loader, so that nothing is loaded with it. What is in another form is not
/// known to be such.
fn is_static(program: &Path) -> std::io::Result<bool> {
    /// The type of the program header that names a loader (PT_INTERP).
    const INTERPRETER: u32 = 3;
    let mut head = Vec::new();
    File::open(program)?.take(1 << 16).read_to_end(&mut head)?;
    // 64 bits, the least significant byte first.
    if !head.starts_with(&[ELF.as_slice(), &[2, 1]].concat()) {
        return Ok(false);
    }
    let short = |at: usize| Some(u16::from_le_bytes(*head.get(at..)?.first_chunk()?).into());
    let headers = || {
        let table = u64::from_le_bytes(*head.get(32..)?.first_chunk()?);
        let table = usize::try_from(table).ok()?;
        let (size, count): (usize, usize) = (short(54)?, short(56)?);
        (0..count)
            .map(|index| {
                let header = head.get(table.checked_add(index * size)?..)?;
                Some(u32::from_le_bytes(*header.first_chunk()?))
            })
            .collect::<Option<Vec<u32>>>()
    };
    Ok(headers().is_some_and(|types| !types.is_empty() && !types.contains(&INTERPRETER)))
}

/// The loader and the libraries of a program; nothing for a statically linked one. `ldd` asks the
/// program's own loader, so that what it finds is what would be loaded here.
fn libraries(program: &Path) -> Result<Vec<Placed>, FilesError> {
    // So it is with the daemon of the npm package, on machines without `ldd` too.
    if is_static(program).map_err(unreadable(program))? {
        return Ok(Vec::new());
    }
    // Without a slash it would be looked for in PATH.
    let path = program.canonicalize().map_err(unreadable(program))?;
    let output = Command::new("ldd")
        .arg(&path)
        .output()
        .map_err(unreadable(Path::new("the output of ldd")))?;
    if !output.status.success() {
        // So it says of a statically linked program.
        return Ok(Vec::new());
    }
    placed(&String::from_utf8_lossy(&output.stdout)).map_err(|library| FilesError::NoLibrary {
        path: program.display().to_string(),
        library,
    })
}

/// The files that `ldd` lists, or the library that it did not find. The loader stays where the
/// program asks for it, and the libraries all go beside libc, where a loader looks without being told.
fn placed(listed: &str) -> Result<Vec<Placed>, String> {
    let mut loader = None;
    let mut found = Vec::new();
    for line in listed.lines() {
        let line = line.trim();
        let bare = |text: &str| text.split(" (").next().unwrap_or_default().to_owned();
        match line.split_once(" => ") {
            Some((name, "not found")) => return Err(name.to_owned()),
            Some((name, path)) if name.starts_with('/') => {
                loader = Some((PathBuf::from(bare(path)), name.to_owned()));
            }
            Some((name, path)) => found.push((name.to_owned(), bare(path))),
            None if line.starts_with('/') => {
                loader = Some((PathBuf::from(bare(line)), bare(line)));
            }
            // The kernel's own, which is no file, or "statically linked".
            None => {}
        }
    }
    let beside = found
        .iter()
        .find(|(name, _)| name.starts_with("libc."))
        .and_then(|(_, path)| path.rsplit_once('/'))
        .map_or_else(|| "/lib".to_owned(), |(folder, _)| folder.to_owned());
    let libraries = found
        .into_iter()
        .map(|(name, path)| (PathBuf::from(path), format!("{beside}/{name}")));
    Ok(loader.into_iter().chain(libraries).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn placed_strings(listed: &str) -> Result<Vec<(String, String)>, String> {
        let show = |(from, to): Placed| (from.display().to_string(), to);
        Ok(placed(listed)?.into_iter().map(show).collect())
    }

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn what_ldd_lists_goes_where_the_loader_looks() {
        let listed = "\tlinux-vdso.so.1 (0x00007ffd)\n\
                      \tlibown.so.2 => /opt/own/libown.so.2 (0x00007f01)\n\
                      \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f02)\n\
                      \t/lib64/ld-linux-x86-64.so.2 (0x00007f03)\n";
        let loader = "/lib64/ld-linux-x86-64.so.2";
        assert_eq!(
            placed_strings(listed),
            Ok(vec![
                pair(loader, loader),
                pair("/opt/own/libown.so.2", "/lib/x86_64-linux-gnu/libown.so.2"),
                pair(
                    "/lib/x86_64-linux-gnu/libc.so.6",
                    "/lib/x86_64-linux-gnu/libc.so.6"
                ),
            ])
        );
        assert_eq!(placed_strings("\tstatically linked\n"), Ok(vec![]));
    }

    #[test]
    fn a_library_that_is_not_there_is_named() {
        let listed = "\tlibevent-2.1.so.7 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n";
        assert_eq!(placed_strings(listed), Err("libevent-2.1.so.7".to_owned()));
    }

    #[test]
    fn a_program_of_this_machine_comes_with_its_libraries() {
        let shell = Path::new("/bin/sh");
        let files = program_files(shell, "anon", &[]).expect("is readable");
        assert_eq!(files[0], (shell.to_owned(), "/usr/bin/anon".to_owned()));
        let to: Vec<&str> = files.iter().map(|(_, to)| to.as_str()).collect();
        assert!(to.iter().any(|to| to.contains("/ld-")), "{to:?}");
        assert!(files.iter().all(|(from, _)| from.is_file()), "{files:?}");
        let text = tempfile::NamedTempFile::new().expect("a file");
        let files = program_files(text.path(), "anon", &[]).expect("is readable");
        assert_eq!(files.len(), 1, "what ldd cannot read goes in alone");
    }

    /// A program with headers of these types.
    fn elf(types: &[u32]) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[32] = 64;
        file[54] = 56;
        file[56] = u8::try_from(types.len()).expect("are few");
        for kind in types {
            file.extend(kind.to_le_bytes());
            file.extend([0; 52]);
        }
        file
    }

    #[test]
    fn a_program_without_a_loader_is_known_without_asking_one() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let is = |content: &[u8]| {
            fs::write(file.path(), content).expect("writes");
            is_static(file.path()).expect("reads")
        };
        assert!(is(&elf(&[1, 6, 2])));
        assert!(!is(&elf(&[6, 3, 1])));
        // Of which nobody can tell: cut off, of 32 bits, without headers, or no program.
        assert!(!is(&elf(&[1, 6])[..100]));
        let mut narrow = elf(&[1]);
        narrow[4] = 1;
        assert!(!is(&narrow));
        assert!(!is(&elf(&[])));
        assert!(!is(b"#!/bin/sh\n"));
        assert!(!is_static(Path::new("/bin/sh")).expect("reads"));
    }

    #[test]
    fn a_tree_comes_whole_with_its_links_resolved() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("usr/bin")).expect("makes");
        fs::create_dir_all(at("usr/lib")).expect("makes");
        fs::write(at("usr/bin/tor"), "program").expect("writes");
        fs::write(at("usr/lib/libx.so.1.2"), "library").expect("writes");
        symlink("libx.so.1.2", at("usr/lib/libx.so.1")).expect("links");
        symlink("/usr/lib/libx.so.1.2", at("usr/lib/libx.so")).expect("links");
        symlink("usr/lib", at("lib")).expect("links");
        symlink("..", at("usr/up")).expect("links");
        let files = program_files(folder.path(), "anon", &["anon", "tor"]).expect("reads");
        let to: Vec<&str> = files.iter().map(|(_, to)| to.as_str()).collect();
        assert_eq!(
            to,
            [
                "/usr/bin/anon",
                "/lib/libx.so",
                "/lib/libx.so.1",
                "/lib/libx.so.1.2",
                "/usr/lib/libx.so",
                "/usr/lib/libx.so.1",
                "/usr/lib/libx.so.1.2",
            ]
        );
        for (from, _) in &files[1..] {
            assert_eq!(fs::read_to_string(from).expect("reads"), "library");
        }
    }

    #[test]
    fn a_tree_without_the_program_or_with_a_way_out_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = program_files(folder.path(), "tor", &["tor"]).unwrap_err();
        assert!(
            error.to_string().contains("without /usr/bin/tor;"),
            "{error}"
        );
        symlink("/nosuch", folder.path().join("gone")).expect("links");
        let error = program_files(folder.path(), "tor", &["tor"]).unwrap_err();
        assert!(matches!(error, FilesError::Unreadable { .. }), "{error}");
        fs::remove_file(folder.path().join("gone")).expect("removes");
        let outside = tempfile::NamedTempFile::new().expect("a file");
        let up = Path::new("..").join(outside.path().file_name().expect("a name"));
        symlink(up, folder.path().join("out")).expect("links");
        let error = program_files(folder.path(), "tor", &["tor"]).unwrap_err();
        assert!(matches!(error, FilesError::LeadsOut { .. }), "{error}");
    }
}
