//! Having what a home sends to an address take longer, by this program: few kernels can by themselves (`netem`).
//!
//! A rule leads it over a TUN device to this program, which holds each packet for the time and sends it on by the link
//! that it would have gone out of. The device, and the route over it, are there as long as this program is; without
//! them the rule leads nowhere, and the routes of everybody count again.

mod detour;
mod queue;

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tun::Tun;

use self::detour::{Detour, Way};
use self::queue::Queue;
use crate::swallowed::SwallowEvent;

/// How many bytes may be on their way at once: what a link of 50 Mbit/s carries in ten seconds.
const ROOM: usize = 64 << 20;
/// Nothing comes over the device any more when nothing has for so long: who was about to send when the rule went.
const QUIET: Duration = Duration::from_millis(20);
/// Longest IPv4 packet.
const LONGEST: usize = 65_535;
/// `IPPROTO_RAW`: what is sent begins with a header of its own, and nothing is received.
const RAW: i32 = 255;
/// Where the destination stands in an IPv4 header, in bytes.
const DESTINATION: Range<usize> = 16..20;

/// What takes longer.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Settings {
    /// The address: what is sent to it.
    #[arg(long)]
    pub to: Ipv4Addr,
    /// How much longer, in milliseconds.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub by_ms: u64,
}

/// Delays packets until SIGTERM or SIGINT. What is on its way then is sent on at once.
///
/// # Errors
///
/// The kernel refuses the device or the way over it: it needs CAP_NET_ADMIN, CAP_NET_RAW, `/dev/net/tun`, and policy
/// routing. Or packets were lost, and not only late.
pub async fn run(settings: Settings) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let (connection, handle, _) = rtnetlink::new_connection().map_err(|error| error.to_string())?;
    // Ends with its handle; an error of its socket is the answer to the request that is under way.
    tokio::spawn(connection);
    let way = Way::find(&handle, settings.to).await?;
    let mut line = Line::open(&settings, &way)?;
    let detour = Detour::lead(handle, &way, settings.to, &line.device).await?;
    tell(SwallowEvent::On)?;
    let held = line.hold([&mut terminate, &mut interrupt]).await;
    // In their order: what waits, and only then whatever goes by the straight way.
    line.hurry();
    detour.remove().await?;
    held?;
    line.empty().await?;
    line.lost(detour.dropped().await?)?;
    tell(SwallowEvent::Off)
}

fn tell(event: SwallowEvent) -> Result<(), String> {
    crate::output::line(&event).map_err(|error| error.to_string())
}

/// A device by which packets come, and the link by which they go on.
struct Line {
    device: Tun,
    link: Socket,
    to: Ipv4Addr,
    queue: Queue,
    /// How many packets the link did not take, and why it did not take the first of them.
    refused: Option<(u64, io::Error)>,
}

impl Line {
    fn open(settings: &Settings, way: &Way) -> Result<Self, String> {
        let device = Tun::builder().mtu(way.mtu).up().build();
        let failed = |why: &str| format!("failed to make a TUN device by /dev/net/tun: {why}");
        let device = device.map_err(|error| failed(&error.to_string()))?;
        let device = device.into_iter().next();
        let link = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(RAW)))
            // Out of this link no route over the device is one.
            .and_then(|link| link.bind_device(Some(way.name.as_bytes())).map(|()| link))
            .map_err(|error| format!("failed to open a raw socket: {error}"))?;
        Ok(Self {
            device: device.ok_or_else(|| failed("there is none"))?,
            link,
            to: settings.to,
            queue: Queue::new(Duration::from_millis(settings.by_ms), ROOM),
            refused: None,
        })
    }

    /// Takes packets and sends each on in its time, until one of these signals comes.
    async fn hold(&mut self, [one, other]: [&mut Signal; 2]) -> Result<(), String> {
        let mut packet = vec![0; LONGEST];
        loop {
            let now = Instant::now();
            while let Some(packet) = self.queue.due(now) {
                self.send(&packet);
            }
            let next = self.queue.next();
            tokio::select! {
                _ = one.recv() => return Ok(()),
                _ = other.recv() => return Ok(()),
                read = self.device.recv(&mut packet) => {
                    let length = read.map_err(|error| unreadable(&error))?;
                    if is_to(self.to, &packet[..length]) {
                        self.queue.take(Instant::now(), &packet[..length]);
                    }
                }
                () = sleep_until(next.unwrap_or(now)), if next.is_some() => {}
            }
        }
    }

    /// Sends on whatever waits.
    fn hurry(&mut self) {
        while let Some(packet) = self.queue.first() {
            self.send(&packet);
        }
    }

    /// Sends on what still comes.
    async fn empty(&mut self) -> Result<(), String> {
        let mut packet = vec![0; LONGEST];
        while let Ok(read) = timeout(QUIET, self.device.recv(&mut packet)).await {
            let length = read.map_err(|error| unreadable(&error))?;
            if is_to(self.to, &packet[..length]) {
                self.send(&packet[..length]);
            }
        }
        Ok(())
    }

    fn send(&mut self, packet: &[u8]) {
        // The port means nothing here.
        let to = SockAddr::from(SocketAddrV4::new(self.to, 0));
        if let Err(error) = self.link.send_to(packet, &to) {
            let (count, first) = self.refused.take().unwrap_or((0, error));
            self.refused = Some((count + 1, first));
        }
    }

    /// Complains of packets that were lost on the way, with those that the device had no room for.
    fn lost(self, dropped: u64) -> Result<(), String> {
        let mut why = Vec::new();
        if let Some((count, error)) = &self.refused {
            why.push(format!("{count} that the link did not take ({error})"));
        }
        for (count, of) in [(self.queue.left_out, "the queue"), (dropped, "the device")] {
            if count > 0 {
                why.push(format!("{count} that {of} had no room for"));
            }
        }
        match why.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "packets were lost, and not late: {}",
                why.join(", ")
            )),
        }
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("failed to read from the TUN device: {error}")
}

/// Whether a packet is one of IPv4 to this address: a device that is new is told of neighbours, too.
fn is_to(to: Ipv4Addr, packet: &[u8]) -> bool {
    let version = packet.first().map(|byte| byte >> 4);
    version == Some(4) && packet.get(DESTINATION) == Some(&to.octets()[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packets_of_ipv4_to_the_address_are_sent_on() {
        let to = Ipv4Addr::new(10, 0, 0, 1);
        let mut packet = [0; 28];
        packet[0] = 0x45;
        packet[DESTINATION].copy_from_slice(&to.octets());
        assert!(is_to(to, &packet));
        assert!(!is_to(Ipv4Addr::new(10, 0, 0, 2), &packet));
        assert!(!is_to(to, &packet[..19]), "cut short");
        assert!(!is_to(to, &[]));
        packet[0] = 0x65;
        assert!(!is_to(to, &packet), "of IPv6");
    }
}
