//! The connector's configuration file (contract sections 0 and 1).

use serde_json::json;

use crate::onion::anonrc::SOCKS_PORT;
use crate::plan::{HomePlan, Plan};

/// Where the connector finds its configuration in its container.
pub const CONFIG_FILE: &str = "/config/connector.yaml";

/// The configuration of a home's connector. It is JSON, which every YAML reader takes.
///
/// Peers are not in it: they are registered through the admin API once the onion services are
/// published, so that no connector wastes its retries on a network that is not there yet.
#[must_use]
pub fn config(plan: &Plan, home: &HomePlan) -> String {
    let mut routes = vec![json!({"prefix": home.prefix, "nextHop": home.id, "priority": 0})];
    for other in &plan.homes {
        // A connector routes to a peer it dials and, over the same kind of session, to a peer
        // that dials it.
        let peered = plan.peerings.iter().any(|peering| {
            (peering.from == home.id && peering.to == other.id)
                || (peering.from == other.id && peering.to == home.id)
        });
        if peered {
            routes.push(json!({"prefix": other.prefix, "nextHop": other.id, "priority": 0}));
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
        "transport": {
            "type": "socks5",
            "socksProxy": format!("socks5h://127.0.0.1:{SOCKS_PORT}"),
            "managed": false,
            "externalUrl": home.btp_url().expose(),
        },
        "peers": [],
        "routes": routes,
    });
    format!("{config:#}\n")
}
