//! Topology files: every mistake at once, each with its line and path, and the committed ones.

mod budgets;
mod faults;
mod homes;
mod kinds;
mod limits;
mod many;
mod mistakes;
mod mutants;
mod peerings;
mod values;
mod wan;
mod ways;

use ator_harness::topology::{Topology, TopologyError};

/// A topology without mistakes. Tests break it by replacing parts of the text.
const GOOD: &str = r#"name = "small"
description = "two homes"

[[home]]
id = "home-a"
prefix = "test.a"

[[home]]
id = "home-b"
prefix = "test.b"

[[peering]]
from = "home-a"
to = "home-b"
auth = "secret"

[probe]
id = "probe"
via = "home-a"
to = "home-b"

[[budget]]
metric = "dial"
at_most = "3s"
"#;

/// The lines of the error that a text leads to, without the file name.
fn mistakes(text: &str) -> Vec<String> {
    match Topology::parse("file.toml", text) {
        Ok(_) => Vec::new(),
        Err(TopologyError::Invalid { file, mistakes }) => {
            assert_eq!(file, "file.toml");
            mistakes.iter().map(ToString::to_string).collect()
        }
        Err(error) => panic!("{error}"),
    }
}

/// The mistakes of the good text with one part replaced.
fn broken(from: &str, to: &str) -> Vec<String> {
    assert_eq!(GOOD.matches(from).count(), 1, "{from:?} is there once");
    mistakes(&GOOD.replace(from, to))
}

/// The mistakes of the good text with something at its end.
fn extended(more: &str) -> Vec<String> {
    mistakes(&format!("{GOOD}{more}"))
}
