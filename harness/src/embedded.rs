//! What comes along in the program itself: the topologies, and the programs of the homes' images.

use std::fmt;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A program that goes into images, statically linked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// What it is called: `agent`, `bls` or `connector`.
    pub name: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

impl fmt::Debug for Program {
    /// Without its megabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// The program of this name; `None` where this build has none ([`lacking`] says why).
#[must_use]
pub fn program(name: &str) -> Option<Program> {
    PROGRAMS
        .iter()
        .copied()
        .find(|program| program.name == name)
}

/// Why this build has no programs; `None` where it has.
#[must_use]
pub fn lacking() -> Option<&'static str> {
    Some(LACKING).filter(|why| !why.is_empty())
}

/// Names and texts of the topologies, by name.
#[must_use]
pub const fn topologies() -> &'static [(&'static str, &'static str)] {
    TOPOLOGIES
}

/// The text of the topology of this name.
#[must_use]
pub fn topology(name: &str) -> Option<&'static str> {
    let found = TOPOLOGIES.iter().find(|(one, _)| *one == name);
    found.map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_topology_of_the_project_comes_along_as_it_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/topologies");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).expect("is there") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("reads");
            assert_eq!(topology(&name), Some(text.as_str()), "{name}");
            files += 1;
        }
        assert_eq!(topologies().len(), files);
        assert_eq!(topology("nosuch"), None);
    }

    #[test]
    fn a_build_without_programs_says_why() {
        assert_eq!(lacking().is_some(), PROGRAMS.is_empty());
        assert_eq!(program("agent").is_some(), lacking().is_none());
        assert_eq!(program("nosuch"), None);
    }

    #[test]
    fn a_program_is_shown_without_its_bytes() {
        let program = Program {
            name: "agent",
            bytes: b"\x7fELF",
        };
        assert_eq!(format!("{program:?}"), "agent (4 bytes)");
    }
}
