//! A project that runs, told in the words of a Compose file: the same checks look at it.

use std::sync::Arc;

use serde_json::Value as Json;

use super::files::Kind;
use super::place::At;
use super::yaml::{Entry, Mark, Node, Scalar, Value};

/// A Compose project as an engine tells of it.
#[derive(Debug, Clone, Default)]
pub struct RunningProject {
    /// Its name.
    pub name: String,
    /// Its services.
    pub services: Vec<RunningService>,
}

/// A service of which a container is there.
#[derive(Debug, Clone)]
pub struct RunningService {
    /// Its name.
    pub name: String,
    /// What a Compose file would say of it. A mounted file's source is [`RunningProject::source`].
    pub service: Json,
    /// What was read out of its container.
    pub read: Vec<Read>,
}

/// Something that was read out of a container.
#[derive(Debug, Clone)]
pub enum Read {
    /// A configuration, at this path of the container.
    Configuration(String, String),
    /// What it has logged.
    Log(String),
}

impl RunningProject {
    /// The name of a file of a container in findings, and its source where it is mounted.
    #[must_use]
    pub fn source(&self, service: &str, path: &str) -> String {
        format!("docker:{}/{service}{path}", self.name)
    }

    /// What was read, each text with its name and kind.
    pub(super) fn files(&self) -> Vec<(String, Kind, String)> {
        let mut found = Vec::new();
        for service in &self.services {
            for read in &service.read {
                found.push(match read {
                    Read::Log(text) => {
                        let name = format!("docker:{}/{} log", self.name, service.name);
                        (name, Kind::Log, text.clone())
                    }
                    Read::Configuration(path, text) => {
                        let is_daemon = ["anonrc", "torrc"].iter().any(|end| path.ends_with(end));
                        let kind = match is_daemon {
                            true => Kind::Daemon,
                            false => Kind::Connector,
                        };
                        (self.source(&service.name, path), kind, text.clone())
                    }
                });
            }
        }
        found
    }

    /// The project as a Compose file would have it.
    pub(super) fn tree(&self) -> (At, Node) {
        let whole = At::new(&Arc::from(format!("docker:{}", self.name)), 1);
        let services = self.services.iter().map(|service| {
            let at = At::new(
                &Arc::from(format!("docker:{}/{}", self.name, service.name)),
                1,
            );
            entry(&service.name, node(&service.service, &at))
        });
        let services = Node::of_entries(whole.clone(), services.collect());
        // A volume that is mounted by its name is there.
        let volumes = self.services.iter().flat_map(|service| {
            let mounts = service.service["volumes"].as_array();
            let named = mounts
                .into_iter()
                .flatten()
                .filter(|mount| mount["type"] == "volume");
            named.filter_map(|mount| mount["source"].as_str())
        });
        let mut declared: Vec<Entry> = Vec::new();
        for name in volumes {
            if !declared.iter().any(|known| known.key == name) {
                declared.push(entry(name, Node::of_entries(whole.clone(), Vec::new())));
            }
        }
        let volumes = Node::of_entries(whole.clone(), declared);
        let root = Node::of_entries(
            whole.clone(),
            vec![entry("services", services), entry("volumes", volumes)],
        );
        (whole, root)
    }
}

fn entry(key: &str, node: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        at: node.at.clone(),
        node,
    }
}

fn node(json: &Json, at: &At) -> Node {
    let text = |text: String| {
        Value::Scalar(Scalar {
            raw: text.clone(),
            text: Some(text),
        })
    };
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => text(truth.to_string()),
        Json::Number(number) => text(number.to_string()),
        Json::String(string) => text(string.clone()),
        Json::Array(items) => Value::List(items.iter().map(|item| node(item, at)).collect()),
        Json::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| entry(key, node(value, at)));
            Value::Map(entries.collect())
        }
    };
    Node {
        at: at.clone(),
        value,
        mark: Mark::None,
    }
}
