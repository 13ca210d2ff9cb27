//! The recording relay and name server, as a process, over loopback.
#![cfg(feature = "program")]

#[path = "../common/mod.rs"]
mod common;
mod forwarder;
mod names;
mod process;
mod socks;
mod support;
