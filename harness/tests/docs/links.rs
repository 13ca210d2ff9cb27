//! Links between documents, to files of the project and to anchors.

use std::collections::HashMap;

use crate::support::{markdown_files, read, root};

#[test]
fn links_within_the_project_lead_somewhere() {
    let files = markdown_files();
    let mut wrong = Vec::new();
    let mut followed = 0;
    for file in &files {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in links(&read(file)) {
            if link.contains("://") {
                continue;
            }
            followed += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => file.clone(),
                path => normal(&format!("{folder}/{path}")),
            };
            if !root().join(&target).exists() {
                wrong.push(format!("{file}: there is no {target}"));
            } else if !anchor.is_empty() && !anchors(&read(&target)).contains(&anchor.to_owned()) {
                wrong.push(format!("{file}: {target} has no anchor #{anchor}"));
            }
        }
    }
    assert!(followed > 30, "{followed} links in {files:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the links and pictures of a document point to. Code is no link.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, more)) = after.split_once(')') else {
                break;
            };
            links.push(target.to_owned());
            rest = more;
        }
    }
    links
}

/// The lines outside of code, without their code spans.
fn prose(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let spans = line.split('`').step_by(2);
            lines.push(spans.collect::<Vec<_>>().join("`"));
        }
    }
    lines
}

/// The anchors of a document: those that stand in it, and those that GitHub gives its headings.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let ids = line.split("id=\"").skip(1);
        anchors.extend(ids.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        let heading = line.trim_start_matches('#');
        if fenced || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let slug = slug(heading.trim());
        let times = seen.entry(slug.clone()).or_default();
        anchors.push(match *times {
            0 => slug,
            times => format!("{slug}-{times}"),
        });
        *times += 1;
    }
    anchors
}

/// A heading as GitHub's anchor: lower case, blanks as dashes, and of the rest letters, digits, dashes
/// and underscores. Tags do not count.
fn slug(heading: &str) -> String {
    let mut plain = String::new();
    let mut in_tag = false;
    for character in heading.chars() {
        match character {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag => {}
            ' ' => plain.push('-'),
            other if other.is_alphanumeric() || other == '-' || other == '_' => {
                plain.extend(other.to_lowercase());
            }
            _ => {}
        }
    }
    plain
}

/// A path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "# One heading, `code`\n\n[a](b.md#c) `[no](link)` ![p](d.svg)\n```\n[no](link)\n```\n<a id=\"e\">";
    assert_eq!(links(text), ["b.md#c", "d.svg"]);
    assert_eq!(anchors(text), ["one-heading-code", "e"]);
    assert_eq!(normal("docs/../a/./b.md"), "a/b.md");
}
