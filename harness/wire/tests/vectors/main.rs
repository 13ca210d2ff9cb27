//! Captured bytes against the `toon` dialect: one test case per vector.
//!
//! The vectors are `fixtures/vectors/toon-btp.json`; `TOON_WIRE_VECTORS` may name one more file
//! in the same format. `fixtures/vectors/README.md` says how a vector is read.

mod check;
mod vector;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut files =
        vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/toon-btp.json")];
    files.extend(std::env::var_os("TOON_WIRE_VECTORS").map(PathBuf::from));
    let trials = files.iter().flat_map(|file| trials(file)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One case per vector, and one that fails if the file cannot be read or holds none.
fn trials(file: &Path) -> Vec<Trial> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let loaded = vector::load(file);
    let state = match &loaded {
        Ok(vectors) if vectors.is_empty() => Err("the file holds no vectors".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.clone()),
    };
    let context = file.display().to_string();
    let mut trials = vec![Trial::test(format!("{stem}::(file)"), move || {
        state.map_err(|error| format!("{context}: {error}").into())
    })];
    let mut seen = HashMap::<String, usize>::new();
    for vector in loaded.unwrap_or_default() {
        let times = seen.entry(vector.name.clone()).or_default();
        *times += 1;
        let name = match *times {
            1 => format!("{stem}::{}", vector.name),
            again => format!("{stem}::{} ({again})", vector.name),
        };
        trials.push(Trial::test(name, move || {
            check::check(&vector).map_err(Into::into)
        }));
    }
    trials
}
