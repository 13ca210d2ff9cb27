//! A connector, as its YAML, its environment and its service describe it.

use super::env_file::Variable;
use super::place::At;
use super::yaml::{self, Entry, Node};

/// The port of BTP where nothing else is said.
pub(super) const BTP_PORT: u16 = 3000;
/// The port of the admin API where nothing else is said.
pub(super) const ADMIN_PORT: u16 = 8081;

/// A connector.
#[derive(Debug, Clone)]
pub struct Connector {
    /// What it is called in findings.
    pub name: String,
    /// Where it is told of.
    pub at: At,
    /// Its project and service, by their places in the model.
    pub service: Option<(usize, usize)>,
    /// Its configuration.
    pub config: Option<Node>,
    /// Its environment.
    pub environment: Vec<Variable>,
    /// Whether its environment was given.
    pub has_environment: bool,
}

/// A peer.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub at: At,
    /// Where it is dialled.
    pub url: Option<(String, At)>,
    /// What is sent to it; none where there is no such key.
    pub token: Option<Text>,
}

/// A text that may be told by what was not given.
#[derive(Debug, Clone)]
pub struct Text {
    /// As it is written.
    pub raw: String,
    /// What it is.
    pub value: Option<String>,
    /// Where it stands.
    pub at: At,
}

/// Which transport a connector has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// It dials directly.
    Direct,
    /// By a SOCKS proxy, whose daemon others run.
    Socks5,
    /// By the daemon that it runs itself.
    Managed,
}

impl Connector {
    /// A variable of its environment.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.environment.iter().rfind(|one| one.name == name)
    }

    /// A value of its configuration.
    #[must_use]
    pub fn get(&self, path: &[&str]) -> Option<&Node> {
        self.config.as_ref()?.find(path)
    }

    /// An entry of its `transport`.
    #[must_use]
    pub fn transport_entry(&self, key: &str) -> Option<&Entry> {
        self.get(&["transport"])?.entry(key)
    }

    /// Its own id, which it shows to others.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        let told = self.get(&["nodeId"]).and_then(Node::text);
        told.or_else(|| self.variable("NODE_ID")?.value.as_deref())
    }

    /// Its transport: as its configuration has it, else as `TRANSPORT_MODE` asks for it.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        let managed = self.get(&["transport", "managed"]).and_then(Node::truth);
        let kind = match self.get(&["transport"]) {
            Some(transport) => Some(transport.text_of("type").unwrap_or("direct").to_owned()),
            None if self.config.is_some() => Some("direct".to_owned()),
            None => self.variable("TRANSPORT_MODE")?.value.clone(),
        };
        Some(match kind?.to_ascii_lowercase().as_str() {
            "socks5" if managed == Some(true) => Transport::Managed,
            "socks5" => Transport::Socks5,
            "managed" => Transport::Managed,
            _ => Transport::Direct,
        })
    }

    /// The port on which it takes BTP connections, and where that is said.
    #[must_use]
    pub fn btp_port(&self) -> Option<(u16, At)> {
        if let Some(node) = self.get(&["btpServerPort"]) {
            return Some((node.text()?.parse().ok()?, node.at.clone()));
        }
        let names = ["BTP_SERVER_PORT", "BTP_PORT", "CONNECTOR_BTP_PORT"];
        let variable = names.iter().find_map(|name| self.variable(name))?;
        Some((
            variable.value.as_deref()?.parse().ok()?,
            variable.at.clone(),
        ))
    }

    /// The port of its admin API, and where that is said.
    #[must_use]
    pub fn admin_port(&self) -> Option<(u16, At)> {
        let names = ["ADMIN_API_PORT", "CONNECTOR_ADMIN_PORT"];
        if let Some(variable) = names.iter().find_map(|name| self.variable(name)) {
            return Some((
                variable.value.as_deref()?.parse().ok()?,
                variable.at.clone(),
            ));
        }
        let api = self.get(&["adminApi"])?;
        match api.get("port") {
            Some(port) => Some((port.text()?.parse().ok()?, port.at.clone())),
            None => Some((ADMIN_PORT, api.at.clone())),
        }
    }

    /// The peers of its configuration, and those of `CONNECTOR_PEERS`.
    #[must_use]
    pub fn peers(&self) -> Vec<Peer> {
        let told = self.get(&["peers"]).map_or(&[][..], Node::items);
        let mut peers: Vec<Peer> = told.iter().filter_map(peer).collect();
        let listed = self
            .variable("CONNECTOR_PEERS")
            .and_then(|variable| Some((variable, variable.value.as_deref()?)));
        if let Some((variable, text)) = listed
            && let Ok(documents) = yaml::parse(&variable.at.file, text)
        {
            let items = documents.iter().flat_map(Node::items);
            peers.extend(
                items
                    .filter_map(peer)
                    .map(|peer| in_variable(peer, &variable.at)),
            );
        }
        peers
    }

    /// Whom its routes lead to.
    pub fn next_hops(&self) -> impl Iterator<Item = &str> {
        let routes = self.get(&["routes"]).map_or(&[][..], Node::items);
        routes.iter().filter_map(|route| route.text_of("nextHop"))
    }
}

fn peer(node: &Node) -> Option<Peer> {
    let id = node.text_of("id")?;
    let url = ["url", "btpUrl"].iter().find_map(|key| {
        let url = node.get(key)?;
        Some((url.text()?.to_owned(), url.at.clone()))
    });
    let token = ["authToken", "secret"].iter().find_map(|key| {
        let entry = node.entry(key)?;
        let (raw, value) = match entry.node.scalar() {
            Some(scalar) => (scalar.raw.clone(), scalar.text.clone()),
            None => (String::new(), Some(String::new())),
        };
        Some(Text {
            raw,
            value,
            at: entry.at.clone(),
        })
    });
    Some(Peer {
        id: id.to_owned(),
        at: node.at.clone(),
        url,
        token,
    })
}

/// A peer of a variable stands where the variable does.
fn in_variable(peer: Peer, at: &At) -> Peer {
    Peer {
        at: at.clone(),
        url: peer.url.map(|(url, _)| (url, at.clone())),
        token: peer.token.map(|token| Text {
            at: at.clone(),
            ..token
        }),
        ..peer
    }
}

/// The variable that has to hold what a peer sends.
#[must_use]
pub(super) fn secret_variable(id: &str) -> String {
    format!("BTP_PEER_{}_SECRET", id.to_uppercase().replace('-', "_"))
}

/// What stands between the ends of such a variable's name.
#[must_use]
pub(super) fn is_secret_variable(name: &str) -> bool {
    let inside = name.strip_prefix("BTP_PEER_");
    inside.is_some_and(|rest| rest.ends_with("_SECRET"))
}
