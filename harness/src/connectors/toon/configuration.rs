//! The connector's configuration file and environment, and its business-logic server
//! (contract#config, contract#auth-secret, contract#delivery-stub).

use serde_json::{Value, json};

use super::ports::{ADMIN_PORT, BLS_PORT, BTP_PORT, HEALTH_PORT, SERVER};
use crate::connectors::{
    ConfigFile, Configuration, Connector, Daemon, PeerToDial, Purpose, Server, Site, StartedBy,
};
use crate::secret::Secret;

/// Where the connector finds its configuration in its container.
pub const CONFIG_FILE: &str = "/config/connector.yaml";

/// The variable that says whether peers without a secret are let in (contract#auth-allow-noauth).
pub const ALLOW_NO_AUTH: &str = "BTP_ALLOW_NOAUTH";

pub(super) fn configure(connector: &dyn Connector, site: &Site<'_>) -> Configuration {
    let set = |variable: &str, value: &str| (variable.to_owned(), Secret::new(value));
    let mut environment = vec![
        set("CONFIG_FILE", CONFIG_FILE),
        set("LOG_LEVEL", log_level(site.purpose)),
        set(ALLOW_NO_AUTH, &site.admits_without_secret.to_string()),
    ];
    let secrets = site
        .callers
        .iter()
        .filter(|caller| !caller.secret.is_empty());
    environment.extend(secrets.filter_map(|caller| {
        let variable = connector.secret_variable(caller.id)?;
        Some((variable, caller.secret.clone()))
    }));
    Configuration {
        files: vec![ConfigFile {
            path: CONFIG_FILE.to_owned(),
            content: format!("{:#}\n", file(site)).into_bytes(),
        }],
        environment,
        command: Vec::new(),
        directory: None,
        writable: None,
        server: server(),
    }
}

/// Onion addresses may appear at DEBUG only. In a run they must, because otherwise the secrecy check would have
/// nothing to look at; where somebody is served they must not.
const fn log_level(purpose: Purpose<'_>) -> &'static str {
    match purpose {
        Purpose::Judged => "debug",
        Purpose::Serving { .. } => "info",
    }
}

/// The business-logic server of the reference connector.
pub(in crate::connectors) fn server() -> Server {
    let set = |variable: &str, value: &str| (variable.to_owned(), Secret::new(value));
    Server {
        program: vec![SERVER.to_owned()],
        environment: vec![
            set("PORT", &BLS_PORT.to_string()),
            // A destination can ask to be refused.
            set("BLS_MODE", "scripted"),
        ],
        files: Vec::new(),
    }
}

/// A connector of this kind by itself, in somebody's own container.
#[derive(Debug, Clone)]
pub struct Standalone {
    /// Its id, by which peers know it.
    pub id: String,
    /// The ILP address prefix of what is delivered to it.
    pub prefix: String,
    /// The key of its admin API.
    pub admin_key: Secret,
    /// Where its business-logic server is, as in `http://bls:3100`; `None` has it deliver nothing.
    pub server: Option<String>,
    /// The proxy that it dials through, as in `socks5h://anon:9050`; `None` has it dial directly.
    pub proxy: Option<String>,
    /// Where packets for others go: prefixes with the ids of the peers that they are handed to.
    pub routes: Vec<(String, String)>,
}

impl Standalone {
    /// Its configuration file.
    #[must_use]
    pub fn file(&self) -> String {
        let routes = self.routes.iter();
        let routes = routes.map(|(prefix, next)| (prefix.as_str(), next.as_str()));
        let transport = match &self.proxy {
            None => transport(None),
            Some(proxy) => json!({
                "type": "socks5",
                "socksProxy": proxy,
                "managed": false,
                "externalUrl": format!("ws://{}:{BTP_PORT}", self.id),
            }),
        };
        let file = written(
            (&self.id, &self.prefix),
            &self.admin_key,
            self.server.as_deref(),
            transport,
            routes,
            (log_level(Purpose::Judged), Vec::new()),
        );
        format!("{file:#}\n")
    }
}

/// The configuration file. It is JSON, which every YAML reader takes.
///
/// The peers of a run are not in it: they are registered through the admin API once the onion services are
/// published, so that no connector wastes its retries on a network that is not there yet. What it is told in that
/// way it forgets when it ends, so those of an operator's home are.
fn file(site: &Site<'_>) -> Value {
    let routes = site.routes.iter().map(|route| (route.prefix, route.next));
    let (server, peers) = match site.purpose {
        Purpose::Judged => (format!("http://127.0.0.1:{BLS_PORT}"), Vec::new()),
        Purpose::Serving { handler } => {
            let peers = site.dials.iter().map(peer).collect();
            (handler.to_owned(), peers)
        }
    };
    let transport = transport(site.daemon.as_ref());
    let who = (site.id, site.prefix);
    let rest = (log_level(site.purpose), peers);
    written(
        who,
        site.control_key,
        Some(&server),
        transport,
        routes,
        rest,
    )
}

fn written<'a>(
    (id, prefix): (&'a str, &'a str),
    admin_key: &Secret,
    server: Option<&str>,
    transport: Value,
    routes: impl Iterator<Item = (&'a str, &'a str)>,
    (log_level, peers): (&str, Vec<Value>),
) -> Value {
    let routes: Vec<Value> = std::iter::once((prefix, id))
        .chain(routes)
        .map(|(prefix, next)| json!({"prefix": prefix, "nextHop": next, "priority": 0}))
        .collect();
    let delivery = match server {
        Some(server) => json!({"enabled": true, "handlerUrl": server, "timeout": 10_000}),
        None => json!({"enabled": false}),
    };
    json!({
        "nodeId": id,
        "btpServerPort": BTP_PORT,
        "healthCheckPort": HEALTH_PORT,
        "logLevel": log_level,
        "deploymentMode": "standalone",
        "adminApi": {
            "enabled": true,
            "port": ADMIN_PORT,
            "host": "0.0.0.0",
            "apiKey": admin_key.expose(),
        },
        "localDelivery": delivery,
        "transport": transport,
        "peers": peers,
        "routes": routes,
    })
}

/// An entry of `peers[]` (contract#config-peers).
fn peer(peer: &PeerToDial) -> Value {
    json!({
        "id": peer.id,
        "url": peer.url.expose(),
        "authToken": peer.token.expose(),
        "transport": if peer.proxied { "socks5" } else { "direct" },
    })
}

/// Where the image of a connector that runs its own daemon has the program.
pub(super) fn daemon_program(program: &str) -> String {
    format!("/usr/bin/{program}")
}

/// The `transport:` block (contract#transport-block).
fn transport(daemon: Option<&Daemon<'_>>) -> Value {
    let Some(daemon) = daemon else {
        return json!({"type": "direct"});
    };
    let proxy = format!("socks5h://{}", daemon.proxy);
    match &daemon.started_by {
        StartedBy::Other { address } => json!({
            "type": "socks5",
            "socksProxy": proxy,
            "managed": false,
            "externalUrl": format!("ws://{}:{BTP_PORT}", address.expose()),
        }),
        StartedBy::Connector {
            program,
            configuration,
            service,
        } => json!({
            "type": "socks5",
            "socksProxy": proxy,
            "managed": true,
            "externalUrl": "auto",
            "managedOptions": {
                "binaryPath": daemon_program(program),
                "configFilePath": configuration,
                "hiddenServiceDir": service,
                "hiddenServicePort": BTP_PORT,
            },
        }),
    }
}
