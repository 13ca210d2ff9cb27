//! What people see of a run: on terminals of several widths, on one that can do nothing, and where there is none.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use scenarios::{Shell, assert_code, text};

/// What a terminal is told to do, from its first byte.
const ESCAPE: char = '\u{1b}';

/// `verify` of the main topology in a terminal of so many columns. What it shows comes with every control sequence.
fn in_terminal(shell: &Shell, columns: u16, variables: &[(&str, &str)]) -> Command {
    let verify = shell.two_home("verify", &[]);
    let words = std::iter::once(verify.get_program()).chain(verify.get_args());
    let words: Vec<String> = words
        .map(|word| format!("'{}'", word.to_str().expect("is text")))
        .collect();
    let line = format!("stty cols {columns} rows 30; exec {}", words.join(" "));
    // util-linux's; it ends with the command's exit code.
    let mut command = Command::new("script");
    command.args([
        "--quiet",
        "--return",
        "--flush",
        "--command",
        &line,
        "/dev/null",
    ]);
    for (name, value) in verify.get_envs() {
        command.env(name, value.expect("is set"));
    }
    command
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied())
        .env_remove("CI")
        .current_dir(verify.get_current_dir().expect("is set"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a terminal shows of what it was sent.
struct Shown {
    /// Every line that was on the screen at any time.
    ever: BTreeSet<String>,
    /// The lines at the end, from the first that was written.
    last: Vec<String>,
}

fn shown(sent: &[u8], columns: u16) -> Shown {
    let mut terminal = vt100::Parser::new(30, columns, 0);
    let mut ever = BTreeSet::new();
    let lines = |terminal: &vt100::Parser| -> Vec<String> {
        let rows = terminal.screen().rows(0, columns);
        rows.map(|row| row.trim_end().to_owned()).collect()
    };
    // A display that is drawn anew is whole before the next one clears it.
    for drawn in sent.split_inclusive(|byte| *byte == b'\r' || *byte == b'\n') {
        terminal.process(drawn);
        ever.extend(lines(&terminal));
    }
    let hidden = terminal.screen().hide_cursor() || terminal.screen().alternate_screen();
    assert!(!hidden, "the terminal is not left as it was found");
    Shown {
        ever,
        last: lines(&terminal),
    }
}

impl Shown {
    fn begins(&self, with: &str) -> bool {
        self.ever.iter().any(|line| line.starts_with(with))
    }

    /// Where a line stands at the end.
    fn at(&self, begins: &str) -> usize {
        let place = self.last.iter().position(|line| line.starts_with(begins));
        place.unwrap_or_else(|| panic!("no {begins:?} in {:#?}", self.last))
    }
}

#[test]
fn a_terminal_shows_a_live_line_for_each_home_at_every_width() {
    for columns in [40, 80, 200] {
        let shell = Shell::sharing();
        let output = in_terminal(&shell, columns, &[]).output();
        let output = output.expect("script runs");
        assert_code(&output, 0);
        let shown = shown(&output.stdout, columns);
        for begins in ["...   home-a", "...   home-b", "...   run"] {
            assert!(shown.begins(begins), "{begins}: {:#?}", shown.ever);
        }
        // Each line ends in one, and then the verdict comes first.
        let verdict = shown.at("verdict: PASS");
        let ends = [
            shown.at("ok    run"),
            shown.at("ok    home-a"),
            shown.at("ok    home-b"),
        ];
        assert!(
            ends.is_sorted() && ends[2] + 2 == verdict,
            "{:#?}",
            shown.last
        );
        let again = shown
            .last
            .iter()
            .filter(|line| line.starts_with("ok    home-b"));
        assert_eq!(again.count(), 1, "{:#?}", shown.last);
        assert!(
            !shown.last.iter().any(|line| line.starts_with("...")),
            "{:#?}",
            shown.last
        );
        assert!(
            shown.at("page: ") > shown.at("checks: "),
            "{:#?}",
            shown.last
        );
        let sent = String::from_utf8_lossy(&output.stdout);
        assert!(sent.contains("\u{1b}[32m"), "it has colours");
    }
}

#[test]
fn a_terminal_that_can_do_nothing_gets_lines_and_one_without_colours_none() {
    let shell = Shell::sharing();
    let dumb = in_terminal(&shell, 80, &[("TERM", "dumb")])
        .output()
        .expect("runs");
    assert_code(&dumb, 0);
    let sent = String::from_utf8(dumb.stdout).expect("is text");
    assert!(!sent.contains(ESCAPE), "{sent}");
    assert!(sent.contains("  ok    observe"), "{sent}");
    let fits = |line: &str| line.chars().count() < 80 || line.starts_with("page: ");
    assert!(sent.lines().all(|line| fits(line.trim_end())), "{sent}");

    let plain = in_terminal(&shell, 80, &[("NO_COLOR", "1")])
        .output()
        .expect("runs");
    assert_code(&plain, 0);
    let sent = String::from_utf8(plain.stdout).expect("is text");
    assert!(
        !sent.contains("\u{1b}[32m") && !sent.contains("\u{1b}[1m"),
        "{sent}"
    );
    assert!(
        sent.contains("...   run"),
        "it is live all the same: {sent}"
    );
}

#[test]
fn without_a_terminal_there_is_a_line_for_each_stage_in_order_and_colours_where_they_are_forced() {
    let shell = Shell::sharing();
    let run = |force: bool| -> Output {
        let mut command = shell.two_home("verify", &[]);
        if force {
            command.env("CLICOLOR_FORCE", "1");
        }
        command.output().expect("runs")
    };
    let output = run(false);
    assert_code(&output, 0);
    assert!(!text(&output).contains(ESCAPE), "{}", text(&output));
    let progress = String::from_utf8(output.stderr).expect("is text");
    let mut times = Vec::new();
    for line in progress.lines() {
        assert!(line.chars().count() < 120, "{line}");
        let time = line.split(" s ").next().unwrap_or_default().trim();
        times.push(time.parse::<f64>().unwrap_or_else(|_| panic!("{line}")));
    }
    assert!(times.len() > 10 && times.is_sorted(), "{progress}");

    let forced = run(true);
    assert_code(&forced, 0);
    let told = String::from_utf8(forced.stdout).expect("is text");
    assert!(
        told.starts_with("\nverdict: \u{1b}[32mPASS\u{1b}[0m after"),
        "{told:?}"
    );
}

#[test]
fn whoever_interrupts_the_live_display_gets_the_terminal_back() {
    let shell = Shell::sharing();
    let mut child = in_terminal(&shell, 80, &[])
        .stdin(Stdio::piped())
        .spawn()
        .expect("script runs");
    let mut sent = Vec::new();
    let mut screen = child.stdout.take().expect("is piped");
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&sent).contains("prepare") {
        let count = screen.read(&mut buffer).expect("reads");
        assert!(count > 0, "{}", String::from_utf8_lossy(&sent));
        sent.extend_from_slice(&buffer[..count]);
    }
    let mut keys = child.stdin.take().expect("is piped");
    keys.write_all(b"\x03").expect("is typed");
    keys.flush().expect("is typed");
    screen.read_to_end(&mut sent).expect("reads");
    let status = child.wait().expect("ends");
    let shown = shown(&sent, 80);
    assert_eq!(status.code(), Some(130), "{:#?}", shown.last);
    assert!(shown.at("failed: interrupted") > shown.at("verdict: INCONCLUSIVE"));
    let runs = shown.last.iter().filter(|line| line.contains(" prepare "));
    assert_eq!(
        runs.count(),
        1,
        "nothing of the display stays: {:#?}",
        shown.last
    );
    assert_eq!(shell.run().left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
}
