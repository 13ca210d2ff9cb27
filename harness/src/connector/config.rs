//! The connector's configuration file (contract#config).

use serde_json::{Value, json};

use crate::onion::anonrc::SERVICE_DIRECTORY;
use crate::plan::{ANONRC, HomePlan, Plan};
use crate::topology::{Daemon, Transport};

/// Where the connector finds its configuration in its container.
pub const CONFIG_FILE: &str = "/config/connector.yaml";

/// The configuration of a home's connector. It is JSON, which every YAML reader takes.
///
/// Peers are not in it: they are registered through the admin API once the onion services are
/// published, so that no connector wastes its retries on a network that is not there yet.
#[must_use]
pub fn config(plan: &Plan, home: &HomePlan) -> String {
    let mut routes = vec![json!({"prefix": home.prefix, "nextHop": home.id, "priority": 0})];
    for other in plan.homes.iter().filter(|other| other.id != home.id) {
        if let Some(next) = plan.topology.next_hop(&home.id, &other.id) {
            routes.push(json!({"prefix": other.prefix, "nextHop": next, "priority": 0}));
        }
    }
    let config = json!({
        "nodeId": home.id,
        "btpServerPort": HomePlan::BTP_PORT,
        "healthCheckPort": HomePlan::HEALTH_PORT,
        "logLevel": "debug",
        "deploymentMode": "standalone",
        "adminApi": {
            "enabled": true,
            "port": HomePlan::ADMIN_PORT,
            "host": "0.0.0.0",
            "apiKey": home.admin_key.expose(),
        },
        "localDelivery": {
            "enabled": true,
            "handlerUrl": format!("http://127.0.0.1:{}", HomePlan::BLS_PORT),
            "timeout": 10_000,
        },
        "transport": transport(plan, home),
        "peers": [],
        "routes": routes,
    });
    format!("{config:#}\n")
}

/// The `transport:` block (contract#transport-block). The proxy is the home's
/// recording relay, which hands everything on to the daemon.
fn transport(plan: &Plan, home: &HomePlan) -> Value {
    let proxy = format!("socks5h://127.0.0.1:{}", home.socks_port);
    match home.daemon {
        Daemon::None => json!({"type": "direct"}),
        Daemon::Sidecar => json!({
            "type": "socks5",
            "socksProxy": proxy,
            "managed": false,
            "externalUrl": home.btp_url(Transport::Onion).expose(),
        }),
        Daemon::Managed => json!({
            "type": "socks5",
            "socksProxy": proxy,
            "managed": true,
            "externalUrl": "auto",
            "managedOptions": {
                // Where the image of a connector that runs its own daemon has it.
                "binaryPath": format!("/usr/bin/{}", plan.daemon_program()),
                "configFilePath": ANONRC,
                "hiddenServiceDir": SERVICE_DIRECTORY,
                "hiddenServicePort": HomePlan::BTP_PORT,
            },
        }),
    }
}
