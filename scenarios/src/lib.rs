//! What scenarios share. The scenarios themselves are in `tests/`, one file each.

mod expression;
mod image;
mod runner;
mod shell;

pub use image::{Image, done, replace};
pub use runner::{Ran, Runner, Step};
pub use shell::{
    Run, Shell, Up, WIDE, assert_code, beside_others, docker, dynamic, gist, root, signal, text,
    topologies, wait_for, widened,
};
