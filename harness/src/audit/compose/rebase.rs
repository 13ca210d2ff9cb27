//! Paths of files that another one takes in.

use std::path::Path;

use crate::audit::yaml::{Node, Value};

/// Makes paths of an included file start from its own folder.
pub(super) fn rebase(document: &mut Node, folder: &Path) {
    if let Value::Map(entries) = &mut document.value {
        for section in entries.iter_mut().filter(|one| one.key == "services") {
            if let Value::Map(services) = &mut section.node.value {
                for service in services {
                    rebase_service(&mut service.node, folder);
                }
            }
        }
    }
}

/// The same of one service.
pub(super) fn rebase_service(service: &mut Node, folder: &Path) {
    let Value::Map(entries) = &mut service.value else {
        return;
    };
    let files = ["env_file", "label_file"];
    for entry in entries.iter_mut().filter(|one| files.contains(&&*one.key)) {
        let Value::List(items) = &mut entry.node.value else {
            continue;
        };
        for item in items {
            if let Value::Scalar(scalar) = &mut item.value
                && let Some(text) = &mut scalar.text
            {
                absolute(text, folder);
            }
        }
    }
    for entry in entries.iter_mut().filter(|one| one.key == "volumes") {
        let Value::List(items) = &mut entry.node.value else {
            continue;
        };
        for item in items {
            if let Value::Scalar(scalar) = &mut item.value
                && let Some(text) = scalar.text.as_mut().filter(|text| text.starts_with('.'))
            {
                absolute(text, folder);
            }
        }
    }
}

fn absolute(path: &mut String, folder: &Path) {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    *path = folder.join(&*path).to_string_lossy().into_owned();
}
