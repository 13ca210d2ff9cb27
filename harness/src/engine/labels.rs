//! The labels by which resources are found again.

use std::collections::HashMap;

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

/// What every resource of one run is labelled with. Never a secret or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// The run id.
    pub run: String,
    /// The topology's name.
    pub topology: String,
    /// Unix time in seconds after which any later run may remove the resource.
    pub deadline: i64,
}

impl Labels {
    /// The labels of one resource with a role.
    #[must_use]
    pub fn for_role(&self, role: &str) -> HashMap<String, String> {
        [
            (LABEL_PROJECT, "1"),
            (LABEL_RUN, &self.run),
            (LABEL_TOPOLOGY, &self.topology),
            (LABEL_ROLE, role),
            (LABEL_DEADLINE, &self.deadline.to_string()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
    }
}

/// A filter for the engine's list calls.
pub(super) fn filter(label: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![label.to_owned()])])
}
