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
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
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
        // Documents within the recipe.
        for Document { mark, indented } in documents(&whole) {
            let is_end = |line: &str| match indented {
                true => line.trim_start_matches('\t') == mark,
                false => line == mark,
            };
            // Without its end it is none.
            if !lines.clone().any(|(_, line)| is_end(line)) {
                break;
            }
            for (_, line) in lines.by_ref() {
                if is_end(line) {
                    break;
                }
                whole.push('\n');
                whole.push_str(line);
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

/// A document that follows an instruction: where it ends, and whether tabs may stand before that.
struct Document {
    mark: String,
    indented: bool,
}

/// The documents that an instruction names by `<<MARK`, which a shell's arithmetic and `<<<` do not.
fn documents(whole: &str) -> Vec<Document> {
    let word = whole.split_whitespace().next().unwrap_or_default();
    if !["RUN", "COPY", "ADD"]
        .iter()
        .any(|one| one.eq_ignore_ascii_case(word))
    {
        return Vec::new();
    }
    let named = |word: &str| {
        // A file descriptor may stand before it.
        let (_, rest) = word
            .split_once("<<")
            .filter(|(before, _)| before.bytes().all(|byte| byte.is_ascii_digit()))?;
        let (indented, rest) = match rest.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let mark = rest.trim_matches(['"', '\'']);
        let is_name = mark.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_');
        is_name.then(|| Document {
            mark: mark.to_owned(),
            indented,
        })
    };
    whole.split_whitespace().filter_map(named).collect()
}

/// A base of a recipe that is an image, and not another part of the recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    /// The image; none where it is told by what was not given.
    pub image: Option<String>,
    /// Where it stands.
    pub at: At,
}

/// The images that a recipe begins with, and those that it takes files from.
#[must_use]
pub(super) fn bases(instructions: &[Instruction]) -> Vec<Base> {
    let mut arguments = BTreeMap::new();
    let mut stages: Vec<String> = vec!["scratch".to_owned()];
    let mut found = Vec::new();
    for Instruction { word, rest, at } in instructions {
        if word == "ARG" {
            let told = rest.split_whitespace();
            let told = told.filter_map(|word| word.split_once('='));
            let plain = |value: &str| value.trim_matches(['"', '\'']).to_owned();
            arguments.extend(told.map(|(name, value)| (name.to_owned(), plain(value))));
        }
        let put_in = |image: &str| fill(image, &arguments).ok().and_then(|filled| filled.text);
        let is_stage = |image: &str| stages.iter().any(|stage| stage.eq_ignore_ascii_case(image));
        if let Some(from) = taken_from(word, rest) {
            // A name may be one of a context that is given to the build; a number is a stage's.
            let image = put_in(from).filter(|image| !is_stage(image) && image.contains([':', '/']));
            found.extend(image.map(|image| Base {
                image: Some(image),
                at: at.clone(),
            }));
        }
        if word != "FROM" {
            continue;
        }
        let mut words = rest
            .split_whitespace()
            .filter(|word| !word.starts_with("--"));
        let image = put_in(words.next().unwrap_or_default());
        if !image.as_deref().is_some_and(is_stage) {
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

/// What an instruction takes files from: `COPY --from=…`, `RUN --mount=…,from=…`.
fn taken_from<'r>(word: &str, rest: &'r str) -> Option<&'r str> {
    let mut options = rest
        .split_whitespace()
        .take_while(|one| one.starts_with("--"));
    match word {
        "COPY" | "ADD" => options.find_map(|option| option.strip_prefix("--from=")),
        "RUN" => options.find_map(|option| {
            let mut parts = option.strip_prefix("--mount=")?.split(',');
            parts.find_map(|part| part.strip_prefix("from="))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of instructions, with their lines.
    fn words(text: &str) -> Vec<(String, usize)> {
        let found = parse(&Arc::from("f"), text).into_iter();
        found.map(|one| (one.word, one.at.line)).collect()
    }

    #[test]
    fn documents_are_no_instructions_and_a_shell_s_signs_no_documents() {
        let known = |words: &[(&str, usize)]| {
            let words = words.iter();
            let words: Vec<_> = words
                .map(|(word, line)| ((*word).to_owned(), *line))
                .collect();
            words
        };
        let two = "RUN <<A cat <<-\"B\" >x\nFROM no\nA\nFROM no\n\tB\nUSER u\n";
        assert_eq!(words(two), known(&[("RUN", 1), ("USER", 6)]));
        for shell in [
            "RUN echo $((1<<2))",
            "RUN cat <<< word",
            "RUN cat <<<word",
            "ENV A=<<EOF",
            "RUN echo '<<' END",
            "RUN cat <<NEVER",
        ] {
            let text = format!("{shell}\nUSER u\n");
            let word = shell.split(' ').next().expect("has one");
            assert_eq!(words(&text), known(&[(word, 1), ("USER", 2)]), "{shell}");
        }
        assert_eq!(
            words("\u{feff}FROM a\r\nUSER u\r\n"),
            known(&[("FROM", 1), ("USER", 2)])
        );
    }

    #[test]
    fn what_files_are_taken_from_is_an_image_or_a_part_of_the_recipe() {
        let text = "FROM a:1 AS one\nCOPY --chown=1 --from=b:2 /x /x\nCOPY --from=one /y /y\nCOPY --from=0 /z /z\nCOPY --from=context / /\nRUN --mount=type=bind,from=d/e,target=/x true\nCOPY from=f:1 /\n";
        let found = bases(&parse(&Arc::from("f"), text)).into_iter();
        let found: Vec<_> = found.map(|base| (base.image, base.at.line)).collect();
        let image = |name: &str, line| (Some(name.to_owned()), line);
        assert_eq!(found, [image("a:1", 1), image("b:2", 2), image("d/e", 6)]);
    }

    #[test]
    fn arguments_of_one_instruction_are_all_put_in() {
        let text = "ARG A=x B='2'\nFROM ${A}:${B}\n";
        let bases = bases(&parse(&Arc::from("f"), text));
        assert_eq!(bases[0].image.as_deref(), Some("x:2"));
    }

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
