//! The labels by which resources are found again.

use std::collections::HashMap;

use super::deadline::{BootTime, Deadline};

/// Present on everything of ours; the value is the label scheme's version.
pub const LABEL_PROJECT: &str = "ator-harness.project";
/// The run id.
pub const LABEL_RUN: &str = "ator-harness.run";
/// The topology's name.
pub const LABEL_TOPOLOGY: &str = "ator-harness.topology";
/// What the resource is in the topology, such as `home-a/connector`.
pub const LABEL_ROLE: &str = "ator-harness.role";
/// Unix time in seconds after which any later run may remove the resource.
pub const LABEL_DEADLINE: &str = "ator-harness.deadline";
/// The same moment on a boot clock: the boot's id, a slash, and seconds since that boot. It decides
/// for harnesses on the machine of that boot.
pub const LABEL_BOOT: &str = "ator-harness.boot";

/// What something of ours is labelled with, by its role. Never a secret or an address.
pub trait Labelled: Sync {
    /// The labels of one resource with a role.
    fn for_role(&self, role: &str) -> HashMap<String, String>;
}

/// What every resource of one run is labelled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// The run id.
    pub run: String,
    /// The topology's name.
    pub topology: String,
    /// When any later run may remove the resource.
    pub deadline: Deadline,
}

impl Labelled for Labels {
    fn for_role(&self, role: &str) -> HashMap<String, String> {
        let boot = self.deadline.boot.as_ref().map(ToString::to_string);
        [
            (LABEL_PROJECT, "1"),
            (LABEL_RUN, &self.run),
            (LABEL_TOPOLOGY, &self.topology),
            (LABEL_ROLE, role),
            (LABEL_DEADLINE, &self.deadline.unix.to_string()),
        ]
        .into_iter()
        .chain(boot.as_deref().map(|boot| (LABEL_BOOT, boot)))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
    }
}

/// How much of a garbled label is quoted, in characters.
const LONGEST: usize = 60;

/// When a resource with these labels may be removed. One without a boot clock's label is of a harness
/// that could not read one, or did not know it.
pub(super) fn deadline(labels: &HashMap<String, String>) -> Result<Deadline, UnreadableLabel> {
    let read = |label: &'static str| labels.get(label).map(String::as_str);
    let unreadable = |label: &'static str| UnreadableLabel {
        label,
        value: read(label).map(|text| text.chars().take(LONGEST).collect()),
    };
    let unix = read(LABEL_DEADLINE)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| unreadable(LABEL_DEADLINE))?;
    let boot = match read(LABEL_BOOT) {
        None => None,
        Some(text) => Some(BootTime::parse(text).ok_or_else(|| unreadable(LABEL_BOOT))?),
    };
    Ok(Deadline { unix, boot })
}

/// A label that says nothing about when its resource may be removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its label {label} {}", match value {
    Some(value) => format!("is {value:?}, which is no deadline"),
    None => "is missing".to_owned(),
})]
pub struct UnreadableLabel {
    /// The label.
    pub label: &'static str,
    /// What it says, when it is there.
    pub value: Option<String>,
}

/// A filter for the engine's list calls.
pub(super) fn filter(label: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![label.to_owned()])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_as_they_are_written() {
        let boot = BootTime {
            boot: "2f1c/x".to_owned(),
            seconds: 77,
        };
        for boot in [None, Some(boot)] {
            let labels = Labels {
                run: "r".to_owned(),
                topology: "t".to_owned(),
                deadline: Deadline { unix: 105, boot },
            };
            assert_eq!(deadline(&labels.for_role("x")), Ok(labels.deadline));
        }
    }

    #[test]
    fn a_garbled_label_is_no_deadline() {
        for (label, value) in [
            (LABEL_DEADLINE, Some("soon")),
            (LABEL_DEADLINE, Some("")),
            (LABEL_DEADLINE, None),
            (LABEL_BOOT, Some("12345")),
            (LABEL_BOOT, Some("abc/x")),
        ] {
            let mut labels = HashMap::from([(LABEL_DEADLINE.to_owned(), "1795341600".to_owned())]);
            labels.remove(label);
            if let Some(value) = value {
                labels.insert(label.to_owned(), value.to_owned());
            }
            let error = deadline(&labels).expect_err("is garbled");
            assert!(error.to_string().contains(label), "{error}");
            assert!(error.to_string().contains(value.unwrap_or("missing")));
        }
    }
}
