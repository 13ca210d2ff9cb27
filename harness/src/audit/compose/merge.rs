//! What a later Compose file makes of an earlier one.

use crate::audit::yaml::{Entry, Mark, Node, Value};

/// Lists that a later file replaces: `path` of the service's keys.
const REPLACED: [&str; 3] = ["command", "entrypoint", "healthcheck.test"];

/// Merges a later value into an earlier one. `path` is where in a service it stands, with dots.
pub(super) fn merge(base: &mut Node, over: Node, path: &str) {
    if over.mark == Mark::Override {
        *base = Node {
            mark: Mark::None,
            ..over
        };
        return;
    }
    match (&mut base.value, over.value) {
        (Value::Map(into), Value::Map(from)) => {
            for entry in from {
                merge_entry(into, entry, path);
            }
        }
        (Value::List(into), Value::List(from)) if !REPLACED.contains(&path) => {
            for item in from {
                into.retain(|known| !same(known, &item, path));
                into.push(item);
            }
        }
        (_, value) => {
            base.value = value;
            base.at = over.at;
        }
    }
}

fn merge_entry(into: &mut Vec<Entry>, entry: Entry, path: &str) {
    let inside = match path {
        "" => entry.key.clone(),
        path => format!("{path}.{}", entry.key),
    };
    let known = into.iter().position(|known| known.key == entry.key);
    match (entry.node.mark, known) {
        (Mark::Reset, Some(at)) => {
            into.remove(at);
        }
        (Mark::Reset, None) => {}
        (_, Some(at)) => {
            // Where it was told last is where it can be put right.
            into[at].at = entry.at;
            merge(&mut into[at].node, entry.node, &inside);
        }
        (_, None) => into.push(Entry {
            node: settled(entry.node),
            ..entry
        }),
    }
}

/// A value that nothing was there for: marks inside of it have had their effect.
pub(super) fn settled(node: Node) -> Node {
    let value = match node.value {
        Value::Map(entries) => {
            let kept = entries
                .into_iter()
                .filter(|entry| entry.node.mark != Mark::Reset);
            let settle = |entry: Entry| Entry {
                node: settled(entry.node),
                ..entry
            };
            Value::Map(kept.map(settle).collect())
        }
        other => other,
    };
    Node {
        value,
        mark: Mark::None,
        ..node
    }
}

/// Whether a later item takes the place of an earlier one.
fn same(one: &Node, other: &Node, path: &str) -> bool {
    match path {
        "volumes" => target(one).is_some() && target(one) == target(other),
        "configs" | "secrets" => mounted(one).is_some() && mounted(one) == mounted(other),
        // Whatever is written twice is there once.
        _ => plain(one) == plain(other),
    }
}

fn target(item: &Node) -> Option<String> {
    if let Some(target) = item.text_of("target") {
        return Some(target.to_owned());
    }
    let text = item.text()?;
    let mut parts = text.split(':');
    let first = parts.next()?;
    Some(parts.next().unwrap_or(first).to_owned())
}

/// Where an item of `configs` or `secrets` is mounted: by its name where that is not told.
fn mounted(item: &Node) -> Option<&str> {
    let target = item.text_of("target").or_else(|| item.text_of("source"));
    let target = target.or_else(|| item.text())?;
    Some(target.strip_prefix('/').unwrap_or(target))
}

/// A value without where it stands.
fn plain(node: &Node) -> String {
    match &node.value {
        Value::Null => String::new(),
        Value::Scalar(scalar) => scalar.raw.clone(),
        Value::List(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Map(entries) => {
            let entry = |entry: &Entry| format!("{}={}", entry.key, plain(&entry.node));
            entries.iter().map(entry).collect::<Vec<_>>().join(",")
        }
    }
}
