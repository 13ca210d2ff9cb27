//! The checks, a file for each family.

pub(super) mod admin;
pub(super) mod auth;
pub(super) mod daemon;
pub(super) mod images;
pub(super) mod input;
pub(super) mod logs;
pub(super) mod mode;
pub(super) mod secrets;
pub(super) mod sidecar;
pub(super) mod startup;
pub(super) mod timeouts;
pub(super) mod transport;
