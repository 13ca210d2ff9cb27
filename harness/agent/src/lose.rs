//! Losing a share of the packets between a home and the network, by nftables: as on a bad line.
//!
//! The rules are in a table that the kernel keeps only as long as this program's socket is open
//! (`NFT_TABLE_F_OWNER`), so that nothing is left whatever becomes of the program.

use std::net::Ipv4Addr;

use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use tokio::signal::unix::{SignalKind, signal};

use crate::swallowed::SwallowEvent;

/// What is lost.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Settings {
    /// The address: what is sent to it, and what comes from it.
    #[arg(long)]
    pub to: Ipv4Addr,
    /// How many of a hundred packets are lost, in each direction.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub percent: u8,
}

/// Loses packets until SIGTERM or SIGINT.
///
/// # Errors
///
/// The kernel refuses the rules: it needs CAP_NET_ADMIN, and nf_tables with `numgen`, of Linux 5.12 or later.
pub async fn run(settings: Settings) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let rules = Rules::make(&settings)
        .map_err(|error| format!("failed to make the rules that lose packets: {error}"))?;
    tell(SwallowEvent::On)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // With its socket the table is gone.
    drop(rules);
    tell(SwallowEvent::Off)
}

fn tell(event: SwallowEvent) -> Result<(), String> {
    crate::output::line(&event).map_err(|error| error.to_string())
}

/// Rules that are there as long as this is.
struct Rules {
    _owner: Socket,
}

impl Rules {
    fn make(settings: &Settings) -> std::io::Result<Self> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        let batch = batch(settings);
        socket.send(&batch, 0)?;
        // One answer for each of the messages that asks for one, in their order.
        for _ in 0..ORDERS {
            let (answer, _) = socket.recv_from_full()?;
            accepted(&answer)?;
        }
        Ok(Self { _owner: socket })
    }
}

/// How many messages of a batch ask for an answer: a table, two chains, and a rule in each.
const ORDERS: usize = 5;
const NAME: &[u8] = b"ator-harness\0";
const IN: &[u8] = b"in\0";
const OUT: &[u8] = b"out\0";

/// `NLM_F_REQUEST`, `NLM_F_ACK`, `NLM_F_CREATE` and `NLM_F_APPEND`.
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const CREATE: u16 = 0x400;
const APPEND: u16 = 0x800;
/// `NLMSG_ERROR`, which is an answer also without an error.
const ERROR: u16 = 2;
/// `NFNL_MSG_BATCH_BEGIN` and `NFNL_MSG_BATCH_END`.
const BEGIN: u16 = 0x10;
const END: u16 = 0x11;
/// `NFNL_SUBSYS_NFTABLES`, and its `NFT_MSG_NEWTABLE`, `NFT_MSG_NEWCHAIN` and `NFT_MSG_NEWRULE`.
const NFTABLES: u16 = 10;
const NEW_TABLE: u16 = 0;
const NEW_CHAIN: u16 = 3;
const NEW_RULE: u16 = 6;
/// `NFPROTO_IPV4`.
const IPV4: u8 = 2;
/// `NFT_TABLE_F_OWNER`.
const OWNED: u32 = 2;
/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;
/// `NF_INET_LOCAL_IN` and `NF_INET_LOCAL_OUT`.
const LOCAL_IN: u32 = 1;
const LOCAL_OUT: u32 = 3;
/// Where source and destination stand in an IPv4 header, in bytes.
const SOURCE: u32 = 12;
const DESTINATION: u32 = 16;
/// `NFT_REG_1`, `NFT_REG_VERDICT`, `NFT_PAYLOAD_NETWORK_HEADER`, `NFT_CMP_EQ`, `NFT_CMP_LT`, `NFT_NG_RANDOM`.
const REGISTER: u32 = 1;
const VERDICT: u32 = 0;
const NETWORK_HEADER: u32 = 1;
const EQUAL: u32 = 0;
const LESS: u32 = 2;
const RANDOM: u32 = 1;
const HUNDRED: u32 = 100;

/// Everything in one transaction.
fn batch(settings: &Settings) -> Vec<u8> {
    let table = || attribute(1, NAME);
    let order = |kind: u16, flags: u16, content: Vec<u8>| {
        message(
            NFTABLES << 8 | kind,
            REQUEST | ACKNOWLEDGE | flags,
            IPV4,
            0,
            &content,
        )
    };
    let mut all = message(BEGIN, REQUEST, 0, NFTABLES, &[]);
    all.extend(order(
        NEW_TABLE,
        CREATE,
        [table(), number(2, OWNED)].concat(),
    ));
    for (chain, hook) in [(IN, LOCAL_IN), (OUT, LOCAL_OUT)] {
        let hook = nested(4, &[number(1, hook), number(2, 0)]);
        let chain = [
            table(),
            attribute(3, chain),
            hook,
            attribute(7, b"filter\0"),
        ];
        all.extend(order(NEW_CHAIN, CREATE, chain.concat()));
    }
    for (chain, place) in [(IN, SOURCE), (OUT, DESTINATION)] {
        let rule = [
            table(),
            attribute(2, chain),
            nested(4, &expressions(settings, place)),
        ];
        all.extend(order(NEW_RULE, CREATE | APPEND, rule.concat()));
    }
    all.extend(message(END, REQUEST, 0, NFTABLES, &[]));
    all
}

/// Of the packets with the address at this place, a share is dropped.
fn expressions(settings: &Settings, place: u32) -> [Vec<u8>; 5] {
    let compare = |with: u32, value: &[u8]| {
        let value = nested(3, &[attribute(1, value)]);
        expression(b"cmp\0", &[number(1, REGISTER), number(2, with), value])
    };
    let load = [
        number(1, REGISTER),
        number(2, NETWORK_HEADER),
        number(3, place),
        number(4, 4),
    ];
    let draw = [number(1, REGISTER), number(2, HUNDRED), number(3, RANDOM)];
    let drop = nested(2, &[nested(2, &[number(1, 0)])]);
    [
        expression(b"payload\0", &load),
        compare(EQUAL, &settings.to.octets()),
        expression(b"numgen\0", &draw),
        // What is drawn is a number of this machine's byte order, and compared byte by byte: of those that fit into
        // one byte that comes to the same.
        compare(LESS, &u32::from(settings.percent).to_ne_bytes()),
        expression(b"immediate\0", &[number(1, VERDICT), drop]),
    ]
}

fn expression(name: &[u8], content: &[Vec<u8>]) -> Vec<u8> {
    nested(1, &[attribute(1, name), nested(2, content)])
}

/// A message with `struct nfgenmsg`.
fn message(kind: u16, flags: u16, family: u8, resource: u16, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(20 + content.len()).unwrap_or(u32::MAX);
    let mut message = Vec::new();
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    // Sequence number and port: answers come in the order of the questions.
    message.extend([0; 8]);
    message.extend([family, 0]);
    message.extend(resource.to_be_bytes());
    message.extend(content);
    message
}

fn attribute(kind: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + content.len()).unwrap_or(u16::MAX);
    let mut attribute = Vec::new();
    attribute.extend(length.to_ne_bytes());
    attribute.extend(kind.to_ne_bytes());
    attribute.extend(content);
    // Each begins at a multiple of four.
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}

fn number(kind: u16, value: u32) -> Vec<u8> {
    attribute(kind, &value.to_be_bytes())
}

fn nested(kind: u16, content: &[Vec<u8>]) -> Vec<u8> {
    attribute(kind | NESTED, &content.concat())
}

/// Whether every answer in a datagram is that all is well.
fn accepted(answer: &[u8]) -> std::io::Result<()> {
    let kind = answer.get(4..6).and_then(|two| two.first_chunk());
    let code = answer.get(16..).and_then(|four| four.first_chunk());
    match (kind.map(|two| u16::from_ne_bytes(*two)), code) {
        (Some(ERROR), Some(code)) => match i32::from_ne_bytes(*code) {
            0 => Ok(()),
            code => Err(std::io::Error::from_raw_os_error(-code)),
        },
        _ => Err(std::io::Error::other("the kernel's answer is none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_at_a_multiple_of_four_and_has_its_length() {
        let settings = Settings {
            to: Ipv4Addr::new(10, 0, 0, 1),
            percent: 10,
        };
        let batch = batch(&settings);
        let mut rest = &batch[..];
        let mut kinds = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_ne_bytes(*rest.first_chunk().expect("a length"));
            let length = usize::try_from(length).expect("fits");
            assert_eq!(length % 4, 0);
            kinds.push(u16::from_ne_bytes([rest[4], rest[5]]));
            rest = &rest[length..];
        }
        let order = |kind| NFTABLES << 8 | kind;
        let chain = order(NEW_CHAIN);
        let rule = order(NEW_RULE);
        assert_eq!(
            kinds,
            [BEGIN, order(NEW_TABLE), chain, chain, rule, rule, END]
        );
    }

    #[test]
    fn a_refusal_is_the_kernels() {
        let mut answer = vec![0; 36];
        answer[4..6].copy_from_slice(&ERROR.to_ne_bytes());
        assert!(accepted(&answer).is_ok());
        answer[16..20].copy_from_slice(&(-95_i32).to_ne_bytes());
        let refused = accepted(&answer).expect_err("is refused");
        assert_eq!(refused.raw_os_error(), Some(95));
        assert!(accepted(&[]).is_err());
    }
}
