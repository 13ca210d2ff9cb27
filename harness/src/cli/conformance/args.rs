//! What `conformance` is asked.

use std::path::PathBuf;

use clap::ValueEnum;
use wire::Dialect;

use super::url::{Url, parse_proxy, parse_url};
use crate::cli::values::{family_parser, parse_dialect};
use crate::onion::TldFamily;
use crate::secret::Secret;

/// Arguments of `conformance`.
///
/// Exit code 0 if no row failed or showed a defect that is not accepted, 1 if one did, 2 for wrong usage, 3 if the
/// connector cannot be reached or started before anything was done to it, or a secret's variable is not set.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The BTP server of a connector that runs; wss:// for one behind TLS. Or --connector for one that is started.
    #[arg(long, value_name = "ws://HOST:PORT/PATH", value_parser = parse_url)]
    pub(super) url: Option<Url>,
    /// Start this connector as a container, with accounts made for it: the name of one that comes along (toon, toon-1,
    /// ilp-connector), or a profile that says how to configure and run one (docs/profiles.md).
    #[arg(long, value_name = "PROFILE")]
    pub(super) connector: Option<String>,
    /// With --connector, the image to start, which must be on the engine and is never pulled; the profile's own without.
    #[arg(long, value_name = "IMAGE")]
    pub(super) image: Option<String>,
    /// With --connector, a variable of its environment; can be given more than once.
    #[arg(long = "env", value_name = "KEY=VALUE", value_parser = parse_variable)]
    pub(super) environment: Vec<Variable>,
    /// A PEM file with the certificate, or that of the authority, that a wss:// server has to show; without it those
    /// that this system trusts. Onion services need none.
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// With --url, the peer id to authenticate as.
    #[arg(long, value_name = "ID")]
    pub(super) peer: Option<String>,
    /// With --url, the environment variable that holds that peer's secret.
    #[arg(long, value_name = "VAR")]
    pub(super) secret_env: Option<String>,
    /// The secret is empty: the variable may be empty, or not set.
    #[arg(long)]
    pub(super) empty_secret: bool,
    /// Which bytes the connector speaks: toon or rfc. Without it toon, or what --connector says.
    #[arg(long, value_parser = parse_dialect)]
    pub(super) dialect: Option<Dialect>,
    /// Whether the connector lets in empty secrets (its BTP_ALLOW_NOAUTH); without this, rows that
    /// depend on it are unsupported.
    #[arg(long, value_enum, value_name = "WHETHER")]
    pub(super) noauth: Option<NoAuth>,
    /// An ILP address that the connector fulfils by local delivery.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub(super) fulfils: Option<String>,
    /// An ILP address that the connector forwards to the peer given with --peer.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub(super) forwards: Option<String>,
    /// Another peer id, from which packets that are forwarded to --peer are sent. Without it they come from --peer
    /// itself, which not every connector routes back to it.
    #[arg(long, value_name = "ID", requires = "sender_secret_env")]
    pub(super) sender_peer: Option<String>,
    /// The environment variable that holds that other peer's secret.
    #[arg(long, value_name = "VAR", requires = "sender_peer")]
    pub(super) sender_secret_env: Option<String>,
    /// The connector's BTP server for that other peer, where each has its own.
    #[arg(long, value_name = "ws://HOST:PORT/PATH", requires = "sender_peer", value_parser = parse_url)]
    pub(super) sender_url: Option<Url>,
    /// A SOCKS5 proxy to dial through; it resolves the host.
    #[arg(long, value_name = "HOST:PORT", value_parser = parse_proxy)]
    pub(super) socks: Option<String>,
    /// The TLD family of the onion daemon behind --socks. An anon does not tell; tor does.
    #[arg(long, value_name = "FAMILY", requires = "socks", value_parser = family_parser())]
    pub(super) family: Option<TldFamily>,
    /// Longest wait for anything, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) timeout: u64,
    /// Run only rows whose name begins with this; can be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(super) only: Vec<String>,
    /// Known defects that are no reason to fail, by their names in docs/connector-contract.md.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) accept_defects: Vec<String>,
    /// Write the rows as JUnit XML to this file, for a CI system.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Print a JSON report instead of a table.
    #[arg(long)]
    pub(super) json: bool,
}

/// What `--noauth` can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum NoAuth {
    /// Empty secrets are let in, as by default.
    Allowed,
    /// Empty secrets are refused: `BTP_ALLOW_NOAUTH=false`.
    Refused,
}

/// A variable of the connector's environment.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Secret,
}

fn parse_address(text: &str) -> Result<String, String> {
    match wire::Address::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("not an ILP address: {error}")),
    }
}

fn parse_variable(text: &str) -> Result<Variable, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Variable {
            name: name.to_owned(),
            value: Secret::new(value),
        }),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}
