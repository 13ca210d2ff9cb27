//! README.md: short, and true.

use ator_harness::checks;

use crate::support::{markdown_files, read, topology};

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

/// What it shows of a run: ten lines, with checks that there are.
#[test]
fn it_shows_ten_lines_with_checks_that_there_are() {
    let text = read("README.md");
    let (_, section) = text.split_once("## What it prints").expect("a section");
    let sample = section.split("```").nth(1).expect("a sample");
    let lines: Vec<&str> = sample.trim_matches('\n').lines().collect();
    assert_eq!(lines.len(), 10, "{lines:#?}");
    let budgets = topology("two-home-local").budgets;
    let known: Vec<String> = checks::every()
        .iter()
        .map(|check| check.id.to_owned())
        .chain(budgets.iter().map(checks::budget_check_id))
        .collect();
    let shown = lines.iter().filter_map(|line| line.strip_prefix("  pass "));
    let ids: Vec<&str> = shown
        .map(|row| row.split_whitespace().next().unwrap_or_default())
        .collect();
    assert!(!ids.is_empty(), "no check is shown: {lines:#?}");
    for id in ids {
        assert!(
            known.iter().any(|one| one == id),
            "there is no check {id:?}"
        );
    }
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
