//! What is mounted where.

use crate::audit::place::At;
use crate::audit::yaml::Node;

/// What a mount is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountKind {
    /// A volume with a name.
    Named,
    /// A volume without one: gone with its container.
    Anonymous,
    /// A file or folder of the host.
    Bind,
    /// Memory.
    Memory,
}

/// Something that is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it stands.
    pub at: At,
    /// What it is.
    pub kind: MountKind,
    /// The volume's name, or the path on the host.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Whether the container may only read it.
    pub read_only: bool,
}

impl Mount {
    /// Whether it holds this path of the container.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        let target = self.target.trim_end_matches('/');
        path == target || path.starts_with(&format!("{target}/"))
    }
}

/// Reads one item of `volumes`; none where it is told by what was not given.
pub(super) fn mount(item: &Node) -> Option<Mount> {
    let at = item.at.clone();
    if let Some(target) = item.text_of("target") {
        let source = item.text_of("source").unwrap_or_default();
        let kind = match item.text_of("type").unwrap_or("volume") {
            "bind" => MountKind::Bind,
            "tmpfs" => MountKind::Memory,
            _ if source.is_empty() => MountKind::Anonymous,
            _ => MountKind::Named,
        };
        return Some(Mount {
            at,
            kind,
            source: source.to_owned(),
            target: target.to_owned(),
            read_only: item.get("read_only").and_then(Node::truth) == Some(true),
        });
    }
    let text = item.text()?;
    let mut parts = text.split(':');
    let first = parts.next()?;
    let Some(target) = parts.next() else {
        return Some(Mount {
            at,
            kind: MountKind::Anonymous,
            source: String::new(),
            target: first.to_owned(),
            read_only: false,
        });
    };
    let is_path = first.starts_with(['.', '/', '~']);
    Some(Mount {
        at,
        kind: if is_path {
            MountKind::Bind
        } else {
            MountKind::Named
        },
        source: first.to_owned(),
        target: target.to_owned(),
        read_only: parts.any(|options| options.split(',').any(|option| option == "ro")),
    })
}
