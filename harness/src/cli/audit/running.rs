//! A project that runs, asked of its engine.

use serde_json::{Map, Value, json};

use crate::audit::{Read, RunningProject, RunningService};
use crate::engine::{Engine, EngineAddress, EngineError, ProjectContainer, ProjectMount};

/// How many lines of each container's log are looked at, the last ones.
const LINES: usize = 10_000;

/// Asks an engine what runs of a project.
pub(super) async fn running(
    address: &EngineAddress,
    name: &str,
) -> Result<RunningProject, EngineError> {
    let engine = Engine::connect_to(address).await?;
    let containers = engine.project(name).await?;
    let mut project = RunningProject {
        name: name.to_owned(),
        services: Vec::new(),
    };
    for container in &containers {
        let mut read = vec![Read::Log(engine.logs(&container.id, Some(LINES)).await?)];
        for path in configurations(container) {
            // What is not there, or no text, is not what it is for.
            let bytes = engine.find_file(&container.id, &path).await?;
            if let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
                read.push(Read::Configuration(path, text));
            }
        }
        project.services.push(RunningService {
            name: container.service.clone(),
            service: service(&project, container, &containers, &read),
            read,
        });
    }
    Ok(project)
}

/// Where daemons' packages have their configuration.
const USUAL: [&str; 2] = ["/etc/anon/anonrc", "/etc/tor/torrc"];

/// Where its configuration may be: what CONFIG_FILE names, files that are mounted, and where packages have it.
fn configurations(container: &ProjectContainer) -> Vec<String> {
    let named = container
        .environment
        .iter()
        .filter_map(|variable| variable.strip_prefix("CONFIG_FILE="));
    let is_one = |mount: &&ProjectMount| {
        let target = mount.target.as_str();
        let ends = ["anonrc", "torrc", ".yaml", ".yml"];
        mount.kind == "bind" && ends.iter().any(|end| target.ends_with(end))
    };
    let mounted = container.mounts.iter().filter(is_one);
    let mut found: Vec<String> = named.chain(USUAL).map(str::to_owned).collect();
    found.extend(mounted.map(|mount| mount.target.clone()));
    found.sort();
    found.dedup();
    found
}

/// A container in the words of a Compose file.
fn service(
    project: &RunningProject,
    container: &ProjectContainer,
    all: &[ProjectContainer],
    read: &[Read],
) -> Value {
    let mut service = Map::new();
    let mut set = |key: &str, value: Value| {
        service.insert(key.to_owned(), value);
    };
    set("container_name", json!(container.name));
    set("environment", json!(container.environment));
    let labels = container.labels.iter();
    let labels = labels.map(|(name, value)| (name.clone(), json!(value)));
    set("labels", Value::Object(labels.collect()));
    set("command", json!(container.command));
    set("restart", json!(container.restart));
    set("image", json!(container.image));
    // Compose names what it builds after the project.
    if container.image.starts_with(&format!("{}-", project.name)) {
        set("build", json!("."));
    }
    let shared = container.network_mode.strip_prefix("container:");
    let owner = shared.and_then(|id| all.iter().find(|one| one.id == id || one.name == id));
    match (owner, container.network_mode.as_str()) {
        (Some(owner), _) => set("network_mode", json!(format!("service:{}", owner.service))),
        (None, mode @ ("host" | "none")) => set("network_mode", json!(mode)),
        (None, mode) if shared.is_some() => set("network_mode", json!(mode)),
        (None, _) => {
            let networks = container
                .networks
                .iter()
                .map(|(name, aliases)| (name.clone(), json!({ "aliases": aliases })));
            set("networks", Value::Object(networks.collect()));
        }
    }
    let ports = container
        .ports
        .iter()
        .map(|(host, target)| json!({ "host_ip": host, "target": target }));
    if !container.ports.is_empty() {
        set("ports", ports.collect());
    }
    set("volumes", volumes(project, container, read));
    let after = container.after.as_ref().map(|after| {
        let each = after.iter();
        each.map(|(name, condition)| (name.clone(), json!({ "condition": condition })))
            .collect()
    });
    set("depends_on", after.map_or(Value::Null, Value::Object));
    if let Some(health) = &container.health {
        set(
            "healthcheck",
            json!({
                "test": health.test,
                "interval": format!("{}ms", health.interval.as_millis()),
                "start_period": format!("{}ms", health.start_period.as_millis()),
                "retries": health.retries,
            }),
        );
    }
    Value::Object(service)
}

fn volumes(project: &RunningProject, container: &ProjectContainer, read: &[Read]) -> Value {
    let volumes = container.mounts.iter().map(|mount| {
        // A volume that nobody has named has 64 digits.
        let unnamed =
            mount.source.len() == 64 && mount.source.bytes().all(|byte| byte.is_ascii_hexdigit());
        let source = match mount.kind {
            "bind" => project.source(&container.service, &mount.target),
            "volume" if unnamed => String::new(),
            _ => mount.source.clone(),
        };
        json!({
            "type": mount.kind,
            "source": source,
            "target": mount.target,
            "read_only": !mount.writable,
        })
    });
    let mut volumes: Vec<Value> = volumes.collect();
    // A configuration within the image is found the same way. One that is not there makes nobody a daemon.
    let paths = read.iter().filter_map(|one| match one {
        Read::Configuration(path, _) => Some(path),
        Read::Log(_) => None,
    });
    let inside = paths.filter(|path| !container.mounts.iter().any(|mount| mount.target == **path));
    volumes.extend(inside.map(|path| {
        json!({ "type": "bind", "source": project.source(&container.service, path), "target": path })
    }));
    Value::Array(volumes)
}
