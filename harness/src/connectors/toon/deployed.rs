//! A TOON connector as an operator has deployed it, in a home: what the home decides takes the place of the
//! deployment's, and everything else stays, with its mistakes.

use serde_json::{Map, Value, json};

use super::configuration::CONFIG_FILE;
use crate::connectors::deployment::note;
use crate::connectors::{
    ConfigFile, Configuration, Connector, Deployed, DeployedFile, DeployedVariable, Deployment,
    Site, Who,
};
use crate::secret::Secret;

/// The variable that says where its configuration is.
const CONFIG_VARIABLE: &str = "CONFIG_FILE";
/// What its configuration is called where nothing else is said, in the folder that it is started in.
const CONFIG_NAME: &str = "config.yaml";
/// The variable of its log's level: secrecy is judged of a log that tells everything.
const LEVEL: &str = "LOG_LEVEL";
/// The first words of variables of the interfaces by which the harness controls it: the configuration's count.
const CONTROL: [&str; 2] = ["ADMIN_API_", "LOCAL_DELIVERY_"];

/// Whether a value is the home's to give, so that a deployment need not tell it.
pub(super) fn is_given(variable: &str) -> bool {
    let secret = variable.starts_with("BTP_PEER_") && variable.ends_with("_SECRET");
    secret || variable == LEVEL || CONTROL.iter().any(|first| variable.starts_with(first))
}

/// What keeps a deployment from being this home, each with its remedy.
pub(super) fn unfit(home: &str, runs_daemon: bool, deployment: &Deployment) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(theirs) = read(deployment) else {
        return wrong;
    };
    if let Some(id) = theirs["nodeId"].as_str().filter(|id| *id != home) {
        wrong.push(format!(
            "its configuration's nodeId is {id:?}, by which its peers know it; write id = {id:?} for this home"
        ));
    }
    let transport = &theirs["transport"];
    let manages = transport["managed"].as_bool().unwrap_or(false);
    match (manages, runs_daemon) {
        (true, false) => wrong.push(
            "its configuration's transport.managed is true; write daemon = \"managed\" for this home".to_owned(),
        ),
        (false, true) => wrong.push(
            "this home says daemon = \"managed\", and its configuration's transport.managed is not true; write daemon = \"sidecar\"".to_owned(),
        ),
        _ => {}
    }
    wrong
}

/// What it is given in a home: `planned` is what it would be given without a deployment.
pub(super) fn deployed(
    connector: &dyn Connector,
    site: &Site<'_>,
    planned: Configuration,
    deployment: &Deployment,
) -> Deployed {
    let mut notes = Vec::new();
    let path = config_path(deployment);
    let ours: Value = planned
        .files
        .first()
        .and_then(|file| serde_json::from_slice(&file.content).ok())
        .unwrap_or_default();
    let mut environment = environment(connector, site, &planned, deployment, &mut notes);
    let mut files = deployment.files.clone();
    let there = path.as_deref().and_then(|path| deployment.file(path));
    let mut configuration = planned;
    configuration.files.clear();
    match (there, read(deployment)) {
        (Some(there), Some(theirs)) => {
            let merged = merge(theirs, &ours, &mut notes);
            let text = format!("{:#}\n", Value::Object(merged));
            files.retain(|file| file.path != there.path);
            configuration.files.push(ConfigFile {
                path: there.path.clone(),
                content: text.into_bytes(),
            });
        }
        (Some(there), None) => notes.push(format!(
            "{} is no YAML mapping; it is put in as it is",
            there.path
        )),
        (None, _) => {
            let path = path.unwrap_or_else(|| CONFIG_FILE.to_owned());
            notes.push(format!(
                "the deployment mounts no configuration at {path}; the harness's own is put there, and nothing of the operator's is judged"
            ));
            environment.retain(|(name, _)| name != CONFIG_VARIABLE);
            environment.push((CONFIG_VARIABLE.to_owned(), Secret::new(path.clone())));
            configuration.files.push(ConfigFile {
                path,
                content: format!("{ours:#}\n").into_bytes(),
            });
        }
    }
    configuration.environment = environment;
    Deployed {
        configuration,
        files,
        notes,
    }
}

/// Where it looks for its configuration; none where that is told neither by a variable nor by the folder that it is
/// started in.
fn config_path(deployment: &Deployment) -> Option<String> {
    let below = |folder: &str, path: &str| {
        let path = path.trim_start_matches("./");
        format!("{}/{path}", folder.trim_end_matches('/'))
    };
    let told = deployment.variable(CONFIG_VARIABLE);
    let told = told.and_then(|one| one.value.as_ref()).map(Secret::expose);
    let path = told.filter(|path| !path.is_empty()).unwrap_or(CONFIG_NAME);
    if path.starts_with('/') {
        return Some(path.to_owned());
    }
    Some(below(deployment.directory.as_deref()?, path))
}

/// The deployment's configuration; none where there is none, or it is no mapping.
fn read(deployment: &Deployment) -> Option<Map<String, Value>> {
    let file: &DeployedFile = deployment.file(&config_path(deployment)?)?;
    let text = std::str::from_utf8(file.content.as_deref()?).ok()?;
    // Words such as `no` are texts for the connector, and an error must quote nothing.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    match serde_saphyr::from_str_with_options(text, options) {
        Ok(Value::Object(root)) => Some(root),
        _ => None,
    }
}

/// The deployment's variables. Of those that the home decides, the deployment says which there are, and the plan
/// what is in them: a variable that is missing stays missing.
fn environment(
    connector: &dyn Connector,
    site: &Site<'_>,
    planned: &Configuration,
    deployment: &Deployment,
    notes: &mut Vec<String>,
) -> Vec<(String, Secret)> {
    let own = |who: Who| {
        let callers = site.callers.iter().filter(move |caller| caller.who == who);
        callers.filter_map(|caller| connector.secret_variable(caller.id))
    };
    let homes: Vec<String> = own(Who::Home).collect();
    let given = |name: &str| planned.environment.iter().find(|(one, _)| one == name);
    let (mut replaced, mut left_out, mut superseded) = (Vec::new(), Vec::new(), Vec::new());
    let mut all = Vec::new();
    for DeployedVariable { name, value, .. } in &deployment.environment {
        match given(name) {
            Some(ours) if is_given(name) => {
                replaced.push(name.as_str());
                all.push(ours.clone());
            }
            _ if CONTROL.iter().any(|first| name.starts_with(first)) => {
                superseded.push(name.as_str());
            }
            _ if is_given(name) => left_out.push(name.as_str()),
            _ => all.extend(value.clone().map(|value| (name.clone(), value))),
        }
    }
    let probe = own(Who::Probe);
    let harness = probe.chain(std::iter::once(LEVEL.to_owned()));
    let mut added = Vec::new();
    for name in harness.filter(|name| deployment.variable(name).is_none()) {
        all.extend(given(&name).cloned());
        added.push(name);
    }
    let missing = homes
        .iter()
        .filter(|name| given(name).is_some() && deployment.variable(name).is_none());
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    let added: Vec<&str> = added.iter().map(String::as_str).collect();
    note(notes, "variables replaced", &replaced);
    note(notes, "variables added for the harness", &added);
    note(
        notes,
        "variables left out, because the harness sets adminApi and localDelivery",
        &superseded,
    );
    note(
        notes,
        "variables left out, which are about nobody of this topology",
        &left_out,
    );
    note(
        notes,
        "variables that the topology's peers need and the deployment does not have",
        &missing,
    );
    all
}

/// The deployment's configuration with what the home decides: where the harness controls it, where its daemon is,
/// and who its peers are.
fn merge(
    mut theirs: Map<String, Value>,
    ours: &Value,
    notes: &mut Vec<String>,
) -> Map<String, Value> {
    let mut replaced = Vec::new();
    for key in ["healthCheckPort", "logLevel", "deploymentMode", "adminApi"] {
        theirs.insert(key.to_owned(), ours[key].clone());
        replaced.push(key.to_owned());
    }
    let delivery = theirs.entry("localDelivery").or_insert_with(|| json!({}));
    for key in ["enabled", "handlerUrl"] {
        if delivery.is_object() {
            delivery[key] = ours["localDelivery"][key].clone();
            replaced.push(format!("localDelivery.{key}"));
        }
    }
    transport(&mut theirs, &ours["transport"], &mut replaced);
    if theirs
        .get("peers")
        .and_then(Value::as_array)
        .is_some_and(|peers| !peers.is_empty())
    {
        // They are registered once every service is published.
        theirs.insert("peers".to_owned(), json!([]));
        replaced.push("peers".to_owned());
    }
    let mut added = Vec::new();
    if let Some(routes) = theirs.get_mut("routes").and_then(Value::as_array_mut) {
        // The first of ours is that of the home itself, which is the deployment's to have.
        for route in ours["routes"].as_array().into_iter().flatten().skip(1) {
            if !routes.iter().any(|one| one["prefix"] == route["prefix"]) {
                added.push(format!("routes to {}", route["prefix"]));
                routes.push(route.clone());
            }
        }
    }
    let shown = |keys: &[String]| keys.join(", ");
    notes.push(format!(
        "keys of its configuration replaced: {}",
        shown(&replaced)
    ));
    if !added.is_empty() {
        notes.push(format!("added to its configuration: {}", shown(&added)));
    }
    theirs
}

/// The proxy's port is that of the relay that records what is asked for, and the address that of the home's own
/// onion service: the operator's keys are never used. Type, scheme, host and service port stay as they are.
fn transport(theirs: &mut Map<String, Value>, ours: &Value, replaced: &mut Vec<String>) {
    let Some(transport) = theirs.get_mut("transport").and_then(Value::as_object_mut) else {
        return;
    };
    if let (Some(proxy), Some(own)) = (text(transport, "socksProxy"), ours["socksProxy"].as_str())
        && let Some(proxy) = with_port_of(&proxy, own)
    {
        transport.insert("socksProxy".to_owned(), Value::from(proxy));
        replaced.push("port of transport.socksProxy".to_owned());
    }
    if let (Some(url), Some(own)) = (text(transport, "externalUrl"), ours["externalUrl"].as_str())
        && let Some(url) = with_host_of(&url, own)
    {
        transport.insert("externalUrl".to_owned(), Value::from(url));
        replaced.push("host of transport.externalUrl".to_owned());
    }
    if let Some(options) = transport
        .get_mut("managedOptions")
        .and_then(Value::as_object_mut)
    {
        for key in ["configFilePath", "hiddenServiceDir"] {
            if let Some(own) = ours["managedOptions"].get(key) {
                options.insert(key.to_owned(), own.clone());
                replaced.push(format!("transport.managedOptions.{key}"));
            }
        }
    }
}

fn text(of: &Map<String, Value>, key: &str) -> Option<String> {
    of.get(key)?.as_str().map(str::to_owned)
}

/// A proxy of this machine with another's port; none where it names another host: a home has no such host.
fn with_port_of(proxy: &str, own: &str) -> Option<String> {
    let (scheme, place) = proxy.split_once("://")?;
    let (host, _) = place.rsplit_once(':')?;
    let local = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    let (_, port) = own.rsplit_once(':')?;
    // The relay listens on IPv4 alone.
    local.then(|| format!("{scheme}://127.0.0.1:{port}"))
}

/// A URL with another's host, as it is but for that; none where one of them has none.
fn with_host_of(url: &str, own: &str) -> Option<String> {
    let (scheme, place) = url.split_once("://")?;
    let (_, own) = own.split_once("://")?;
    let host = own.split([':', '/']).next()?;
    let end = place.find([':', '/']).unwrap_or(place.len());
    Some(format!("{scheme}://{host}{}", &place[end..]))
}
