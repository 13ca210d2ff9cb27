//! The expressions of GitHub Actions, as far as the action has any: contexts, texts, `==`, `!=`, `&&`, `||`, `always()`.

/// Replaces every `${{ … }}` of a text. `look_up` knows the contexts.
///
/// # Panics
///
/// When an expression is none that is known here.
pub(crate) fn filled(text: &str, look_up: &dyn Fn(&str) -> String) -> String {
    let mut rest = text;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, behind) = after.split_once("}}").expect("an expression ends");
        out.push_str(before);
        out.push_str(&value(expression, look_up));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Whether a step with this condition runs, after steps of which all went well or not.
pub(crate) fn holds(condition: &str, went_well: bool, look_up: &dyn Fn(&str) -> String) -> bool {
    let any = ["always()", "failure()", "cancelled()"];
    let asks = any.iter().any(|word| condition.contains(word));
    // Without a word about it, only as long as all goes well.
    (asks || went_well) && !value(condition, look_up).is_empty()
}

/// An expression's value; what is false is no text.
fn value(expression: &str, look_up: &dyn Fn(&str) -> String) -> String {
    let expression = expression.trim();
    if let Some((left, right)) = expression.split_once("||") {
        let left = value(left, look_up);
        return if left.is_empty() {
            value(right, look_up)
        } else {
            left
        };
    }
    if let Some((left, right)) = expression.split_once("&&") {
        let left = value(left, look_up);
        return if left.is_empty() {
            left
        } else {
            value(right, look_up)
        };
    }
    let truth = |holds: bool| if holds { "true" } else { "" }.to_owned();
    if let Some((left, right)) = expression.split_once("==") {
        return truth(value(left, look_up) == value(right, look_up));
    }
    if let Some((left, right)) = expression.split_once("!=") {
        return truth(value(left, look_up) != value(right, look_up));
    }
    if expression == "always()" {
        return truth(true);
    }
    let quoted = expression.strip_prefix('\'');
    if let Some(text) = quoted.and_then(|text| text.strip_suffix('\'')) {
        return text.to_owned();
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    assert!(
        expression.chars().all(is_name) && expression.contains('.'),
        "no expression that is known here: {expression}"
    );
    look_up(expression)
}
