//! `ator-harness conformance`: a connector that somebody else started, held against the table.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use wire::Dialect;

use super::exit::Exit;
use super::values::{family_parser, parse_dialect};
use crate::conformance::{
    NotReachable, RowReport, Subject, Summary, Verdict, bystander, run_row, summarise, table,
};
use crate::onion::{HostError, Program, TldFamily, Way, ask_proxy, host_family, resolvable};
use crate::probe::{Credentials, Route, Target};
use crate::secret::Secret;

/// Width of the printed table in columns, enough for its longest sentences in three lines.
const WIDTH: u16 = 150;

/// Arguments of `conformance`.
///
/// Exit code 0 if no supported row failed, 1 if one did, 2 for wrong usage, 3 if the connector cannot be reached or
/// the secret's variable is not set.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The connector's BTP server.
    #[arg(long, value_name = "ws://HOST:PORT", value_parser = parse_url)]
    url: Target,
    /// The peer id to authenticate as.
    #[arg(long, value_name = "ID")]
    peer: String,
    /// The environment variable that holds that peer's secret.
    #[arg(long, value_name = "VAR")]
    secret_env: String,
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
    /// A SOCKS5 proxy to dial through; it resolves the host.
    #[arg(long, value_name = "IP:PORT")]
    socks: Option<SocketAddr>,
    /// The TLD family of the onion daemon behind --socks. An anon does not tell; tor does.
    #[arg(long, value_name = "FAMILY", requires = "socks", value_parser = family_parser())]
    family: Option<TldFamily>,
    /// Longest wait for anything, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Run only rows whose name begins with this; can be given more than once.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
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
    /// Rows failed; the report that was printed says which.
    #[error("failed to find {failed} of {total} rows as the contract has them")]
    Rows {
        /// How many failed.
        failed: usize,
        /// How many there are.
        total: usize,
    },
    /// No row's name begins with what `--only` says.
    #[error("failed to find a row: no name begins with {}", .0.join(" or "))]
    NoRows(Vec<String>),
    /// The host cannot be reached that way.
    #[error("failed to reach the connector")]
    Host(#[from] HostError),
    /// The variable named with `--secret-env` is not set, or not text.
    #[error("failed to read the secret: the environment variable {0} is not set")]
    NoSecret(String),
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

impl Error {
    /// The exit code of the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Rows { .. } => Exit::Fail,
            Self::NoRows(_) | Self::Host(_) => Exit::Usage,
            Self::NoSecret(_) | Self::NotReachable(_) | Self::Io(_) => Exit::Environment,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

/// The report that `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    dialect: &'static str,
    /// Whether another connection had to be served after each row.
    others_watched: bool,
    rows: &'a [RowReport],
    summary: Summary,
}

/// Runs the table with the secret from the process's environment and prints the report to
/// `output`.
///
/// # Errors
///
/// An [`Error`] for anything but a pass.
pub async fn run(args: &Args, output: &mut dyn Write) -> Result<(), Error> {
    run_with(args, &|name| std::env::var(name).ok(), output).await
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
    let secret = variable(&args.secret_env)
        .map(Secret::from)
        .ok_or_else(|| Error::NoSecret(args.secret_env.clone()))?;
    let subject = Subject {
        target: args.url.clone(),
        route: match args.socks {
            Some(proxy) => Route::Socks {
                proxy,
                isolation: None,
            },
            None => Route::Direct,
        },
        dialect: args.dialect,
        peer: Credentials::new(args.peer.clone(), secret),
        noauth: args.noauth.map(|noauth| noauth == NoAuth::Allowed),
        fulfils: args.fulfils.clone(),
        forwards: args.forwards.clone(),
        limit: Duration::from_secs(args.timeout),
    };
    let wanted = |id: &str| {
        args.only.is_empty() || args.only.iter().any(|name| id.starts_with(name.as_str()))
    };
    let mut table = table(&subject);
    table.retain(|row| wanted(&row.id));
    if table.is_empty() {
        return Err(Error::NoRows(args.only.clone()));
    }
    // An ordinary host is reached by whatever way is given.
    if let Some(family) = host_family(args.url.host())? {
        resolvable(family, way(args).await)?;
    }
    let bystander = Box::pin(bystander(&subject)).await?;
    let mut rows = Vec::new();
    let mut ended = None;
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    for row in &table {
        let report = tokio::select! {
            report = Box::pin(run_row(row, &subject, bystander.as_ref(), false)) => report.map_err(Error::from),
            _ = &mut interrupted => Err(Error::Interrupted),
        };
        match report {
            Ok(report) => rows.push(report),
            // What was found until then is worth its print.
            Err(error) => {
                ended = Some(error);
                break;
            }
        }
    }
    let summary = summarise(&rows);
    if args.json {
        let report = Report {
            dialect: args.dialect.as_str(),
            others_watched: bystander.is_some(),
            rows: &rows,
            summary,
        };
        serde_json::to_writer_pretty(&mut *output, &report).map_err(io::Error::from)?;
        writeln!(output)?;
    } else {
        print(&rows, summary, output)?;
        if bystander.is_none() {
            writeln!(
                output,
                "no other connection was watched: the secret was not accepted, or only one \
                 connection of a peer is served at a time"
            )?;
        }
    }
    if let Some(error) = ended {
        return Err(error);
    }
    if summary.failed > 0 {
        return Err(Error::Rows {
            failed: summary.failed,
            total: rows.len(),
        });
    }
    Ok(())
}

/// How an onion address is to be reached. A proxy is asked what it is before anything is dialled.
async fn way(args: &Args) -> Way {
    let Some(proxy) = args.socks else {
        return Way::Direct;
    };
    match ask_proxy(proxy).await {
        Ok(Some(Program::Tor)) => Way::Proxy(Some(TldFamily::Onion)),
        // One that does not answer fails the dial that follows, which says why.
        Ok(Some(Program::Anon) | None) | Err(_) => Way::Proxy(args.family),
    }
}

fn print(rows: &[RowReport], summary: Summary, output: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_width(WIDTH)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["row", "sent", "expected", "came", "verdict"]);
    for row in rows {
        let came = match row.verdict {
            Verdict::Unsupported => row.why.clone().unwrap_or_default(),
            Verdict::Pass | Verdict::Fail | Verdict::Defect => row.came.clone(),
        };
        table.add_row([
            &row.id,
            &row.sends,
            &row.expected,
            &came,
            row.verdict.as_str(),
        ]);
    }
    writeln!(output, "{table}")?;
    for row in rows {
        match row.verdict {
            Verdict::Fail => writeln!(output, "fail {}: see {}", row.id, row.source)?,
            Verdict::Defect => writeln!(
                output,
                "defect {}: {}, see {}",
                row.id,
                row.why.as_deref().unwrap_or_default(),
                row.source
            )?,
            Verdict::Pass | Verdict::Unsupported => {}
        }
    }
    if summary.failed + summary.defects > 0 {
        writeln!(
            output,
            "contract#... is a statement of docs/connector-contract.md"
        )?;
    }
    writeln!(
        output,
        "{} passed, {} failed, {} known defects, {} unsupported",
        summary.passed, summary.failed, summary.defects, summary.unsupported
    )
}

fn parse_url(text: &str) -> Result<Target, String> {
    let rest = text
        .strip_prefix("ws://")
        .ok_or("expected ws://HOST:PORT")?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = rest.rsplit_once(':').ok_or("the port is missing")?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if host.is_empty() || host.contains(['/', '@']) {
        return Err("expected ws://HOST:PORT".to_owned());
    }
    match port.parse::<u16>() {
        Ok(port) if port > 0 => Ok(Target::new(host, port)),
        _ => Err("the port is not a number from 1 to 65535".to_owned()),
    }
}

fn parse_address(text: &str) -> Result<String, String> {
    match wire::Address::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("not an ILP address: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_host_and_port() {
        assert_eq!(
            parse_url("ws://h.example:80"),
            Ok(Target::new("h.example", 80))
        );
        assert_eq!(parse_url("ws://[::1]:80/"), Ok(Target::new("::1", 80)));
        for bad in [
            "http://h:80",
            "ws://h",
            "ws://:80",
            "ws://h:0",
            "ws://h:x",
            "ws://h/p:80",
        ] {
            assert!(parse_url(bad).is_err(), "{bad}");
        }
    }
}
