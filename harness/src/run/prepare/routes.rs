//! This machine's routes, of all tables: a policy rule may look at another than the main one first.

use std::net::Ipv4Addr;

use futures_util::TryStreamExt;
use rtnetlink::RouteMessageBuilder;
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType,
};

use crate::plan::{Range, Route};

/// Every IPv4 route but default ones and those of the machine's own addresses. None where the kernel does
/// not tell: a subnet that is taken after all is refused by the engine, and another one is planned.
pub(super) async fn routes() -> Vec<Route> {
    let Ok((connection, handle, _)) = rtnetlink::new_connection() else {
        return Vec::new();
    };
    let connection = tokio::spawn(connection);
    let query = RouteMessageBuilder::<Ipv4Addr>::new().build();
    let told = handle.route().get(query).execute().try_collect();
    let messages: Vec<RouteMessage> = told.await.unwrap_or_default();
    connection.abort();
    messages.iter().filter_map(route).collect()
}

fn route(message: &RouteMessage) -> Option<Route> {
    let header = &message.header;
    let of_own_address = matches!(
        header.kind,
        RouteType::Local | RouteType::Broadcast | RouteType::Anycast | RouteType::Multicast
    );
    if of_own_address || header.destination_prefix_length == 0 {
        return None;
    }
    let destination = message.attributes.iter().find_map(|one| match one {
        RouteAttribute::Destination(RouteAddress::Inet(address)) => Some(*address),
        _ => None,
    })?;
    // Numbers above 255 are in the attribute.
    let table = message.attributes.iter().find_map(|one| match one {
        RouteAttribute::Table(table) => Some(*table),
        _ => None,
    });
    let table = table.unwrap_or_else(|| header.table.into());
    Some(Route {
        range: Range::around(destination, header.destination_prefix_length),
        yields: table == u32::from(RouteHeader::RT_TABLE_MAIN),
    })
}
