//! Options of a run, and how what it came to is saved and shown.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::engines::EngineArgs;
use super::error::CliError;
use super::exit::Exit;
use super::images::ImageArgs;
use super::load::{Besides, Common, ConnectorArgs, FamilyArgs, Loaded, TopologyArgs};
use super::open::open_after;
use super::screen::Screen;
use super::show::ARTEFACTS;
use super::subnets::SubnetArgs;
use super::values::{memory, network_parser};
use crate::descriptors;
use crate::environment::variable;
use crate::report::{Look, PAGE, Report, append_summary, print_report};
use crate::run::{
    Amounts, ArtefactError, NetworkChoice, Options, Outcome, ReaperProgram, RunError,
};
use crate::topology::NamedFault;

/// Options of a run.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    topology: TopologyArgs,
    #[command(flatten)]
    family: FamilyArgs,
    #[command(flatten)]
    connector: ConnectorArgs,
    #[command(flatten)]
    images: ImageArgs,
    #[command(flatten)]
    engines: EngineArgs,
    #[command(flatten)]
    subnets: SubnetArgs,
    /// Reach the homes' ports through their engines, also where they are on this machine
    #[arg(long, help_heading = "Network and engines")]
    tunnels: bool,
    /// Leave onion addresses in the logs that are saved; secrets never are
    #[arg(long, help_heading = "Results")]
    keep_addresses: bool,
    /// Join the network of this topology, which `up` left running, in place of the public one
    #[arg(long, value_name = "TOPOLOGY", help_heading = "Network and engines")]
    authorities: Option<String>,
    /// Which private network the homes meet in: one that stands by where one fits, else one of the
    /// run's own (standing); always one of the run's own (fresh); or one that stands by, which is
    /// made and left where none fits (keep)
    #[arg(long, value_name = "WHICH", default_value = NetworkChoice::default().name(), value_parser = network_parser(), overrides_with = "network", help_heading = "Network and engines")]
    network: NetworkChoice,
    /// Keep the homes' onion service keys in named volumes, and with them their addresses, for runs
    /// that give the same name; for topologies that join the public network
    #[arg(long, value_name = "NAME", value_parser = plain_name, help_heading = "Network and engines")]
    keys: Option<String>,
    /// How much memory each connector may use, such as 512MiB or 1GiB, instead of 256MiB
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "Connector")]
    connector_memory: Option<u64>,
    /// Folder in which each run gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = ARTEFACTS, help_heading = "Results")]
    pub(super) artefacts: PathBuf,
    /// Show the report's page in a browser when it is there: the one that BROWSER names, else the desktop's
    #[arg(long, help_heading = "Results")]
    pub(super) open: bool,
    /// Print the report as JSON on standard output instead of text
    #[arg(long, help_heading = "Results")]
    pub(super) json: bool,
    /// Append the report as Markdown to this file, as a CI job's summary; to the one that GITHUB_STEP_SUMMARY
    /// names when not given
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    summary: Option<PathBuf>,
}

impl RunArgs {
    /// The connector's name, where one was asked for.
    fn asked_connector(&self, loaded: &Loaded) -> Option<String> {
        let asked = self.connector.connector.as_ref();
        asked.map(|_| loaded.topology.connector.name().to_owned())
    }

    /// Refuses a topology that has faults of its own.
    pub(super) fn refuse_faults(&self, common: &Common) -> Result<(), CliError> {
        let (family, connector) = (self.family.family, Some(&self.connector));
        let loaded = common.topology(&self.topology, family, connector, &Besides::default())?;
        match loaded.topology.faults.is_empty() {
            true => Ok(()),
            false => Err(CliError::SoakOfFaults {
                topology: loaded.topology.name,
            }),
        }
    }

    /// Whether a fault can be made in the topology.
    pub(super) fn fits(&self, common: &Common, fault: &'static NamedFault) -> Result<(), CliError> {
        let (family, connector) = (self.family.family, Some(&self.connector));
        let loaded = common.topology(
            &self.topology,
            family,
            connector,
            &Besides {
                faults: &[fault],
                ..Besides::default()
            },
        );
        loaded.map(|_| ())
    }

    /// The topology with these faults besides its own, and how it is run, shown on `screen`.
    pub(super) fn load(
        &self,
        common: &Common,
        besides: &Besides<'_>,
        screen: &Screen,
    ) -> Result<(Loaded, Options), CliError> {
        let (family, connector) = (self.family.family, Some(&self.connector));
        let loaded = common.topology(&self.topology, family, connector, besides)?;
        descriptors::enough(loaded.topology.homes.len())?;
        let options = Options {
            placement: self.engines.placement(&loaded.topology)?,
            tunnels: self.tunnels,
            keep_addresses: self.keep_addresses,
            subnets: self.subnets.ranges.clone(),
            sources: self.images.sources(common, &loaded.topology)?,
            family: self.family.family,
            connector: self.asked_connector(&loaded),
            artefacts: self.artefacts.clone(),
            stand_in: self.authorities.clone(),
            network: self.network,
            keys: self.keys.clone(),
            connector_memory: self.connector_memory,
            amounts: Amounts::default(),
            accepted_defects: Vec::new(),
            reaper: ReaperProgram::Command,
            bounds: besides.bounds.to_vec(),
            progress: Some(screen.progress()),
        };
        Ok((loaded, options))
    }
}

/// A part of a volume's name.
fn plain_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() || text.len() > 40 || !text.chars().all(plain) {
        return Err("1 to 40 lower-case letters, digits and dashes".to_owned());
    }
    Ok(text.to_owned())
}

/// What a run came to: its report, and the exit code.
pub(super) struct Concluded {
    pub(super) report: Report,
    pub(super) exit: Exit,
}

impl Concluded {
    /// `otherwise` is the exit code of a run without an error.
    pub(super) fn of(outcome: &Outcome, otherwise: Exit) -> Self {
        let found = match (&outcome.error, outcome.at_fault) {
            (None, None) => otherwise,
            (_, Some(at_fault)) => Exit::of_fault(at_fault),
            (Some(error), None) => Exit::of_error(error),
        };
        let exit = match outcome.unwritten {
            Some(_) => found.max(Exit::Environment),
            None => found,
        };
        Self {
            report: Report::new(outcome, exit.code()),
            exit,
        }
    }

    /// Saves the report in every form. Fails as well, once, for what of the folder could not be written before:
    /// mostly the report cannot for the same reason.
    pub(super) fn save(&self, outcome: &mut Outcome) -> Result<(), ArtefactError> {
        let saved = self.report.save(&outcome.artefacts);
        outcome.unwritten.take().map_or(saved, Err)
    }

    /// What it comes to when the report was saved, or not: a report that is not there is missed, unless
    /// something worse was found. Why it could not be saved is told.
    pub(super) fn after(mut self, saved: Result<(), ArtefactError>) -> Self {
        if let Err(error) = saved {
            CliError::from(RunError::from(error)).tell();
            self.exit = self.exit.max(Exit::Environment);
            self.report.exit_code = self.exit.code();
        }
        self
    }
}

/// The report of a run that was judged or has failed, and whether it could be saved in the run's folder.
pub fn conclude(outcome: &mut Outcome) -> (Report, Result<(), ArtefactError>) {
    let concluded = Concluded::of(outcome, Exit::of_verdict(outcome.verdict()));
    let saved = concluded.save(outcome);
    (concluded.report, saved)
}

impl RunArgs {
    /// Shows a report, and appends it to the job's summary. A verdict is reached by then: what keeps it
    /// from being shown is told, and changes nothing about it.
    pub(super) fn show(&self, out: &mut impl Write, report: &Report, look: &Look) {
        let shown = if self.json {
            writeln!(out, "{}", report.to_text())
        } else {
            print_report(out, report, look)
        };
        match shown {
            // The command has ended, and was told of.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => CliError::from(error).tell(),
            Ok(()) => {}
        }
        self.summarise(|| report.to_markdown());
        if self.open {
            open_after(&Path::new(&report.artefacts.folder).join(PAGE));
        }
    }

    /// Appends to the job's summary. Where that fails, it is told: it says nothing of what was judged.
    pub(super) fn summarise(&self, markdown: impl FnOnce() -> String) {
        let named = || variable("GITHUB_STEP_SUMMARY").map(PathBuf::from);
        if let Some(file) = self.summary.clone().or_else(named)
            && let Err(error) = append_summary(&file, &markdown())
        {
            CliError::from(error).tell();
        }
    }
}
