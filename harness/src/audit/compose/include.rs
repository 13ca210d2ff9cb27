//! What a Compose file takes from others: `include` and `extends`.

use std::path::{Path, PathBuf};

use crate::audit::yaml::{Node, Value};

/// The files of one item of `include`, the later ones over the earlier ones; none where it names none.
pub(in crate::audit) fn included(item: &Node, folder: &Path) -> Vec<PathBuf> {
    let path = match &item.value {
        Value::Map(_) => item.get("path"),
        _ => Some(item),
    };
    let Some(path) = path else {
        return Vec::new();
    };
    let items = match &path.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(path),
    };
    let texts = items.iter().filter_map(Node::text);
    texts.map(|text| folder.join(text)).collect()
}

/// The service that one extends, and the file that it is in where it is another one.
pub(in crate::audit) fn extended(service: &Node) -> Option<(String, Option<String>, &Node)> {
    let extends = service.get("extends")?;
    let name = extends.text_of("service").or_else(|| extends.text())?;
    let file = extends.text_of("file").map(str::to_owned);
    Some((name.to_owned(), file, extends))
}
