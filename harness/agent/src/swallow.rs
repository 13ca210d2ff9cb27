//! Having a home's way to some addresses swallow whatever is sent, by netlink: as behind a router whose line is
//! down, of which a sender hears nothing.
//!
//! What is swallowed goes to a next hop that nobody has, by a routing table of its own, to which a rule leads. Taking
//! the rule away is all that it takes to end it. The home's other neighbours are reached as before.

use std::net::{IpAddr, Ipv4Addr};

use rtnetlink::packet_route::neighbour::NeighbourState;
use rtnetlink::packet_route::rule::RuleMessage;
use rtnetlink::{Handle, RouteMessageBuilder};
use tokio::signal::unix::{SignalKind, signal};

use crate::routes::{TABLE, go_by, route_to, way_of};
use crate::swallowed::SwallowEvent;

/// The link address of the next hop that nobody has: locally administered (IEEE 802).
const NOBODY: [u8; 6] = [0x02, 0, 0, 0, 0, 0x77];

/// What is swallowed.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Settings {
    /// The addresses to which nothing gets any more.
    #[arg(long, required = true)]
    pub to: Vec<Ipv4Addr>,
    /// An address of the home's network that nobody has.
    #[arg(long)]
    pub nobody: Ipv4Addr,
}

/// Swallows until SIGTERM or SIGINT.
///
/// # Errors
///
/// There is no route to an address, or the kernel refuses a change: it needs CAP_NET_ADMIN, and policy routing.
pub async fn run(settings: Settings) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let (connection, handle, _) = rtnetlink::new_connection().map_err(|error| error.to_string())?;
    // Ends with its handle; an error of its socket is the answer to the request that is under way.
    tokio::spawn(connection);
    let mut rules = Vec::new();
    for to in &settings.to {
        rules.push(swallow(&handle, &settings, *to).await?);
    }
    tell(SwallowEvent::On)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    for rule in rules {
        let removed = handle.rule().del(rule).execute().await;
        removed.map_err(|error| format!("failed to remove a rule: {error}"))?;
    }
    tell(SwallowEvent::Off)
}

fn tell(event: SwallowEvent) -> Result<(), String> {
    crate::output::line(&event).map_err(|error| error.to_string())
}

/// Swallows what is sent to one address, and returns the rule that does it.
async fn swallow(
    handle: &Handle,
    settings: &Settings,
    to: Ipv4Addr,
) -> Result<RuleMessage, String> {
    let failed = |what: &str, error: rtnetlink::Error| format!("failed to {what}: {error}");
    let route = route_to(handle, to).await?;
    let (link, _) = way_of(&route).ok_or_else(|| format!("the route to {to} has no gateway"))?;
    handle
        .neighbours()
        .add(link, IpAddr::V4(settings.nobody))
        .link_layer_address(&NOBODY)
        .state(NeighbourState::Permanent)
        .replace()
        .execute()
        .await
        .map_err(|error| failed("make the next hop that nobody has", error))?;
    let nowhere = RouteMessageBuilder::<Ipv4Addr>::new()
        .table_id(TABLE)
        .destination_prefix(to, 32)
        .gateway(settings.nobody)
        .output_interface(link)
        .build();
    let nowhere = handle.route().add(nowhere).replace().execute().await;
    nowhere.map_err(|error| failed("add the route to nowhere", error))?;
    let rule = go_by(handle, TABLE, to).await;
    rule.map_err(|error| failed("add the rule that leads nowhere", error))
}
