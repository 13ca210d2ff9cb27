//! `doctor`: what this machine can do, asked before anything is started.

use std::io::Write;

use serde::Serialize;
use serde_json::json;

use super::engines::EngineArgs;
use super::error::CliError;
use super::exit::Exit;
use super::images::ImageArgs;
use super::load::{Besides, Common, ConnectorArgs, FamilyArgs, Loaded, TopologyArgs};
use super::out::{Answer, Out};
use super::screen;
use super::subnets::SubnetArgs;
use crate::causes::with_causes;
use crate::descriptors;
use crate::engine::{Engine, EngineAddress, EngineError, Image, Placement};
use crate::report::looks;
use crate::run::{
    Amounts, Interrupts, NetworkChoice, Options, ReaperProgram, RunError, Sources, clocks_agree,
    find_engine, fresh_inputs, prove_instruments,
};
use crate::sabotage;
use crate::topology::Network;

/// Lifetime in the labels of a plan that nobody runs.
const LIFETIME: std::time::Duration = std::time::Duration::from_secs(60);

/// Arguments of `doctor`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Name of a topology that comes along or is in the project folder's fixtures/topologies, or a path to a file
    #[arg(default_value = "two-home-local")]
    topology: String,
    /// How many homes, for a topology with a [many] table
    #[arg(long, value_name = "N")]
    homes: Option<usize>,
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
    /// Also prove, with a container that is removed again, that this machine's containers can be measured
    /// with: that they are reached, reach what is published, have its time, and are heard of
    #[arg(long)]
    deep: bool,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Whether it starts something that has to be removed when it is interrupted.
    pub(super) const fn starts_containers(&self) -> bool {
        self.deep
    }
}

/// How far the lines of a finding after its first are set in: below what was told.
const INDENT: usize = 21;

/// What was looked at, what was found, and what is to be done about it.
struct Looks<'a> {
    /// Where each finding is told; nowhere where a document is asked for.
    out: Option<&'a Out>,
    rows: Vec<Look>,
    lacking: Option<Exit>,
}

/// One finding.
#[derive(Debug, Serialize)]
struct Look {
    what: String,
    /// `ok` or `missing`.
    found: &'static str,
    told: String,
    /// What is to be done; absent where it is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Looks<'_> {
    /// Tells a finding at once, in a line.
    fn add(&mut self, what: &str, found: Result<String, CliError>) -> Result<(), CliError> {
        let (found, told, remedy) = match found {
            Ok(text) => ("ok", text, None),
            Err(error) => {
                self.lacking.get_or_insert(error.exit());
                let told = with_causes(&error).to_string();
                // Messages have the remedy last.
                let remedy = told.split_once("; ").map_or(&*told, |(_, remedy)| remedy);
                let remedy = remedy.to_owned();
                ("missing", told, Some(remedy))
            }
        };
        if let Some(out) = self.out {
            let line = format!("{found:<8} {what:<11} {told}");
            writeln!(
                out.clone(),
                "{}",
                screen::of_output(0).wrapped(&line, INDENT)
            )?;
        }
        self.rows.push(Look {
            what: what.to_owned(),
            found,
            told,
            remedy,
        });
        Ok(())
    }

    /// The table at the end, or the document.
    fn conclude(self, document: &Out) -> Result<Exit, CliError> {
        let exit = self.lacking.unwrap_or(Exit::Pass);
        let Some(out) = self.out else {
            let answer = Answer::new("doctor", exit, json!({ "looks": self.rows }));
            document.document(&answer.to_text())?;
            return Ok(exit);
        };
        let rows = self.rows.into_iter().map(|row| {
            let remedy = row.remedy.unwrap_or_else(|| "nothing".to_owned());
            [row.what, row.found.to_owned(), remedy]
        });
        writeln!(
            out.clone(),
            "{}",
            looks(&rows.collect::<Vec<_>>(), &screen::of_output(0))
        )?;
        Ok(exit)
    }
}

/// How many files may be open at once, if that is enough.
fn open_files(loaded: &Loaded) -> Result<String, CliError> {
    Ok(match descriptors::enough(loaded.topology.homes.len())? {
        Some(limit) => format!("{limit} may be open at once"),
        None => "any number may be open at once".to_owned(),
    })
}

/// Looks at everything a run needs and names all that is missing.
pub(super) async fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let interrupts = Interrupts::listen()?;
    let topology = TopologyArgs {
        topology: args.topology.clone(),
        homes: args.homes,
    };
    let loaded = common.topology(
        &topology,
        args.family.family,
        Some(&args.connector),
        &Besides::default(),
    )?;
    let placement = args.engines.placement(&loaded.topology)?;
    let mut looks = Looks {
        out: (!args.json).then_some(out),
        rows: Vec::new(),
        lacking: None,
    };
    let looked = look(common, args, &loaded, &placement, &mut looks);
    let looked = interrupts.unless_asked(Box::pin(looked)).await;
    let Looked { sources, engines } = looked.ok_or(CliError::Interrupted)??;
    if let (true, Some(sources)) = (args.deep, sources) {
        for (what, engine) in engines {
            let proof = prove(&loaded, args, &sources, engine, &interrupts).await;
            looks.add(&format!("instruments, {what}"), proof)?;
        }
    }
    looks.conclude(out)
}

/// What can be proven with, as far as it is there.
struct Looked {
    sources: Option<Sources>,
    /// By what it is called; the one that is found has no address.
    engines: Vec<(String, Option<EngineAddress>)>,
}

/// Everything but the proof: nothing is made by it.
async fn look(
    common: &Common,
    args: &Args,
    loaded: &Loaded,
    placement: &Placement,
    looks: &mut Looks<'_>,
) -> Result<Looked, CliError> {
    looks.add("topology", Ok(topology(loaded)))?;
    looks.add("open files", open_files(loaded))?;
    let sources = args.images.sources(common, &loaded.topology);
    let all = "all that goes into the images is there".to_owned();
    let sources = match sources {
        Ok(sources) => {
            looks.add("binaries", Ok(all))?;
            Some(sources)
        }
        Err(error) => {
            looks.add("binaries", Err(error))?;
            None
        }
    };
    looks.add("addresses", addresses(loaded, args).await)?;
    let named = sources.as_ref().map(named_images).unwrap_or_default();
    let mut asked = Vec::new();
    if placement.homes.is_empty() {
        // As a run does.
        asked.push((None, None, find_engine(&loaded.topology).await));
    }
    for (home, address) in &placement.homes {
        let engine = Engine::connect_to(address).await;
        asked.push((Some(home), Some(address.clone()), engine));
    }
    let mut engines = Vec::new();
    for (home, address, engine) in asked {
        let of_home = |error: RunError| match (home, error) {
            (Some(home), RunError::Engine(source)) => {
                let home = home.clone();
                let source = Box::new(source);
                EngineError::OfHome { home, source }.into()
            }
            (_, error) => CliError::from(error),
        };
        let what = home.map_or_else(|| "engine".to_owned(), |home| format!("engine of {home}"));
        let engine = match engine {
            Ok(engine) => engine,
            Err(error) => {
                looks.add(&what, Err(of_home(error.into())))?;
                continue;
            }
        };
        looks.add(&what, told(&engine).await.map_err(of_home))?;
        let here = loaded.topology.homes.iter();
        let here = here.filter(|one| home.is_none_or(|home| *home == one.id));
        let deployed = here.filter_map(|one| one.deployment.as_ref());
        let deployed = deployed.map(|service| Image::Named(service.image.clone()));
        for image in named.iter().cloned().chain(deployed) {
            // One that was asked for by name is looked for and never made.
            let found = engine.ensure_image(&image).await;
            let found = found.map(|(name, _)| name);
            looks.add("image", found.map_err(|error| of_home(error.into())))?;
        }
        if !engines.iter().any(|(_, known)| *known == address) {
            engines.push((what, address));
        }
    }
    Ok(Looked { sources, engines })
}

fn topology(loaded: &Loaded) -> String {
    let network = &loaded.topology.network;
    let size = if network.has_own_nodes() {
        format!(
            "{} authorities, {} relays",
            network.authorities, network.relays
        )
    } else {
        "the public network".to_owned()
    };
    format!(
        "{}: {} homes, {size}",
        loaded.topology.name,
        loaded.topology.homes.len()
    )
}

/// Where a run that began now would have its addresses.
async fn addresses(loaded: &Loaded, args: &Args) -> Result<String, CliError> {
    let inputs = fresh_inputs(LIFETIME, &args.subnets.ranges).await?;
    let plan = sabotage::planned(&loaded.topology, &inputs)?;
    let Some(first) = plan.networks.first() else {
        return Ok("none are needed".to_owned());
    };
    let holder = inputs.space.holder(first.subnet);
    let inside = holder.map_or_else(
        || "no route leads there".to_owned(),
        |range| format!("inside {range}, because nothing else is free"),
    );
    Ok(format!(
        "such as {}/{}; {inside}",
        first.subnet, first.prefix_length
    ))
}

/// The images that have to be on an engine already, each once.
fn named_images(sources: &Sources) -> Vec<Image> {
    let mut named = Vec::new();
    for image in [
        &sources.anon,
        &sources.connector,
        &sources.managed,
        &sources.bls,
    ] {
        if matches!(image, Image::Named(_)) && !named.contains(image) {
            named.push(image.clone());
        }
    }
    named
}

/// What an engine says of itself, in a line.
async fn told(engine: &Engine) -> Result<String, RunError> {
    let info = engine.info().await?;
    clocks_agree(&[engine.clock().await?])?;
    Ok(format!(
        "{} at {} (API {}, {}, cgroup {})",
        info.version, info.address, info.api, info.architecture, info.cgroup
    ))
}

/// Proves that containers of an engine can be measured with; of the one that is found, without an address.
async fn prove(
    loaded: &Loaded,
    args: &Args,
    sources: &Sources,
    engine: Option<EngineAddress>,
    interrupts: &Interrupts,
) -> Result<String, CliError> {
    // Nothing is to be left, not even a report.
    let folder = tempfile::tempdir()?;
    let options = Options {
        sources: sources.clone(),
        family: None,
        connector: None,
        placement: Placement {
            common: engine,
            ..Placement::default()
        },
        tunnels: false,
        keep_addresses: false,
        subnets: args.subnets.ranges.clone(),
        artefacts: folder.path().to_owned(),
        stand_in: None,
        network: NetworkChoice::Fresh,
        keys: None,
        connector_memory: None,
        amounts: Amounts::default(),
        accepted_defects: Vec::new(),
        reaper: ReaperProgram::Command,
        bounds: Vec::new(),
        progress: None,
    };
    let network = Network::private(loaded.topology.network.family);
    Ok(Box::pin(prove_instruments(&network, &options, interrupts)).await?)
}
