//! The `rfc` dialect: RFC-0023 (BTP 2.0), RFC-0027 (ILPv4) and RFC-0030 (OER).

mod frame;
mod oer;
mod packet;

pub(crate) use frame::{ILP_ENTRY, decode_frame, encode_frame, read_entry};
pub(crate) use packet::{decode_packet, encode_packet};
