//! `docs/audit.md`: the checks of `audit`.

use std::fmt::Write as _;

use ator_harness::audit::every;

use crate::support::{assert_generated, read};

const DOCUMENT: &str = "docs/audit.md";
/// Where the generated part begins.
const HEADING: &str = "## Checks\n";

/// The words before the table are written by hand; the table is of the catalogue.
#[test]
fn its_table_is_generated() {
    let committed = read(DOCUMENT);
    let before = committed.split(HEADING).next().unwrap_or_default();
    let mut text = format!(
        "{before}{HEADING}\nGenerated from the code; `make generated` writes it anew. Each has a pair of files in `fixtures/audit/ID`, one in which\nit finds something and one in which it does not.\n"
    );
    let mut family = "";
    for check in every() {
        if check.family() != family {
            family = check.family();
            let _ = write!(
                text,
                "\n### {family}\n\n| check | says | looks at | why | remedy |\n|---|---|---|---|---|\n"
            );
        }
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            check.id,
            cell(check.says),
            cell(check.looks_at),
            cell(check.why),
            cell(check.remedy)
        );
    }
    assert_generated(DOCUMENT, &text, |one, other| one == other);
}

/// A text as a table takes it.
fn cell(text: &str) -> String {
    text.replace('<', "&lt;").replace('|', "\\|")
}
