//! The connector's configuration file and environment, and its business-logic server
//! (contract#config, contract#auth-secret, contract#delivery-stub).

use serde_json::{Value, json};

use super::ports::{ADMIN_PORT, BLS_PORT, BTP_PORT, HEALTH_PORT, SERVER};
use crate::connectors::{ConfigFile, Configuration, Connector, Daemon, Server, Site, StartedBy};
use crate::secret::Secret;

/// Where the connector finds its configuration in its container.
pub const CONFIG_FILE: &str = "/config/connector.yaml";

/// The variable that says whether peers without a secret are let in (contract#auth-allow-noauth).
pub const ALLOW_NO_AUTH: &str = "BTP_ALLOW_NOAUTH";

pub(super) fn configure(connector: &dyn Connector, site: &Site<'_>) -> Configuration {
    let set = |variable: &str, value: &str| (variable.to_owned(), Secret::new(value));
    let mut environment = vec![
        set("CONFIG_FILE", CONFIG_FILE),
        // Onion addresses may appear at DEBUG only, and there they must: otherwise the secrecy check
        // would have nothing to look at.
        set("LOG_LEVEL", "debug"),
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

/// The configuration file. It is JSON, which every YAML reader takes.
///
/// Peers are not in it: they are registered through the admin API once the onion services are
/// published, so that no connector wastes its retries on a network that is not there yet.
fn file(site: &Site<'_>) -> Value {
    let routes: Vec<Value> = std::iter::once((site.prefix, site.id))
        .chain(site.routes.iter().map(|route| (route.prefix, route.next)))
        .map(|(prefix, next)| json!({"prefix": prefix, "nextHop": next, "priority": 0}))
        .collect();
    json!({
        "nodeId": site.id,
        "btpServerPort": BTP_PORT,
        "healthCheckPort": HEALTH_PORT,
        "logLevel": "debug",
        "deploymentMode": "standalone",
        "adminApi": {
            "enabled": true,
            "port": ADMIN_PORT,
            "host": "0.0.0.0",
            "apiKey": site.control_key.expose(),
        },
        "localDelivery": {
            "enabled": true,
            "handlerUrl": format!("http://127.0.0.1:{BLS_PORT}"),
            "timeout": 10_000,
        },
        "transport": transport(site.daemon.as_ref()),
        "peers": [],
        "routes": routes,
    })
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
                // Where the image of a connector that runs its own daemon has it.
                "binaryPath": format!("/usr/bin/{program}"),
                "configFilePath": configuration,
                "hiddenServiceDir": service,
                "hiddenServicePort": BTP_PORT,
            },
        }),
    }
}
