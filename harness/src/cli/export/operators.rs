//! `export compose` of an operator's home: as it is deployed on plain Docker Compose.

use std::path::Path;

use super::compose::{ComposeArgs, Mode, below, write};
use super::error::ComposeError;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::out::Out;
use crate::connectors::Kind;
use crate::connectors::toon::ADMIN_PORT;
use crate::export::{DeployedHome, DeployedService, DeploymentImages, DeploymentMode};
use crate::onion::{PUBLIC_FILE, SECRET_FILE};
use crate::operator::{self, Home, Peer};
use crate::secret::Secret;

/// Writes the deployment of the home in this folder.
pub(super) fn run(args: &ComposeArgs, folder: &Path, out: &Out) -> Result<Exit, CliError> {
    let home = Home::open(folder)?;
    let (home, images) = deployed(args, &home, args.images())?;
    Ok(write(args, &below(&args.out, &home, &images), out)?)
}

/// The home with its keys and its peers, and its images where no others are given; or everything that keeps it from
/// being exported.
fn deployed(
    args: &ComposeArgs,
    home: &Home,
    images: DeploymentImages,
) -> Result<(DeployedHome, DeploymentImages), ComposeError> {
    let settings = &home.settings;
    let mode = match (args.mode, settings.mode) {
        (Some(Mode::Sidecar), _) | (None, operator::Mode::Sidecar) => DeploymentMode::Sidecar,
        (Some(Mode::Managed), _) | (None, operator::Mode::Managed) => DeploymentMode::Managed,
    };
    let kind = settings.kind().ok().filter(|kind| *kind == Kind::default());
    let mistakes = mistakes(args, home);
    let Some(kind) = kind.filter(|_| mistakes.is_empty()) else {
        let of = home.folder.display().to_string();
        return Err(ComposeError::Mistakes { of, mistakes });
    };
    let service = &home.keys.service;
    let port = kind.ports(&[]).btp().first().copied().unwrap_or_default();
    let peers = home.peers.iter();
    let callers = peers.clone().filter_map(|peer| {
        let variable = kind.secret_variable(&peer.id)?;
        Some((variable, peer.they_show.clone()))
    });
    let deployed = DeployedHome {
        id: settings.id.clone(),
        prefix: settings.prefix.clone(),
        origin: "as `ator-harness home` has it".to_owned(),
        family: settings.family,
        authorities: home.authorities.clone(),
        mode,
        admin_key: home.keys.admin.clone(),
        admin_port: ADMIN_PORT,
        admits_without_secret: false,
        callers: callers.collect(),
        routes: peers
            .clone()
            .map(|peer| (peer.prefix.clone(), peer.id.clone()))
            .collect(),
        dials: peers.map(Peer::dial).collect(),
        service: Some(DeployedService {
            url: Secret::new(format!("ws://{}:{port}", home.address().expose())),
            keys: vec![
                (SECRET_FILE.to_owned(), service.secret_file()),
                (PUBLIC_FILE.to_owned(), service.public_file()),
            ],
        }),
        handler: settings.handler.clone(),
    };
    let images = DeploymentImages {
        connector: images
            .connector
            .or_else(|| settings.connector_image.clone()),
        daemon: images.daemon.or_else(|| settings.anon_image.clone()),
        ..images
    };
    Ok((deployed, images))
}

fn mistakes(args: &ComposeArgs, home: &Home) -> Vec<String> {
    let for_topologies = [
        ("--home", args.home.is_some()),
        ("--homes", args.topology.homes.is_some()),
        ("--family", args.family.family.is_some()),
    ];
    let mut found: Vec<String> = for_topologies
        .into_iter()
        .filter(|(_, given)| *given)
        .map(|(option, _)| {
            format!(
                "{option} is about homes of a topology, and this is an operator's; leave it out"
            )
        })
        .collect();
    if home.settings.kind().ok() != Some(Kind::default()) {
        found.push(format!(
            "its connector is {}, and only deployments of {} are known",
            home.settings.connector,
            Kind::default().name()
        ));
    }
    found
}
