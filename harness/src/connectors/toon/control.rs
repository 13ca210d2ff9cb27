//! A connector that runs: its admin API (contract#admin), its health port (contract#health), and the
//! record of its business-logic server (contract#delivery-record).

use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use wire::Fulfillment;

use super::http::{Http, Request};
use super::{ADMIN_PORT, BLS_PORT, HEALTH_PORT};
use crate::connectors::{
    Contact, Control, ControlError, Health, Outgoing, PeerState, PeerToDial, Received, Reply,
};
use crate::secret::Secret;

/// How long one request to the admin API may take beyond what it asks for. Registering a peer is
/// answered within 5 s (contract#admin-peers), and may take longer while the dial is under way.
const ADMIN_LIMIT: Duration = Duration::from_secs(30);
/// How long the admin API may take to say that it is there.
const ALIVE_LIMIT: Duration = Duration::from_secs(2);
/// How long the health port may take.
const HEALTH_LIMIT: Duration = Duration::from_secs(5);
/// How long the business-logic server may take.
const RECORD_LIMIT: Duration = Duration::from_secs(10);
/// How much longer than the packet's own time its answer is waited for.
const SEND_GRACE: Duration = Duration::from_secs(2);

/// One connector and its business-logic server.
pub(in crate::connectors) struct ToonControl {
    admin: Http,
    health: Http,
    server: Http,
}

impl ToonControl {
    pub(in crate::connectors) fn new(contact: &Contact<'_>) -> Self {
        let http = |part, port, key| Http {
            client: contact.http.clone(),
            home: contact.home.to_owned(),
            part,
            address: (contact.socket)(port),
            key,
        };
        Self {
            admin: http("admin API", ADMIN_PORT, Some(contact.key.clone())),
            health: http("health port", HEALTH_PORT, None),
            server: http("business-logic server", BLS_PORT, None),
        }
    }
}

/// `GET /admin/peers`.
#[derive(Deserialize)]
struct Peers {
    peers: Vec<Peer>,
}

#[derive(Deserialize)]
struct Peer {
    id: String,
    connected: bool,
}

/// `POST /admin/ilp/send` (contract#admin-send): status 200 for a fulfill and for a reject.
#[derive(Deserialize)]
struct Sent {
    accepted: bool,
    /// Base64.
    fulfillment: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

/// `GET /admin/hs-hostname` (contract#admin-hostname).
#[derive(Deserialize)]
struct Hostname {
    hostname: Option<String>,
}

/// `GET /health`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HealthAnswer {
    status: Option<String>,
    peers_connected: u64,
    #[serde(default)]
    total_peers: u64,
}

/// The business-logic server's record.
const RECEIVED: &str = "/received";

/// A record without some of what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("of {count} packets the first {dropped} are not kept, and some of those were asked for")]
struct NotWhole {
    count: u64,
    dropped: u64,
}

/// `GET /received` of the business-logic server.
#[derive(Deserialize)]
struct Record {
    /// How many packets ever came.
    #[serde(default)]
    count: u64,
    /// How many of them are no longer kept.
    #[serde(default)]
    dropped: u64,
    received: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    destination: String,
    amount: String,
    #[serde(default)]
    payment_id: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    expires_at: String,
}

impl From<Entry> for Received {
    fn from(entry: Entry) -> Self {
        Self {
            destination: entry.destination,
            amount: entry.amount,
            payment_id: entry.payment_id,
            data: entry.data,
            expires_at: entry.expires_at,
        }
    }
}

fn get(path: &str, limit: Duration) -> Request<'_> {
    Request {
        method: Method::GET,
        path,
        body: None,
        limit,
    }
}

#[async_trait]
impl Control for ToonControl {
    fn home(&self) -> &str {
        &self.admin.home
    }

    async fn alive(&self) -> Result<(), ControlError> {
        self.admin.call(get("/health", ALIVE_LIMIT)).await?;
        Ok(())
    }

    async fn register(&self, peer: &PeerToDial) -> Result<(), ControlError> {
        let transport = if peer.proxied { "socks5" } else { "direct" };
        let body = json!({
            "id": peer.id,
            "url": peer.url.expose(),
            "authToken": peer.token.expose(),
            "transport": transport,
        });
        let request = Request {
            method: Method::POST,
            path: "/admin/peers",
            body: Some(body),
            limit: ADMIN_LIMIT,
        };
        self.admin.call(request).await?;
        Ok(())
    }

    async fn forget(&self, id: &str) -> Result<(), ControlError> {
        let request = Request {
            method: Method::DELETE,
            path: &format!("/admin/peers/{id}?removeRoutes=false"),
            body: None,
            limit: ADMIN_LIMIT,
        };
        self.admin.call(request).await?;
        Ok(())
    }

    async fn peers(&self) -> Result<Vec<PeerState>, ControlError> {
        let list: Peers = self.admin.read(get("/admin/peers", ADMIN_LIMIT)).await?;
        let state = |Peer { id, connected }| PeerState { id, connected };
        Ok(list.peers.into_iter().map(state).collect())
    }

    async fn send(&self, packet: &Outgoing<'_>) -> Result<Reply, ControlError> {
        let body = json!({
            "destination": packet.destination,
            "amount": packet.amount.to_string(),
            "data": BASE64.encode(packet.data),
            "timeoutMs": u64::try_from(packet.limit.as_millis()).unwrap_or(u64::MAX),
        });
        let request = Request {
            method: Method::POST,
            path: "/admin/ilp/send",
            body: Some(body),
            limit: packet.limit + SEND_GRACE,
        };
        let sent: Sent = self.admin.read(request).await?;
        if !sent.accepted {
            return Ok(Reply::Rejected {
                code: sent.code.unwrap_or_default(),
                message: sent.message.unwrap_or_default(),
            });
        }
        // The convention of the network (contract#fulfillment-convention).
        let due = BASE64.encode(&Fulfillment::for_data(packet.data).0);
        Ok(Reply::Fulfilled {
            fits: sent.fulfillment == Some(due),
        })
    }

    async fn received(&self) -> Result<Vec<Received>, ControlError> {
        let record: Record = self.server.read(get(RECEIVED, RECORD_LIMIT)).await?;
        Ok(record.received.into_iter().map(Received::from).collect())
    }

    async fn received_from(&self, first: u64) -> Result<Vec<Received>, ControlError> {
        let path = format!("{RECEIVED}?since={first}");
        let record: Record = self.server.read(get(&path, RECORD_LIMIT)).await?;
        if record.count < first || record.dropped > first {
            let Record { count, dropped, .. } = record;
            let not_whole = NotWhole { count, dropped };
            return Err(self.server.failed(RECEIVED, not_whole));
        }
        Ok(record.received.into_iter().map(Received::from).collect())
    }

    /// An unhealthy connector answers with status 503 and the same body.
    async fn health(&self) -> Result<Health, ControlError> {
        let path = "/health";
        let (status, text) = self.health.ask(get(path, HEALTH_LIMIT)).await?;
        if matches!(status, 404 | 405 | 501) {
            return Err(self.health.refused(path, status, &text));
        }
        let answer: HealthAnswer = self.health.parse(path, &text)?;
        Ok(Health {
            status: answer.status,
            connected: answer.peers_connected,
            total: answer.total_peers,
        })
    }

    async fn hostname(&self) -> Result<Option<Secret>, ControlError> {
        let path = "/admin/hs-hostname";
        let answer: Hostname = self.admin.read(get(path, ADMIN_LIMIT)).await?;
        Ok(answer.hostname.map(Secret::new))
    }
}
