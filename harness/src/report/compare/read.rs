//! Making sure that two reports can be compared.

use std::path::Path;

use super::super::read::{ReadError, Saved};

/// Why two files cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// One of them cannot be read as a report.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// One is of a run, the other of many.
    #[error(
        "failed to compare {a} with {b}: one is of a single run, the other of many; give two report.json or two repeat.json"
    )]
    OtherKind {
        /// The first file.
        a: String,
        /// The second.
        b: String,
    },
    /// The topologies differ.
    #[error(
        "failed to compare {a} with {b}: the topologies differ in {difference}; give two reports of the same topology"
    )]
    OtherTopology {
        /// The first file.
        a: String,
        /// The second.
        b: String,
        /// The first difference.
        difference: String,
    },
}

/// A report with the file that it came from.
pub(super) struct Read {
    pub(super) path: String,
    pub(super) content: Saved,
}

/// Reads one file.
pub(super) fn read(file: &Path) -> Result<Read, CompareError> {
    Ok(Read {
        path: file.display().to_string(),
        content: Saved::read(file)?,
    })
}

/// Makes sure that both are of one kind and one topology.
pub(super) fn check_same(a: &Read, b: &Read) -> Result<(), CompareError> {
    if std::mem::discriminant(&a.content) != std::mem::discriminant(&b.content) {
        return Err(CompareError::OtherKind {
            a: a.path.clone(),
            b: b.path.clone(),
        });
    }
    let (left, right) = (a.content.topology(), b.content.topology());
    let difference = if left.name != right.name {
        format!("name ({} and {})", left.name, right.name)
    } else if left.network != right.network {
        "the network's size or family".to_owned()
    } else if left.homes != right.homes {
        format!("homes ({} and {})", left.homes.len(), right.homes.len())
    } else if left.peerings != right.peerings {
        format!(
            "peerings ({} and {})",
            left.peerings.len(),
            right.peerings.len()
        )
    } else {
        return Ok(());
    };
    Err(CompareError::OtherTopology {
        a: a.path.clone(),
        b: b.path.clone(),
        difference,
    })
}
