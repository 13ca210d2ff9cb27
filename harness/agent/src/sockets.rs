//! Ending TCP connections from outside, by `NETLINK_SOCK_DIAG` (sock_diag(7)).

use std::net::Ipv4Addr;

use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_SOCK_DIAG};

/// `SOCK_DIAG_BY_FAMILY`, which lists sockets.
const LIST: u16 = 20;
/// `SOCK_DESTROY`, which ends one: its owner's next call fails, and the other side is sent a reset.
const DESTROY: u16 = 21;
/// `NLM_F_REQUEST`, with `NLM_F_DUMP` for a list and `NLM_F_ACK` for an order.
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
const ACKNOWLEDGE: u16 = 4;
/// `NLMSG_ERROR` and `NLMSG_DONE`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// Size of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Size of `struct inet_diag_sockid`, which says which socket: ports, addresses, interface and cookie.
const ID: usize = 48;
/// Where it stands in `struct inet_diag_msg`, and in `struct inet_diag_req_v2`.
const ID_IN_ANSWER: usize = 4;
const ID_IN_REQUEST: usize = 8;
/// Where its addresses stand in it.
const SOURCE: usize = 4;
const DESTINATION: usize = 20;
const AF_INET: u8 = 2;
const TCP: u8 = 6;
/// Every state but listening.
const STATES: u32 = !(1 << 10);

/// Ends every TCP connection from one address to another, in this network namespace.
///
/// # Errors
///
/// The kernel cannot list sockets, or does not end them from outside.
pub(crate) fn reset(from: Ipv4Addr, to: Ipv4Addr) -> Result<(), String> {
    let failed = |what: &str, error: std::io::Error| format!("failed to {what} sockets: {error}");
    let mut socket = Socket::new(NETLINK_SOCK_DIAG).map_err(|error| failed("ask for", error))?;
    socket
        .bind_auto()
        .map_err(|error| failed("ask for", error))?;
    let kernel = SocketAddr::new(0, 0);
    socket
        .connect(&kernel)
        .map_err(|error| failed("ask for", error))?;
    let list = request(LIST, REQUEST | DUMP, &[0; ID]);
    socket
        .send(&list, 0)
        .map_err(|error| failed("list", error))?;
    let mut found = Vec::new();
    'answers: loop {
        let (answer, _) = socket
            .recv_from_full()
            .map_err(|error| failed("list", error))?;
        for (kind, content) in messages(&answer) {
            match kind {
                DONE => break 'answers,
                ERROR => return Err(failed("list", refusal(content))),
                _ => found.extend(id_of(content, from, to)),
            }
        }
    }
    for id in found {
        let destroy = request(DESTROY, REQUEST | ACKNOWLEDGE, &id);
        socket
            .send(&destroy, 0)
            .map_err(|error| failed("end", error))?;
        let (answer, _) = socket
            .recv_from_full()
            .map_err(|error| failed("end", error))?;
        for (kind, content) in messages(&answer) {
            let error = refusal(content);
            // One that has ended by itself meanwhile is as good.
            let is_gone = error.kind() == std::io::ErrorKind::NotFound;
            if kind == ERROR && error.raw_os_error() != Some(0) && !is_gone {
                return Err(failed("end", error));
            }
        }
    }
    Ok(())
}

/// A message with `struct inet_diag_req_v2`.
fn request(kind: u16, flags: u16, id: &[u8; ID]) -> Vec<u8> {
    let length = u32::try_from(HEADER + ID_IN_REQUEST + ID).unwrap_or(u32::MAX);
    let mut message = Vec::new();
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    // Sequence number and port: one question at a time needs neither.
    message.extend([0; 8]);
    message.extend([AF_INET, TCP, 0, 0]);
    message.extend(STATES.to_ne_bytes());
    message.extend(id);
    message
}

/// Type and content of each message of an answer.
fn messages(mut bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let mut all = Vec::new();
    while let Some((header, _)) = bytes.split_at_checked(HEADER) {
        let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(message) = bytes
            .get(..length)
            .filter(|message| message.len() >= HEADER)
        else {
            break;
        };
        all.push((
            u16::from_ne_bytes([header[4], header[5]]),
            &message[HEADER..],
        ));
        // Each begins at a multiple of four.
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    all
}

/// The kernel's error in `struct nlmsgerr`; that of success is 0.
fn refusal(content: &[u8]) -> std::io::Error {
    let number = content
        .first_chunk()
        .map_or(0, |four| i32::from_ne_bytes(*four));
    std::io::Error::from_raw_os_error(-number)
}

/// Which socket an answer is about, if it is one from and to these addresses.
fn id_of(content: &[u8], from: Ipv4Addr, to: Ipv4Addr) -> Option<[u8; ID]> {
    let id: [u8; ID] = *content.get(ID_IN_ANSWER..)?.first_chunk()?;
    let at = |place: usize| {
        let four: Option<&[u8; 4]> = id.get(place..)?.first_chunk();
        four.map(|octets| Ipv4Addr::from(*octets))
    };
    (at(SOURCE) == Some(from) && at(DESTINATION) == Some(to)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_found_by_both_its_addresses() {
        let (from, to) = (Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 1, 1));
        let mut content = vec![0; ID_IN_ANSWER + ID];
        content[ID_IN_ANSWER + SOURCE..][..4].copy_from_slice(&from.octets());
        content[ID_IN_ANSWER + DESTINATION..][..4].copy_from_slice(&to.octets());
        let id = id_of(&content, from, to).expect("is it");
        assert_eq!(id[SOURCE..SOURCE + 4], from.octets());
        assert_eq!(id_of(&content, to, from), None);
        assert_eq!(id_of(&content[..20], from, to), None, "cut short");
    }

    #[test]
    fn messages_that_are_cut_short_are_left_out() {
        let one = request(LIST, REQUEST, &[0; ID]);
        let mut two = one.clone();
        two.extend(&one[..20]);
        assert_eq!(messages(&two).len(), 1);
        assert_eq!(messages(&one)[0].0, LIST);
        assert_eq!(messages(&[0; 3]), []);
        assert_eq!(messages(&[0; 16]), [], "a length of nothing");
    }

    #[test]
    fn a_refusal_is_the_kernels() {
        let refused = refusal(&(-95_i32).to_ne_bytes());
        assert_eq!(refused.raw_os_error(), Some(95));
        assert_eq!(refusal(&0_i32.to_ne_bytes()).raw_os_error(), Some(0));
    }
}
