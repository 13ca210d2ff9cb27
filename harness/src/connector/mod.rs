//! The thing under test: its configuration and its admin API, as the contract describes them.

mod admin;
mod bls;
mod config;
mod health;

pub use admin::{Admin, AdminError, SendAnswer};
pub use bls::{Bls, BlsError, Received};
pub use config::{CONFIG_FILE, config};
pub use health::{Health, HealthError, health};
