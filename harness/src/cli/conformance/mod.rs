//! `ator-harness conformance`: a connector that somebody else started, or one that is started for it, held against the
//! table.

mod container;
mod report;
mod url;
mod usage;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use wire::Dialect;

use super::error::CliError;
use super::exit::Exit;
use super::load::Common;
use super::values::{family_parser, parse_dialect};
use crate::conformance::{
    Account, NotReachable, Row, RowReport, Subject, Watch, known_defects, summarise, table,
};
use crate::environment::as_set;
use crate::onion::{HostError, Program, TldFamily, Way, ask_proxy, host_family, resolvable};
use crate::probe::{Credentials, Route, TlsError};
use crate::run::Interrupts;
use crate::secret::Secret;
use crate::stand::StandError;
use url::{Url, parse_proxy, parse_url};
use usage::Asked;

/// How long a connector that a row has killed is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Arguments of `conformance`.
///
/// Exit code 0 if no row failed or showed a defect that is not accepted, 1 if one did, 2 for wrong usage, 3 if the
/// connector cannot be reached or started before anything was done to it, or a secret's variable is not set.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The BTP server of a connector that runs; wss:// for one behind TLS. Or --connector for one that is started.
    #[arg(long, value_name = "ws://HOST:PORT/PATH", value_parser = parse_url)]
    url: Option<Url>,
    /// Start this connector as a container, with accounts made for it: the name of one that comes along (toon, toon-1,
    /// ilp-connector), or a profile that says how to configure and run one (docs/profiles.md).
    #[arg(long, value_name = "PROFILE")]
    connector: Option<String>,
    /// With --connector, the image to start, which must be on the engine and is never pulled; the profile's own without.
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// With --connector, a variable of its environment; can be given more than once.
    #[arg(long = "env", value_name = "KEY=VALUE", value_parser = parse_variable)]
    environment: Vec<Variable>,
    /// A PEM file with the certificate, or that of the authority, that a wss:// server has to show; without it those
    /// that this system trusts. Onion services need none.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// With --url, the peer id to authenticate as.
    #[arg(long, value_name = "ID")]
    peer: Option<String>,
    /// With --url, the environment variable that holds that peer's secret.
    #[arg(long, value_name = "VAR")]
    secret_env: Option<String>,
    /// The secret is empty: the variable may be empty, or not set.
    #[arg(long)]
    empty_secret: bool,
    /// Which bytes the connector speaks: toon or rfc. Without it toon, or what --connector says.
    #[arg(long, value_parser = parse_dialect)]
    dialect: Option<Dialect>,
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

/// A variable of the connector's environment.
#[derive(Debug, Clone)]
struct Variable {
    name: String,
    value: Secret,
}

/// Why `conformance` did not end with a pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Options that do not go together, or are missing.
    #[error("failed to take the options: {}", mistakes.join("; "))]
    Usage {
        /// Everything that is wrong.
        mistakes: Vec<String>,
    },
    /// The connector by itself could not be judged.
    #[error(transparent)]
    Stand(#[from] StandError),
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
            Self::Stand(StandError::Engine(error)) => Exit::of_engine(error),
            Self::Usage { .. } | Self::Stand(StandError::Configure(_)) => Exit::Usage,
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
            | Self::Stand(
                StandError::Ended { .. }
                | StandError::NotReady { .. }
                | StandError::NotReachable(_),
            )
            | Self::Io(_) => Exit::Environment,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

/// Runs the table with secrets from the process's environment, or against a connector that is started for it, and
/// prints the report to `output`.
///
/// # Errors
///
/// A [`CliError`] for anything but a pass.
pub(super) async fn run(
    common: &Common,
    args: &Args,
    output: &mut dyn Write,
) -> Result<(), CliError> {
    match &args.connector {
        Some(connector) => container::run(common, args, connector, output).await,
        None => Ok(run_with(args, &as_set, output).await?),
    }
}

/// As [`run`] against a connector that runs, with environment variables from `variable`.
///
/// # Errors
///
/// An [`Error`] for anything but a pass.
pub async fn run_with(
    args: &Args,
    variable: &dyn Fn(&str) -> Option<String>,
    output: &mut dyn Write,
) -> Result<(), Error> {
    let asked = usage::of_url(args)?;
    let proxy = match &args.socks {
        Some(name) => {
            let proxy = name.clone();
            let resolved = url::resolve(name).await;
            Some(resolved.map_err(|source| Error::NoProxy { proxy, source })?)
        }
        None => None,
    };
    let subject = subject(args, &asked, proxy, variable)?;
    let dialect = subject.dialect;
    let table = chosen(args, table(&subject))?;
    // An ordinary host is reached by whatever way is given.
    if let Some(family) = host_family(asked.url.host())? {
        resolvable(family, way(args, proxy).await)?;
    }
    let interrupts = Interrupts::listen()?;
    let mut watch = Box::pin(Watch::start(subject, None, PATIENCE)).await?;
    let watched = watch.watches_others();
    let mut rows = Vec::new();
    let ended = tokio::select! {
        ended = Box::pin(watch.run(&table, false, &mut rows)) => ended.map_err(Error::from),
        () = interrupts.at_least(1) => Err(Error::Interrupted),
    };
    conclude(args, dialect, rows, watched, ended, output)
}

/// The rows that are asked for, once it is known that what is to be accepted can be found.
fn chosen(args: &Args, mut table: Vec<Row>) -> Result<Vec<Row>, Error> {
    let known = known_defects(&table);
    let mut accepted = args.accept_defects.iter();
    if let Some(id) = accepted.find(|id| !known.contains(&id.as_str())) {
        let id = id.clone();
        return Err(Error::UnknownDefect { id, known });
    }
    let wanted = |id: &str| {
        args.only.is_empty() || args.only.iter().any(|name| id.starts_with(name.as_str()))
    };
    table.retain(|row| wanted(&row.id));
    match table.is_empty() {
        true => Err(Error::NoRows(args.only.clone())),
        false => Ok(table),
    }
}

/// Prints what was found, also until an end that `ended` tells of, and says what it comes to.
fn conclude(
    args: &Args,
    dialect: Dialect,
    mut rows: Vec<RowReport>,
    watched: bool,
    ended: Result<(), Error>,
    output: &mut dyn Write,
) -> Result<(), Error> {
    for row in &mut rows {
        row.accept(&args.accept_defects);
    }
    let summary = summarise(&rows);
    report::write(dialect, &rows, summary, watched, args.json, output)?;
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
        _ if args.empty_secret && args.secret_env.as_deref() == Some(name) => {
            Ok(Secret::from(String::new()))
        }
        Some(_) => Err(Error::EmptySecret(name.to_owned())),
        None => Err(Error::NoSecret(name.to_owned())),
    }
}

/// What the arguments tell of the connector.
fn subject(
    args: &Args,
    asked: &Asked<'_>,
    proxy: Option<SocketAddr>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Subject, Error> {
    let ca = args.ca.as_deref();
    let target = asked.url.target(ca)?;
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
        dialect: args.dialect.unwrap_or(Dialect::Toon),
        peer: Credentials::new(asked.peer, secret(args, asked.secret_env, variable)?),
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

fn parse_variable(text: &str) -> Result<Variable, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Variable {
            name: name.to_owned(),
            value: Secret::new(value),
        }),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}
