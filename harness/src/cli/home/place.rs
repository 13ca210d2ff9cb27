//! What the subcommands have in common: the home, its engine and images, texts of others, and how steps are told.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::images::ImageArgs;
use crate::cli::load::Common;
use crate::cli::out::{Answer, Out};
use crate::engine::{Engine, EngineAddress, EngineError};
use crate::input::{self, InputError};
use crate::operator::{
    Done, Given, Home, HomeError, HomeImages, Ladder, Mode, Part, Standing, Step,
};
use crate::plan::AddressSpace;
use crate::run::fresh_inputs;
use crate::topology::{Network, NetworkKind, Topology};

/// The file that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// A text that somebody else has made, and where it is from.
pub(super) struct Text {
    pub(super) file: String,
    pub(super) text: String,
}

impl Text {
    pub(super) fn given(&self) -> Given<'_> {
        Given {
            file: &self.file,
            text: &self.text,
        }
    }
}

/// Reads a file, or standard input for `-`.
pub(super) fn text(file: &str) -> Result<Text, CliError> {
    let unreadable = |source: InputError| HomeError::Read {
        path: file.to_owned(),
        source,
    };
    let text = if file == STANDARD_INPUT {
        let mut bytes = Vec::new();
        let mut input = std::io::stdin().lock().take(input::BY_PEOPLE);
        input
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(error.into()))?;
        String::from_utf8(bytes)
            .map_err(|error| unreadable(InputError::NoText(error.utf8_error().valid_up_to())))?
    } else {
        input::text(Path::new(file), input::BY_PEOPLE).map_err(unreadable)?
    };
    let file = match file {
        STANDARD_INPUT => "standard input".to_owned(),
        file => file.to_owned(),
    };
    Ok(Text { file, text })
}

/// Unix time in seconds, by this machine's clock.
pub(super) fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

/// The engine that a home stands on.
pub(super) async fn engine(home: &Home) -> Result<Engine, CliError> {
    Ok(match &home.settings.engine {
        None => Engine::connect_anywhere().await?,
        Some(address) => {
            let address: EngineAddress = address.parse().map_err(EngineError::from)?;
            Engine::connect_to(&address).await?
        }
    })
}

/// The images of a home, which are made where they are not on the engine yet.
async fn images(common: &Common, home: &Home, engine: &Engine) -> Result<HomeImages, CliError> {
    let settings = &home.settings;
    let topology = Topology {
        connector: settings.kind()?,
        ..Topology::of_network(Network {
            kind: NetworkKind::Public,
            ..Network::private(settings.family)
        })
    };
    let sources = ImageArgs::of_home(settings).sources(common, &topology)?;
    let image = |part: Part| match (part, settings.mode) {
        (Part::Helper, _) => &sources.bls,
        (Part::Daemon, _) => &sources.anon,
        (Part::Connector, Mode::Sidecar) => &sources.connector,
        (Part::Connector, Mode::Managed) => &sources.managed,
    };
    let wanted = home.parts().iter();
    let wanted = wanted.map(|&part| engine.ensure_image(image(part)));
    let ensured = try_join_all(wanted).await?;
    let names = ensured.into_iter().map(|(name, _)| name);
    Ok(HomeImages {
        of: home.parts().iter().copied().zip(names).collect(),
        reference: sources.reference,
    })
}

/// The addresses that this machine does not use.
pub(super) async fn space() -> Result<AddressSpace, CliError> {
    let inputs = fresh_inputs(Duration::ZERO, &[]).await;
    Ok(inputs.map_err(HomeError::Random)?.space)
}

/// Brings a home's containers to what its folder says.
pub(super) async fn bring_up(
    common: &Common,
    home: &mut Home,
    engine: &Engine,
) -> Result<Vec<(Part, Done)>, CliError> {
    let images = images(common, home, engine).await?;
    Ok(home.bring_up(engine, &images, &space().await?).await?)
}

/// Brings the containers of a home that has some to what its folder says by now. Says whether there are any.
pub(super) async fn apply(common: &Common, home: &mut Home) -> Result<Option<Engine>, CliError> {
    let engine = engine(home).await?;
    if home.found(&engine).await?.containers.is_empty() {
        return Ok(None);
    }
    bring_up(common, home, &engine).await?;
    Ok(Some(engine))
}

/// Says something that is no result on standard error.
pub(super) fn say(text: &str) {
    // Whoever closed standard error does not want to know.
    let _ = writeln!(std::io::stderr().lock(), "ator-harness: {text}");
}

/// Tells a step in a line, as soon as it is known.
pub(super) fn tell(home: &str, step: &Step, mut out: Out) {
    // A verdict is reached by what was seen, whoever looks.
    let _ = writeln!(
        out,
        "{:<8} {:<12} {:<11} {}",
        step.found.word(),
        step.peer.as_deref().unwrap_or(home),
        step.step,
        step.found.words()
    );
}

/// What a look comes to: the last line, or the document.
pub(super) fn conclude(
    kind: &'static str,
    home: &Home,
    ladder: Ladder<'_>,
    json: bool,
    out: &Out,
) -> Result<Exit, CliError> {
    let standing = ladder.standing();
    let exit = super::exit::of_standing(standing);
    if json {
        let content = json!({
            "home": home.settings.id,
            "standing": standing,
            "steps": ladder.into_steps(),
        });
        out.document(&Answer::new(kind, exit, content).to_text())?;
        return Ok(exit);
    }
    let words = match standing {
        Standing::Good => "all that was looked at holds",
        Standing::Unclear => "not all could be told, and nothing that could is wrong",
        Standing::Surroundings => "something around this home is in the way",
        Standing::Fails => "something is wrong",
    };
    writeln!(out.clone(), "{}: {words}", home.settings.id)?;
    Ok(exit)
}
