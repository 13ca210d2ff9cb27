//! `compare`: two reports side by side.

use std::path::PathBuf;
use std::time::Duration;

use super::error::CliError;
use super::exit::Exit;
use super::open::open_after;
use super::out::Out;
use super::screen;
use crate::report::compare::{Comparison, Limits};
use crate::topology::parse_duration;

/// Arguments of `compare`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// A report.json or a repeat.json
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Another of the same kind and topology, which may not be slower or worse
    #[arg(value_name = "B")]
    b: PathBuf,
    /// By how much a figure may grow; without it times are shown and not judged, because two runs of one thing
    /// differ
    #[arg(long, value_name = "PERCENT", value_parser = share)]
    threshold: Option<f64>,
    /// With --threshold, a figure that grew by less than this time is not slower
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = time)]
    floor: Duration,
    /// Write the comparison as a page, too
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Show that page in a browser: the one that BROWSER names, else the desktop's
    #[arg(long, requires = "page")]
    open: bool,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

/// `20%` or `20`, as a share.
fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    match number.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(percent / 100.0),
        _ => Err("expected a percentage of at least 0, such as 20%".to_owned()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

/// Compares; exit code 1 when something got slower or worse.
pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, CliError> {
    let limits = Limits {
        threshold: args.threshold,
        floor: args.floor,
    };
    let comparison = Comparison::of_files(&args.a, &args.b, limits)?;
    if let Some(page) = &args.page {
        std::fs::write(page, comparison.to_html()).map_err(|source| CliError::Page {
            path: page.display().to_string(),
            source,
        })?;
    }
    if args.json {
        out.document(&comparison.to_text())?;
    } else {
        comparison.print(&mut out.clone(), &screen::of_output(0))?;
    }
    if let Some(page) = args.page.as_ref().filter(|_| args.open) {
        open_after(page);
    }
    Ok(if comparison.holds() {
        Exit::Pass
    } else {
        Exit::Fail
    })
}
