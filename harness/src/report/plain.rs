//! Text of others, as a terminal, a page or a CI job can be shown it.

/// How much of one text is shown, in characters.
const SHOWN: usize = 16_000;

/// One line of printable characters: what a connector or a daemon writes may hold escape sequences that
/// move a terminal's cursor or name its window, characters that turn the direction of writing, ends of
/// lines that look like somebody else's, or megabytes without any.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(SHOWN));
    for character in text.chars().take(SHOWN) {
        match character {
            '\t' => out.push(' '),
            _ if character.is_control() || steers(character) => {
                out.extend(character.escape_default());
            }
            _ => out.push(character),
        }
    }
    let more = text.chars().skip(SHOWN).count();
    if more > 0 {
        out.push_str(&format!(" … ({more} more characters)"));
    }
    out
}

/// Characters that are not seen and change how others are: marks of direction, of invisible joints, and
/// separators of lines and paragraphs.
const fn steers(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_done() {
        let written = "\u{1b}]0;title\u{7}\u{1b}[2Jgone\0\r\n\u{9b}31m\u{202e}left\ttab";
        let shown = plain(written);
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert_eq!(
            shown,
            "\\u{1b}]0;title\\u{7}\\u{1b}[2Jgone\\u{0}\\r\\n\\u{9b}31m\\u{202e}left tab"
        );
    }

    #[test]
    fn what_is_plain_stays() {
        let text = "zwei Häuser: 14 of 14 uploads, \"quoted\" 接続 ✓";
        assert_eq!(plain(text), text);
    }

    #[test]
    fn a_line_of_megabytes_is_cut_and_says_so() {
        let shown = plain(&"A".repeat(3_000_000));
        assert!(
            shown.ends_with("… (2984000 more characters)"),
            "{}",
            &shown[SHOWN..]
        );
        assert!(shown.len() < SHOWN + 40);
    }
}
