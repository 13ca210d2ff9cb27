//! How secrets are shown in a plan.

use serde::Serializer;

use crate::secret::Secret;

pub(super) fn redacted<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(secret)
}

/// Variables by their names, each value redacted.
pub(super) fn names_only<S: Serializer>(
    variables: &[(String, Secret)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        variables
            .iter()
            .map(|(name, value)| (name, value.to_string())),
    )
}
