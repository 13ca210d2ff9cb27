//! From evidence to a cause: one small rule per cause, the more certain ones first.

use super::absent;
use super::dialling::TARGET_ENDS;
use super::ending;
use super::evidence::{DaemonSigns, Evidence, Known, NodeText};
use super::quotes::{ended, quote};
use super::{Cause, Diagnosis};
use crate::events::Stage;
use crate::evidence::DialOutcome;
use crate::onion::{Notice, TldFamily, ballot, notices};

/// Longest nickname that a daemon takes.
const NICKNAME_MAX: usize = 19;
/// Lines of evidence that are quoted per sign.
const QUOTED: usize = 3;
/// Exit status of a program that aborted (128 and SIGABRT): how a daemon of version 0.4.9 ends
/// after a mistake in its configuration, mostly without a word.
const ABORTED: &str = "134";

/// A rule: what supports its cause, or nothing.
type Rule = fn(&Evidence) -> Vec<String>;

/// The causes in the order in which they are looked for. What a log says in words comes before
/// what follows from it, and the whole network before a single home.
const RULES: [(Cause, Rule); 20] = [
    (Cause::TermsNotAgreed, terms),
    (Cause::BadNickname, nickname),
    (Cause::FolderRefused, folder),
    (Cause::NoSpace, ending::no_space),
    (Cause::OutOfMemory, ending::out_of_memory),
    (Cause::NotExecutable, ending::not_executable),
    (Cause::MissingLibrary, ending::missing_library),
    (Cause::DaemonProgramAbsent, absent::daemon_program),
    (Cause::DaemonExited, exited),
    (Cause::AdminApiAbsent, no_admin_api),
    (Cause::ProxyNotUsed, proxy),
    (Cause::LoginRefused, login),
    (Cause::ClockSkewed, clock),
    (Cause::NoQuorum, quorum),
    (Cause::NoAgreement, agreement),
    (Cause::NoRoute, route),
    (Cause::AddressesBlocked, blocked),
    (Cause::WrongTldFamily, family),
    (Cause::TargetNotListening, target),
    (Cause::DescriptorNotPublished, descriptor),
];

/// Names the cause that the evidence supports.
#[must_use]
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    for (cause, rule) in RULES {
        let found = rule(evidence);
        if !found.is_empty() {
            return Diagnosis::new(cause, found);
        }
    }
    Diagnosis::new(Cause::Unknown, unknown(evidence))
}

/// What supports a cause of a peering's dials.
fn of_dials(evidence: &Evidence, wanted: Cause) -> Vec<String> {
    let Some(Known::Dials(signs)) = &evidence.known else {
        return Vec::new();
    };
    let found = signs.cause().filter(|(cause, _)| *cause == wanted);
    found.map_or_else(Vec::new, |(_, lines)| lines)
}

fn proxy(evidence: &Evidence) -> Vec<String> {
    of_dials(evidence, Cause::ProxyNotUsed)
}

fn login(evidence: &Evidence) -> Vec<String> {
    of_dials(evidence, Cause::LoginRefused)
}

fn no_admin_api(evidence: &Evidence) -> Vec<String> {
    match &evidence.known {
        Some(Known::NoAdminApi { how, others }) => vec![
            how.clone(),
            format!(
                "of the profiles that come along, these need no admin API: {}",
                others.join(", ")
            ),
        ],
        _ => Vec::new(),
    }
}

fn terms(evidence: &Evidence) -> Vec<String> {
    said(ended(evidence), &[Notice::TermsNotAgreed])
}

fn folder(evidence: &Evidence) -> Vec<String> {
    let said = said(evidence.logs.iter(), &[Notice::FolderRefused]).into_iter();
    said.chain(evidence.folders.iter().cloned()).collect()
}

fn nickname(evidence: &Evidence) -> Vec<String> {
    let said = said(ended(evidence), &[Notice::BadNickname]);
    let aborted = evidence.ending.as_ref().filter(|end| end.status == ABORTED);
    if !said.is_empty() || aborted.is_none() {
        return said;
    }
    // The daemon aborts before it says what it does not like.
    let bad = evidence.nicknames.iter().filter(|name| {
        name.is_empty()
            || name.len() > NICKNAME_MAX
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    bad.map(|name| format!("the nickname {name:?}, and the daemon aborted"))
        .collect()
}

fn exited(evidence: &Evidence) -> Vec<String> {
    let Some(ending) = &evidence.ending else {
        return Vec::new();
    };
    let meaning = match ending.status.as_str() {
        ABORTED => " (it aborted, as the daemon does after a mistake in its configuration)",
        "137" => " (it was killed)",
        "139" => " (it crashed)",
        "143" => " (it was told to end)",
        _ => "",
    };
    let mut found = vec![format!(
        "{} ended with status {}{meaning}",
        ending.role, ending.status
    )];
    for log in ended(evidence) {
        let lines: Vec<&str> = log.text.lines().filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(QUOTED)..];
        found.extend(last.iter().map(|line| quote(log, line)));
    }
    found
}

fn clock(evidence: &Evidence) -> Vec<String> {
    let mut found: Vec<String> = concerned(evidence)
        .flat_map(|daemon| {
            let skewed = daemon
                .warnings
                .iter()
                .filter(|(reason, _)| reason == "CLOCK_SKEW");
            skewed.map(|(reason, text)| format!("{} warns: {reason} {text}", daemon.node))
        })
        .take(QUOTED)
        .collect();
    found.extend(said(evidence.logs.iter(), &[Notice::ClockSkewed]));
    found
}

fn quorum(evidence: &Evidence) -> Vec<String> {
    let network = [
        Stage::Descriptors,
        Stage::Vote,
        Stage::Consensus,
        Stage::Bootstrap,
    ];
    if !evidence.stage.is_some_and(|stage| network.contains(&stage)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(authorities) = &evidence.authorities {
        let silent = authorities.iter().filter_map(|one| {
            let reason = one.consensus.as_ref().err()?;
            Some(format!("{} ({reason})", one.authority))
        });
        let silent: Vec<String> = silent.collect();
        if silent.is_empty() && !authorities.is_empty() {
            // Some were missing in a round, and are there now.
            return found;
        }
        let (all, answering) = (authorities.len(), authorities.len() - silent.len());
        if answering <= all / 2 {
            found.push(format!(
                "{answering} of {all} authorities answer; silent: {}",
                silent.join(", ")
            ));
        }
    }
    found.extend(said(evidence.logs.iter(), &ROUND));
    found
}

/// What an authority says of a round that came to nothing.
const ROUND: [Notice; 2] = [Notice::TooFewVotes, Notice::TooFewSignatures];

fn agreement(evidence: &Evidence) -> Vec<String> {
    let (Some(Stage::Vote | Stage::Consensus), Some(ballots)) =
        (evidence.stage, &evidence.authorities)
    else {
        return Vec::new();
    };
    let nodes: Vec<&str> = evidence.nodes.iter().map(String::as_str).collect();
    let mut found = ballot::silent(ballots);
    found.extend(ballot::told(ballots, &nodes));
    if !found.is_empty() {
        found.extend(ballots.iter().map(|one| one.line(&nodes)));
        found.extend(said(evidence.logs.iter(), &ROUND));
    }
    found
}

fn route(evidence: &Evidence) -> Vec<String> {
    if evidence.stage == Some(Stage::Lockdown) {
        return dialled(evidence, DialOutcome::is_unrouted);
    }
    if evidence.stage != Some(Stage::Bootstrap) {
        return Vec::new();
    }
    concerned(evidence)
        .filter(|daemon| daemon.percent < 100)
        .flat_map(|daemon| {
            let at = format!("{} at {} % ({})", daemon.node, daemon.percent, daemon.tag);
            let warned = daemon
                .warnings
                .iter()
                .find(|(reason, _)| reason == "NOROUTE");
            let warned = warned.map(|(reason, text)| format!("{at} warns: {reason} {text}"));
            // Without any route the daemon says nothing: its connections fail before they begin,
            // so the bootstrap does not even get to `conn`.
            let failed = daemon
                .failed_circuits
                .iter()
                .filter(|reason| *reason == "CONNECTFAILED");
            let failed = failed.count();
            let silent = (daemon.percent == 0 && failed > 0)
                .then(|| format!("{at}: {failed} circuits failed with CONNECTFAILED"));
            warned.into_iter().chain(silent)
        })
        .collect()
}

fn blocked(evidence: &Evidence) -> Vec<String> {
    match evidence.stage {
        Some(Stage::Lockdown) => dialled(evidence, |outcome| {
            matches!(
                outcome,
                DialOutcome::Timeout | DialOutcome::Refused | DialOutcome::NotPermitted
            )
        }),
        Some(Stage::Bootstrap) => concerned(evidence)
            // Connected once, a daemon's later troubles have other causes.
            .filter(|daemon| daemon.percent <= 5)
            .flat_map(|daemon| {
                let silent = ["TIMEOUT", "CONNECTREFUSED"];
                let warned = daemon.warnings.iter();
                let warned = warned.filter(move |(reason, _)| silent.contains(&reason.as_str()));
                warned.map(|(reason, text)| {
                    format!(
                        "{} at {} % warns: {reason} {text}",
                        daemon.node, daemon.percent
                    )
                })
            })
            .take(QUOTED)
            .collect(),
        _ => Vec::new(),
    }
}

fn family(evidence: &Evidence) -> Vec<String> {
    let Some(own) = evidence.family else {
        return Vec::new();
    };
    concerned(evidence)
        .flat_map(|daemon| {
            let others = daemon.failed_streams.iter().filter(move |(domain, _)| {
                domain
                    .parse::<TldFamily>()
                    .is_ok_and(|family| family != own)
            });
            let others = others.map(move |(domain, reason)| {
                format!(
                    "{} asked its daemon of the family .{} for a name in .{domain}: {reason}",
                    daemon.node,
                    own.tld()
                )
            });
            // A name with the right suffix and the checksum of another family.
            let invalid = daemon.warnings.iter();
            let invalid = invalid.filter(|(reason, _)| reason == "SOCKS_BAD_HOSTNAME");
            others.chain(invalid.map(|(reason, _)| {
                format!("{} asked for an invalid onion name: {reason}", daemon.node)
            }))
        })
        .take(QUOTED)
        .collect()
}

fn target(evidence: &Evidence) -> Vec<String> {
    let own = evidence.family.map(TldFamily::tld);
    let dials = of_dials(evidence, Cause::TargetNotListening).into_iter();
    let streams = concerned(evidence)
        .flat_map(|daemon| {
            let refused = daemon
                .failed_streams
                .iter()
                .filter(move |(domain, reason)| {
                    own.is_none_or(|own| own == domain) && TARGET_ENDS.contains(&reason.as_str())
                });
            refused.map(|(_, reason)| {
                format!(
                    "the far service ended a stream of {} with {reason}",
                    daemon.node
                )
            })
        })
        .take(QUOTED);
    dials.chain(streams).collect()
}

fn descriptor(evidence: &Evidence) -> Vec<String> {
    concerned(evidence)
        .flat_map(|daemon| {
            let line = |what: &str, (hsdir, reason): &(String, String)| {
                format!("{}'s {what} {hsdir} failed with {reason}", daemon.node)
            };
            let uploads = daemon.failed_uploads.iter();
            let uploads = uploads.map(move |failed| line("upload to", failed));
            let fetches = daemon.failed_fetches.iter();
            uploads.chain(fetches.map(move |failed| line("fetch from", failed)))
        })
        .take(QUOTED)
        .collect()
}

fn unknown(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    if !evidence.last_seen.is_empty() {
        found.push(format!("last seen: {}", evidence.last_seen));
    }
    for daemon in concerned(evidence) {
        found.push(format!(
            "{} at {} % ({})",
            daemon.node, daemon.percent, daemon.tag
        ));
        if let Some((reason, text)) = daemon.warnings.last() {
            found.push(format!("{} warns: {reason} {text}", daemon.node));
        }
        if let Some((_, reason)) = daemon.failed_streams.last() {
            found.push(format!(
                "{}'s last stream failed with {reason}",
                daemon.node
            ));
        }
    }
    found
}

/// The daemons that the stage is about: those that it names, or all.
fn concerned(evidence: &Evidence) -> impl Iterator<Item = &DaemonSigns> {
    let subject = evidence.subject.as_ref();
    evidence
        .daemons
        .iter()
        .filter(move |daemon| subject.is_none_or(|subject| subject.concerns(&daemon.node)))
}

/// The dials from inside a home that ended so, in one line.
fn dialled(evidence: &Evidence, ends: impl Fn(DialOutcome) -> bool) -> Vec<String> {
    let failed = evidence.failed_dials.iter().filter(|one| ends(one.outcome));
    let failed: Vec<String> = failed.map(ToString::to_string).collect();
    if failed.is_empty() {
        return failed;
    }
    vec![format!(
        "dials to published addresses: {}",
        failed.join(", ")
    )]
}

/// Lines in which a daemon says one of these, with where they are from.
fn said<'a>(logs: impl Iterator<Item = &'a NodeText>, wanted: &[Notice]) -> Vec<String> {
    logs.flat_map(|log| notices(&log.text).map(move |(notice, line)| (log, notice, line)))
        .filter(|(_, notice, _)| wanted.contains(notice))
        .map(|(log, _, line)| quote(log, line))
        .take(QUOTED)
        .collect()
}
