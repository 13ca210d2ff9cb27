//! One piece of evidence per cause. Log lines and events are those of a daemon of version
//! 0.4.9.11 that was made to fail this way.

use std::time::Instant;

use super::*;
use crate::events::Stage;
use crate::evidence::{ContainerRole, DialOutcome, Dialled, Subject};
use crate::onion::TldFamily;
use crate::onion::ballot::Ballot;
use crate::onion::consensus::Consensus;
use crate::onion::monitor::Timeline;

fn stuck(stage: Stage, node: &str) -> Evidence {
    Evidence {
        stage: Some(stage),
        subject: Some(Subject::from(node)),
        last_seen: "not reached within 30 s".to_owned(),
        family: Some(TldFamily::Anon),
        ..Evidence::default()
    }
}

fn died(role: &str, status: &str, log: &str) -> Evidence {
    Evidence {
        ending: Some(Ending {
            role: ContainerRole::from(role),
            status: status.to_owned(),
            state: EndState::default(),
        }),
        logs: vec![
            NodeText {
                role: ContainerRole::from("another"),
                text: "User has not agreed to the terms and conditions. Exiting.".to_owned(),
            },
            NodeText {
                role: ContainerRole::from(role),
                text: log.to_owned(),
            },
        ],
        ..Evidence::default()
    }
}

/// Evidence whose home-a has told these events.
fn told(stage: Stage, node: &str, events: &[&str]) -> Evidence {
    let mut timeline = Timeline::default();
    for event in events {
        timeline.apply(Instant::now(), event);
    }
    Evidence {
        daemons: vec![DaemonSigns::of("home-a", &timeline)],
        ..stuck(stage, node)
    }
}

fn named(evidence: &Evidence, cause: Cause, quotes: &str) {
    let diagnosis = diagnose(evidence);
    assert_eq!(diagnosis.cause, cause, "{diagnosis:?}");
    let text = diagnosis.evidence.join("\n");
    assert!(text.contains(quotes), "{text}");
}

const CONN: &str =
    r#"STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY="Connecting to a relay""#;
const DONE: &str = r#"STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="Done""#;

#[test]
fn terms() {
    let log = "Nov 22 19:08:38.264 [notice] Opened Control listener connection (ready) on 127.0.0.1:19551\n\
               Nov 22 19:08:38.000 [err] User has not agreed to the terms and conditions. Exiting.\n\
               Nov 22 19:08:38.000 [warn] Not agreed to terms\n\
               Nov 22 19:08:38.000 [err] Reading config failed--see warnings above.";
    let evidence = died("relay1", "1", log);
    named(
        &evidence,
        Cause::TermsNotAgreed,
        "relay1: Nov 22 19:08:38.000 [err] User has not",
    );
}

const ABORT: &str = "Nov 22 19:08:38.200 [notice] Anon can't help you if you use it wrong!\n\
                     Nov 22 19:08:38.200 [notice] Read configuration file \"/etc/anon/anonrc\".\n\
                     free(): invalid size";

#[test]
fn nickname() {
    let mut evidence = died("relay1", "134", ABORT);
    evidence.nicknames = vec!["da1".to_owned(), "relay-1".to_owned()];
    named(&evidence, Cause::BadNickname, "\"relay-1\"");
    evidence.nicknames = vec!["abcdefghijklmnopqrst".to_owned()];
    named(&evidence, Cause::BadNickname, "abcdefghijklmnopqrst");
    // In the words of a daemon that gets to say them.
    let log = "[warn] Nickname 'relay-1', nicknames must be between 1 and 19 characters inclusive, and must contain only the characters [a-zA-Z0-9].";
    named(&died("relay1", "1", log), Cause::BadNickname, "relay-1");
}

#[test]
fn exit() {
    let mut evidence = died("relay1", "134", ABORT);
    evidence.nicknames = vec!["relay1".to_owned()];
    named(&evidence, Cause::DaemonExited, "it aborted");
    named(
        &evidence,
        Cause::DaemonExited,
        "relay1: free(): invalid size",
    );
    named(
        &died("da3", "137", ""),
        Cause::DaemonExited,
        "da3 ended with status 137 (it was killed)",
    );
}

#[test]
fn clock() {
    let evidence = told(
        Stage::Bootstrap,
        "home-a",
        &[
            CONN,
            r#"STATUS_CLIENT WARN BOOTSTRAP PROGRESS=14 TAG=handshake SUMMARY="Handshaking with a relay" WARNING="Clock skew -90000 in NETINFO cell from OR" REASON=CLOCK_SKEW COUNT=1 RECOMMENDATION=warn HOSTID="2971" HOSTADDR="10.194.104.1:21002""#,
            "STATUS_GENERAL WARN CLOCK_SKEW SKEW=-89641 SOURCE=CONSENSUS",
        ],
    );
    named(
        &evidence,
        Cause::ClockSkewed,
        "home-a warns: CLOCK_SKEW Clock skew -90000",
    );
    named(&evidence, Cause::ClockSkewed, "SKEW=-89641");
    let mut evidence = stuck(Stage::Descriptors, "network");
    evidence.logs = vec![NodeText {
        role: ContainerRole::from("relay2"),
        text: "Nov 21 18:10:59.000 [warn] Received NETINFO cell with skewed time (OR:10.194.104.1:21002): It seems that our clock is behind by 1 days, 1 hours, 0 minutes, or that theirs is ahead. Anon requires an accurate clock to work: please check your time, timezone, and date settings.".to_owned(),
    }];
    named(&evidence, Cause::ClockSkewed, "relay2: Nov 21");
}

fn ballot(nickname: &str, consensus: Result<Option<Consensus>, String>) -> Ballot {
    Ballot {
        authority: nickname.to_owned(),
        votes: Ok(Vec::new()),
        consensus,
    }
}

fn silent(nickname: &str) -> Ballot {
    ballot(nickname, Err("no answer".to_owned()))
}

fn dialled(outcome: DialOutcome) -> Vec<Dialled> {
    vec![Dialled {
        target: "10.1.0.1:21001".parse().expect("an address"),
        outcome,
        millis: 1,
    }]
}

#[test]
fn quorum() {
    let mut evidence = stuck(Stage::Consensus, "network");
    let answers = |nickname| ballot(nickname, Ok(None));
    evidence.authorities = Some(vec![answers("da1"), silent("da2"), silent("da3")]);
    named(
        &evidence,
        Cause::NoQuorum,
        "1 of 3 authorities answer; silent: da2 (no answer), da3 (no answer)",
    );
    // Two of three are enough for a quorum, and a peering does not need authorities.
    let mut enough = evidence.clone();
    enough.authorities = Some(vec![answers("da1"), answers("da2"), silent("da3")]);
    named(&enough, Cause::NoAgreement, "da3: no answer");
    enough.stage = Some(Stage::Descriptors);
    named(&enough, Cause::Unknown, "not reached");
    evidence.stage = Some(Stage::Peering);
    named(&evidence, Cause::Unknown, "not reached");
}

#[test]
fn agreement() {
    let recorded = |text: &str| Consensus::parse(text);
    let earlier = recorded(include_str!("../../../fixtures/votes/missed/da3.consensus"));
    let later = recorded(include_str!("../../../fixtures/votes/missed/da1.consensus"));
    let mut evidence = stuck(Stage::Consensus, "network");
    evidence.nodes = vec!["da1".to_owned(), "relay1".to_owned()];
    evidence.authorities = Some(vec![
        ballot("da1", Ok(Some(later.clone()))),
        ballot("da3", Ok(Some(earlier))),
    ]);
    // A quorum that was missed in one round, by authorities that are all there, is no lack of authorities.
    evidence.logs = vec![NodeText {
        role: ContainerRole::from("da3"),
        text:
            "Nov 29 18:36:02.000 [warn] We don't have enough votes to generate a consensus: 1 of 2"
                .to_owned(),
    }];
    named(
        &evidence,
        Cause::NoAgreement,
        "da3 has not made the consensus of 18:36:04 yet; it serves that of 18:35:44",
    );
    let told = diagnose(&evidence).evidence;
    assert!(
        told.iter().any(|line| line.starts_with("da1: has no vote")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|line| line.contains("enough votes")),
        "{told:?}"
    );
    // Where they agree, and before they vote, they are not to blame.
    let mut agreed = evidence.clone();
    agreed.authorities = Some(vec![ballot("da1", Ok(Some(later)))]);
    agreed.logs.clear();
    named(&agreed, Cause::Unknown, "not reached");
    evidence.stage = Some(Stage::Descriptors);
    named(&evidence, Cause::Unknown, "not reached");
}

#[test]
fn route() {
    // In a network namespace without routes: the daemon says nothing and stays at 0 %.
    let evidence = told(
        Stage::Bootstrap,
        "home-a",
        &[
            "CIRC 1 LAUNCHED BUILD_FLAGS=ONEHOP_TUNNEL,IS_INTERNAL,NEED_CAPACITY PURPOSE=GENERAL TIME_CREATED=2026-11-22T19:08:44.680315",
            "CIRC 1 FAILED BUILD_FLAGS=ONEHOP_TUNNEL,IS_INTERNAL,NEED_CAPACITY PURPOSE=GENERAL TIME_CREATED=2026-11-22T19:08:44.680315 REASON=CONNECTFAILED",
        ],
    );
    named(
        &evidence,
        Cause::NoRoute,
        "home-a at 0 % (starting): 1 circuits failed",
    );
    let mut lockdown = stuck(Stage::Lockdown, "home-a");
    lockdown.failed_dials = dialled(DialOutcome::NetworkUnreachable);
    named(&lockdown, Cause::NoRoute, "network-unreachable");
}

#[test]
fn blocked() {
    let evidence = told(
        Stage::Bootstrap,
        "home-a",
        &[
            CONN,
            r#"STATUS_CLIENT WARN BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY="Connecting to a relay" WARNING="Connection refused" REASON=CONNECTREFUSED COUNT=1 RECOMMENDATION=ignore HOSTID="2971" HOSTADDR="127.0.0.1:11002""#,
        ],
    );
    named(&evidence, Cause::AddressesBlocked, "CONNECTREFUSED");
    let mut lockdown = stuck(Stage::Lockdown, "home-a");
    lockdown.failed_dials = dialled(DialOutcome::Timeout);
    named(&lockdown, Cause::AddressesBlocked, "timeout");
}

#[test]
fn family() {
    let evidence = told(
        Stage::Peering,
        "home-a to home-b",
        &[
            DONE,
            "STREAM 53 NEW 0 label.anyone:3000 SOURCE_ADDR=10.194.104.33:34312 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5",
            "STREAM 53 SENTCONNECT 60 label.anyone:3000 CLIENT_PROTOCOL=SOCKS5",
            "STREAM 53 FAILED 59 label.anyone:3000 REASON=END REMOTE_REASON=RESOLVEFAILED CLIENT_PROTOCOL=SOCKS5",
        ],
    );
    named(
        &evidence,
        Cause::WrongTldFamily,
        "for a name in .anyone: END/RESOLVEFAILED",
    );
    let evidence = told(
        Stage::Peering,
        "home-a to home-b",
        &[
            DONE,
            r#"STATUS_CLIENT WARN SOCKS_BAD_HOSTNAME HOSTNAME="label.anon""#,
        ],
    );
    named(&evidence, Cause::WrongTldFamily, "SOCKS_BAD_HOSTNAME");
}

#[test]
fn target() {
    let refused = |reason: &str| {
        format!(
            "STREAM 57 FAILED 58 label.anon:3000 REASON=END REMOTE_REASON={reason} CLIENT_PROTOCOL=SOCKS5"
        )
    };
    for reason in ["MISC", "DONE"] {
        let evidence = told(
            Stage::Peering,
            "home-a to home-b",
            &[
                DONE,
                "STREAM 57 NEW 0 label.anon:3000 SOURCE_ADDR=10.194.104.33:33252 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5",
                "STREAM 57 SENTCONNECT 58 label.anon:3000 CLIENT_PROTOCOL=SOCKS5",
                &refused(reason),
            ],
        );
        named(&evidence, Cause::TargetNotListening, reason);
    }
}

#[test]
fn descriptor() {
    let evidence = told(
        Stage::Peering,
        "home-a to home-b",
        &[
            DONE,
            "STREAM 58 NEW 0 label.anon:3000 SOURCE_ADDR=10.194.104.33:33264 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5",
            "HS_DESC REQUESTED label NO_AUTH $7BDC~relay4 USiBA HSDIR_INDEX=09DD",
            "HS_DESC FAILED label NO_AUTH $7BDC~relay4 USiBA REASON=NOT_FOUND",
            "STREAM 58 FAILED 0 label.anon:3000 REASON=RESOLVEFAILED CLIENT_PROTOCOL=SOCKS5",
        ],
    );
    named(
        &evidence,
        Cause::DescriptorNotPublished,
        "fetch from relay4 failed with NOT_FOUND",
    );
    let evidence = told(
        Stage::Publication,
        "home-a",
        &[
            DONE,
            "HS_DESC UPLOAD own UNKNOWN $7BDC~relay4 Xo3rf58 HSDIR_INDEX=D293",
            "HS_DESC FAILED own UNKNOWN $7BDC~relay4 Xo3rf58 REASON=UPLOAD_REJECTED",
        ],
    );
    named(&evidence, Cause::DescriptorNotPublished, "UPLOAD_REJECTED");
}

#[test]
fn admin_api() {
    let evidence = Evidence {
        known: Some(Known::NoAdminApi {
            how: "home-a's connector takes connections on its BTP port, and none elsewhere"
                .to_owned(),
            others: vec!["ilp-connector"],
        }),
        ..stuck(Stage::Connector, "home-a")
    };
    named(&evidence, Cause::AdminApiAbsent, "on its BTP port");
    named(
        &evidence,
        Cause::AdminApiAbsent,
        "of the profiles that come along, these need no admin API: ilp-connector",
    );
    // One that ended meanwhile answers nowhere, and that is why.
    let ended = Evidence {
        ending: died("home-a/connector", "1", "").ending,
        ..evidence
    };
    named(&ended, Cause::DaemonExited, "ended with status 1");
}

#[test]
fn a_full_disk_is_what_programs_of_ours_say_it_is() {
    let says = |role: &str| {
        Evidence {
        logs: vec![NodeText {
            role: ContainerRole::from(role),
            text: "Nov 29 11:34:24.000 [warn] Error writing to \"/var/lib/anon/v3-status-votes\": No space left on device\n"
                .to_owned(),
        }],
        ..told(Stage::Consensus, "da1", &[])
    }
    };
    named(&says("da1"), Cause::NoSpace, "da1: Nov 29");
    // What a connector says of its own folders proves nothing of the engine.
    named(&says("home-a/connector"), Cause::Unknown, "last seen");
}

#[test]
fn what_fits_nothing_is_not_known() {
    let evidence = told(Stage::Publication, "home-a", &[DONE]);
    named(
        &evidence,
        Cause::Unknown,
        "last seen: not reached within 30 s",
    );
    named(&evidence, Cause::Unknown, "home-a at 100 % (done)");
    // Signs of a home that the stage is not about prove nothing.
    let evidence = told(
        Stage::Publication,
        "home-b",
        &["STATUS_GENERAL WARN CLOCK_SKEW SKEW=-89641 SOURCE=CONSENSUS"],
    );
    named(&evidence, Cause::Unknown, "last seen");
}

#[test]
fn every_cause_has_a_name_and_a_remedy_of_its_own() {
    let names: std::collections::BTreeSet<_> =
        Cause::ALL.iter().map(|cause| cause.name()).collect();
    let remedies: std::collections::BTreeSet<_> =
        Cause::ALL.iter().map(|cause| cause.remedy()).collect();
    let all = Cause::ALL.len();
    assert_eq!((names.len(), remedies.len()), (all, all));
    for cause in Cause::ALL {
        assert_eq!(serde_json::to_value(cause).expect("a name"), cause.name());
    }
}

#[test]
fn a_folder_that_is_refused_is_named_with_its_mode_and_owner() {
    let open = "Nov 29 18:28:15.385 [warn] Permissions on directory /var/lib/anon/hs are too permissive.\nfree(): invalid size";
    let others = "Nov 29 18:28:15.434 [warn] /var/lib/anon/hs is not owned by this user (root, 0) but by anon (1000). \
                  Perhaps you are running Anon as the wrong user?\nfree(): invalid size";
    for log in [open, others] {
        let evidence = Evidence {
            folders: vec![
                "home-a/sidecar: /var/lib/anon/hs has mode 0755, user 0, group 0".to_owned(),
            ],
            ..died("home-a/sidecar", "134", log)
        };
        let evidence = Evidence {
            logs: evidence.logs[1..].to_vec(),
            ..evidence
        };
        named(&evidence, Cause::FolderRefused, "/var/lib/anon/hs");
        named(
            &evidence,
            Cause::FolderRefused,
            "has mode 0755, user 0, group 0",
        );
    }
}
