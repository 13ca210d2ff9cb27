//! `down` and `status`: topologies that were left running.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::error::CliError;
use super::exit::Exit;
use super::load::Common;
use super::out::{Answer, Out};
use crate::causes::{clipped, with_causes};
use crate::engine::{Calls, Engine, Engines, FoundRun, Now};
use crate::plan::RunId;
use crate::run::{
    Condition, Fate, KnownRun, Owner, Registry, RunError, Starting, Verb, is_announced,
};
use crate::topology::{Topology, format_age};

/// Arguments of `down` and `status`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Name of the topology, a path to its file, or a run id; all of them when not given
    pub topology: Option<String>,
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
    /// How long ago it began, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_s: Option<i64>,
    /// In how many seconds it is given up: whoever begins a run then removes it. A run under way puts it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_s: Option<i64>,
    /// By role, how each is.
    containers: BTreeMap<&'a str, &'a str>,
}

impl Looked<'_> {
    /// How old it is, and when it is given up.
    fn times(&self) -> Option<String> {
        let show = |seconds: i64| format_age(Duration::from_secs(seconds.unsigned_abs()));
        let age = self.age_s.map(|age| format!("{} old", show(age)));
        let left = self.left_s.map(|left| match left {
            0 => "given up: the next run removes it".to_owned(),
            left => format!("given up in {} unless it is put off", show(left)),
        });
        let times: Vec<String> = age.into_iter().chain(left).collect();
        (!times.is_empty()).then(|| times.join(", "))
    }
}

/// Whose a run is that this state folder does not know.
const OTHERS: &str = "started with another state folder or by another user";

/// What a network is that runs join with homes of their own.
const NETWORK: &str = "a network that stands by";

/// Everything that is known about what the user asks for.
struct Asked {
    registry: Registry,
    engines: Engines,
    /// What is looked for, the likeliest first; none where everything is.
    names: Option<Vec<String>>,
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
    /// Whether it is a network that stands by, of which other commands know more.
    fn is_network(&self) -> bool {
        self.topology == Topology::NETWORK
    }

    fn condition(&self) -> Condition<'_> {
        Condition::of(self.known, is_announced(self.run))
    }
}

impl Asked {
    async fn look(common: &Common, argument: Option<&str>) -> Result<Self, CliError> {
        let registry = Registry::locate();
        let known = registry.runs()?;
        let names = argument
            .map(|argument| common.names(argument))
            .transpose()
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
        let engines = engines(&known, names.as_deref()).await?;
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

    /// Every run that is known, on an engine or in the state folder.
    fn all(&self) -> Vec<Fitting<'_>> {
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
        found.chain(unseen).collect()
    }

    /// The runs of the likeliest name of which there are any; all where no name is given.
    fn fitting(&self) -> Vec<Fitting<'_>> {
        let Some(names) = &self.names else {
            return self.all();
        };
        let of_name = |name: &String| {
            let mut all = self.all();
            all.retain(|one| one.topology == name || one.run == name);
            all
        };
        let mut each = names.iter().map(of_name);
        each.find(|fitting| !fitting.is_empty()).unwrap_or_default()
    }

    /// The process that brings one of the names up at this moment.
    fn starting(&self) -> Result<Option<RunError>, CliError> {
        for topology in self.names.iter().flatten() {
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
        let engines = engines.join(" or ");
        match &self.names {
            Some(names) => clipped(&format!(
                "no topology or run {} is on {engines}",
                names.join(" or ")
            )),
            None => format!("no topology is on {engines}"),
        }
    }
}

fn being_started(topology: &str, starting: Option<Starting>) -> RunError {
    RunError::BeingStarted {
        topology: topology.to_owned(),
        starting,
    }
}

/// The engine that is found, and all on which this state folder knows such runs to stand.
async fn engines(known: &[KnownRun], names: Option<&[String]>) -> Result<Engines, CliError> {
    let is_meant = |name: &String| names.is_none_or(|names| names.contains(name));
    let mut addresses = Vec::new();
    for one in known {
        // A record that cannot be read is told as the run's condition.
        let Ok(Some(record)) = &one.record else {
            continue;
        };
        if !is_meant(&record.topology) && !is_meant(&one.run) {
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
    let asked = Asked::look(common, args.topology.as_deref()).await?;
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
        let stays = match asked.stays(one)? {
            Some((told, why)) => {
                whole &= !matches!(one.condition(), Condition::Unclear(_));
                others |= why == OTHERS;
                writeln!(text, "{told}")?;
                Some(why)
            }
            None => None,
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
    // Who wants all of one's own gone has it.
    let exit = if whole && (removed_one || !others || asked.names.is_none()) {
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
    /// Why `down` leaves a run, as it is told and in short; none where it is removed. Fails for one that `up` is about
    /// to bring up, where that was asked for by name.
    fn stays(&self, one: &Fitting<'_>) -> Result<Option<(String, String)>, CliError> {
        let and_stays = |why: String| Some((format!("{why}, and stays"), why));
        Ok(match one.condition() {
            Condition::Foreign if self.names.is_none() && one.is_network() => Some((
                format!("{NETWORK}, and stays; `ator-harness network down` removes it"),
                NETWORK.to_owned(),
            )),
            Condition::UnderWay(Some(owner)) if owner.verb == Verb::Up => {
                if self.names.is_some() {
                    let (run, owner) = (one.run.to_owned(), owner.clone());
                    return Err(being_started(one.topology, Some(Starting { run, owner })).into());
                }
                and_stays(format!("being started by {owner}"))
            }
            Condition::UnderWay(Some(owner)) => and_stays(under_way(owner)),
            Condition::UnderWay(None) => and_stays(format!("under way, {OTHERS}")),
            Condition::Unclear(why) => Some((format!("stays: {why}"), why)),
            condition @ Condition::Foreign if self.fate(&condition, one) != Fate::Remove => Some((
                format!("{OTHERS}, and stays; ATOR_HARNESS_STATE names the folder"),
                OTHERS.to_owned(),
            )),
            Condition::Foreign
            | Condition::Persisted
            | Condition::PersistedUnreadable(_)
            | Condition::Ended => None,
        })
    }

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
    let asked = Asked::look(common, args.topology.as_deref()).await?;
    let mut text = args.text(out);
    let starting = asked.starting()?.map(|starting| starting.to_string());
    if let Some(starting) = &starting {
        writeln!(text, "{starting}")?;
    }
    let fitting = asked.fitting();
    let looked: Vec<_> = fitting.iter().map(|one| asked.looked(one)).collect();
    for one in &looked {
        writeln!(text, "{}, run {}: {}", one.topology, one.run, one.condition)?;
        if let Some(times) = one.times() {
            writeln!(text, "  {times}")?;
        }
        for (role, state) in &one.containers {
            writeln!(text, "  {role:<24} {state}")?;
        }
    }
    let in_full = |one: &Looked<'_>| {
        let mut states = one.containers.values();
        !one.containers.is_empty() && states.all(|state| *state == "running")
    };
    // Of one topology, any of its runs; of all, that none is broken, and where none is there is nothing amiss.
    let healthy = match asked.names {
        Some(_) => looked.iter().any(in_full),
        None => looked.iter().all(in_full),
    };
    let exit = if healthy { Exit::Pass } else { Exit::Fail };
    if fitting.is_empty() {
        writeln!(text, "{}", asked.nowhere())?;
    }
    let broken = looked.iter().filter(|one| !healthy && !in_full(one));
    for one in broken.take(if asked.names.is_some() { 1 } else { usize::MAX }) {
        writeln!(text, "{} is not running in full", one.topology)?;
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
            Condition::Foreign if one.is_network() => NETWORK.to_owned(),
            Condition::Foreign => match self.fate(&condition, one) {
                Fate::Remove => "left over; the next run removes it".to_owned(),
                Fate::Stay => OTHERS.to_owned(),
                Fate::StaySaying(why) => format!("{OTHERS}; {why}"),
            },
        };
        let containers = one.found.iter().flat_map(|found| &found.containers);
        let deadline = one.found.and_then(|found| found.deadline.as_ref().ok());
        Looked {
            topology: one.topology,
            run: one.run,
            condition,
            age_s: RunId::began(one.run).map(|began| (self.now.unix - began).max(0)),
            left_s: deadline.map(|deadline| (deadline.unix - self.now.unix).max(0)),
            containers: containers
                .map(|(role, state)| (&**role, &**state))
                .collect(),
        }
    }
}
