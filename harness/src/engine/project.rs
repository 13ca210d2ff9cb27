//! Containers of a Compose project that runs, as the engine tells of them.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, HealthConfig, HostConfig, MountPoint};
use bollard::query_parameters::ListContainersOptionsBuilder;

use super::connect::Engine;
use super::error::EngineError;

/// The project of a container, as Compose labels it.
const PROJECT: &str = "com.docker.compose.project";
/// Its service.
const SERVICE: &str = "com.docker.compose.service";
/// What it waited for: `a:service_healthy:false,b:service_started:false`.
const AFTER: &str = "com.docker.compose.depends_on";

/// A container of a Compose project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectContainer {
    /// The container's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The service that it is one of.
    pub service: String,
    /// The image, as it was named.
    pub image: String,
    /// `NAME=VALUE`.
    pub environment: Vec<String>,
    /// Its labels, those of Compose left out.
    pub labels: Vec<(String, String)>,
    /// The command line.
    pub command: Vec<String>,
    /// How it is asked whether it is healthy.
    pub health: Option<ProjectHealth>,
    /// The restart policy's name.
    pub restart: String,
    /// `host`, `container:ID`, or a network's name.
    pub network_mode: String,
    /// Its networks, each with the names that it has there.
    pub networks: Vec<(String, Vec<String>)>,
    /// Published ports: the address of the host, and the container's port.
    pub ports: Vec<(String, u16)>,
    /// What is mounted.
    pub mounts: Vec<ProjectMount>,
    /// The services that it waited for, each with the condition; none where that is not told, as by Compose 1.
    pub after: Option<Vec<(String, String)>>,
}

/// How a container is asked whether it is healthy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectHealth {
    /// The command.
    pub test: Vec<String>,
    /// Between two questions.
    pub interval: Duration,
    /// In which a failure does not count.
    pub start_period: Duration,
    /// How many failures count.
    pub retries: u32,
}

/// Something that is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectMount {
    /// `volume`, `bind` or `tmpfs`.
    pub kind: &'static str,
    /// A volume's name, or a path of the host.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Whether the container may write to it.
    pub writable: bool,
}

impl Engine {
    /// Every container of a Compose project, those that ended too.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine does not answer.
    pub async fn project(&self, name: &str) -> Result<Vec<ProjectContainer>, EngineError> {
        let label = format!("{PROJECT}={name}");
        let filters = HashMap::from([("label".to_owned(), vec![label])]);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let listed = self
            .call(
                "list a project's containers",
                self.docker.list_containers(Some(options)),
            )
            .await?;
        let mut found = Vec::new();
        for id in listed.into_iter().filter_map(|one| one.id) {
            found.push(described(self.inspect(&id).await?));
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }
}

fn described(inspected: ContainerInspectResponse) -> ProjectContainer {
    let config = inspected.config.unwrap_or_default();
    let host = inspected.host_config.unwrap_or_default();
    let labels = config.labels.unwrap_or_default();
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    let name = inspected.name.unwrap_or_default();
    let name = name.trim_start_matches('/').to_owned();
    let service = Some(label(SERVICE)).filter(|service| !service.is_empty());
    let networks = inspected
        .network_settings
        .and_then(|settings| settings.networks)
        .unwrap_or_default();
    let networks = networks
        .into_iter()
        .map(|(name, endpoint)| (name, endpoint.aliases.unwrap_or_default()));
    let mut command = vec![inspected.path.unwrap_or_default()];
    command.extend(inspected.args.unwrap_or_default());
    let own = labels
        .iter()
        .filter(|(name, _)| !name.starts_with("com.docker."));
    let mut own: Vec<_> = own
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    own.sort();
    ProjectContainer {
        id: inspected.id.unwrap_or_default(),
        service: service.unwrap_or_else(|| name.clone()),
        name,
        image: config.image.unwrap_or_default(),
        environment: config.env.unwrap_or_default(),
        labels: own,
        command,
        health: config.healthcheck.and_then(health),
        restart: restart(&host),
        network_mode: host.network_mode.clone().unwrap_or_default(),
        networks: networks.collect(),
        ports: ports(&host),
        mounts: inspected
            .mounts
            .unwrap_or_default()
            .into_iter()
            .map(mount)
            .collect(),
        after: labels.get(AFTER).map(|label| after(label)),
    }
}

fn health(config: HealthConfig) -> Option<ProjectHealth> {
    let test = config.test.filter(|test| !test.is_empty())?;
    // What is 0 is the engine's default.
    let time = |nanos: Option<i64>, default: u64| match nanos {
        Some(nanos @ 1..) => Duration::from_nanos(nanos.unsigned_abs()),
        _ => Duration::from_secs(default),
    };
    let retries = config
        .retries
        .and_then(|retries| u32::try_from(retries).ok());
    Some(ProjectHealth {
        test,
        interval: time(config.interval, 30),
        start_period: time(config.start_period, 0),
        retries: retries.filter(|retries| *retries > 0).unwrap_or(3),
    })
}

fn restart(host: &HostConfig) -> String {
    let policy = host.restart_policy.as_ref();
    let name = policy.and_then(|policy| policy.name);
    let name = name.map(|name| name.to_string()).unwrap_or_default();
    if name.is_empty() {
        "no".to_owned()
    } else {
        name
    }
}

fn ports(host: &HostConfig) -> Vec<(String, u16)> {
    let bound = host.port_bindings.clone().unwrap_or_default();
    let mut ports = Vec::new();
    for (port, bindings) in bound {
        let number = port.split('/').next().and_then(|port| port.parse().ok());
        let Some(number) = number else { continue };
        for binding in bindings.unwrap_or_default() {
            ports.push((binding.host_ip.unwrap_or_default(), number));
        }
    }
    ports.sort();
    ports
}

fn mount(point: MountPoint) -> ProjectMount {
    let kind = match point.typ.as_deref() {
        Some("bind") => "bind",
        Some("tmpfs") => "tmpfs",
        _ => "volume",
    };
    let name = point.name.filter(|name| !name.is_empty());
    ProjectMount {
        kind,
        source: name.or(point.source).unwrap_or_default(),
        target: point.destination.unwrap_or_default(),
        writable: point.rw.unwrap_or(true),
    }
}

fn after(label: &str) -> Vec<(String, String)> {
    let items = label.split(',').filter_map(|item| {
        let mut parts = item.split(':');
        let service = parts.next().filter(|service| !service.is_empty())?;
        Some((
            service.to_owned(),
            parts.next().unwrap_or("service_started").to_owned(),
        ))
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Answer, Scripted};

    #[tokio::test]
    async fn a_project_s_containers_are_described() {
        let inspected = r#"{"Id":"c1","Name":"/town-connector-1","Path":"node","Args":["main.js"],
            "Config":{"Image":"connector:1","Env":["A=1"],"Labels":{"com.docker.compose.project":"town",
            "com.docker.compose.service":"connector","com.docker.compose.depends_on":"ator:service_healthy:false","x":"y"},
            "Healthcheck":{"Test":["CMD","true"],"Interval":5000000000,"Retries":0}},
            "HostConfig":{"NetworkMode":"container:c2","RestartPolicy":{"Name":""},
            "PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}},
            "Mounts":[{"Type":"volume","Name":"hs","Source":"/var/lib/docker/x","Destination":"/hs","RW":true}],
            "NetworkSettings":{"Networks":{}}}"#;
        let scripted = Scripted::start(move |request, _| {
            if request.contains("/containers/json") {
                Answer::Json(200, r#"[{"Id":"c1"}]"#.to_owned())
            } else if request.contains("/containers/c1/json") {
                Answer::Json(200, inspected.to_owned())
            } else {
                Answer::Json(200, "{}".to_owned())
            }
        });
        let engine = scripted.engine().await;
        let found = engine.project("town").await.expect("answers");
        let [one] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(one.service, "connector");
        assert_eq!(one.network_mode, "container:c2");
        assert_eq!(one.restart, "no");
        assert_eq!(one.ports, [("127.0.0.1".to_owned(), 80)]);
        assert_eq!(one.labels, [("x".to_owned(), "y".to_owned())]);
        let waits = ("ator".to_owned(), "service_healthy".to_owned());
        assert_eq!(one.after.as_deref(), Some(&[waits][..]));
        assert_eq!(one.mounts[0].source, "hs");
        let health = one.health.as_ref().expect("is asked");
        assert_eq!((health.interval.as_secs(), health.retries), (5, 3));
    }
}
