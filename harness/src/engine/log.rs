//! What containers have printed, read as it comes and never held whole: a container may print without an
//! end, and lines without one.

use std::collections::VecDeque;

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::TryStreamExt;

use super::connect::Engine;
use super::error::EngineError;

/// How much of a log's beginning is kept, and how much of its end, in bytes each.
const KEPT: usize = 1 << 20;
/// How much is kept of what is in between and has to be, in bytes.
const TELLING: usize = 256 << 10;
/// How much of a line is kept, in bytes.
const LINE: usize = 16 << 10;
/// How much of a line is looked through at once, in bytes.
const WINDOW: usize = 64 << 10;
/// How much two windows of a line share: longer than anything that is looked for.
const OVERLAP: usize = 1 << 10;

/// A container's output, both streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// Its lines: the first and the last of them, and those between that had to be kept. Each is in its
    /// place, because one that is left out is empty.
    pub text: String,
    /// How many bytes are left out.
    pub left_out: u64,
}

/// Lines as they come, of which not all are kept.
struct Condenser<'k> {
    /// Whether a line has to be kept wherever it is.
    telling: &'k (dyn Fn(&str) -> bool + Send + Sync),
    head: String,
    middle: String,
    end: VecDeque<Line>,
    end_bytes: usize,
    told_bytes: usize,
    left_out: u64,
    line: Line,
    /// What of the line has not been looked through.
    window: Vec<u8>,
}

#[derive(Default)]
struct Line {
    kept: Vec<u8>,
    bytes: u64,
    /// Whether it has to be kept.
    telling: bool,
}

impl<'k> Condenser<'k> {
    fn new(telling: &'k (dyn Fn(&str) -> bool + Send + Sync)) -> Self {
        Self {
            telling,
            head: String::new(),
            middle: String::new(),
            end: VecDeque::new(),
            end_bytes: 0,
            told_bytes: 0,
            left_out: 0,
            line: Line::default(),
            window: Vec::new(),
        }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            self.part(&bytes[..at]);
            self.end_line();
            bytes = &bytes[at + 1..];
        }
        self.part(bytes);
    }

    /// A part of a line.
    fn part(&mut self, bytes: &[u8]) {
        for bytes in bytes.chunks(WINDOW) {
            self.line.bytes += bytes.len() as u64;
            let room = LINE.saturating_sub(self.line.kept.len());
            self.line.kept.extend(&bytes[..room.min(bytes.len())]);
            self.window.extend(bytes);
            if self.window.len() >= 2 * WINDOW {
                self.look();
                self.window.drain(..self.window.len() - OVERLAP);
            }
        }
    }

    /// Looks through what is in the window. What is found beyond what is kept of the line goes to its end.
    fn look(&mut self) {
        let text = String::from_utf8_lossy(&self.window);
        if !(self.telling)(&text) {
            return;
        }
        self.line.telling = true;
        let kept = String::from_utf8_lossy(&self.line.kept).into_owned();
        if !(self.telling)(&kept) {
            let mut words = text.split_ascii_whitespace();
            let word = words.find(|word| word.len() <= LINE && (self.telling)(word));
            self.line.kept.extend(b" [...] ");
            self.line
                .kept
                .extend(word.unwrap_or("what was found in a long line").as_bytes());
        }
    }

    fn end_line(&mut self) {
        self.look();
        self.window.clear();
        let line = std::mem::take(&mut self.line);
        self.left_out += line.bytes.saturating_sub(line.kept.len() as u64);
        if self.end.is_empty() && self.head.len() + line.kept.len() < KEPT {
            self.head.push_str(&String::from_utf8_lossy(&line.kept));
            self.head.push('\n');
            return;
        }
        self.end_bytes += line.kept.len() + 1;
        self.end.push_back(line);
        while self.end_bytes > KEPT
            && let Some(line) = self.end.pop_front()
        {
            self.end_bytes -= line.kept.len() + 1;
            if line.telling && self.told_bytes + line.kept.len() <= TELLING {
                self.told_bytes += line.kept.len();
                self.middle.push_str(&String::from_utf8_lossy(&line.kept));
            } else {
                self.left_out += line.kept.len() as u64;
            }
            self.middle.push('\n');
        }
    }

    fn finish(mut self) -> Log {
        if self.line.bytes > 0 {
            self.end_line();
        }
        let mut text = self.head;
        text.push_str(&self.middle);
        for line in &self.end {
            text.push_str(&String::from_utf8_lossy(&line.kept));
            text.push('\n');
        }
        Log {
            text,
            left_out: self.left_out,
        }
    }
}

impl Engine {
    /// A container's output so far; at most the last `tail` lines. What is `telling` is kept wherever it is,
    /// up to a limit of its own.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn log(
        &self,
        container: &str,
        tail: Option<usize>,
        telling: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<Log, EngineError> {
        let tail = tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .tail(&tail)
            .build();
        let stream = self.docker.logs(container, Some(options));
        let read = stream.try_fold(Condenser::new(telling), |mut condenser, chunk| async move {
            condenser.take(&chunk.into_bytes());
            Ok(condenser)
        });
        let condenser = self
            .call(format!("read the log of {container}"), read)
            .await?;
        Ok(condenser.finish())
    }

    /// The text of [`Engine::log`], when nothing in it has to be found.
    ///
    /// # Errors
    ///
    /// As of [`Engine::log`].
    pub async fn logs(&self, container: &str, tail: Option<usize>) -> Result<String, EngineError> {
        let log = self.log(container, tail, &|_| false).await;
        log.map(|log| log.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condensed(chunks: impl IntoIterator<Item = Vec<u8>>) -> Log {
        let telling = |text: &str| text.contains("the-secret");
        let mut condenser = Condenser::new(&telling);
        chunks.into_iter().for_each(|chunk| condenser.take(&chunk));
        condenser.finish()
    }

    #[test]
    fn a_short_log_is_kept_whole_however_it_comes() {
        let whole = condensed([b"one\ntwo\nthree".to_vec()]);
        assert_eq!(
            (whole.text.as_str(), whole.left_out),
            ("one\ntwo\nthree\n", 0)
        );
        assert_eq!(condensed(b"one\ntwo\nthree".map(|byte| vec![byte])), whole);
        assert_eq!(condensed([]), Log::default());
    }

    #[test]
    fn of_a_long_log_the_ends_are_kept_and_what_tells_in_its_place() {
        let lines = (1..=60_000u32).map(|number| match number {
            30_000 => b"line 30000 with the-secret in it\n".to_vec(),
            _ => format!("line {number:>5} {}\n", "x".repeat(80)).into_bytes(),
        });
        let log = condensed(lines);
        assert!(log.text.len() < 3 * KEPT, "{} bytes", log.text.len());
        assert!(log.left_out > 2 << 20, "{}", log.left_out);
        let lines: Vec<&str> = log.text.lines().collect();
        assert_eq!(lines.len(), 60_000);
        assert!(lines[0].starts_with("line     1 "));
        assert!(lines[59_999].starts_with("line 60000 "));
        assert_eq!(lines[29_999], "line 30000 with the-secret in it");
        assert_eq!(lines[29_998], "");
    }

    #[test]
    fn of_a_line_without_an_end_the_beginning_is_kept_and_all_is_looked_through() {
        let mut long = vec![b'x'; 3 << 20];
        // Where two windows meet.
        let at = 2 * WINDOW - 4;
        long[at - 1] = b' ';
        long[at..at + 10].copy_from_slice(b"the-secret");
        long[at + 10] = b' ';
        let log = condensed(long.chunks(1000).map(<[u8]>::to_vec));
        assert!(log.text.len() < 2 * LINE, "{} bytes", log.text.len());
        assert!(
            log.text.contains("[...] the-secret"),
            "{}",
            &log.text[LINE..]
        );
        assert!(log.left_out > 2 << 20, "{}", log.left_out);
        assert_eq!(log.text.lines().count(), 1);
    }
}
