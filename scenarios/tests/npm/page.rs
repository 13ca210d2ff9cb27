//! Report pages in Chromium: what `page.js` saw of them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ator_harness::report::Report;
use serde_json::{Value, json};

/// A reader's screen.
struct View {
    name: &'static str,
    width: u32,
    height: u32,
    scheme: &'static str,
}

/// Those that pages are looked at on: a desk's and a phone's, in both schemes.
const VIEWS: [View; 4] = [
    View {
        name: "desk-light",
        width: 1280,
        height: 800,
        scheme: "light",
    },
    View {
        name: "desk-dark",
        width: 1280,
        height: 800,
        scheme: "dark",
    },
    View {
        name: "phone-light",
        width: 390,
        height: 844,
        scheme: "light",
    },
    View {
        name: "phone-dark",
        width: 390,
        height: 844,
        scheme: "dark",
    },
];

/// What a real run left.
pub(crate) fn saved(name: &str) -> Report {
    let path = scenarios::root().join(format!("harness/tests/report/data/{name}.json"));
    let text = std::fs::read_to_string(path).expect("the saved report is there");
    serde_json::from_str(&text).expect("and is a report")
}

/// Where pages and screenshots go: a folder that the next run begins anew.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("report-page")
        .join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for pages");
    folder
}

/// Looks at a report's page.
pub(crate) fn look(folder: &Path, name: &str, report: &Report) -> Vec<Value> {
    look_at(folder, name, &report.to_html())
}

/// Renders a page in every view, goes through it by its keys, and puts it on paper. The answers come in the order of
/// [`VIEWS`].
pub(crate) fn look_at(folder: &Path, name: &str, page: &str) -> Vec<Value> {
    let file = folder.join(format!("{name}.html"));
    std::fs::write(&file, page).expect("the page is written");
    let cases: Vec<Value> = VIEWS
        .iter()
        .map(|view| {
            json!({
                "name": format!("{name}-{}", view.name),
                "file": file,
                "width": view.width,
                "height": view.height,
                "scheme": view.scheme,
            })
        })
        .collect();
    let mut child = crate::npm::node(&crate::npm::install(), "page.js")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}", crate::npm::explain("node", &error)));
    let cases = Value::from(cases).to_string();
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(cases.as_bytes()).expect("takes the cases");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    assert!(
        output.status.success(),
        "the browser could not be driven (fixtures/browser/ensure.sh installs it): {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A number of what was seen.
pub(crate) fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is a number"))
}

/// A list of what was seen.
pub(crate) fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is a list"))
}
