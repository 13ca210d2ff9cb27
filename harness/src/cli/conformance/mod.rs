//! `ator-harness conformance`: a connector that somebody else started, held against the table.

mod report;
mod url;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use wire::Dialect;

use super::exit::Exit;
use super::values::{family_parser, parse_dialect};
use crate::conformance::{Account, NotReachable, Subject, Watch, known_defects, summarise, table};
use crate::environment::as_set;
use crate::onion::{HostError, Program, TldFamily, Way, ask_proxy, host_family, resolvable};
use crate::probe::{Credentials, Route, TlsError};
use crate::secret::Secret;
use url::{Url, parse_proxy, parse_url};

/// How long a connector that a row has killed is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Arguments of `conformance`.
///
/// Exit code 0 if no row failed or showed a defect that is not accepted, 1 if one did, 2 for wrong usage, 3 if the
/// connector cannot be reached before anything was done to it, or a secret's variable is not set.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The connector's BTP server; wss:// for one behind TLS.
    #[arg(long, value_name = "ws://HOST:PORT/PATH", value_parser = parse_url)]
    url: Url,
    /// A PEM file with the certificate, or that of the authority, that a wss:// server has to show; without it those
    /// that this system trusts. Onion services need none.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The peer id to authenticate as.
    #[arg(long, value_name = "ID")]
    peer: String,
    /// The environment variable that holds that peer's secret.
    #[arg(long, value_name = "VAR")]
    secret_env: String,
    /// The secret is empty: the variable may be empty, or not set.
    #[arg(long)]
    empty_secret: bool,
    /// Which bytes the connector speaks.
    #[arg(long, value_parser = parse_dialect, default_value_t = Dialect::Toon)]
    dialect: Dialect,
    /// Whether the connector lets in empty secrets (its BTP_ALLOW_NOAUTH); without this, rows that
    /// depend on it are unsupported.
    #[arg(long, value_enum, value_name = "WHETHER")]
    noauth: Option<NoAuth>,
    /// An ILP address that the connector fulfils by local delivery.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    fulfils: Option<String>,
    /// An ILP address that the connector forwards to the peer given with --peer.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    forwards: Option<String>,
    /// Another peer id, from which packets that are forwarded to --peer are sent. Without it they come from --peer
    /// itself, which not every connector routes back to it.
    #[arg(long, value_name = "ID", requires = "sender_secret_env")]
    sender_peer: Option<String>,
    /// The environment variable that holds that other peer's secret.
    #[arg(long, value_name = "VAR", requires = "sender_peer")]
    sender_secret_env: Option<String>,
    /// The connector's BTP server for that other peer, where each has its own.
    #[arg(long, value_name = "ws://HOST:PORT/PATH", requires = "sender_peer", value_parser = parse_url)]
    sender_url: Option<Url>,
    /// A SOCKS5 proxy to dial through; it resolves the host.
    #[arg(long, value_name = "HOST:PORT", value_parser = parse_proxy)]
    socks: Option<String>,
    /// The TLD family of the onion daemon behind --socks. An anon does not tell; tor does.
    #[arg(long, value_name = "FAMILY", requires = "socks", value_parser = family_parser())]
    family: Option<TldFamily>,
    /// Longest wait for anything, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Run only rows whose name begins with this; can be given more than once.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Known defects that are no reason to fail, by their names in docs/connector-contract.md.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    accept_defects: Vec<String>,
    /// Print a JSON report instead of a table.
    #[arg(long)]
    json: bool,
}

/// What `--noauth` can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NoAuth {
    /// Empty secrets are let in, as by default.
    Allowed,
    /// Empty secrets are refused: `BTP_ALLOW_NOAUTH=false`.
    Refused,
}

/// Why `conformance` did not end with a pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Rows failed or showed defects; the report that was printed says which.
    #[error("failed to find {} of {total} rows as the contract has them: {defects} known defects, {failed} others", .failed + .defects)]
    Rows {
        /// How many showed a known defect that is not accepted.
        defects: usize,
        /// How many failed otherwise.
        failed: usize,
        /// How many there are.
        total: usize,
    },
    /// `--accept-defects` names what no row of the dialect finds.
    #[error("failed to accept the defect {id}: conformance knows {}", .known.join(", "))]
    UnknownDefect {
        /// What was named.
        id: String,
        /// What can be.
        known: Vec<&'static str>,
    },
    /// No row's name begins with what `--only` says.
    #[error("failed to find a row: no name begins with {}", .0.join(" or "))]
    NoRows(Vec<String>),
    /// The host cannot be reached that way.
    #[error("failed to reach the connector")]
    Host(#[from] HostError),
    /// Certificates cannot be judged.
    #[error("failed to prepare TLS for the connector")]
    Tls(#[from] TlsError),
    /// The proxy's name has no address.
    #[error("failed to find the SOCKS proxy {proxy}")]
    NoProxy {
        /// What --socks said.
        proxy: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The variable with a secret is not set, or not text.
    #[error("failed to read the secret: the environment variable {0} is not set")]
    NoSecret(String),
    /// The variable with a secret is empty, and nobody said that the secret is.
    #[error(
        "failed to read the secret: the environment variable {0} is empty; give --empty-secret if the peer has none"
    )]
    EmptySecret(String),
    /// The connector cannot be reached, or no longer.
    #[error(transparent)]
    NotReachable(#[from] NotReachable),
    /// The user ended it; the rows until then were printed.
    #[error("failed to run every row: interrupted")]
    Interrupted,
    /// The report could not be written.
    #[error("failed to write the report")]
    Io(#[from] io::Error),
}

impl From<url::Error> for Error {
    fn from(error: url::Error) -> Self {
        match error {
            url::Error::Host(error) => Self::Host(error),
            url::Error::Tls(error) => Self::Tls(error),
        }
    }
}

impl Error {
    /// The exit code of the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Rows { .. } => Exit::Fail,
            Self::NoRows(_) | Self::Host(_) | Self::UnknownDefect { .. } | Self::EmptySecret(_) => {
                Exit::Usage
            }
            Self::Tls(
                TlsError::File { .. } | TlsError::Unreadable { .. } | TlsError::Empty { .. },
            ) => Exit::Usage,
            Self::Tls(TlsError::NoRoots | TlsError::Setup(_))
            | Self::NoProxy { .. }
            | Self::NoSecret(_)
            | Self::NotReachable(_)
            | Self::Io(_) => Exit::Environment,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

/// Runs the table with the secret from the process's environment and prints the report to
/// `output`.
///
/// # Errors
///
/// An [`Error`] for anything but a pass.
pub async fn run(args: &Args, output: &mut dyn Write) -> Result<(), Error> {
    run_with(args, &as_set, output).await
}

/// As [`run`], with environment variables from `variable`.
///
/// # Errors
///
/// As [`run`].
pub async fn run_with(
    args: &Args,
    variable: &dyn Fn(&str) -> Option<String>,
    output: &mut dyn Write,
) -> Result<(), Error> {
    let proxy = match &args.socks {
        Some(name) => {
            let proxy = name.clone();
            let resolved = url::resolve(name).await;
            Some(resolved.map_err(|source| Error::NoProxy { proxy, source })?)
        }
        None => None,
    };
    let subject = subject(args, proxy, variable)?;
    let wanted = |id: &str| {
        args.only.is_empty() || args.only.iter().any(|name| id.starts_with(name.as_str()))
    };
    let mut table = table(&subject);
    let known = known_defects(&table);
    if let Some(id) = args
        .accept_defects
        .iter()
        .find(|id| !known.contains(&id.as_str()))
    {
        let id = id.clone();
        return Err(Error::UnknownDefect { id, known });
    }
    table.retain(|row| wanted(&row.id));
    if table.is_empty() {
        return Err(Error::NoRows(args.only.clone()));
    }
    // An ordinary host is reached by whatever way is given.
    if let Some(family) = host_family(args.url.host())? {
        resolvable(family, way(args, proxy).await)?;
    }
    let mut watch = Box::pin(Watch::start(subject, None, PATIENCE)).await?;
    let watched = watch.watches_others();
    let mut rows = Vec::new();
    let ended = tokio::select! {
        ended = Box::pin(watch.run(&table, false, &mut rows)) => ended.map_err(Error::from),
        _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
    };
    for row in &mut rows {
        row.accept(&args.accept_defects);
    }
    // What was found until an end is worth its print.
    let summary = summarise(&rows);
    report::write(args.dialect, &rows, summary, watched, args.json, output)?;
    ended?;
    if summary.failed + summary.defects > 0 {
        return Err(Error::Rows {
            defects: summary.defects,
            failed: summary.failed,
            total: rows.len(),
        });
    }
    Ok(())
}

/// The secret in this variable, which is empty only if the user says so.
fn secret(
    args: &Args,
    name: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Secret, Error> {
    match variable(name) {
        Some(text) if !text.is_empty() => Ok(Secret::from(text)),
        _ if args.empty_secret && name == args.secret_env => Ok(Secret::from(String::new())),
        Some(_) => Err(Error::EmptySecret(name.to_owned())),
        None => Err(Error::NoSecret(name.to_owned())),
    }
}

/// What the arguments tell of the connector.
fn subject(
    args: &Args,
    proxy: Option<SocketAddr>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Subject, Error> {
    let ca = args.ca.as_deref();
    let target = args.url.target(ca)?;
    let sender = match (&args.sender_peer, &args.sender_secret_env) {
        (Some(peer), Some(name)) => Some(Account {
            target: match &args.sender_url {
                Some(url) => url.target(ca)?,
                None => target.clone(),
            },
            peer: Credentials::new(peer.clone(), secret(args, name, variable)?),
        }),
        _ => None,
    };
    Ok(Subject {
        target,
        route: match proxy {
            Some(proxy) => Route::Socks {
                proxy,
                isolation: None,
            },
            None => Route::Direct,
        },
        dialect: args.dialect,
        peer: Credentials::new(args.peer.clone(), secret(args, &args.secret_env, variable)?),
        noauth: args.noauth.map(|noauth| noauth == NoAuth::Allowed),
        fulfils: args.fulfils.clone(),
        forwards: args.forwards.clone(),
        sender,
        limit: Duration::from_secs(args.timeout),
    })
}

/// How an onion address is to be reached. A proxy is asked what it is before anything is dialled.
async fn way(args: &Args, proxy: Option<SocketAddr>) -> Way {
    let Some(proxy) = proxy else {
        return Way::Direct;
    };
    match ask_proxy(proxy).await {
        Ok(Some(Program::Tor)) => Way::Proxy(Some(TldFamily::Onion)),
        // One that does not answer fails the dial that follows, which says why.
        Ok(Some(Program::Anon) | None) | Err(_) => Way::Proxy(args.family),
    }
}

fn parse_address(text: &str) -> Result<String, String> {
    match wire::Address::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("not an ILP address: {error}")),
    }
}
