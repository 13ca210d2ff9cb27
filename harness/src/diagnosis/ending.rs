//! Why a container ended, or never began, by what the engine and the program's last words say.

use super::evidence::{Evidence, Known};
use super::quotes::{ended, quote};

/// Exit statuses of a shell or an engine for a program that cannot be executed, and one that is not there.
const CANNOT: &str = "126";
const NOT_THERE: &str = "127";
/// What engines say of a program that cannot be executed.
const NOT_EXECUTABLE: [&str; 4] = [
    "exec format error",
    "permission denied",
    "no such file or directory",
    "executable file not found",
];
/// What runtimes begin with when they have become the container's first program and cannot execute the image's:
/// the container's log then has `exec PROGRAM: exec format error`, and nothing else.
const EXEC: &str = "exec ";
/// What the loaders of glibc and musl, and Node, say of a library that is not there.
const LIBRARY: [&str; 4] = [
    "error while loading shared libraries",
    "Error loading shared library",
    "Error relocating",
    "cannot open shared object file",
];

/// What the system says where a disk is full (`ENOSPC`), as programs hand it on.
const NO_SPACE: &str = "no space left on device";

pub(super) fn no_space(evidence: &Evidence) -> Vec<String> {
    let says = |text: &str| text.to_ascii_lowercase().contains(NO_SPACE);
    if let Some(Known::NotStarted(said)) = &evidence.known
        && says(said)
    {
        return vec![said.clone()];
    }
    let end = evidence.ending.as_ref();
    let end = end.filter(|ending| says(&ending.state.error));
    let end = end.map(|ending| format!("{}: {}", ending.role, ending.state.error));
    // A connector may have a volume of its own that is full, and may say of anything that there is no space.
    let others = evidence.logs.iter().filter(|log| !log.role.is_connector());
    let lines = others.flat_map(|log| log.text.lines().map(move |line| (log, line)));
    let said = lines
        .filter(|(_, line)| says(line))
        .map(|(log, line)| quote(log, line));
    end.into_iter().chain(said).take(3).collect()
}

pub(super) fn out_of_memory(evidence: &Evidence) -> Vec<String> {
    let Some(ending) = &evidence.ending else {
        return Vec::new();
    };
    let end = &ending.state;
    let limit = end.memory_limit.map(|bytes| bytes >> 20);
    let said = match (end.out_of_memory, limit) {
        (true, Some(limit)) => format!("as its engine says; its limit is {limit} MiB"),
        (true, None) => "as its engine says; it has no limit of its own".to_owned(),
        // The kernel does not always get to tell the engine of what it did.
        (false, Some(limit)) if end.killed_unasked => {
            format!("most likely, as nobody asked its engine to kill it; its limit is {limit} MiB")
        }
        (false, _) => return Vec::new(),
    };
    let role = &ending.role;
    vec![format!("{role} was killed for want of memory, {said}")]
}

/// Whether an engine says of a program that it cannot be executed.
#[must_use]
pub fn cannot_be_executed(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    NOT_EXECUTABLE.iter().any(|sign| said.contains(sign))
}

pub(super) fn not_executable(evidence: &Evidence) -> Vec<String> {
    if let Some(Known::NotStarted(said)) = &evidence.known {
        return vec![said.clone()];
    }
    let Some(ending) = &evidence.ending else {
        return Vec::new();
    };
    if cannot_be_executed(&ending.state.error) {
        return vec![format!("{}: {}", ending.role, ending.state.error)];
    }
    let said = ended(evidence).filter_map(|log| {
        let mut lines = log.text.lines().filter(|line| !line.trim().is_empty());
        let only = lines.next().filter(|_| lines.next().is_none())?;
        (only.starts_with(EXEC) && cannot_be_executed(only)).then(|| quote(log, only))
    });
    let said: Vec<String> = said.collect();
    let by_status = [CANNOT, NOT_THERE].contains(&&*ending.status);
    if said.is_empty() && by_status && missing_library(evidence).is_empty() {
        return vec![format!(
            "{} ended with status {}",
            ending.role, ending.status
        )];
    }
    said
}

pub(super) fn missing_library(evidence: &Evidence) -> Vec<String> {
    ended(evidence)
        .flat_map(|log| log.text.lines().map(move |line| (log, line)))
        .filter(|(_, line)| LIBRARY.iter().any(|sign| line.contains(sign)))
        .map(|(log, line)| quote(log, line))
        .take(3)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Cause, EndState, Ending, NodeText, diagnose};
    use super::*;
    use crate::evidence::ContainerRole;

    fn died(status: &str, state: EndState, log: &str) -> Evidence {
        let role = ContainerRole::Connector("home-a".to_owned());
        Evidence {
            ending: Some(Ending {
                role: role.clone(),
                status: status.to_owned(),
                state,
            }),
            logs: vec![NodeText {
                role,
                text: log.to_owned(),
            }],
            ..Evidence::default()
        }
    }

    fn named(evidence: &Evidence, cause: Cause, quotes: &str) {
        let diagnosis = diagnose(evidence);
        assert_eq!(diagnosis.cause, cause, "{diagnosis:?}");
        let text = diagnosis.evidence.join("\n");
        assert!(text.contains(quotes), "{text}");
    }

    #[test]
    fn an_end_is_named_by_the_engine_before_it_is_by_its_status() {
        let oom = EndState {
            out_of_memory: true,
            memory_limit: Some(256 << 20),
            ..EndState::default()
        };
        named(
            &died("137", oom, ""),
            Cause::OutOfMemory,
            "home-a/connector was killed for want of memory, as its engine says; its limit is 256 MiB",
        );
        for (limit, cause, quotes) in [
            (
                Some(32 << 20),
                Cause::OutOfMemory,
                "nobody asked its engine to kill it; its limit is 32 MiB",
            ),
            (None, Cause::DaemonExited, "it was killed"),
        ] {
            let unasked = EndState {
                killed_unasked: true,
                memory_limit: limit,
                ..EndState::default()
            };
            named(&died("137", unasked, ""), cause, quotes);
        }
        named(
            &died("137", EndState::default(), ""),
            Cause::DaemonExited,
            "it was killed",
        );
        let library = "/connector: error while loading shared libraries: libssl.so.3: cannot open \
                       shared object file: No such file or directory";
        named(
            &died("127", EndState::default(), library),
            Cause::MissingLibrary,
            "libssl.so.3",
        );
        named(
            &died("126", EndState::default(), ""),
            Cause::NotExecutable,
            "ended with status 126",
        );
    }

    #[test]
    fn what_the_runtime_could_not_execute_is_named_by_its_one_line() {
        for said in [
            "exec ./connector: exec format error\n",
            "exec /usr/local/bin/start.sh: no such file or directory",
            "exec /connector: permission denied",
        ] {
            let evidence = died("1", EndState::default(), said);
            named(&evidence, Cause::NotExecutable, said.trim());
        }
        // A program that ran says what it likes.
        for said in [
            "listening\nexec ./helper: no such file or directory",
            "config.yaml: no such file or directory",
            "exec ./connector: ready",
        ] {
            let evidence = died("1", EndState::default(), said);
            named(&evidence, Cause::DaemonExited, "ended with status 1");
        }
    }

    #[test]
    fn what_never_began_is_named_by_what_the_engine_said() {
        for said in [
            "exec /connector: exec format error",
            "exec: \"/connector\": permission denied",
            "exec: \"node\": executable file not found in $PATH",
        ] {
            assert!(cannot_be_executed(said), "{said}");
            let evidence = Evidence {
                known: Some(Known::NotStarted(said.to_owned())),
                ..Evidence::default()
            };
            named(&evidence, Cause::NotExecutable, said);
        }
    }
}
