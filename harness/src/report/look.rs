//! How text for people is set: its colours, its width, and how much is told.

use comfy_table::{ContentArrangement, Table, presets};
use console::{Style, measure_text_width, truncate_str};

use crate::checks::Verdict;

/// The widest line about a stage where there is no terminal, in columns: what a CI job's log shows without wrapping.
const LOG_WIDTH: usize = 119;
/// How wide a table of figures is at the most, in columns.
pub(crate) const TABLE_WIDTH: u16 = 132;
/// Narrower than this no terminal is taken for.
const NARROWEST: usize = 20;

/// How text is set for whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Whether colours and weights may be used.
    pub colours: bool,
    /// The columns of the terminal; `None` where there is none.
    pub columns: Option<usize>,
    /// Whether everything is listed that is a count otherwise.
    pub verbose: bool,
}

/// What a piece of text says by its colour. It says the same in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
    /// Nobody knows, or nobody has to.
    Doubtful,
    /// What is aside.
    Faint,
    /// What a line begins with.
    Strong,
}

impl Tone {
    pub(crate) const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Good,
            Verdict::Fail => Self::Bad,
            Verdict::Inconclusive | Verdict::Unsupported => Self::Doubtful,
        }
    }
}

impl Look {
    /// The text in its colour.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colours || text.is_empty() {
            return text.to_owned();
        }
        let style = Style::new().force_styling(true);
        let style = match tone {
            Tone::Good => style.green(),
            Tone::Bad => style.red().bold(),
            Tone::Doubtful => style.yellow(),
            Tone::Faint => style.dim(),
            Tone::Strong => style.bold(),
        };
        style.apply_to(text).to_string()
    }

    /// A text with the word of a verdict in its colour, where it stands first.
    #[must_use]
    pub fn verdict(&self, text: &str, verdict: Option<Verdict>) -> String {
        let Some(verdict) = verdict else {
            return text.to_owned();
        };
        let word = verdict.word();
        text.replacen(word, &self.paint(Tone::of(verdict), word), 1)
    }

    /// How many columns a line about a stage may take. A terminal's last one stays free: some go to the next line when
    /// it is written.
    pub(crate) fn line_width(&self) -> usize {
        self.columns
            .map_or(LOG_WIDTH, |columns| columns.max(NARROWEST) - 1)
    }

    /// An empty table, as wide as the terminal, and at the most this.
    #[must_use]
    pub fn table(&self, most: u16) -> Table {
        let columns = self.columns.map(|columns| columns.max(NARROWEST));
        let columns = columns.and_then(|columns| u16::try_from(columns).ok());
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(columns.map_or(most, |columns| columns.min(most)));
        table
    }

    /// One line, cut where there is no room for more of it.
    pub(crate) fn line(&self, text: &str) -> String {
        truncate_str(text, self.line_width(), "…").into_owned()
    }

    /// A text of words on as many lines as a terminal needs for it, those after the first with an indent. Without a
    /// terminal it stays one line, for whoever searches it.
    #[must_use]
    pub fn wrapped(&self, text: &str, indent: usize) -> String {
        let Some(columns) = self.columns else {
            return text.to_owned();
        };
        let width = columns.max(NARROWEST) - 1;
        let indent = indent.min(width / 3);
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        // What the text begins with stays where it is.
        let words = text.trim_start_matches(' ');
        let lead = text.len() - words.len();
        out.push_str(&text[..lead]);
        at += lead;
        for (index, word) in words.split(' ').enumerate() {
            let wide = measure_text_width(word);
            let fits = at + usize::from(index > 0) + wide <= width;
            if index > 0 && !fits && at > indent {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                at = indent;
            } else if index > 0 {
                out.push(' ');
                at += 1;
            }
            out.push_str(word);
            at += wide;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(columns: usize) -> Look {
        Look {
            columns: Some(columns),
            ..Look::default()
        }
    }

    #[test]
    fn a_line_ends_where_the_terminal_does() {
        let long = "word ".repeat(60);
        assert_eq!(measure_text_width(&Look::default().line(&long)), 119);
        for columns in [40, 80, 200] {
            let line = of(columns).line(&long);
            assert_eq!(measure_text_width(&line), columns - 1);
            assert!(line.ends_with('…'), "{line}");
            // Characters that take two columns.
            let wide = of(columns).line(&"接続".repeat(200));
            assert!(measure_text_width(&wide) < columns, "{wide}");
        }
        assert_eq!(of(40).line("short"), "short");
        assert_eq!(measure_text_width(&of(0).line(&long)), NARROWEST - 1);
    }

    #[test]
    fn words_go_to_the_next_line_with_an_indent() {
        let text = of(20).wrapped("evidence: one two three four five", 4);
        assert_eq!(text, "evidence: one two\n    three four five");
        let text = of(20).wrapped("  led: one two three", 4);
        assert_eq!(text, "  led: one two\n    three");
        let one = "a-word-that-is-longer-than-any-line";
        assert_eq!(of(20).wrapped(one, 4), one);
        let long = "one two ".repeat(40);
        assert_eq!(Look::default().wrapped(&long, 4), long);
        for line in of(40).wrapped(&long, 4).lines() {
            assert!(measure_text_width(line) < 40, "{line}");
        }
    }

    #[test]
    fn colours_are_where_they_may_be() {
        let plain = Look::default();
        assert_eq!(plain.paint(Tone::Bad, "failed"), "failed");
        let coloured = Look {
            colours: true,
            ..plain
        };
        let painted = coloured.paint(Tone::Bad, "failed");
        assert!(painted.starts_with('\u{1b}') && painted.ends_with("\u{1b}[0m"));
        assert_eq!(measure_text_width(&painted), 6);
    }
}
