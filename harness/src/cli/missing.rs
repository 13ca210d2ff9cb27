//! What goes into images and is not there, and how it is had.

use crate::embedded;
use crate::ingredients::Missing;

/// Everything that is not there, each kind with what brings it.
pub(super) fn told(missing: &[Missing]) -> String {
    let of = |kind: fn(&Missing) -> bool| {
        let names = missing
            .iter()
            .filter(|one| kind(one))
            .map(Missing::to_string);
        names.collect::<Vec<_>>()
    };
    let files = of(|one| matches!(one, Missing::File(_)));
    let daemon = of(|one| matches!(one, Missing::Daemon));
    let programs = of(|one| matches!(one, Missing::Program(_)));
    let trees = of(|one| matches!(one, Missing::Tree(_)));
    let why = embedded::lacking().unwrap_or("they are not part of it");
    let parts = [
        (files, "missing; run `make images` to build what goes into the images, `make tor` for images/tor, and `make ilp-connector` for images/ilp-connector; `ator-harness fetch` brings the onion daemon alone".to_owned()),
        (daemon, "missing; run `ator-harness fetch` once, or give one with --anon-binary PATH or --anon-image IMAGE".to_owned()),
        (programs, format!("missing; run `ator-harness` of a release archive or of `cargo install --path harness`, or name a checkout in which `make images` was run with --root (this build has none: {why})")),
        (trees, "missing; run `make tor` or `make ilp-connector` in a checkout and name that with --root, or give --anon-binary PATH or --connector-image IMAGE instead".to_owned()),
    ];
    let parts = parts.into_iter().filter(|(names, _)| !names.is_empty());
    let told = parts.map(|(names, remedy)| format!("{} {remedy}", list(&names)));
    told.collect::<Vec<_>>().join(". Besides, ")
}

fn list(names: &[String]) -> String {
    match names {
        [one] => format!("{one} is"),
        many => format!("{} are", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn each_kind_is_told_once_with_its_remedy() {
        let missing = [
            Missing::Daemon,
            Missing::Program("agent".to_owned()),
            Missing::Program("bls".to_owned()),
        ];
        let text = told(&missing);
        assert!(
            text.starts_with("the onion daemon is missing; run `ator-harness fetch` once"),
            "{text}"
        );
        assert!(
            text.contains(". Besides, agent, bls are missing; run"),
            "{text}"
        );
        assert!(!text.contains("make tor"), "{text}");
        let text = told(&[Missing::Tree("tor".to_owned())]);
        assert!(text.starts_with("tor is missing; run `make tor`"), "{text}");
        let text = told(&[Missing::File(PathBuf::from("/x/target/images/bls"))]);
        assert!(
            text.starts_with("/x/target/images/bls is missing; run `make images`"),
            "{text}"
        );
    }
}
