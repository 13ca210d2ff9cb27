//! One form for what can be written in several.

use crate::audit::place::At;
use crate::audit::yaml::{Entry, Mark, Node, Scalar, Value};

/// Keys of a service whose list of `NAME=VALUE` is a mapping.
const PAIRS: [&str; 4] = ["environment", "labels", "annotations", "sysctls"];

/// Brings a service to its long form: mappings for `environment`, `labels`, `depends_on`, `networks`, lists for
/// `env_file`, `profiles` and the like.
pub(super) fn service(node: &mut Node) {
    let Value::Map(entries) = &mut node.value else {
        return;
    };
    for Entry { key, node, at } in entries {
        match key.as_str() {
            key if PAIRS.contains(&key) => pairs(node),
            "depends_on" => names(node, &[("condition", "service_started")]),
            "networks" => names(node, &[]),
            "env_file" | "tmpfs" | "dns" | "label_file" => list(node),
            "build" | "extends" => {
                let into = if key == "build" { "context" } else { "service" };
                if matches!(node.value, Value::Scalar(_)) {
                    let entry = Entry {
                        key: into.to_owned(),
                        at: at.clone(),
                        node: node.clone(),
                    };
                    node.value = Value::Map(vec![entry]);
                }
            }
            _ => {}
        }
    }
    for key in ["args", "labels"] {
        if let Some(build) = entry_mut(node, "build")
            && let Some(args) = entry_mut(build, key)
        {
            pairs(args);
        }
    }
}

fn entry_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .find(|entry| entry.key == key)
            .map(|entry| &mut entry.node),
        _ => None,
    }
}

/// `[A=1, B]` becomes `{A: 1, B: null}`.
fn pairs(node: &mut Node) {
    let Value::List(items) = &node.value else {
        return;
    };
    let pair = |item: &Node| {
        let Scalar { raw, text } = item.scalar()?;
        let split = |text: &str| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (name.trim().to_owned(), value.to_owned())
        };
        let (name, raw_value) = split(raw);
        let value = if raw.contains('=') {
            Value::Scalar(Scalar {
                raw: raw_value,
                text: text.as_deref().map(|text| split(text).1),
            })
        } else {
            Value::Null
        };
        Some(entry(&name, &item.at, value))
    };
    let mut entries: Vec<Entry> = Vec::new();
    for pair in items.iter().filter_map(pair) {
        entries.retain(|known| known.key != pair.key);
        entries.push(pair);
    }
    node.value = Value::Map(entries);
}

/// `[a, b]` becomes `{a: {…}, b: {…}}`.
fn names(node: &mut Node, content: &[(&str, &str)]) {
    let Value::List(items) = &node.value else {
        return;
    };
    let inner = |at: &At| {
        let inside = content
            .iter()
            .map(|(key, value)| entry(key, at, Node::of_text(at, value).value));
        Value::Map(inside.collect())
    };
    let entries = items.iter().filter_map(|item| {
        let name = item.text()?;
        Some(entry(name, &item.at, inner(&item.at)))
    });
    node.value = Value::Map(entries.collect());
}

fn list(node: &mut Node) {
    if matches!(node.value, Value::Scalar(_)) {
        node.value = Value::List(vec![node.clone()]);
    }
}

fn entry(key: &str, at: &At, value: Value) -> Entry {
    Entry {
        key: key.to_owned(),
        at: at.clone(),
        node: Node {
            at: at.clone(),
            value,
            mark: Mark::None,
        },
    }
}
