//! `home key`, `home invite`, `home accept` and `home forget`: how two homes become peers.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::place;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::Common;
use crate::cli::out::Out;
use crate::operator::{Elsewhere, Home, HomeError, Ladder, Patience, home_id, home_prefix};
use crate::secret::Secret;
use crate::topology::parse_duration;

/// Arguments of `home invite`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct InviteArgs {
    /// Whom to invite: the id that the other home was given
    #[arg(value_name = "ID", value_parser = home_id)]
    peer: String,
    /// The file with what `ator-harness home key` prints there; - for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "show_secret")]
    key: Option<String>,
    /// How long the invitation is good for
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = lifetime)]
    expires: Duration,
    /// Print in clear, once, what a connector has to be told that is no home of this harness and that its operator
    /// configures by hand; it has no end
    #[arg(long, requires = "address", conflicts_with_all = ["key", "expires"])]
    show_secret: bool,
    /// The file that says where that connector is, as the `hostname` file of its daemon does; - for standard input
    #[arg(long, value_name = "FILE", requires = "show_secret")]
    address: Option<String>,
    /// The ILP prefix of what is delivered there; g.ID when not given
    #[arg(long, value_name = "PREFIX", value_parser = home_prefix, requires = "show_secret")]
    prefix: Option<String>,
    /// Write what would be printed to this file, for your eyes alone, instead of standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// The longest that an invitation is good for: whoever has waited longer asks again.
const LONGEST: Duration = Duration::from_secs(90 * 24 * 3600);

fn lifetime(text: &str) -> Result<Duration, String> {
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<u64>().ok());
    let time = match days {
        Some(days) => Duration::from_secs(days.saturating_mul(24 * 3600)),
        None => parse_duration(text).map_err(|error| error.to_string())?,
    };
    match (Duration::from_secs(1)..=LONGEST).contains(&time) {
        true => Ok(time),
        false => Err("from 1s to 90d".to_owned()),
    }
}

/// Prints what this home is invited by.
pub(super) fn key(folder: &Path, out: &Out) -> Result<Exit, CliError> {
    let home = Home::open(folder)?;
    let line = home.card()?.to_line(&home.keys.service);
    writeln!(out.clone(), "{line}")?;
    place::say(
        "send this line to whoever is to invite this home; it holds its address and no secret",
    );
    Ok(Exit::Pass)
}

/// Invites a home.
pub(super) async fn invite(
    common: &Common,
    folder: &Path,
    args: &InviteArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let mut home = Home::open(folder)?;
    let peer = &args.peer;
    // What is made is not made twice, so that where it goes to is there before.
    let to = args.to.as_deref().map(Private::make).transpose()?;
    let (text, say) = match &args.key {
        Some(key) => {
            let line = invitation(&mut home, args, key)?;
            let say = format!(
                "send it to {peer} alone, who can read it and nobody else; `ator-harness home accept` takes it there"
            );
            (line, say)
        }
        None => (shown(&mut home, args)?, in_clear(peer)),
    };
    match to {
        None => write!(out.clone(), "{}", text.expose())?,
        Some(file) => file.hold(&text)?,
    }
    place::say(&say);
    match place::apply(common, &mut home).await? {
        Some(_) => place::say(&format!(
            "the connector was started anew, and lets {peer} in"
        )),
        None => place::say("`ator-harness home start` starts this home, which does not run"),
    }
    Ok(Exit::Pass)
}

/// Invites the home of a key.
fn invitation(home: &mut Home, args: &InviteArgs, key: &str) -> Result<Secret, CliError> {
    let key = place::text(key)?;
    let now = place::now();
    let expires = now.saturating_add(i64::try_from(args.expires.as_secs()).unwrap_or(i64::MAX));
    let line = home.invite(&args.peer, &key.given(), now, expires)?;
    Ok(Secret::new(format!("{line}\n")))
}

/// Makes a connector a peer that is no home, and says what it has to be told.
fn shown(home: &mut Home, args: &InviteArgs) -> Result<Secret, CliError> {
    let address = place::text(args.address.as_deref().unwrap_or_default())?;
    let prefix = args.prefix.clone();
    let prefix = prefix.unwrap_or_else(|| format!("g.{}", args.peer));
    let who = Elsewhere {
        id: &args.peer,
        prefix: &prefix,
        address: &address.given(),
    };
    Ok(home.show(&who, place::now())?)
}

/// What it means that secrets were written in clear.
fn in_clear(peer: &str) -> String {
    format!(
        "two secrets are in clear in that, and it is not shown again: give it to {peer}'s operator by a way on which nobody \
         else reads it, and keep it out of files that others may read (--to makes one that they may not). Whoever has it can \
         come in as {peer}, or be taken for this home there, until `ator-harness home forget {peer}`"
    )
}

/// A file for one's own eyes, which goes again unless something is put into it.
struct Private {
    path: PathBuf,
    file: std::fs::File,
    holds: bool,
}

impl Private {
    fn make(path: &Path) -> Result<Self, HomeError> {
        let mut file = std::fs::OpenOptions::new();
        let file = file.write(true).create_new(true).mode(0o600);
        Ok(Self {
            file: file.open(path).map_err(|source| unwritten(path, source))?,
            path: path.to_owned(),
            holds: false,
        })
    }

    fn hold(mut self, text: &Secret) -> Result<(), HomeError> {
        self.holds = true;
        let written = self.file.write_all(text.expose().as_bytes());
        written.map_err(|source| unwritten(&self.path, source))
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if !self.holds {
            // Why nothing is in it is being told; an empty file more does no harm.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn unwritten(path: &Path, source: std::io::Error) -> HomeError {
    HomeError::Write {
        path: path.display().to_string(),
        source,
    }
}

/// Arguments of `home accept`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct AcceptArgs {
    /// The file with the invitation; - for standard input
    #[arg(value_name = "FILE")]
    invitation: String,
}

/// Accepts an invitation, and waits until the peering stands.
pub(super) async fn accept(
    common: &Common,
    folder: &Path,
    args: &AcceptArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let mut home = Home::open(folder)?;
    let text = place::text(&args.invitation)?;
    let peer = home.accept(&text.given(), place::now())?;
    writeln!(
        out.clone(),
        "{} is a peer of {} now: packets for {} go there",
        peer,
        home.settings.id,
        home.peer(&peer)?.prefix
    )?;
    let Some(engine) = place::apply(common, &mut home).await? else {
        place::say("`ator-harness home start` starts this home, which does not run");
        return Ok(Exit::Pass);
    };
    let id = home.settings.id.clone();
    let mut tell = |step: &_| place::tell(&id, step, out.clone());
    let mut ladder = Ladder::new(&mut tell);
    home.look_at_peer(&peer, &engine, Patience::START, &mut ladder)
        .await?;
    place::conclude("home-accept", &home, ladder, false, out)
}

/// Arguments of `home forget`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ForgetArgs {
    /// Which peer
    #[arg(value_name = "ID")]
    peer: String,
}

/// Removes a peer.
pub(super) async fn forget(
    common: &Common,
    folder: &Path,
    args: &ForgetArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let mut home = Home::open(folder)?;
    home.forget(&args.peer)?;
    // What follows may fail, and that stays.
    writeln!(
        out.clone(),
        "{} is no peer of {} any more",
        args.peer,
        home.settings.id
    )?;
    match place::apply(common, &mut home).await? {
        Some(_) => place::say(
            "the connector was started anew: that peer is not let in, and nothing goes there",
        ),
        None => place::say("this home does not run"),
    }
    Ok(Exit::Pass)
}
