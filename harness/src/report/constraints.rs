//! What the types of reports cannot say of themselves in their schema.

use schemars::Schema;
use serde_json::json;

/// A word in lower case, with digits and dashes: a stage, a metric, a cause.
pub(super) const WORD: &str = "^[a-z][a-z0-9-]*$";
/// A check's id, `family.name`, stable once released.
pub(super) const CHECK_ID: &str = r"^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$";

/// The command's exit codes, which `docs/exit-codes.md` explains.
pub(crate) fn exit_codes(schema: &mut Schema) {
    schema.insert("enum".to_owned(), json!([0, 1, 2, 3, 4, 130]));
}

/// A map whose keys are words.
pub(super) fn named_by_words(schema: &mut Schema) {
    schema.insert("propertyNames".to_owned(), json!({ "pattern": WORD }));
}

/// A map of what there is at least one of, whose keys are verdicts.
pub(super) fn named_by_verdicts(schema: &mut Schema) {
    let verdict = json!({ "$ref": "#/$defs/verdict" });
    schema.insert("propertyNames".to_owned(), verdict);
    schema.insert("minProperties".to_owned(), json!(1));
}

/// A time in UTC, as RFC 3339 has it.
pub(super) fn time(schema: &mut Schema) {
    let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$";
    schema.insert("format".to_owned(), json!("date-time"));
    schema.insert("pattern".to_owned(), json!(pattern));
}
