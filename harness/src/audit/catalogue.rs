//! Every check there is.

use super::check::Check;
use super::checks::{
    admin, auth, daemon, images, input, logs, mode, secrets, sidecar, startup, timeouts, transport,
};

/// The families, in the order in which they are told.
const FAMILIES: [&[Check]; 12] = [
    input::CHECKS,
    mode::CHECKS,
    transport::CHECKS,
    sidecar::CHECKS,
    daemon::CHECKS,
    auth::CHECKS,
    secrets::CHECKS,
    admin::CHECKS,
    startup::CHECKS,
    timeouts::CHECKS,
    logs::CHECKS,
    images::CHECKS,
];

/// Every check, family by family.
pub fn every() -> impl Iterator<Item = &'static Check> {
    FAMILIES.into_iter().flatten()
}

/// The check of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Check> {
    every().find(|check| check.id == id)
}
