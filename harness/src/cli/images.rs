//! What goes into the images of a run.

use std::path::PathBuf;

use super::error::CliError;
use super::load::Common;
use super::program::ProgramArgs;
use super::values::image;
use crate::connectors::Kind;
use crate::engine::Image;
use crate::ingredients::{self, Given};
use crate::operator::Settings;
use crate::run::Sources;
use crate::topology::Topology;

/// Options about what goes into the containers.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ImageArgs {
    /// Use this image as the connector; it must be on the engine and is never pulled
    #[arg(long, value_name = "IMAGE", value_parser = image, help_heading = "Connector")]
    pub connector_image: Option<String>,
    /// Use this binary as the onion daemon; what a dynamically linked one loads is taken from this
    /// machine. A folder is a tree with usr/bin/anon or usr/bin/tor and all that it loads
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with = "anon_image",
        help_heading = "Onion daemon"
    )]
    pub anon_binary: Option<PathBuf>,
    /// Use this image as the onion daemon; it must have `anon` in its PATH, or `tor` for the onion
    /// family, and be on the engine
    #[arg(long, value_name = "IMAGE", value_parser = image, help_heading = "Onion daemon")]
    pub anon_image: Option<String>,
    #[command(flatten)]
    program: ProgramArgs,
}

impl ImageArgs {
    /// What an operator's home is made of.
    pub(super) fn of_home(settings: &Settings) -> Self {
        Self {
            connector_image: settings.connector_image.clone(),
            anon_binary: settings.anon_binary.clone(),
            anon_image: settings.anon_image.clone(),
            program: ProgramArgs::none(),
        }
    }

    /// Where the images of a topology come from. All missing files are named at once.
    pub(super) fn sources(
        &self,
        common: &Common,
        topology: &Topology,
    ) -> Result<Sources, CliError> {
        let given = Given {
            connector_image: self.connector_image.clone(),
            program: self.program.program(topology)?,
            anon_binary: self.anon_binary.clone(),
            anon_image: self.anon_image.clone(),
        };
        Ok(ingredients::sources(
            common.locate().as_deref(),
            topology,
            given,
        )?)
    }
}

/// The images of a connector that stands by itself: the one that is given, or else the profile's own; and that of its
/// server where it has one. All missing files are named at once.
pub(super) fn alone(
    common: &Common,
    connector: Kind,
    given: Option<&str>,
) -> Result<(Image, Option<Image>), CliError> {
    common.check()?;
    Ok(ingredients::alone(
        common.locate().as_deref(),
        connector,
        given,
    )?)
}
