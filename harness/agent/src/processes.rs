//! Sending a signal to programs by their name, among the processes that are seen from here.

use rustix::process::{Pid, Signal, kill_process};

/// What is sent, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Settings {
    /// The program's name, as the kernel has it (proc_pid_comm(5)).
    #[arg(long)]
    pub program: String,
    /// What it is sent.
    #[arg(long, value_enum)]
    pub signal: Which,
}

/// Which signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Cont,
}

/// Sends the signal to every such program.
///
/// # Errors
///
/// There is none, or it may not be signalled.
pub fn signal(settings: &Settings) -> Result<(), String> {
    let signal = match settings.signal {
        Which::Kill => Signal::KILL,
        Which::Stop => Signal::STOP,
        Which::Cont => Signal::CONT,
    };
    let found = named(&settings.program)?;
    if found.is_empty() {
        return Err(format!("no process is called {}", settings.program));
    }
    for pid in found {
        let sent = kill_process(pid, signal);
        sent.map_err(|error| format!("failed to signal {}: {error}", settings.program))?;
    }
    Ok(())
}

/// The processes of this name.
fn named(program: &str) -> Result<Vec<Pid>, String> {
    let processes = std::fs::read_dir("/proc");
    let processes = processes.map_err(|error| format!("failed to list processes: {error}"))?;
    let found = processes.flatten().filter_map(|entry| {
        let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
        // One that has ended meanwhile has no name.
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        (name.trim_end() == program).then_some(pid)
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_there_is_said() {
        let settings = Settings {
            program: "nobody-is-called-so".to_owned(),
            signal: Which::Kill,
        };
        let why = signal(&settings).expect_err("nobody");
        assert_eq!(why, "no process is called nobody-is-called-so");
    }
}
