//! Where a home of this connector listens, and what its server is.

/// Port of the BTP server.
pub const BTP_PORT: u16 = 3000;
/// Port of the health server.
pub const HEALTH_PORT: u16 = 8080;
/// Port of the admin API.
pub const ADMIN_PORT: u16 = 8081;
/// Port of the business-logic server.
pub const BLS_PORT: u16 = 3100;

/// The business-logic server in its image.
pub(super) const SERVER: &str = "/bls";
