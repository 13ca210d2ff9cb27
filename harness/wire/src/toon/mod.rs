//! The `toon` dialect (contract sections 1.2 to 1.4).

mod frame;
mod packet;
mod varuint;

pub(crate) use frame::{decode_frame, encode_frame, read_entry};
pub(crate) use packet::{decode_packet, encode_packet};
