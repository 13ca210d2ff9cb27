//! `docs/connector-contract.md` is what it says it is, and whoever cites it cites what is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ator_harness::conformance::{Row, Subject, table};
use ator_harness::evidence::Basis;
use ator_harness::probe::{Credentials, Route, Target};
use wire::Dialect;

const DOCUMENT: &str = "docs/connector-contract.md";

/// This file, which shows citations that are wrong.
const THIS: &str = "harness/tests/contract.rs";

/// Files that may cite, by the end of their names.
const KINDS: [&str; 8] = ["rs", "md", "toml", "sh", "js", "mjs", "cjs", "yml"];

/// Before the anchor: in sources, and in links of documents.
const FORMS: [&str; 2] = ["contract#", "connector-contract.md#"];

/// Before the name of a defect.
const DEFECTS: &str = "contract#defect-";

/// Fewer citations, or files with some, mean that the search looked at nothing or at the conformance
/// rows alone: there are some 260 in some 80 files.
const FEWEST_CITATIONS: usize = 200;
const FEWEST_FILES: usize = 50;

/// What `Seen:` may name.
const SOURCES: [&str; 7] = [
    "1.23.1",
    "3.3.3 source",
    "ilp-plugin-btp",
    "ilp-connector",
    "ilp-node",
    "reference connector",
    "harness",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Required,
    EitherWay,
    Defect,
}

#[derive(Debug)]
struct Statement {
    level: Level,
    /// What a requirement rests on.
    reason: Option<String>,
    /// The anchor of the heading above it.
    section: String,
    anchor: Option<String>,
    vectors: Vec<String>,
}

#[derive(Debug, Default)]
struct Document {
    anchors: Vec<String>,
    statements: Vec<Statement>,
    mistakes: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The anchor at the beginning of `text`, and what follows it.
fn anchor(text: &str) -> (Option<&str>, &str) {
    let parts = text
        .strip_prefix("<a id=\"")
        .and_then(|rest| rest.split_once("\"></a>"));
    match parts {
        Some((anchor, rest)) => (Some(anchor), rest),
        None => (None, text),
    }
}

/// What stands between `*NAME:` and the next `*`, or after `*NAME:*` up to it.
fn part<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("*{name}:"))?;
    let rest = rest.strip_prefix('*').unwrap_or(rest);
    let (part, _) = rest.split_once('*')?;
    Some(part.trim()).filter(|part| !part.is_empty())
}

/// Whether a requirement may rest on this.
fn is_reason(reason: &str) -> bool {
    let numbered = |prefix: &str| {
        reason.strip_prefix(prefix).is_some_and(|rest| {
            let (number, section) = rest.split_once(' ').unwrap_or((rest, ""));
            number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) && !section.is_empty()
        })
    };
    matches!(reason, "safety" | "interop") || numbered("RFC-") || numbered("RFC ")
}

/// One statement, from after its `- `.
fn statement(text: &str) -> Result<Statement, String> {
    let (anchor, rest) = anchor(text);
    let is_defect = anchor.is_some_and(|anchor| anchor.starts_with("defect-"));
    let mut by = None;
    let level = if let Some(rest) = rest.strip_prefix("**required** (") {
        let (reason, _) = rest.split_once("): ").ok_or("no reason")?;
        if !is_reason(reason) {
            return Err(format!("{reason:?} is no reason"));
        }
        by = Some(reason.to_owned());
        Level::Required
    } else if rest.starts_with("**either way**: ") {
        part(rest, "Also right").ok_or("no alternatives (Also right)")?;
        Level::EitherWay
    } else if rest.starts_with("**defect**: ") {
        part(rest, "Right").ok_or("not what is right instead (Right)")?;
        if !is_defect {
            return Err("a defect's anchor is its name, defect-…".to_owned());
        }
        Level::Defect
    } else {
        return Err("no level".to_owned());
    };
    if is_defect && level != Level::Defect {
        return Err("the anchor says that it is a defect".to_owned());
    }
    if !rest.ends_with('*') {
        return Err("does not end with where it was seen".to_owned());
    }
    let seen = part(rest, "Seen").ok_or("not where it was seen (Seen)")?;
    if !SOURCES.iter().any(|source| seen.contains(source)) {
        return Err(format!("seen in {seen:?}, which is no known source"));
    }
    Ok(Statement {
        level,
        reason: by,
        section: String::new(),
        anchor: anchor.map(str::to_owned),
        vectors: seen
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect(),
    })
}

/// Everything from the first anchored heading on is headings, statements and their tables.
fn parse(text: &str) -> Document {
    let mut document = Document::default();
    let mut section = String::new();
    let lines = text.lines().enumerate();
    for (number, line) in lines.skip_while(|(_, line)| !line.starts_with("## <a id=")) {
        let number = number + 1;
        let heading = line
            .strip_prefix("### ")
            .or_else(|| line.strip_prefix("## "));
        if let Some(heading) = heading {
            match anchor(heading) {
                (Some(anchor), _) => {
                    anchor.clone_into(&mut section);
                    document.anchors.push(anchor.to_owned());
                }
                (None, _) => document.mistakes.push(format!("line {number}: no anchor")),
            }
        } else if let Some(text) = line.strip_prefix("- ") {
            match statement(text) {
                Ok(mut statement) => {
                    statement.section.clone_from(&section);
                    document.anchors.extend(statement.anchor.clone());
                    document.statements.push(statement);
                }
                Err(mistake) => document.mistakes.push(format!("line {number}: {mistake}")),
            }
        } else if !line.is_empty() && !line.starts_with("  |") {
            let mistake = format!("line {number}: neither a heading nor a statement nor its table");
            document.mistakes.push(mistake);
        }
    }
    for anchor in &document.anchors {
        let kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !anchor.chars().all(kept) || anchor.is_empty() {
            document
                .mistakes
                .push(format!("{anchor:?} is not in kebab-case"));
        }
    }
    let mut seen = BTreeSet::new();
    for anchor in &document.anchors {
        if !seen.insert(anchor) {
            document.mistakes.push(format!("{anchor} is defined twice"));
        }
    }
    document
}

/// The anchors that `text` cites. A form that goes on with `…` or `...` speaks of citations in
/// general.
fn citations(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for form in FORMS {
        for (at, _) in text.match_indices(form) {
            let rest = &text[at + form.len()..];
            let is_anchor = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let end = rest.find(|c| !is_anchor(c)).unwrap_or(rest.len());
            if !["…", "..."]
                .iter()
                .any(|dots| rest[end..].starts_with(dots))
            {
                found.push(&rest[..end]);
            }
        }
    }
    found
}

/// The references by number that `text` still has, however its comments are wrapped.
fn numbered(text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| !matches!(*word, "//" | "///" | "//!" | "#" | "\\"))
        .collect();
    let text = words.join(" ").to_lowercase();
    [
        "contract section ",
        "contract sections ",
        "contract v3, section ",
        " of the later versions",
    ]
    .into_iter()
    .flat_map(|phrase| {
        text.match_indices(phrase)
            .map(|(at, _)| {
                let end = text.ceil_char_boundary((at + phrase.len() + 20).min(text.len()));
                text[at..end].to_owned()
            })
            .collect::<Vec<_>>()
    })
    .collect()
}

/// Every file of the repository that may cite, those that are not yet added included.
fn sources() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the repository's files");
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8(listed.stdout).expect("names in UTF-8");
    listed
        .lines()
        .filter(|path| {
            let kind = Path::new(path).extension().and_then(|kind| kind.to_str());
            kind.is_some_and(|kind| KINDS.contains(&kind)) && root().join(path).is_file()
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn statements_have_a_level_and_a_source_and_anchors_are_unique() {
    let document = parse(&read(DOCUMENT));
    assert_eq!(document.mistakes, Vec::<String>::new());
    for level in [Level::Required, Level::EitherWay, Level::Defect] {
        let count = document
            .statements
            .iter()
            .filter(|one| one.level == level)
            .count();
        assert!(count >= 20, "only {count} statements are {level:?}");
    }
}

#[test]
fn vectors_that_are_named_were_captured() {
    let text = read("fixtures/vectors/toon-btp.json");
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).expect("vectors");
    let known: BTreeSet<&str> = vectors
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    let document = parse(&read(DOCUMENT));
    let named: Vec<&String> = document
        .statements
        .iter()
        .flat_map(|one| &one.vectors)
        .collect();
    assert!(named.len() > 50, "only {} vectors are named", named.len());
    let unknown: Vec<_> = named
        .iter()
        .filter(|name| !known.contains(name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_citation_is_of_an_anchor_and_none_is_by_number() {
    let document = read(DOCUMENT);
    let anchors = parse(&document).anchors;
    let (mut count, mut files) = (0, 0);
    let mut mistakes = Vec::new();
    for path in sources().into_iter().filter(|path| path != THIS) {
        let text = read(&path);
        let found = citations(&text);
        count += found.len();
        files += usize::from(!found.is_empty());
        for cited in found {
            if !anchors.iter().any(|anchor| anchor == cited) {
                mistakes.push(format!(
                    "{path} cites {cited:?}, which {DOCUMENT} does not have"
                ));
            }
        }
        let old = numbered(&text).into_iter();
        mistakes.extend(old.map(|text| format!("{path} cites by number: {text}")));
    }
    for (at, _) in document.match_indices("](#") {
        let rest = &document[at + 3..];
        let cited = rest.split(')').next().unwrap_or(rest);
        if !anchors.iter().any(|anchor| anchor == cited) {
            mistakes.push(format!(
                "{DOCUMENT} links to {cited:?}, which it does not have"
            ));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    assert!(
        count >= FEWEST_CITATIONS && files >= FEWEST_FILES,
        "only {count} citations in {files} files were found"
    );
}

#[test]
fn every_conformance_row_stands_on_the_contract() {
    let document = parse(&read(DOCUMENT));
    // The statement itself, or one of the section that is cited.
    let agrees = |row: &Row| {
        let cited = row.source.strip_prefix(FORMS[0]).unwrap_or_default();
        document.statements.iter().any(|one| {
            let is_cited = match &one.anchor {
                Some(anchor) if anchor == cited => true,
                _ => one.section == cited,
            };
            let level = match one.level {
                Level::Required => Basis::Required,
                Level::EitherWay => Basis::EitherWay,
                Level::Defect => Basis::Defect,
            };
            is_cited && level == row.basis && one.reason.as_deref().unwrap_or("contract") == row.by
        })
    };
    let has = |source: &str| {
        let cited = source.strip_prefix(FORMS[0]);
        cited.is_some_and(|cited| document.anchors.iter().any(|anchor| anchor == cited))
    };
    let mut mistakes = Vec::new();
    for (dialect, least) in [(Dialect::Toon, 100), (Dialect::Rfc, 80)] {
        let subject = Subject {
            target: Target::new("127.0.0.1", 1),
            route: Route::Direct,
            dialect,
            peer: Credentials::new("co-tester", "co-tester-secret"),
            noauth: None,
            fulfils: None,
            forwards: None,
            sender: None,
            limit: Duration::from_secs(1),
        };
        let rows = table(&subject);
        assert!(rows.len() >= least, "{} rows for {dialect:?}", rows.len());
        for row in rows {
            if !has(row.source) {
                mistakes.push(format!("{} stands on {:?}", row.id, row.source));
            }
            if !agrees(&row) {
                mistakes.push(format!(
                    "{}: {:?} has no statement that is {} by {}",
                    row.id,
                    row.source,
                    row.basis.words(),
                    row.by
                ));
            }
            for defect in &row.defects {
                if !has(defect.source) || !defect.source.starts_with(DEFECTS) {
                    mistakes.push(format!("{} knows the defect {:?}", row.id, defect.source));
                }
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn mistakes_in_the_document_are_found() {
    let good = "## <a id=\"a\"></a>A\n\n- **required** (RFC-0023 Flow): x. *Seen: 1.23.1, `v`.*\n";
    assert_eq!(parse(good).mistakes, Vec::<String>::new());
    assert_eq!(parse(good).statements[0].vectors, ["v"]);
    for (line, mistake) in [
        ("- x. *Seen: 1.23.1.*", "no level"),
        ("- **required**: x. *Seen: 1.23.1.*", "no level"),
        (
            "- **required** (because): x. *Seen: 1.23.1.*",
            "is no reason",
        ),
        (
            "- **required** (RFC-0023): x. *Seen: 1.23.1.*",
            "is no reason",
        ),
        ("- **either way**: x. *Seen: 1.23.1.*", "no alternatives"),
        (
            "- **defect**: x. *Right:* y. *Seen: 1.23.1.*",
            "anchor is its name",
        ),
        (
            "- <a id=\"defect-x\"></a>**defect**: x. *Seen: 1.23.1.*",
            "right instead",
        ),
        (
            "- <a id=\"defect-x\"></a>**required** (safety): x. *Seen: 1.23.1.*",
            "it is a defect",
        ),
        ("- **required** (safety): x.", "where it was seen"),
        (
            "- **required** (safety): x. *Seen: somewhere.*",
            "no known source",
        ),
        (
            "- <a id=\"a\"></a>**required** (safety): x. *Seen: 1.23.1.*",
            "a is defined twice",
        ),
        ("## B", "no anchor"),
        ("## <a id=\"Big\"></a>B", "kebab-case"),
        ("A statement in prose.", "neither"),
        ("| a table | of nobody |", "neither"),
    ] {
        let mistakes = parse(&format!("{good}{line}\n")).mistakes;
        assert!(
            mistakes.len() == 1 && mistakes[0].contains(mistake),
            "{line}: {mistakes:?}"
        );
    }
}

#[test]
fn citations_are_found_in_every_form() {
    let text = "// see (contract#auth-refused), [it](docs/connector-contract.md#health)\n\
                //! contract#… and contract#defect-… and contract#... in general, contract#Wrong_One.";
    assert_eq!(citations(text), ["auth-refused", "Wrong_One", "health"]);
    for (text, count) in [
        ("/// (contract section 3.2)", 1),
        ("/// (contract\n    /// section 3.2)", 1),
        ("//! Contract sections 1 and\n//! 2", 1),
        ("//! section 2 of the\n//! later versions", 1),
        ("\"(contract \\\n  section 3.5)\"", 1),
        ("(RFC 6455 section 5.1)", 0),
    ] {
        assert_eq!(numbered(text).len(), count, "{text}");
    }
}
