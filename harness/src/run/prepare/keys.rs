//! Keys of onion services that outlive their runs, in named volumes: one per home, on its engine.

use std::collections::BTreeMap;

use crate::engine::{ContainerSpec, Engine, EngineError, Engines, FileSpec};
use crate::onion::{PUBLIC_FILE, SECRET_FILE, ServiceKeys};
use crate::plan::{KEYS, Persistent, Plan};
use crate::run::error::RunError;
use crate::run::request::InvalidRequest;

/// The volume of a home's keys under the name that the user gave. Ids of homes have no dot, so no two of the names and
/// ids share a volume.
pub(in crate::run) fn volume(name: &str, home: &str) -> String {
    format!("ator-harness-keys-{name}.{home}")
}

/// The keys under this name, by home id. A home that has none yet gets those of the plan, and they are
/// kept. `image` is on every engine.
pub(in crate::run) async fn persistent(
    engines: &Engines,
    plan: &Plan,
    image: &str,
    name: &str,
) -> Result<BTreeMap<String, Persistent>, RunError> {
    let mut services = BTreeMap::new();
    for (home, onion) in plan
        .homes
        .iter()
        .filter_map(|home| Some((home, home.onion()?)))
    {
        let engine = engines.of(&home.id);
        let volume = volume(name, &home.id);
        let old = format!("ator-harness-keys-{name}-{}", home.id);
        if !engine.has_volume(&volume).await? && engine.has_volume(&old).await? {
            return Err(InvalidRequest::KeysOfOldName {
                keys: name.to_owned(),
                home: home.id.clone(),
                old,
                new: volume,
            }
            .into());
        }
        // Two daemons with one service's keys would take turns in being found.
        if let Some(user) = engine.users_of_volume(&volume).await?.first() {
            return Err(InvalidRequest::KeysInUse {
                keys: name.to_owned(),
                home: home.id.clone(),
                container: user.clone(),
            }
            .into());
        }
        let spec = ContainerSpec {
            role: format!("{}/keys", home.id),
            volume: Some((volume.clone(), KEYS.to_owned())),
            ..ContainerSpec::idle(&format!("{}-keys", home.bls), image)
        };
        engine.create_container(&spec, &plan.labels).await?;
        let found = kept(engine, &spec.name, &onion.keys).await;
        let removed = engine.remove_container(&spec.name).await;
        let keys = found?.ok_or_else(|| InvalidRequest::NoKeys {
            volume: volume.clone(),
        })?;
        removed?;
        services.insert(home.id.clone(), Persistent { volume, keys });
    }
    Ok(services)
}

/// The keys in a volume, put there when it is empty. `None` when what is there are no keys.
async fn kept(
    engine: &Engine,
    container: &str,
    keys: &ServiceKeys,
) -> Result<Option<ServiceKeys>, EngineError> {
    let path = |file: &str| format!("{KEYS}/{file}");
    let secret = engine.find_file(container, &path(SECRET_FILE)).await?;
    let public = engine.find_file(container, &path(PUBLIC_FILE)).await?;
    match (secret, public) {
        (None, None) => {
            let file = |name: &str, content: Vec<u8>| FileSpec {
                path: path(name),
                mode: 0o600,
                content: Some(content),
            };
            let files = [
                file(SECRET_FILE, keys.secret_file()),
                file(PUBLIC_FILE, keys.public_file()),
            ];
            engine.upload(container, &files).await?;
            Ok(Some(keys.clone()))
        }
        (Some(secret), Some(public)) => Ok(ServiceKeys::from_files(&secret, &public)),
        _ => Ok(None),
    }
}
