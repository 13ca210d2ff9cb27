//! The last of what was told, kept for a run that does not pass.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many bytes are kept. A run of a minute that polls all the while tells about a quarter of it.
const LIMIT: usize = 4 << 20;

/// What the process keeps.
static MEMORY: Mutex<Memory> = Mutex::new(Memory::new(LIMIT));

/// The last lines, up to a number of bytes.
struct Memory {
    lines: VecDeque<String>,
    bytes: usize,
    limit: usize,
    /// How many lines came before those that are kept.
    lost: u64,
}

/// A moment in what was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u64);

impl Memory {
    const fn new(limit: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            bytes: 0,
            limit,
            lost: 0,
        }
    }

    fn keep(&mut self, line: String) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.bytes > self.limit
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= oldest.len();
            self.lost += 1;
        }
    }

    fn mark(&self) -> Mark {
        Mark(self.lost + self.lines.len() as u64)
    }

    fn since(&self, Mark(mark): Mark) -> String {
        let lost = self.lost.saturating_sub(mark);
        let mut text = match lost {
            0 => String::new(),
            lost => format!("{lost} lines before these were not kept\n"),
        };
        let before = usize::try_from(mark.saturating_sub(self.lost)).unwrap_or(usize::MAX);
        text.extend(self.lines.iter().skip(before).map(String::as_str));
        text
    }
}

fn memory() -> MutexGuard<'static, Memory> {
    // A line is kept as a whole or not at all.
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn keep(line: String) {
    memory().keep(line);
}

/// The moment of what was told last.
#[must_use]
pub fn mark() -> Mark {
    memory().mark()
}

/// What was told since a moment, a line for each question, as far as it is kept.
#[must_use]
pub fn since(mark: Mark) -> String {
    memory().since(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_since_a_moment_is_given_back() {
        let mut memory = Memory::new(100);
        memory.keep("before\n".to_owned());
        let mark = memory.mark();
        assert_eq!(memory.since(mark), "");
        memory.keep("one\n".to_owned());
        memory.keep("two\n".to_owned());
        assert_eq!(memory.since(mark), "one\ntwo\n");
    }

    #[test]
    fn memory_is_bounded_and_says_what_it_has_lost() {
        let mut memory = Memory::new(10);
        memory.keep("before\n".to_owned());
        let mark = memory.mark();
        for number in 0..5 {
            memory.keep(format!("{number}45\n"));
        }
        assert!(memory.bytes <= 10);
        assert_eq!(
            memory.since(mark),
            "3 lines before these were not kept\n345\n445\n"
        );
    }
}
