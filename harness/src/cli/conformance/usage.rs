//! Which options go together.

use super::args::Args;
use super::error::Error;
use super::url::Url;

/// What has to be given of a connector that runs.
pub(super) struct Asked<'a> {
    pub(super) url: &'a Url,
    pub(super) peer: &'a str,
    pub(super) secret_env: &'a str,
}

/// What is asked of a connector that runs. All mistakes are told at once.
pub(super) fn of_url(args: &Args) -> Result<Asked<'_>, Error> {
    let mut mistakes = Vec::new();
    let own = [
        ("--image", args.image.is_some()),
        ("--env", !args.environment.is_empty()),
    ];
    for (option, _) in own.iter().filter(|(_, given)| *given) {
        mistakes.push(format!(
            "{option} is for a connector that is started, which --connector PROFILE says how to configure{}",
            if args.url.is_some() { ", and --url names one that runs" } else { "" },
        ));
    }
    if args.url.is_none() && mistakes.is_empty() {
        mistakes.push(
            "give --connector PROFILE for a connector that is started, or --url for one that runs"
                .to_owned(),
        );
    }
    if args.url.is_some() {
        for (option, what, given) in [
            (
                "--peer ID",
                "whom it knows the harness as",
                args.peer.is_some(),
            ),
            (
                "--secret-env VAR",
                "the variable with that peer's secret",
                args.secret_env.is_some(),
            ),
        ] {
            if !given {
                mistakes.push(format!("--url needs {option}, {what}"));
            }
        }
    }
    match (&args.url, &args.peer, &args.secret_env) {
        (Some(url), Some(peer), Some(secret_env)) if mistakes.is_empty() => Ok(Asked {
            url,
            peer,
            secret_env,
        }),
        _ => Err(Error::Usage { mistakes }),
    }
}

/// Refuses what is said of a connector that runs, where one is started. All mistakes are told at once.
pub(super) fn of_container(args: &Args) -> Result<(), Error> {
    let given = [
        ("--url", args.url.is_some()),
        ("--ca", args.ca.is_some()),
        ("--peer", args.peer.is_some()),
        ("--secret-env", args.secret_env.is_some()),
        ("--empty-secret", args.empty_secret),
        ("--dialect", args.dialect.is_some()),
        ("--noauth", args.noauth.is_some()),
        ("--fulfils", args.fulfils.is_some()),
        ("--forwards", args.forwards.is_some()),
        ("--sender-peer", args.sender_peer.is_some()),
        ("--sender-url", args.sender_url.is_some()),
        ("--socks", args.socks.is_some()),
    ];
    let given = given.iter().filter(|(_, given)| *given);
    let mistakes: Vec<String> = given
        .map(|(option, _)| match *option {
            "--url" => "--url names a connector that runs, and --connector one that is started; \
                        give one of the two"
                .to_owned(),
            option => format!(
                "{option} is for --url; what --connector starts is told and asked by its profile"
            ),
        })
        .collect();
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(Error::Usage { mistakes }),
    }
}
