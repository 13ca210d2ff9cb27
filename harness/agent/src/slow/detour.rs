//! The way over a device, by netlink: what is sent to one address is led there by a rule, and by a table of its own.

use std::net::Ipv4Addr;

use futures_util::TryStreamExt;
use rtnetlink::packet_route::link::{
    AfSpecInet, AfSpecUnspec, InetDevConf, LinkAttribute, LinkMessage,
};
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute};
use rtnetlink::packet_route::rule::RuleMessage;
use rtnetlink::{Handle, LinkUnspec, RouteMessageBuilder};
use tokio_tun::Tun;

use crate::routes::go_by;

/// The routing table of what takes longer, which nobody else uses.
const TABLE: u32 = 78;
/// How many packets the device holds until they are read: bursts of some megabytes.
const DEVICE_HOLDS: u32 = 10_000;
/// `rp_filter` (RFC 3704): packets that come by another link than answers would go out of are thrown away, or those
/// alone that no answer could be sent to.
const STRICT: i32 = 1;
const LOOSE: i32 = 2;

fn failed(what: &str) -> impl Fn(rtnetlink::Error) -> String + '_ {
    move |error| format!("failed to {what}: {error}")
}

/// How an address is reached.
pub(super) struct Way {
    link: u32,
    /// The link's name.
    pub(super) name: String,
    /// How long its packets are at most, in bytes.
    pub(super) mtu: i32,
    /// Where what is sent comes from.
    source: Ipv4Addr,
}

impl Way {
    /// Asks the kernel.
    ///
    /// # Errors
    ///
    /// The address cannot be reached.
    pub(super) async fn find(handle: &Handle, to: Ipv4Addr) -> Result<Self, String> {
        let query = RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(to, 32);
        let mut routes = handle.route().get(query.build()).execute();
        let route = routes.try_next().await;
        let route = route.map_err(failed(&format!("find the route to {to}")))?;
        let (mut link, mut source) = (None, None);
        for attribute in route.into_iter().flat_map(|route| route.attributes) {
            match attribute {
                RouteAttribute::Oif(index) => link = Some(index),
                RouteAttribute::PrefSource(RouteAddress::Inet(address)) => source = Some(address),
                _ => {}
            }
        }
        let known = link.zip(source);
        let (link, source) = known.ok_or_else(|| format!("there is no route to {to}"))?;
        let (mut name, mut mtu) = (None, None);
        for attribute in look_at(handle, link).await?.attributes {
            match attribute {
                LinkAttribute::IfName(its) => name = Some(its),
                LinkAttribute::Mtu(its) => mtu = i32::try_from(its).ok(),
                _ => {}
            }
        }
        let known = name.zip(mtu);
        let (name, mtu) = known.ok_or_else(|| format!("nothing is known of the link to {to}"))?;
        Ok(Self {
            link,
            name,
            mtu,
            source,
        })
    }
}

/// A way that leads over a device.
pub(super) struct Detour {
    handle: Handle,
    rule: RuleMessage,
    device: u32,
    /// The link that has to take what comes by it though answers go out of another, where it did not.
    loosened: Option<u32>,
}

impl Detour {
    /// Leads what is sent to an address over a device.
    ///
    /// # Errors
    ///
    /// The kernel refuses it.
    pub(super) async fn lead(
        handle: Handle,
        way: &Way,
        to: Ipv4Addr,
        device: &Tun,
    ) -> Result<Self, String> {
        let index = device.index();
        let index = index.map_err(|error| format!("failed to find the TUN device: {error}"))?;
        let longer = LinkUnspec::new_with_index(index).txqueuelen(DEVICE_HOLDS);
        let longer = handle.link().set(longer.build()).execute().await;
        longer.map_err(failed("have the TUN device hold more"))?;
        let over_it = RouteMessageBuilder::<Ipv4Addr>::new()
            .table_id(TABLE)
            .destination_prefix(to, 32)
            .output_interface(index)
            .pref_source(way.source)
            .build();
        let over_it = handle.route().add(over_it).replace().execute().await;
        over_it.map_err(failed("add the route over the TUN device"))?;
        let loosened = is_strict(&way.name)?.then_some(way.link);
        if let Some(link) = loosened {
            filter(&handle, link, LOOSE).await?;
        }
        let rule = go_by(&handle, TABLE, to).await;
        let rule = rule.map_err(failed("add the rule that leads over the TUN device"))?;
        Ok(Self {
            handle,
            rule,
            device: index,
            loosened,
        })
    }

    /// Has everything go the straight way again.
    ///
    /// # Errors
    ///
    /// The kernel refuses it.
    pub(super) async fn remove(&self) -> Result<(), String> {
        let removed = self.handle.rule().del(self.rule.clone()).execute().await;
        removed.map_err(failed("remove the rule"))?;
        match self.loosened {
            Some(link) => filter(&self.handle, link, STRICT).await,
            None => Ok(()),
        }
    }

    /// How many packets the device dropped, because they were not read in time.
    ///
    /// # Errors
    ///
    /// The kernel does not tell.
    pub(super) async fn dropped(&self) -> Result<u64, String> {
        let device = look_at(&self.handle, self.device).await?;
        let counted = device
            .attributes
            .iter()
            .find_map(|attribute| match attribute {
                LinkAttribute::Stats64(counted) => Some(counted.tx_dropped),
                _ => None,
            });
        counted.ok_or_else(|| "the kernel does not count the TUN device's packets".to_owned())
    }
}

async fn look_at(handle: &Handle, link: u32) -> Result<LinkMessage, String> {
    let mut found = handle.link().get().match_index(link).execute();
    let found = found.try_next().await.map_err(failed("look at a link"))?;
    found.ok_or_else(|| "there is no such link".to_owned())
}

/// Whether a link throws away what comes by it when answers go out of another: the stricter of what holds for it and
/// for all of them counts, and 2 is more than 1.
fn is_strict(link: &str) -> Result<bool, String> {
    let mut highest = 0;
    for of in ["all", link] {
        let path = format!("/proc/sys/net/ipv4/conf/{of}/rp_filter");
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|error| format!("failed to read {path}: {error}"))?;
        let number = text.trim().parse::<i32>();
        highest = highest.max(number.map_err(|_| format!("{path} is no number"))?);
    }
    Ok(highest == STRICT)
}

async fn filter(handle: &Handle, link: u32, how: i32) -> Result<(), String> {
    let mut settings = InetDevConf::default();
    settings.rp_filter = how;
    let settings = AfSpecUnspec::Inet(vec![AfSpecInet::DevConfRequest(settings)]);
    let change = LinkUnspec::new_with_index(link)
        .append_extra_attribute(LinkAttribute::AfSpecUnspec(vec![settings]));
    let changed = handle.link().set(change.build()).execute().await;
    changed.map_err(failed("change how a link filters (rp_filter)"))
}
