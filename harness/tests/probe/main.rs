//! The probe on loopback: dialling through a SOCKS proxy, sessions, load.
//!
//! The other side is the reference connector wherever a well-behaved peer can show the case, and a
//! scripted server only for misbehaviour that no real peer can be made to show.

mod accept;
mod handshake;
mod load;
mod multiplex;
mod socks;
mod support;
