//! What scenarios share. The scenarios themselves are in `tests/`, one file each.

mod shell;

pub use shell::{Run, Shell, assert_code, docker, root, signal, text, topologies, wait_for};
