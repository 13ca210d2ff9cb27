//! A service of a project.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ports::Port;
use super::volumes::Mount;
use crate::audit::duration;
use crate::audit::env_file::Variable;
use crate::audit::place::At;
use crate::audit::yaml::{Entry, Node, Value};

/// A service, with what its files and its `env_file`s say.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: At,
    /// All of it, in its long form.
    pub node: Node,
    /// Its environment; what comes later counts.
    pub environment: Vec<Variable>,
    /// What it publishes.
    pub ports: Vec<Port>,
    /// What is mounted in it.
    pub mounts: Vec<Mount>,
}

/// When a container counts as unhealthy.
#[derive(Debug, Clone)]
pub struct Healthcheck {
    /// Where it stands.
    pub at: At,
    /// How long a container has at the least until it is unhealthy; none where that is told by what was not given.
    pub patience: Option<Duration>,
}

impl Service {
    /// A variable of its environment.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.environment.iter().rfind(|one| one.name == name)
    }

    /// The service whose network it shares, and where that is said.
    #[must_use]
    pub fn shares(&self) -> Option<(&str, &At)> {
        let entry = self.node.entry("network_mode")?;
        let name = entry.node.text()?.strip_prefix("service:")?;
        Some((name, &entry.at))
    }

    /// The names by which others in its networks find it, those of its networks' `aliases` left out.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let own = ["container_name", "hostname"]
            .iter()
            .filter_map(|key| self.node.text_of(key));
        std::iter::once(self.name.as_str()).chain(own).collect()
    }

    /// Whether others in its networks find it by this name.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let mut aliases = self.networks().flat_map(|network| {
            let aliases = network.node.get("aliases").map_or(&[][..], Node::items);
            aliases.iter().filter_map(Node::text)
        });
        self.names().contains(&name) || aliases.any(|alias| alias == name)
    }

    /// The image, and where it is named.
    #[must_use]
    pub fn image(&self) -> Option<&Entry> {
        self.node.entry("image")
    }

    /// Whether something of the image is the last part of its name, without tag and digest.
    #[must_use]
    pub fn image_name(&self) -> Option<&str> {
        let image = self.image()?.node.text()?;
        let name = image.split('@').next()?.rsplit('/').next()?;
        name.split(':').next()
    }

    /// The services that it starts after, each with the condition.
    pub fn after(&self) -> impl Iterator<Item = (&Entry, &str)> {
        let depends = self.node.get("depends_on").map_or(&[][..], Node::entries);
        depends.iter().map(|entry| {
            let condition = entry.node.text_of("condition");
            (entry, condition.unwrap_or("service_started"))
        })
    }

    /// The names of its networks.
    pub fn networks(&self) -> impl Iterator<Item = &Entry> {
        let networks = self.node.get("networks").map_or(&[][..], Node::entries);
        networks.iter()
    }

    /// Every text of these keys, such as `command` and `healthcheck`.
    #[must_use]
    pub fn texts(&self, keys: &[&str]) -> Vec<&Node> {
        let mut found = Vec::new();
        for key in keys {
            if let Some(node) = self.node.get(key) {
                leaves(node, &mut found);
            }
        }
        found
    }

    /// When it counts as unhealthy; none where it is not asked.
    #[must_use]
    pub fn healthcheck(&self) -> Option<Healthcheck> {
        let entry = self.node.entry("healthcheck")?;
        let test = entry.node.get("test");
        let off = entry.node.get("disable").and_then(Node::truth) == Some(true)
            || test.is_some_and(|test| {
                let first = test.items().first().unwrap_or(test);
                first.text() == Some("NONE")
            });
        if off {
            return None;
        }
        let time = |key: &str, default: u64| match entry.node.get(key) {
            None => Some(Duration::from_secs(default)),
            Some(node) => duration::parse(node.text()?),
        };
        let retries = match entry.node.get("retries") {
            None => Some(3),
            Some(node) => node.text().and_then(|text| text.parse::<u32>().ok()),
        };
        // The engine's defaults; a time out is not counted: most failing probes fail at once.
        let patience = (|| Some(time("start_period", 0)? + time("interval", 30)? * retries?))();
        Some(Healthcheck {
            at: entry.at.clone(),
            patience,
        })
    }
}

/// Names the service of a project whose network another one is in by its container's name.
pub(super) fn name_owners(services: &mut [Service]) {
    let named = |service: &Service| {
        let container = service.node.text_of("container_name")?.to_owned();
        Some((container, service.name.clone()))
    };
    let containers: BTreeMap<String, String> = services.iter().filter_map(named).collect();
    for service in services {
        let Value::Map(entries) = &mut service.node.value else {
            continue;
        };
        let mode = entries.iter_mut().find(|entry| entry.key == "network_mode");
        if let Some(Value::Scalar(mode)) = mode.map(|entry| &mut entry.node.value)
            && let Some(container) = mode
                .text
                .as_deref()
                .and_then(|text| text.strip_prefix("container:"))
            && let Some(owner) = containers.get(container)
        {
            mode.text = Some(format!("service:{owner}"));
        }
    }
}

fn leaves<'n>(node: &'n Node, into: &mut Vec<&'n Node>) {
    match &node.value {
        Value::Null => {}
        Value::Scalar(_) => into.push(node),
        Value::List(items) => items.iter().for_each(|item| leaves(item, into)),
        Value::Map(entries) => entries.iter().for_each(|entry| leaves(&entry.node, into)),
    }
}
