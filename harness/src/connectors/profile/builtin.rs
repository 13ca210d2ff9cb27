//! The profiles that come along.

use std::path::Path;
use std::sync::LazyLock;

use super::model::Profile;
use super::parse::parse;
use crate::connectors::Connector;

/// Each with the name of its file.
const TEXTS: [(&str, &str); 2] = [
    ("toon-1.toml", include_str!("builtin/toon-1.toml")),
    (
        "ilp-connector.toml",
        include_str!("builtin/ilp-connector.toml"),
    ),
];

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let read = |(file, text): (&str, &str)| parse(file, Path::new(""), text);
    let read = TEXTS.into_iter().map(read).collect::<Result<_, _>>();
    // They are part of the program, and a test reads them.
    read.unwrap_or_else(|error| unreachable!("{error}"))
});

/// The connectors of the profiles that come along.
pub(in crate::connectors) fn builtin() -> impl Iterator<Item = &'static dyn Connector> {
    PROFILES.iter().map(|profile| profile as &dyn Connector)
}
