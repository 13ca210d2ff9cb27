//! What goes into the program besides its code: the topologies, always; the programs of the homes' images, the
//! commit and npm's registry, in release builds. A debug build has none of these, so that a change of a helper or a commit makes nothing anew;
//! with the feature `programs` it has the programs, for whoever uses the library.
//!
//! `ATOR_HARNESS_NPM_REGISTRY` is the registry that `fetch` asks; without it, the one that npm uses where it is built.
//! `ATOR_HARNESS_PROGRAMS` is a folder with `agent`, `bls` and `connector`, or `none`. Without it they are built here,
//! as static programs, in a target folder of their own. Where that fails the program is built without them, and says
//! what it lacks when it needs one.

#![allow(
    clippy::print_stdout,
    reason = "standard output is how a build script talks to cargo"
)]

use std::env::{var, var_os};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Their names in images and in the folder, with the binaries that they are.
const PROGRAMS: [(&str, &str); 3] = [
    ("agent", "home-agent"),
    ("bls", "bls"),
    ("connector", "connector"),
];

/// What the programs, or what is told of the commit, are made of.
const SOURCES: [&str; 8] = [
    "harness/agent",
    "harness/src",
    "harness/wire/src",
    "harness/build.rs",
    "fixtures/connector",
    "fixtures/images/anon",
    "Cargo.lock",
    "Cargo.toml",
];

fn main() {
    let root = PathBuf::from(var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let root = root.canonicalize().expect("the package is in a workspace");
    let out = PathBuf::from(var_os("OUT_DIR").expect("cargo sets it"));
    let release = var("PROFILE").is_ok_and(|profile| profile == "release");
    for name in [
        "ATOR_HARNESS_PROGRAMS",
        "ATOR_HARNESS_COMMIT",
        "ATOR_HARNESS_NPM_REGISTRY",
    ] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let mut text = topologies(&root);
    let asked_for = var_os("CARGO_FEATURE_PROGRAMS").is_some();
    let programs = match release || asked_for {
        true => programs(&root, &out),
        false => Err("it is a debug build".to_owned()),
    };
    text.push_str(&embedded(&programs));
    fs::write(out.join("embedded.rs"), text).expect("cargo's own folder can be written");
    let commit = if release { commit(&root) } else { None };
    let commit = commit.as_deref().unwrap_or("not recorded");
    println!("cargo::rustc-env=ATOR_HARNESS_COMMIT={commit}");
    let registry = if release { registry() } else { None };
    println!(
        "cargo::rustc-env=ATOR_HARNESS_NPM_REGISTRY={}",
        registry.unwrap_or_default()
    );
}

/// The topologies' names and texts, as a constant.
fn topologies(root: &Path) -> String {
    let folder = root.join("fixtures/topologies");
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(&folder).expect("the topologies are in the workspace");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    let mut text = "const TOPOLOGIES: &[(&str, &str)] = &[\n".to_owned();
    for path in files {
        let name = path.file_stem().expect("has a name").to_string_lossy();
        let _ = writeln!(text, "    ({name:?}, include_str!({path:?})),");
    }
    text.push_str("];\n");
    text
}

/// The programs as a constant, and why they are not there as another.
fn embedded(programs: &Result<Vec<(&str, PathBuf)>, String>) -> String {
    let mut text = "const PROGRAMS: &[Program] = &[\n".to_owned();
    for (name, path) in programs.iter().flatten() {
        let _ = writeln!(
            text,
            "    Program {{ name: {name:?}, bytes: include_bytes!({path:?}) }},"
        );
    }
    let lacking = programs.as_ref().err().map_or("", String::as_str);
    let _ = writeln!(text, "];\nconst LACKING: &str = {lacking:?};");
    text
}

/// The files of the programs, or why there are none.
fn programs(root: &Path, out: &Path) -> Result<Vec<(&'static str, PathBuf)>, String> {
    match var("ATOR_HARNESS_PROGRAMS")
        .ok()
        .filter(|set| !set.is_empty())
    {
        Some(none) if none == "none" => {
            Err("it was built with ATOR_HARNESS_PROGRAMS=none".to_owned())
        }
        Some(folder) => {
            let folder = root.join(folder);
            let given = PROGRAMS.map(|(name, _)| (name, folder.join(name)));
            for (_, path) in &given {
                println!("cargo::rerun-if-changed={}", path.display());
                assert!(
                    path.is_file(),
                    "ATOR_HARNESS_PROGRAMS: {} is missing",
                    path.display()
                );
            }
            Ok(given.into())
        }
        None => {
            watch(root);
            let built = build(root, out);
            if let Err(why) = &built {
                println!("cargo::warning=the programs of the homes' images are left out: {why}");
            }
            built
        }
    }
}

fn watch(root: &Path) {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
}

/// Builds the programs: with the system's C library, or else with musl.
fn build(root: &Path, out: &Path) -> Result<Vec<(&'static str, PathBuf)>, String> {
    let host = var("HOST").expect("cargo sets it");
    let musl = host.replace("-gnu", "-musl");
    let target_dir = out.join("static");
    let mut told = String::new();
    for target in [&host, &musl] {
        let mut cargo = Command::new(var_os("CARGO").expect("cargo sets it"));
        cargo
            .current_dir(root)
            // The flags of the harness are not for them; its jobserver is.
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .args(["build", "--locked", "--quiet", "--profile", "image"])
            .args([
                "--package",
                "reference-connector",
                "--package",
                "home-agent",
            ])
            .args(["--target", target.as_str(), "--target-dir"])
            .arg(&target_dir);
        for (_, binary) in PROGRAMS {
            cargo.args(["--bin", binary]);
        }
        match cargo.output() {
            Ok(output) if output.status.success() => {
                let folder = target_dir.join(target).join("image");
                return Ok(PROGRAMS
                    .map(|(name, binary)| (name, folder.join(binary)))
                    .into());
            }
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stderr);
                let line = text.lines().find(|line| line.starts_with("error"));
                told = format!("{target}: {}", line.unwrap_or("cargo failed"));
            }
            Err(error) => told = format!("cargo cannot be started: {error}"),
        }
    }
    Err(format!(
        "a static build of them failed ({told}); install the C library's static files or the musl target of Rust"
    ))
}

/// The npm registry that `fetch` asks: the given one, or else the one that npm uses here. One with a password is
/// nobody else's.
fn registry() -> Option<String> {
    let npm = || {
        let output = Command::new("npm")
            .args(["config", "get", "registry"])
            .output();
        String::from_utf8(output.ok()?.stdout).ok()
    };
    let registry = var("ATOR_HARNESS_NPM_REGISTRY").ok().or_else(npm)?;
    let registry = registry.trim();
    let is_one = registry.starts_with("http") && !registry.contains(['@', '\n']);
    is_one.then(|| registry.to_owned())
}

/// The commit with its date, and whether anything was changed since; nothing outside of a repository.
fn commit(root: &Path) -> Option<String> {
    watch(root);
    if let Some(given) = var("ATOR_HARNESS_COMMIT")
        .ok()
        .filter(|set| !set.is_empty())
    {
        return Some(given);
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(root)
            .args(arguments)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file]) {
            println!("cargo::rerun-if-changed={}", root.join(path).display());
        }
    }
    let told = git(&["show", "--no-patch", "--format=%h of %cs", "HEAD"])?;
    let mut status = vec!["status", "--porcelain", "--"];
    status.extend(SOURCES);
    status.push("fixtures/topologies");
    let changed = git(&status)?;
    Some(match changed.is_empty() {
        true => told,
        false => format!("{told}, with changes"),
    })
}
