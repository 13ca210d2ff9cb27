//! The command's own definition: its help in groups, and what is made of it, completions and man pages.

use std::io;
use std::path::PathBuf;

use clap::Command;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use super::error::CliError;
use super::examples;
use super::out::Out;
use crate::checks::{Basis, every};
use crate::report::Look;
use crate::topology::FAULTS;

/// The command's name.
const NAME: &str = "ator-harness";

/// The commands by what people want, in the order in which the help has them.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Judge",
        &["verify", "soak", "conformance", "probe", "audit"],
    ),
    ("Keep running", &["up", "status", "down", "network", "home"]),
    ("Read results", &["report", "compare", "ledger"]),
    (
        "Look around",
        &[
            "topologies",
            "init",
            "export",
            "plan",
            "fetch",
            "doctor",
            "wire",
            "completions",
            "man",
            "help",
        ],
    ),
];

/// The columns of the terminal that help is set for.
const TERMINAL: usize = 80;
/// How the list of commands is set.
const HELP: Look = Look {
    colours: false,
    columns: Some(TERMINAL),
    verbose: false,
};
/// Where what a command does begins in that list, in columns.
const INDENT: usize = 15;

/// What every help text ends with.
const EXIT_CODES: &str = "Exit codes:
  0    the verdict is pass, or what was asked for is done
  1    the verdict is fail; compare: something got slower or worse;
       ledger show: a check is flagged; audit: something was found
  2    wrong usage, or a mistake in a topology file, report, ledger or
       audited file; a daemon of another TLD family than the run is for
  3    the environment lacks something (engine, image, file, space)
  4    inconclusive: too little to judge by
  130  interrupted";

/// Arguments of `completions`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CompletionsArgs {
    /// Which shell completes the command
    #[arg(value_parser = shells())]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ManArgs {
    /// The folder that gets a page for the command and for each of its subcommands
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

fn shells() -> impl clap::builder::TypedValueParser<Value = Shell> {
    use clap::builder::TypedValueParser as _;
    PossibleValuesParser::new(["bash", "zsh", "fish"]).map(|name| match &*name {
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        _ => Shell::Bash,
    })
}

/// A definition with its help in groups, and examples.
pub(super) fn completed(command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|one| one.get_name().to_owned())
        .collect();
    let command = names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |one| match examples::of(name) {
            Some(examples) => one.after_help(examples),
            None => one,
        })
    });
    let bold = |text: &str| format!("\u{1b}[1m\u{1b}[4m{text}\u{1b}[0m");
    let mut template = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (title, names) in GROUPS {
        template.push_str(&format!("\n{}\n", bold(&format!("{title}:"))));
        for name in names {
            let text = format!("  {name:<11}  {}", about(&command, name));
            template.push_str(&(HELP.wrapped(&text, INDENT) + "\n"));
        }
    }
    template.push_str(&format!(
        "\n{}\n{{options}}{{after-help}}",
        bold("Options:")
    ));
    let after = format!("{}\n\n{EXIT_CODES}", examples::FIRST);
    command
        .term_width(TERMINAL)
        .help_template(template)
        .after_help(after)
}

/// What a command does, in one line.
fn about(command: &Command, name: &str) -> String {
    let found = command.find_subcommand(name);
    let about = found.and_then(|one| one.get_about().map(ToString::to_string));
    about.unwrap_or_else(|| "Print this, or the help of a command".to_owned())
}

/// A definition whose values are the names that there are, where a command takes nothing else. Its own parsers take them
/// one by one, and say more of a wrong one.
fn with_names(command: Command) -> Command {
    let faults = FAULTS.iter().map(|fault| fault.name).collect();
    let defects = every().into_iter();
    let defects = defects.filter(|check| check.basis == Basis::Defect);
    let defects = defects.map(|check| check.id).collect();
    let audited = crate::audit::every().map(|check| check.id).collect();
    let named: [(&[&str], &str, Vec<&'static str>); 3] = [
        (&["verify", "soak"], "fault", faults),
        (&["verify", "soak"], "accept_defects", defects),
        (&["audit"], "explain", audited),
    ];
    let named = named.into_iter().flat_map(|(commands, argument, names)| {
        commands
            .iter()
            .map(move |command| (*command, argument, names.clone()))
    });
    named.fold(command, |command, (name, argument, names)| {
        command.mut_subcommand(name, |one| {
            one.mut_arg(argument, |argument| {
                argument.value_parser(PossibleValuesParser::new(names))
            })
        })
    })
}

/// Prints what a shell completes the command by.
pub(super) fn completions(
    args: &CompletionsArgs,
    command: Command,
    out: &Out,
) -> Result<(), CliError> {
    let mut command = with_names(command);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, NAME, &mut script);
    io::Write::write_all(&mut out.clone(), &script)?;
    Ok(())
}

/// Writes the man pages.
pub(super) fn man(args: &ManArgs, command: Command) -> Result<(), CliError> {
    let folder = &args.folder;
    let written =
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|source| CliError::ManPages {
        folder: folder.display().to_string(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::command;

    #[test]
    fn the_definition_holds_and_every_command_is_in_one_group() {
        command().debug_assert();
        let command = command();
        let visible = command.get_subcommands().filter(|one| !one.is_hide_set());
        let mut names: BTreeSet<&str> = visible.map(Command::get_name).collect();
        names.insert("help");
        let grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        assert_eq!(grouped.len(), names.len(), "none is there twice");
        assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), names);
    }

    #[test]
    fn every_line_about_a_command_fits_the_help() {
        let command = command();
        for (_, names) in GROUPS {
            for name in names {
                let about = about(&command, name);
                assert!(about.len() <= 85, "{name}: {about}");
            }
        }
    }

    #[test]
    fn every_example_is_one_that_the_command_takes() {
        let mut known = 0;
        let all = command();
        let names = all.get_subcommands().map(Command::get_name);
        let texts = names.filter_map(examples::of).chain([examples::FIRST]);
        for line in texts.flat_map(str::lines) {
            let Some(words) = line.trim().strip_prefix("ator-harness ") else {
                continue;
            };
            let words = shlex::split(words).unwrap_or_else(|| panic!("{line}"));
            let words = [NAME.to_owned()].into_iter().chain(words);
            let parsed = command().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{line}: {:?}", parsed.err());
            known += 1;
        }
        assert!(known > 20, "{known} examples");
    }
}
