//! Giving a home another address towards the network, as a router that was restarted does: what was open by the old one
//! is reset, because nobody knows it any more.

use std::net::{IpAddr, Ipv4Addr};

use rtnetlink::RouteMessageBuilder;

use crate::routes::{route_to, way_of};
use crate::sockets;
use crate::swallowed::SwallowEvent;

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Settings {
    /// The addresses to which the home goes out.
    #[arg(long, required = true)]
    pub to: Vec<Ipv4Addr>,
    /// The address that it had.
    #[arg(long)]
    pub from: Ipv4Addr,
    /// The address that it gets, which nobody has.
    #[arg(long)]
    pub moves_to: Ipv4Addr,
}

/// Has what goes out begin at the new address, and resets what was open by the old one.
///
/// # Errors
///
/// There is no route to an address, or the kernel refuses a change: it needs CAP_NET_ADMIN, and sockets that can be
/// ended from outside (`INET_DIAG_DESTROY`).
pub async fn run(settings: Settings) -> Result<(), String> {
    let (connection, handle, _) = rtnetlink::new_connection().map_err(|error| error.to_string())?;
    // Ends with its handle; an error of its socket is the answer to the request that is under way.
    tokio::spawn(connection);
    for to in &settings.to {
        let route = route_to(&handle, *to).await?;
        let way = way_of(&route);
        let (link, gateway) = way.ok_or_else(|| format!("the route to {to} has no gateway"))?;
        // With 32 bits, so that it brings no route of its own.
        let added = handle
            .address()
            .add(link, IpAddr::V4(settings.moves_to), 32);
        let added = added.replace().execute().await;
        added.map_err(|error| format!("failed to add the new address: {error}"))?;
        let by_it = RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(*to, 32)
            .gateway(gateway)
            .output_interface(link)
            .pref_source(settings.moves_to)
            .build();
        let by_it = handle.route().add(by_it).replace().execute().await;
        by_it.map_err(|error| {
            format!("failed to have the route begin at the new address: {error}")
        })?;
    }
    for to in &settings.to {
        sockets::reset(settings.from, *to)?;
    }
    crate::output::line(&SwallowEvent::On).map_err(|error| error.to_string())
}
