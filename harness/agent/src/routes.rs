//! A home's routes to single addresses, by netlink.

use std::net::Ipv4Addr;

use futures_util::TryStreamExt;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
use rtnetlink::packet_route::rule::{RuleAction, RuleMessage};
use rtnetlink::{Handle, RouteMessageBuilder};

/// The routing table of what is swallowed, which nobody else uses.
pub(crate) const TABLE: u32 = 77;

/// Has what is sent to one address go by a table, and returns the rule that does it: taking it away is all that it takes
/// to end that. The table's number is the rule's place, too, before the table of everybody.
pub(crate) async fn go_by(
    handle: &Handle,
    table: u32,
    to: Ipv4Addr,
) -> Result<RuleMessage, rtnetlink::Error> {
    let mut rule = handle
        .rule()
        .add()
        .table_id(table)
        .priority(table)
        .action(RuleAction::ToTable)
        .v4()
        .destination_prefix(to, 32);
    let message = rule.message_mut().clone();
    rule.execute().await?;
    Ok(message)
}

/// Every route of IPv4.
pub(crate) async fn all(handle: &Handle) -> Result<Vec<RouteMessage>, String> {
    let query = RouteMessageBuilder::<Ipv4Addr>::new().build();
    let routes = handle.route().get(query).execute().try_collect().await;
    routes.map_err(|error| format!("failed to list the routes: {error}"))
}

/// The route of everybody to one address.
pub(crate) async fn route_to(handle: &Handle, to: Ipv4Addr) -> Result<RouteMessage, String> {
    let routes = all(handle).await?;
    let is_its = |route: &&RouteMessage| {
        u32::from(route.header.table) != TABLE
            && route.header.destination_prefix_length == 32
            && route.attributes.iter().any(|attribute| {
                matches!(attribute, RouteAttribute::Destination(RouteAddress::Inet(one)) if *one == to)
            })
    };
    let found = routes.iter().find(is_its).cloned();
    found.ok_or_else(|| format!("there is no route to {to} that could be changed"))
}

/// The link and the gateway of a route.
pub(crate) fn way_of(route: &RouteMessage) -> Option<(u32, Ipv4Addr)> {
    let mut link = None;
    let mut gateway = None;
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Oif(index) => link = Some(*index),
            RouteAttribute::Gateway(RouteAddress::Inet(address)) => gateway = Some(*address),
            _ => {}
        }
    }
    link.zip(gateway)
}
