//! Authentication (contract#auth).

use wire::auth::{AUTH, auth_json, json_entries, rfc_entries};
use wire::{BtpFrame, BtpType, ProtocolData, ProtocolEntry};

use super::answers::{either, error, let_in, note, refused, refused_or_over, rejected};
use super::row::{Defect, Need, Row, Script, Send, Setup};
use crate::conformance::build::{self, WRONG};
use crate::conformance::seen::Seen;
use crate::conformance::subject::Subject;
use crate::connectors::secret_variable;
use crate::probe::Credentials;

/// What the connector is set up with where a row needs a secret of its own.
const SECRET: &str = "conformance-secret";

/// A peer id that nobody has.
const NOBODY: &str = "nobody-knows-this-peer";

fn fresh(message: Vec<u8>) -> Script {
    Script::Fresh(vec![Send::Message(message)])
}

/// What is said first on a connection, and what it leads to.
#[expect(clippy::too_many_lines, reason = "a table of rows")]
pub(super) fn rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let peer = &subject.peer;
    let json = |secret: &str| auth_json(&peer.peer_id, secret);
    let as_peer = |id: &str, secret: &str| subject.auth_as(&Credentials::new(id, secret), 1);
    let right_json = json(peer.secret.expose());
    let right = json_entries(&right_json);
    let name = serde_json::Value::from(peer.peer_id.as_str());
    let secret = serde_json::Value::from(peer.secret.expose());
    let raw = |text: &str| fresh(build::auth_json(codec, text));
    let first = |kind: BtpType| {
        let frame = BtpFrame::data(1, kind, ProtocolData::new(&right), &[]);
        fresh(build::encode(codec, &frame))
    };
    let other = ProtocolEntry::new("other", 0, b"x");
    let row = Row::new;

    let mut rows = vec![
        row(
            "auth-right-secret",
            "contract#auth-accepted",
            "the right secret",
            fresh(subject.auth(1)),
        )
        .expects(let_in(1)),
        row(
            "auth-wrong-secret",
            "contract#auth-refused",
            "a wrong secret",
            fresh(as_peer(&peer.peer_id, WRONG)),
        )
        .expects(refused(1)),
        row(
            "auth-unknown-peer",
            "contract#auth-refused",
            "an unknown peer with a secret",
            fresh(as_peer(NOBODY, WRONG)),
        )
        .expects(refused(1)),
        row(
            "auth-empty-secret-refused",
            "contract#auth-empty-secret",
            "an unknown peer with an empty secret where that is refused",
            fresh(as_peer(NOBODY, "")),
        )
        .needs(Need::NoAuth(false))
        .expects(refused(1)),
        row(
            "auth-empty-secret-unknown-peer",
            "contract#auth-empty-secret-default",
            "an unknown peer with an empty secret",
            fresh(as_peer(NOBODY, "")),
        )
        .needs(Need::NoAuth(true))
        .expects_one_of(either(1)),
        row(
            "auth-peer-id-number",
            "contract#auth-peer-id-type",
            "peerId a number, an empty secret",
            raw(r#"{"peerId":5,"secret":""}"#),
        )
        .expects_one_of(either(1)),
        row(
            "auth-peer-id-object",
            "contract#auth-peer-id-type",
            "peerId an object, an empty secret",
            raw(r#"{"peerId":{"a":1},"secret":""}"#),
        )
        .expects_one_of(either(1)),
        row(
            "auth-extra-json",
            "contract#auth-lenient",
            "an unknown field in the JSON",
            raw(&format!(
                r#"{{"peerId":{name},"secret":{secret},"extra":1}}"#
            )),
        )
        .expects_one_of(either(1)),
        row(
            "auth-content-type",
            "contract#auth-lenient",
            "content type 65535",
            fresh(build::entries(
                codec,
                &[ProtocolEntry::new(AUTH, u16::MAX, right_json.as_bytes())],
                &[],
            )),
        )
        .expects_one_of(either(1)),
        row(
            "auth-second-entry",
            "contract#auth-lenient",
            "another entry before `auth`",
            fresh(build::entries(codec, &[other, right[0]], &[])),
        )
        .expects_one_of(either(1)),
        row(
            "auth-with-packet",
            "contract#auth-lenient",
            "a PREPARE in the same message, which is dropped",
            fresh(build::entries(
                codec,
                &right,
                &build::prepare_nowhere(codec),
            )),
        )
        .expects_one_of(either(1)),
        row(
            "auth-request-id-0",
            "contract#request-id",
            "request id 0",
            fresh(subject.auth(0)),
        )
        .expects(let_in(0)),
        row(
            "auth-request-id-max",
            "contract#request-id",
            "request id 4294967295",
            fresh(subject.auth(u32::MAX)),
        )
        .expects(let_in(u32::MAX)),
        row(
            "auth-no-entry",
            "contract#auth-malformed",
            "a MESSAGE without an `auth` entry",
            fresh(build::entries(codec, &[other], &[])),
        )
        .expects(refused(1)),
        row(
            "auth-rfc-entries",
            "contract#auth-malformed",
            "the three entries of RFC-0023",
            fresh(build::entries(
                codec,
                &rfc_entries(&peer.peer_id, peer.secret.expose()),
                &[],
            )),
        )
        .expects(refused(1)),
        row(
            "first-prepare",
            "contract#auth-refused",
            "a PREPARE first",
            fresh(build::message_nowhere(codec, 1)),
        )
        .expects(refused(1)),
        row(
            "first-response",
            "contract#auth-refused",
            "a RESPONSE first",
            first(BtpType::Response),
        )
        .expects_one_of(refused_or_over(1)),
        row(
            "first-error",
            "contract#auth-refused",
            "an ERROR first",
            fresh(build::encode(
                codec,
                &BtpFrame::error(1, "F00", "x", "2026-01-01T00:00:00.000Z"),
            )),
        )
        .expects_one_of(refused_or_over(1)),
        row(
            "first-transfer",
            "contract#auth-refused",
            "a TRANSFER first",
            first(BtpType::Transfer),
        )
        .expects(refused(1)),
        row(
            "auth-and-prepare-in-one-burst",
            "contract#auth-accepted",
            "the right secret and a PREPARE in one burst",
            Script::Fresh(vec![Send::Burst(vec![
                subject.auth(1),
                build::message_nowhere(codec, 2),
            ])]),
        )
        .expects(vec![
            Seen::Empty { id: 1 },
            rejected(2, "F02"),
            Seen::Served,
        ]),
        row(
            "auth-twice",
            "contract#auth-twice",
            "the right secret once more after it was accepted",
            Script::Admitted(vec![Send::Message(subject.auth(2))]),
        )
        .expects_one_of(vec![
            vec![Seen::Served],
            let_in(2),
            vec![error(2), Seen::Served],
            refused(2),
        ]),
        row(
            "auth-bad-then-good-burst",
            "contract#auth-second-try",
            "a wrong secret and the right one in one burst",
            Script::Fresh(vec![Send::Burst(vec![
                as_peer(&peer.peer_id, WRONG),
                subject.auth(2),
            ])]),
        )
        .expects_one_of(vec![
            refused(1),
            vec![error(1), Seen::Empty { id: 2 }, Seen::Over],
            vec![error(1), error(2), Seen::Over],
        ]),
    ];
    rows.push(refused_elsewhere(as_peer(&peer.peer_id, WRONG)));
    let malformed = [
        (
            "auth-secret-missing",
            "no secret",
            format!(r#"{{"peerId":{name}}}"#),
        ),
        (
            "auth-secret-null",
            "secret null",
            format!(r#"{{"peerId":{name},"secret":null}}"#),
        ),
        (
            "auth-secret-number",
            "secret a number",
            format!(r#"{{"peerId":{name},"secret":5}}"#),
        ),
        (
            "auth-peer-id-missing",
            "no peerId",
            format!(r#"{{"secret":{secret}}}"#),
        ),
        (
            "auth-peer-id-empty",
            "an empty peerId",
            format!(r#"{{"peerId":"","secret":{secret}}}"#),
        ),
        (
            "auth-json-null",
            "null instead of an object",
            "null".to_owned(),
        ),
        ("auth-not-json", "text that is not JSON", "hello".to_owned()),
        (
            "auth-empty-data",
            "nothing as the data of `auth`",
            String::new(),
        ),
    ];
    rows.extend(malformed.into_iter().map(|(id, what, json)| {
        row(id, "contract#auth-malformed", what, raw(&json)).expects(refused(1))
    }));
    if !peer.secret.expose().is_empty() {
        rows.push(takeover(fresh(as_peer(&peer.peer_id, ""))));
    }
    rows
}

/// An empty secret of a peer that has one, in the dialect's own authentication.
pub(super) fn takeover(script: Script) -> Row {
    Row::new(
        "auth-empty-secret-configured-peer",
        "contract#defect-empty-secret-takeover",
        "an empty secret of a peer that has one",
        script,
    )
    .needs(Need::BestWithNoAuth)
    .expects(refused(1))
    .knows(Defect {
        source: "contract#defect-empty-secret-takeover",
        shows: let_in(1),
        what: "an empty secret is let in for a peer that has a secret, so anyone can take over \
               that peer's id and packets",
    })
}

/// What a login that is refused does to the peer whose id it had.
pub(super) fn refused_login_harms(shows: Vec<Seen>) -> Defect {
    Defect {
        source: "contract#defect-refused-login-harms",
        shows,
        what: "a login that is refused cuts off the peer whose id it had, so that anyone who knows an id \
               can, as in ilp-plugin-btp 1.5.0",
    }
}

/// A wrong secret, in the dialect's own authentication, while the peer whose it is not is connected.
pub(super) fn refused_elsewhere(login: Vec<u8>) -> Row {
    Row::new(
        "auth-refused-elsewhere",
        "contract#defect-refused-login-harms",
        "a wrong secret while the peer is connected, then a PREPARE on its own connection",
        Script::RefusedElsewhere(login),
    )
    .expects(vec![Seen::Served])
    .knows(refused_login_harms(vec![Seen::Silence]))
    .knows(refused_login_harms(vec![Seen::Over]))
}

/// A connector with these variables.
fn env(env: &'static [(&'static str, Option<&'static str>)]) -> Need {
    Need::Setup(Setup {
        env,
        ..Setup::default()
    })
}

/// Peer ids, the variables they map to, and `BTP_ALLOW_NOAUTH`.
#[expect(clippy::too_many_lines, reason = "a table of rows")]
pub(super) fn identity_rows(subject: &Subject) -> Vec<Row> {
    let with = |id: &str, secret: &str| fresh(subject.auth_as(&Credentials::new(id, secret), 1));
    let row = Row::new;
    let mut rows = Vec::new();
    // Ids that differ only in case and in dashes share one variable, which needs no control.
    let given = subject.peer.peer_id.as_str();
    let variants = [
        ("peer-id-upper-case", given.to_uppercase()),
        ("peer-id-underscores", given.replace('-', "_")),
        ("peer-id-dashes", given.replace('_', "-")),
    ];
    for (id, variant) in variants {
        if variant != given {
            rows.push(
                row(
                    id,
                    "contract#auth-id-spelling",
                    "the same peer id in another spelling, the right secret",
                    with(&variant, subject.peer.secret.expose()),
                )
                .expects_one_of(either(1)),
            );
        }
    }
    let upper = env(&[(secret_variable!("CO_CLIENT"), Some(SECRET))]);
    let shared = "contract#auth-id-spelling";
    for (id, source, spelling, answers) in [
        (
            "env-id-dashes",
            "contract#auth-secret",
            "co-client",
            vec![let_in(1)],
        ),
        ("env-id-underscores", shared, "co_client", either(1)),
        ("env-id-upper-case", shared, "CO-CLIENT", either(1)),
        ("env-id-mixed-case", shared, "Co_Client", either(1)),
    ] {
        let sends = format!(
            "peer id {spelling}, secret in {}",
            secret_variable!("CO_CLIENT")
        );
        rows.push(
            row(id, source, &sends, with(spelling, SECRET))
                .needs(upper)
                .expects_one_of(answers),
        );
    }
    rows.extend([
        row(
            "env-id-dots",
            "contract#auth-secret",
            concat!("peer id g.alice, secret in ", secret_variable!("G.ALICE")),
            with("g.alice", SECRET),
        )
        .needs(env(&[(secret_variable!("G.ALICE"), Some(SECRET))]))
        .expects(let_in(1)),
        row(
            "env-id-dots-as-underscores",
            "contract#auth-secret",
            concat!("peer id g.alice, secret in ", secret_variable!("G_ALICE")),
            with("g.alice", SECRET),
        )
        .needs(env(&[(secret_variable!("G_ALICE"), Some(SECRET))]))
        .expects(refused(1)),
        row(
            "env-secret-empty",
            "contract#auth-secret-empty",
            concat!("a secret where ", secret_variable!("BLANK"), " is empty"),
            with("blank", SECRET),
        )
        .needs(env(&[(secret_variable!("BLANK"), Some(""))]))
        .expects(refused(1)),
        row(
            "yaml-secret-only",
            "contract#auth-token-is-shown",
            "the secret that is only in peers[]",
            with("yaml-peer", SECRET),
        )
        .needs(Need::Setup(Setup {
            env: &[],
            peers: &[("yaml-peer", SECRET)],
            dials_us: false,
        }))
        .expects(refused(1)),
        row(
            "env-noauth-unset",
            "contract#auth-empty-secret-default",
            "an empty secret, BTP_ALLOW_NOAUTH unset",
            with("anyone", ""),
        )
        .needs(env(&[("BTP_ALLOW_NOAUTH", None)]))
        .expects_one_of(either(1)),
        row(
            "env-noauth-false",
            "contract#auth-empty-secret",
            "an empty secret, BTP_ALLOW_NOAUTH=false",
            with("anyone", ""),
        )
        .needs(env(&[("BTP_ALLOW_NOAUTH", Some("false"))]))
        .expects(refused(1)),
        row(
            "env-noauth-FALSE",
            "contract#auth-allow-noauth",
            "an empty secret, BTP_ALLOW_NOAUTH=FALSE",
            with("anyone", ""),
        )
        .needs(env(&[("BTP_ALLOW_NOAUTH", Some("FALSE"))]))
        .expects_one_of(either(1)),
        row(
            "env-noauth-0",
            "contract#auth-allow-noauth",
            "an empty secret, BTP_ALLOW_NOAUTH=0",
            with("anyone", ""),
        )
        .needs(env(&[("BTP_ALLOW_NOAUTH", Some("0"))]))
        .expects_one_of(either(1)),
        row(
            "env-noauth-no",
            "contract#auth-allow-noauth",
            "an empty secret, BTP_ALLOW_NOAUTH=no",
            with("anyone", ""),
        )
        .needs(env(&[("BTP_ALLOW_NOAUTH", Some("no"))]))
        .expects_one_of(either(1)),
        row(
            "env-noauth-empty",
            "contract#auth-allow-noauth",
            "an empty secret, BTP_ALLOW_NOAUTH empty",
            with("anyone", ""),
        )
        .needs(env(&[("BTP_ALLOW_NOAUTH", Some(""))]))
        .expects_one_of(either(1)),
        row(
            "client-gives-up",
            "contract#auth-client",
            "no answer to the connector's own authentication",
            Script::GiveUp,
        )
        .needs(Need::Setup(Setup {
            env: &[],
            peers: &[("silent", SECRET)],
            dials_us: true,
        }))
        .expects(vec![note("gave up"), note("tried again")]),
    ]);
    rows
}
