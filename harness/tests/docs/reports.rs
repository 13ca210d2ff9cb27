//! `docs/reports.md`.

use ator_harness::report::{FORMS, REPEAT_FORMS};

use crate::support::read;

#[test]
fn every_form_of_a_report_is_told_of() {
    let text = read("docs/reports.md");
    let runs = FORMS.iter().map(|form| form.file);
    for file in runs.chain(REPEAT_FORMS.iter().map(|form| form.file)) {
        let row = format!("| `{file}` |");
        assert!(text.contains(&row), "docs/reports.md has no row {row}");
    }
}
