//! A connector that is started for the table, and removed after it.

use std::io::Write;
use std::time::Duration;

use super::args::Args;
use super::error::Error;
use super::rows::{Found, chosen, conclude};
use super::usage;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::images;
use crate::cli::load::{Common, ConnectorArgs};
use crate::conformance::{RowReport, table};
use crate::connectors::{Content, Kind};
use crate::descriptors;
use crate::engine::{Calls, Engine, Image};
use crate::run::{Interrupts, SingleRun};
use crate::stand::{Stand, StandError, StandImages};

/// What `status` and `down` call it.
const NAME: &str = "conformance";

/// Starts the connector, runs the table, removes it, and prints the report.
pub(super) async fn run(
    common: &Common,
    args: &Args,
    connector: &str,
    output: &mut dyn Write,
) -> Result<(), CliError> {
    let interrupts = Interrupts::listen()?;
    usage::of_container(args)?;
    let asked = ConnectorArgs {
        connector: Some(connector.to_owned()),
    };
    let source = asked.source()?;
    let kind = source.map_or_else(|| Ok(Kind::default()), |source| source.parse())?;
    if args.image.is_none() && kind.recipe().content == Content::Unknown {
        let mistake = format!(
            "the profile of {} names no image; give one with --image IMAGE, or add image or tree to the profile",
            kind.name()
        );
        let mistakes = vec![mistake];
        return Err(Error::Usage { mistakes }.into());
    }
    descriptors::enough(0)?;
    let (image, server) = images::alone(common, kind, args.image.as_deref())?;
    let reference = args.image.is_none() && kind.recipe().content.is_ours();
    let prepared = interrupts.unless_asked(Box::pin(prepare(&image, server.as_ref(), reference)));
    let (engine, images) = prepared.await.ok_or(Error::Interrupted)??;
    let run = SingleRun::begin(&engine, NAME).await?;
    for note in &run.notes {
        // Whoever closed standard error does not want to know.
        let _ = writeln!(std::io::stderr().lock(), "ator-harness: {note}");
    }
    let mut rows = Vec::new();
    let judged = Box::pin(judge(args, kind, &engine, &run, images, &mut rows));
    let ended = interrupts.unless_asked(judged).await;
    let ended = ended.unwrap_or(Err(Error::Interrupted));
    let calls = match &ended {
        Ok(_) => Calls::Answered,
        // What was being created may come into being yet.
        Err(_) => Calls::UnderWay,
    };
    let removed = run.end(calls).await.map_err(CliError::from);
    let watched = ended.as_ref().is_ok_and(|watched| *watched);
    let dialect = kind.capabilities().dialect;
    let concluded = match ended {
        // Nothing was found yet.
        Err(error) if rows.is_empty() => Err(error),
        ended => {
            let found = Found {
                dialect,
                rows,
                others_watched: watched,
            };
            let otherwise = removed
                .as_ref()
                .map_or_else(CliError::exit, |()| Exit::Pass);
            conclude(args, found, ended.map(drop), otherwise, output)
        }
    };
    match (concluded, removed) {
        (Ok(()), removed) => removed,
        (Err(error), Ok(())) => Err(error.into()),
        (Err(error), Err(left)) => {
            left.tell();
            Err(error.into())
        }
    }
}

/// Starts the connector, runs the rows that are asked for, and removes it. Returns whether another connection had to
/// be served after each row. Whatever ends this before, the end of the run removes what is left.
async fn judge(
    args: &Args,
    kind: Kind,
    engine: &Engine,
    run: &SingleRun,
    images: StandImages,
    rows: &mut Vec<RowReport>,
) -> Result<bool, Error> {
    let variables = args.environment.iter();
    let environment = variables.map(|one| (one.name.clone(), one.value.clone()));
    let limit = Duration::from_secs(args.timeout);
    let stand = Stand::new(
        kind,
        engine.clone(),
        run,
        images,
        environment.collect(),
        limit,
    )?;
    // Options that are wrong are told before anything is started.
    chosen(args, table(&stand.sample()))?;
    let subject = stand.start().await?;
    let table = chosen(args, table(&subject))?;
    let watched = stand.judge(subject, table, rows).await?;
    stand.end().await.map_err(StandError::from)?;
    Ok(watched)
}

/// Finds the engine, and makes the images on it that are not there.
async fn prepare(
    image: &Image,
    server: Option<&Image>,
    reference: bool,
) -> Result<(Engine, StandImages), CliError> {
    let engine = Engine::connect().await?;
    let images = StandImages {
        connector: on_engine(&engine, image).await?,
        server: match server {
            Some(server) => Some(on_engine(&engine, server).await?),
            None => None,
        },
        reference,
    };
    Ok((engine, images))
}

/// The image's name on the engine, where it is made if it can be.
async fn on_engine(engine: &Engine, image: &Image) -> Result<String, CliError> {
    Ok(engine.ensure_image(image).await?.0)
}
