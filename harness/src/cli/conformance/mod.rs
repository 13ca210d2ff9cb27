//! `ator-harness conformance`: a connector that somebody else started, or one that is started for it, held against the
//! table.

mod args;
mod container;
pub(in crate::cli) mod error;
mod junit;
mod report;
mod rows;
mod url;
mod usage;

pub use args::Args;
pub use error::Error;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use wire::Dialect;

use super::error::CliError;
use super::exit::Exit;
use super::load::Common;
use crate::conformance::{Account, Row, Subject, Watch, table};
use crate::environment::as_set;
use crate::onion::{Program, TldFamily, Way, ask_proxy, host_family, resolvable};
use crate::probe::{Credentials, Route};
use crate::run::Interrupts;
use crate::secret::Secret;
use args::NoAuth;
use rows::{Found, chosen, conclude};
use usage::Asked;

/// How long a connector that a row has killed is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Runs the table against a connector that runs, with environment variables from `variable`.
///
/// # Errors
///
/// An [`Error`] for anything but a pass.
pub async fn run_with(
    args: &Args,
    variable: &dyn Fn(&str) -> Option<String>,
    output: &mut dyn Write,
) -> Result<(), Error> {
    // From the start: a name may take its time to be resolved, and a connector to answer.
    let interrupts = Interrupts::listen()?;
    let begun = interrupts.unless_asked(Box::pin(begin(args, variable)));
    let (dialect, table, mut watch) = begun.await.ok_or(Error::Interrupted)??;
    let others_watched = watch.watches_others();
    let mut rows = Vec::new();
    let ended = interrupts.unless_asked(Box::pin(watch.run(&table, false, &mut rows)));
    let ended = match ended.await {
        Some(ended) => ended.map_err(Error::from),
        None => Err(Error::Interrupted),
    };
    let found = Found {
        dialect,
        rows,
        others_watched,
    };
    conclude(args, found, ended, Exit::Pass, output)
}

/// Finds the way to the connector, and which rows are asked of it.
async fn begin(
    args: &Args,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(Dialect, Vec<Row>, Watch<'static>), Error> {
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
    let watch = Box::pin(Watch::start(subject, None, PATIENCE)).await?;
    Ok((dialect, table, watch))
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
