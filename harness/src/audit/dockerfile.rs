//! Recipes of images.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::interpolate::fill;
use super::place::At;

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Its word, in capitals.
    pub word: String,
    /// What follows it.
    pub rest: String,
    /// Where it stands.
    pub at: At,
}

/// Reads a recipe.
#[must_use]
pub(super) fn parse(file: &Arc<str>, text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let mut whole = line.trim().to_owned();
        if whole.is_empty() || whole.starts_with('#') {
            continue;
        }
        while whole.ends_with('\\') {
            whole.pop();
            let Some((_, more)) = lines
                .by_ref()
                .find(|(_, line)| !line.trim().starts_with('#'))
            else {
                break;
            };
            whole.push_str(more.trim());
            if !whole.ends_with('\\') {
                break;
            }
        }
        // A document within the recipe.
        if let Some((_, mark)) = whole.split_once("<<") {
            let mark = mark.trim_start_matches('-');
            let mark = mark.split_whitespace().next().unwrap_or_default();
            let mark = mark.trim_matches(['"', '\'']).to_owned();
            if !mark.is_empty() {
                for (_, line) in lines.by_ref() {
                    if line.trim() == mark {
                        break;
                    }
                    whole.push('\n');
                    whole.push_str(line);
                }
            }
        }
        let (word, rest) = whole
            .split_once(char::is_whitespace)
            .unwrap_or((&whole, ""));
        found.push(Instruction {
            word: word.to_ascii_uppercase(),
            rest: rest.trim().to_owned(),
            at: At::new(file, index + 1),
        });
    }
    found
}

/// A base of a recipe that is an image, and not another part of the recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    /// The image; none where it is told by what was not given.
    pub image: Option<String>,
    /// Where it stands.
    pub at: At,
}

/// The images that a recipe begins with.
#[must_use]
pub(super) fn bases(instructions: &[Instruction]) -> Vec<Base> {
    let mut arguments = BTreeMap::new();
    let mut stages: Vec<String> = vec!["scratch".to_owned()];
    let mut found = Vec::new();
    for Instruction { word, rest, at } in instructions {
        if word == "ARG"
            && let Some((name, value)) = rest.split_once('=')
        {
            arguments.insert(name.to_owned(), value.trim_matches('"').to_owned());
        }
        if word != "FROM" {
            continue;
        }
        let mut words = rest
            .split_whitespace()
            .filter(|word| !word.starts_with("--"));
        let image = words.next().unwrap_or_default();
        let image = fill(image, &arguments).ok().and_then(|filled| filled.text);
        let is_stage = image
            .as_ref()
            .is_some_and(|image| stages.iter().any(|stage| stage.eq_ignore_ascii_case(image)));
        if !is_stage {
            found.push(Base {
                image,
                at: at.clone(),
            });
        }
        if words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("as"))
        {
            stages.extend(words.next().map(str::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_no_images_and_arguments_are_put_in() {
        let text = "# x\nARG V=22\nFROM node:${V} AS build\nRUN a \\\n  # why\n  && b\nFROM build\nFROM scratch\nFROM ${X}\n";
        let instructions = parse(&Arc::from("f"), text);
        assert_eq!(instructions.len(), 6);
        assert!(instructions[2].rest.contains("&& b"), "{instructions:?}");
        let bases: Vec<Option<String>> = bases(&instructions)
            .into_iter()
            .map(|base| base.image)
            .collect();
        assert_eq!(bases, [Some("node:22".to_owned()), None]);
    }
}
