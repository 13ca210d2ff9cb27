//! `down` and `status`: topologies that were left running.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use serde_json::json;

use super::error::CliError;
use super::exit::Exit;
use super::load::Common;
use super::out::{Answer, Out};
use crate::causes::{clipped, with_causes};
use crate::engine::{Calls, Engine, Engines, FoundRun, Now};
use crate::run::{
    Condition, Fate, KnownRun, Owner, Registry, RunError, Starting, Verb, is_announced,
};

/// Arguments of `down` and `status`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Name of the topology, a path to its file, or a run id
    pub topology: String,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `down` did with a run.
#[derive(Debug, Serialize)]
struct Treated<'a> {
    topology: &'a str,
    run: &'a str,
    /// How many containers and networks were removed; absent where it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
    /// Why it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    stays: Option<String>,
}

/// What `status` says of a run.
#[derive(Debug, Serialize)]
struct Looked<'a> {
    topology: &'a str,
    run: &'a str,
    condition: String,
    /// By role, how each is.
    containers: BTreeMap<&'a str, &'a str>,
}

/// Whose a run is that this state folder does not know.
const OTHERS: &str = "started with another state folder or by another user";

/// Everything that is known about what the user asks for.
struct Asked {
    registry: Registry,
    engines: Engines,
    /// What is looked for, the likeliest first.
    names: Vec<String>,
    known: Vec<KnownRun>,
    found: Vec<FoundRun>,
    now: Now,
}

/// A run that fits, on an engine or in the state folder or both.
struct Fitting<'a> {
    run: &'a str,
    topology: &'a str,
    found: Option<&'a FoundRun>,
    known: Option<&'a KnownRun>,
}

impl Fitting<'_> {
    fn condition(&self) -> Condition<'_> {
        Condition::of(self.known, is_announced(self.run))
    }
}

impl Asked {
    async fn look(common: &Common, argument: &str) -> Result<Self, CliError> {
        let registry = Registry::locate();
        let known = registry.runs()?;
        let names = common
            .names(argument)
            .map_err(|source| CliError::TopologyName {
                source,
                known: known
                    .iter()
                    .map(|one| match one.topology() {
                        Some(topology) => format!("{topology} (run {})", one.run),
                        None => format!("run {}", one.run),
                    })
                    .collect(),
            })?;
        let engines = engines(&known, &names).await?;
        let found = engines.runs().await?;
        let (earliest, _) = engines.clocks().await?;
        Ok(Self {
            // Again: what has begun since is then known to be under way.
            known: registry.runs()?,
            now: Now::at(earliest),
            registry,
            engines,
            names,
            found,
        })
    }

    /// The runs of the likeliest name of which there are any.
    fn fitting(&self) -> Vec<Fitting<'_>> {
        let of_name = |name: &String| {
            let known = |run: &str| self.known.iter().find(|one| one.run == run);
            let found = self.found.iter().map(|found| Fitting {
                run: &found.run,
                topology: &found.topology,
                found: Some(found),
                known: known(&found.run),
            });
            let is_found = |run: &str| self.found.iter().any(|found| found.run == run);
            let unseen = self.known.iter().filter(|one| !is_found(&one.run));
            let unseen = unseen.map(|one| Fitting {
                run: &one.run,
                topology: one.topology().unwrap_or("a topology"),
                found: None,
                known: Some(one),
            });
            let fitting: Vec<_> = found
                .chain(unseen)
                .filter(|one| one.topology == name || one.run == name)
                .collect();
            fitting
        };
        let mut each = self.names.iter().map(of_name);
        each.find(|fitting| !fitting.is_empty()).unwrap_or_default()
    }

    /// The process that brings one of the names up at this moment.
    fn starting(&self) -> Result<Option<RunError>, CliError> {
        for topology in &self.names {
            if let Some(starting) = self.registry.starting(topology)? {
                return Ok(Some(being_started(topology, starting)));
            }
        }
        Ok(None)
    }

    /// What was looked for, and where, in vain.
    fn nowhere(&self) -> String {
        let engines = self.engines.all().iter();
        let engines: Vec<String> = engines.map(|one| one.address().to_string()).collect();
        clipped(&format!(
            "no topology or run {} is on {}",
            self.names.join(" or "),
            engines.join(" or ")
        ))
    }
}

fn being_started(topology: &str, starting: Option<Starting>) -> RunError {
    RunError::BeingStarted {
        topology: topology.to_owned(),
        starting,
    }
}

/// The engine that is found, and all on which this state folder knows such runs to stand.
async fn engines(known: &[KnownRun], names: &[String]) -> Result<Engines, CliError> {
    let mut addresses = Vec::new();
    for one in known {
        // A record that cannot be read is told as the run's condition.
        let Ok(Some(record)) = &one.record else {
            continue;
        };
        if !names.contains(&record.topology) && !names.contains(&one.run) {
            continue;
        }
        let of_run = record.placement.addresses();
        Engines::at(&of_run)
            .await
            .map_err(|source| RunError::OutOfReach {
                topology: record.topology.clone(),
                folder: one.folder.display().to_string(),
                run: one.run.clone(),
                source: Box::new(source),
            })?;
        addresses.extend(of_run);
    }
    match Engine::connect().await {
        Ok(engine) => addresses.push(engine.address().clone()),
        Err(error) if addresses.is_empty() => return Err(error.into()),
        // What is known of stands elsewhere.
        Err(_) => {}
    }
    Ok(Engines::at(&addresses).await?)
}

/// Removes every run of a topology that `up` left.
pub(super) async fn down(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let asked = Asked::look(common, &args.topology).await?;
    if let Some(error) = asked.starting()? {
        return Err(error.into());
    }
    let mut text = args.text(out);
    let fitting = asked.fitting();
    if fitting.is_empty() {
        writeln!(text, "{}; nothing to remove", asked.nowhere())?;
    }
    let mut treated = Vec::new();
    let mut whole = true;
    // What others run under the same name is no failure beside something of one's own.
    let mut removed_one = false;
    let mut others = false;
    for one in &fitting {
        write!(text, "{}, run {}: ", one.topology, one.run)?;
        let stays = match one.condition() {
            Condition::UnderWay(Some(owner)) if owner.verb == Verb::Up => {
                let (run, owner) = (one.run.to_owned(), owner.clone());
                let starting = Some(Starting { run, owner });
                writeln!(text, "stays")?;
                return Err(being_started(one.topology, starting).into());
            }
            Condition::UnderWay(Some(owner)) => {
                writeln!(text, "{}, and stays", under_way(owner))?;
                Some(under_way(owner))
            }
            Condition::Unclear(why) => {
                whole = false;
                writeln!(text, "stays: {why}")?;
                Some(why)
            }
            Condition::UnderWay(None) => {
                writeln!(text, "under way, {OTHERS}, and stays")?;
                Some(format!("under way, {OTHERS}"))
            }
            condition @ Condition::Foreign if asked.fate(&condition, one) != Fate::Remove => {
                others = true;
                writeln!(
                    text,
                    "{OTHERS}, and stays; ATOR_HARNESS_STATE names the folder"
                )?;
                Some(OTHERS.to_owned())
            }
            Condition::Foreign
            | Condition::Persisted
            | Condition::PersistedUnreadable(_)
            | Condition::Ended => None,
        };
        let removed = match stays {
            Some(_) => None,
            None => {
                let removed = asked.engines.remove_run(one.run, Calls::UnderWay).await?;
                if let Some(known) = one.known {
                    asked.registry.forget(&known.run)?;
                }
                removed_one = true;
                writeln!(text, "{removed} containers and networks removed")?;
                Some(removed)
            }
        };
        treated.push(Treated {
            topology: one.topology,
            run: one.run,
            removed,
            stays,
        });
    }
    let exit = if whole && (removed_one || !others) {
        Exit::Pass
    } else {
        Exit::Fail
    };
    args.document(out, "down", exit, json!({ "runs": treated }))?;
    Ok(exit)
}

impl Args {
    /// Where text for people goes; nowhere where a document is asked for.
    fn text(&self, out: &Out) -> Box<dyn Write> {
        if self.json {
            Box::new(std::io::sink())
        } else {
            Box::new(out.clone())
        }
    }

    fn document<T: Serialize>(
        &self,
        out: &Out,
        kind: &'static str,
        exit: Exit,
        content: T,
    ) -> std::io::Result<()> {
        if !self.json {
            return Ok(());
        }
        out.document(&Answer::new(kind, exit, content).to_text())
    }
}

impl Asked {
    /// What a sweep would do with a run that is on an engine.
    fn fate(&self, condition: &Condition<'_>, one: &Fitting<'_>) -> Fate {
        one.found.map_or(Fate::Stay, |found| {
            condition.fate(&found.deadline, &self.now)
        })
    }
}

fn under_way(owner: &Owner) -> String {
    format!("a run under way, which {owner} removes when it ends")
}

/// Says what of a topology is running.
pub(super) async fn status(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let asked = Asked::look(common, &args.topology).await?;
    let mut text = args.text(out);
    let starting = asked.starting()?.map(|starting| starting.to_string());
    if let Some(starting) = &starting {
        writeln!(text, "{starting}")?;
    }
    let fitting = asked.fitting();
    let looked: Vec<_> = fitting.iter().map(|one| asked.looked(one)).collect();
    for one in &looked {
        writeln!(text, "{}, run {}: {}", one.topology, one.run, one.condition)?;
        for (role, state) in &one.containers {
            writeln!(text, "  {role:<24} {state}")?;
        }
    }
    let mut each = looked.iter().map(|one| &one.containers);
    let healthy = each.any(|all| !all.is_empty() && all.values().all(|state| *state == "running"));
    let exit = if healthy { Exit::Pass } else { Exit::Fail };
    if fitting.is_empty() {
        writeln!(text, "{}", asked.nowhere())?;
    } else if !healthy {
        writeln!(text, "{} is not running in full", fitting[0].topology)?;
    }
    let content = json!({ "starting": starting, "runs": looked });
    args.document(out, "status", exit, content)?;
    Ok(exit)
}

impl Asked {
    fn looked<'a>(&self, one: &Fitting<'a>) -> Looked<'a> {
        let condition = one.condition();
        let condition = match &condition {
            Condition::UnderWay(Some(owner)) if owner.verb == Verb::Up => {
                format!("being started by {owner}")
            }
            Condition::UnderWay(Some(owner)) => under_way(owner),
            Condition::UnderWay(None) => format!("a run under way, {OTHERS}"),
            Condition::Persisted => "left running by `up`".to_owned(),
            Condition::PersistedUnreadable(error) => {
                format!("left running by `up`; {}", with_causes(error))
            }
            Condition::Ended => "left over; the next run removes it".to_owned(),
            Condition::Unclear(why) => why.clone(),
            Condition::Foreign => match self.fate(&condition, one) {
                Fate::Remove => "left over; the next run removes it".to_owned(),
                Fate::Stay => OTHERS.to_owned(),
                Fate::StaySaying(why) => format!("{OTHERS}; {why}"),
            },
        };
        let containers = one.found.iter().flat_map(|found| &found.containers);
        Looked {
            topology: one.topology,
            run: one.run,
            condition,
            containers: containers
                .map(|(role, state)| (&**role, &**state))
                .collect(),
        }
    }
}
