//! README.md: short, and true.

use crate::support::{markdown_files, read};

/// What a newcomer reads in five minutes.
const LONGEST: usize = 150;

#[test]
fn it_is_short_and_begins_with_the_commands() {
    let text = read("README.md");
    let lines = text.lines().count();
    assert!(lines <= LONGEST, "{lines} lines, more than {LONGEST}");
    let commands = text.lines().position(|line| line == "```sh");
    assert!(commands.is_some_and(|line| line < 10), "{commands:?}");
}

#[test]
fn every_verb_that_documents_name_is_one_of_the_makefile() {
    let makefile = read("Makefile");
    let verbs: Vec<&str> = makefile
        .lines()
        .filter_map(|line| line.strip_prefix(".PHONY: "))
        .collect();
    let mut named = 0;
    for file in markdown_files() {
        let text = read(&file);
        for (at, _) in text.match_indices("make ") {
            // Only what stands alone or as code is a command, and not a word of a sentence.
            if !(text[..at].ends_with('`') || text[..at].ends_with('\n')) {
                continue;
            }
            let rest = &text[at + "make ".len()..];
            let words = rest.split(['`', '\n']).next().unwrap_or_default();
            for verb in words.split(' ').take_while(|word| !word.contains('=')) {
                named += 1;
                assert!(verbs.contains(&verb), "{file}: make has no verb {verb:?}");
            }
        }
    }
    assert!(named > 10, "{named} verbs are named");
}

#[test]
fn every_document_is_in_the_index() {
    let index = read("docs/README.md");
    for file in markdown_files() {
        let Some(name) = file.strip_prefix("docs/") else {
            continue;
        };
        let named = name == "README.md" || index.contains(&format!("]({name}"));
        assert!(named, "docs/README.md does not lead to {name}");
    }
}
