//! A connector that is to run the onion daemon, and has no program for it.

use super::evidence::{Evidence, Known, NodeText};
use super::quotes::{ended, quote};
use crate::evidence::ContainerRole;

/// What connectors say of a daemon that is not there: the first that the package is, the others that the program is.
const SAID: [&str; 3] = [
    "requires the optional dependency",
    "anon binary not found",
    "anon daemon binary not found",
];
/// What the system calls a file that is not there, in Rust's words and in Node's.
const NO_FILE: [&str; 2] = ["No such file or directory", "ENOENT"];
/// How a line of a stack trace begins in JavaScript.
const TRACE: &str = "at ";
/// Lines that are quoted.
const QUOTED: usize = 2;

pub(super) fn daemon_program(evidence: &Evidence) -> Vec<String> {
    let Some(Known::NoDaemonProgram { home, program }) = &evidence.known else {
        let connectors = ended(evidence).filter(|log| log.role.is_connector());
        let lines = connectors.flat_map(|log| log.text.lines().map(move |line| (log, line)));
        let said = lines.filter(|(_, line)| SAID.iter().any(|sign| line.contains(sign)));
        return said
            .map(|(log, line)| quote(log, line))
            .take(QUOTED)
            .collect();
    };
    let role = ContainerRole::Connector(home.clone());
    let log = evidence.logs.iter().find(|log| log.role == role);
    let absent = format!("{role} is to run {program}, and there is no such file in its container");
    std::iter::once(absent).chain(told(log, program)).collect()
}

/// What its log says of it: what is to be had, or a stack trace, or nothing.
fn told(log: Option<&NodeText>, program: &str) -> Vec<String> {
    let Some(log) = log else {
        return Vec::new();
    };
    let says = |line: &&str| {
        SAID.iter().any(|sign| line.contains(sign))
            || (line.contains(program) && NO_FILE.iter().any(|sign| line.contains(sign)))
    };
    let mut lines = log.text.lines().filter(says).peekable();
    if lines.peek().is_some() {
        return lines.map(|line| quote(log, line)).take(QUOTED).collect();
    }
    let is_trace = log
        .text
        .lines()
        .any(|line| line.trim_start().starts_with(TRACE));
    let what = match is_trace {
        true => "a stack trace, and no word of the program that is missing",
        false => "no word of the program that is missing",
    };
    vec![format!("{}: its log has {what}", log.role)]
}

#[cfg(test)]
mod tests {
    use super::super::{Cause, EndState, Ending, diagnose};
    use super::*;

    fn found(known: bool, log: &str) -> (Cause, String) {
        let role = ContainerRole::Connector("home-b".to_owned());
        let diagnosis = diagnose(&Evidence {
            ending: Some(Ending {
                role: role.clone(),
                status: "1".to_owned(),
                state: EndState::default(),
            }),
            known: known.then(|| Known::NoDaemonProgram {
                home: "home-b".to_owned(),
                program: "/usr/bin/anon".to_owned(),
            }),
            logs: vec![NodeText {
                role,
                text: log.to_owned(),
            }],
            ..Evidence::default()
        });
        (diagnosis.cause, diagnosis.evidence.join("\n"))
    }

    #[test]
    fn a_missing_program_is_named_with_what_the_connector_says_of_it() {
        for (log, says) in [
            (
                "anon binary not found: /usr/bin/anon",
                "home-b/connector: anon binary not found: /usr/bin/anon",
            ),
            (
                "Error: spawn /usr/bin/anon ENOENT",
                "home-b/connector: Error: spawn /usr/bin/anon ENOENT",
            ),
            (
                "TypeError: x is undefined\n    at start (main.js:3:1)",
                "its log has a stack trace, and no word of",
            ),
            ("ready", "its log has no word of"),
        ] {
            let (cause, evidence) = found(true, log);
            assert_eq!(cause, Cause::DaemonProgramAbsent, "{log}");
            assert!(evidence.starts_with("home-b/connector is to run /usr/bin/anon"));
            assert!(evidence.contains(says), "{evidence}");
        }
    }

    #[test]
    fn a_missing_package_is_named_by_what_the_connector_says() {
        let says = "Managed ATOR transport requires the optional dependency \
                    \"@anyone-protocol/anyone-client\" but it was not found.";
        assert_eq!(found(false, says).0, Cause::DaemonProgramAbsent);
        let other = "Error: spawn /usr/bin/other ENOENT";
        assert_eq!(found(false, other).0, Cause::DaemonExited);
    }
}
