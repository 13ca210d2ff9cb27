//! The `toon` dialect (contract#dialect-toon).

mod frame;
mod packet;
mod varuint;

pub(crate) use frame::{decode_frame, encode_frame, read_entry};
pub(crate) use packet::{decode_packet, encode_packet};
