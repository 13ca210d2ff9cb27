//! Authentication (RFC-0023, section on authentication).

use wire::auth::{AUTH, AUTH_TOKEN, AUTH_USERNAME, auth_json, json_entries, rfc_entries};
use wire::{BtpFrame, BtpType, Dialect, Expiry, ProtocolData, ProtocolEntry};

use crate::conformance::build::{self, WRONG};
use crate::conformance::seen::Seen;
use crate::conformance::subject::Subject;
use crate::conformance::table::answers::{
    either, error, let_in, refused, refused_or_over, rejected,
};
use crate::conformance::table::handshake::{refused_elsewhere, takeover};
use crate::conformance::table::row::{Defect, Need, Row, Script, Send};
use crate::probe::Credentials;

/// A name that nobody has.
const NOBODY: &str = "nobody-knows-this-peer";

fn fresh(message: Vec<u8>) -> Script {
    Script::Fresh(vec![Send::Message(message)])
}

/// The plugin's listener lets in what the RFC has refused.
fn lets_in(source: &'static str, what: &'static str) -> Defect {
    Defect {
        source,
        shows: let_in(1),
        what,
    }
}

#[expect(clippy::too_many_lines, reason = "a table of rows")]
pub(crate) fn rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let (name, secret) = (&subject.peer.peer_id, subject.peer.secret.expose());
    let right = rfc_entries(name, secret);
    let [auth, username, token] = right;
    let as_peer = |name: &str, secret: &str| subject.auth_as(&Credentials::new(name, secret), 1);
    let entries = |entries: &[ProtocolEntry<'_>]| fresh(build::entries(codec, entries, &[]));
    let first = |kind: BtpType| {
        let frame = BtpFrame::data(1, kind, ProtocolData::new(&right), &[]);
        fresh(build::encode(codec, &frame))
    };
    let time = Expiry::from(std::time::SystemTime::now()).to_generalized_time();
    let json = auth_json(name, secret);
    let row = Row::new;
    let mut rows = vec![
        row(
            "auth-right-secret",
            "contract#rfc-auth",
            "the right secret",
            fresh(subject.auth(1)),
        )
        .expects(let_in(1)),
        row(
            "auth-request-id-0",
            "contract#rfc-auth",
            "request id 0",
            fresh(subject.auth(0)),
        )
        .expects(let_in(0)),
        row(
            "auth-request-id-max",
            "contract#rfc-auth",
            "request id 4294967295",
            fresh(subject.auth(u32::MAX)),
        )
        .expects(let_in(u32::MAX)),
        row(
            "auth-extra-entry",
            "contract#rfc-auth",
            "an entry more, which servers may use or not",
            entries(&[auth, username, token, ProtocolEntry::new("x", 2, b"{}")]),
        )
        .expects(let_in(1)),
        row(
            "auth-token-before-username",
            "contract#rfc-auth",
            "auth_token before auth_username",
            entries(&[auth, token, username]),
        )
        .expects(let_in(1)),
        row(
            "auth-wrong-secret",
            "contract#rfc-auth-refused",
            "a wrong secret",
            fresh(as_peer(name, WRONG)),
        )
        .expects(refused(1)),
        row(
            "auth-unknown-peer",
            "contract#rfc-auth-refused",
            "an unknown user name with a wrong secret",
            fresh(as_peer(NOBODY, WRONG)),
        )
        .expects(refused(1)),
        row(
            "auth-unknown-peer-right-secret",
            "contract#rfc-auth-username",
            "an unknown user name with the right secret",
            fresh(as_peer(NOBODY, secret)),
        )
        .expects_one_of(either(1)),
        row(
            "auth-secret-cut",
            "contract#rfc-auth-refused",
            "the right secret without its last character",
            fresh(as_peer(name, cut(secret))),
        )
        .expects(refused(1)),
    ];
    rows.push(refused_elsewhere(as_peer(name, WRONG)));
    if secret.is_empty() {
        // Nothing can be cut off an empty secret.
        rows.retain(|row| row.id != "auth-secret-cut");
        rows.push(
            row(
                "auth-empty-secret-allowed",
                "contract#rfc-auth-empty",
                "an empty secret where no authentication is needed",
                fresh(as_peer(name, "")),
            )
            .needs(Need::NoAuth(true))
            .expects(let_in(1)),
        );
    } else {
        rows.push(takeover(fresh(as_peer(name, ""))));
    }
    rows.extend([
        row(
            "auth-no-token",
            "contract#rfc-auth-refused",
            "no auth_token",
            entries(&[auth, username]),
        )
        .expects(refused(1)),
        row(
            "auth-no-username",
            "contract#rfc-auth-username",
            "no auth_username",
            entries(&[auth, token]),
        )
        .expects_one_of(either(1)),
        row(
            "auth-no-entry",
            "contract#rfc-auth-refused",
            "a MESSAGE without `auth`",
            entries(&[ProtocolEntry::new("other", 0, b"x")]),
        )
        .expects(refused(1)),
        row(
            "auth-no-entries",
            "contract#rfc-auth-refused",
            "a MESSAGE without entries",
            entries(&[]),
        )
        .expects(refused(1)),
        row(
            "auth-not-first",
            "contract#rfc-auth-refused",
            "`auth` as the second entry",
            entries(&[username, auth, token]),
        )
        .expects(refused(1)),
        row(
            "auth-with-data",
            "contract#rfc-auth-refused",
            "`auth` with data",
            entries(&[ProtocolEntry::new(AUTH, 0, b"x"), username, token]),
        )
        .expects(refused(1))
        .knows(lets_in(
            "contract#defect-plugin-auth-entry",
            "the data of `auth` must be empty; ilp-plugin-btp does not look at it",
        )),
        row(
            "auth-content-type",
            "contract#rfc-auth-refused",
            "`auth` as JSON",
            entries(&[ProtocolEntry::new(AUTH, 2, &[]), username, token]),
        )
        .expects(refused(1))
        .knows(lets_in(
            "contract#defect-plugin-auth-entry",
            "`auth` must be of type octet-stream; ilp-plugin-btp does not look at the type",
        )),
        row(
            "auth-token-twice",
            "contract#rfc-auth-refused",
            "auth_token twice, the second one wrong",
            entries(&[
                auth,
                username,
                token,
                ProtocolEntry::new(AUTH_TOKEN, 1, WRONG.as_bytes()),
            ]),
        )
        .expects(refused(1))
        .knows(lets_in(
            "contract#defect-plugin-repeated-entry",
            "two entries with one name have to be refused; ilp-plugin-btp takes the first",
        )),
        row(
            "auth-username-twice",
            "contract#rfc-auth-refused",
            "auth_username twice",
            entries(&[
                auth,
                username,
                ProtocolEntry::new(AUTH_USERNAME, 1, NOBODY.as_bytes()),
                token,
            ]),
        )
        .expects(refused(1))
        .knows(lets_in(
            "contract#defect-plugin-repeated-entry",
            "two entries with one name have to be refused; ilp-plugin-btp takes the first",
        )),
        row(
            &format!("auth-{}-entry", Dialect::Toon),
            "contract#rfc-auth-refused",
            "the one entry with JSON of TOON connectors",
            entries(&json_entries(&json)),
        )
        .expects(refused(1)),
        row(
            "first-prepare",
            "contract#rfc-auth-refused",
            "a PREPARE first",
            fresh(build::message_nowhere(codec, 1)),
        )
        .expects(refused(1)),
        row(
            "first-response",
            "contract#rfc-auth-refused",
            "a RESPONSE first",
            first(BtpType::Response),
        )
        .expects_one_of(refused_or_over(1)),
        row(
            "first-transfer",
            "contract#rfc-auth-refused",
            "a TRANSFER first",
            first(BtpType::Transfer),
        )
        .expects(refused(1)),
        row(
            "first-error",
            "contract#rfc-auth-refused",
            "an ERROR first",
            fresh(build::encode(codec, &BtpFrame::error(1, "F00", "x", &time))),
        )
        .expects_one_of(refused_or_over(1)),
        row(
            "auth-and-prepare-in-one-burst",
            "contract#rfc-auth",
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
            "auth-bad-then-good-burst",
            "contract#rfc-auth-refused",
            "a wrong secret and the right one in one burst",
            Script::Fresh(vec![Send::Burst(vec![
                as_peer(name, WRONG),
                subject.auth(2),
            ])]),
        )
        .expects_one_of(vec![
            refused(1),
            vec![error(1), error(2), Seen::Over],
        ]),
        row(
            "auth-twice",
            "contract#rfc-auth-twice",
            "the right secret once more after it was accepted",
            Script::Admitted(vec![Send::Message(subject.auth(2))]),
        )
        .expects_one_of(vec![
            let_in(2),
            vec![error(2), Seen::Served],
            refused(2),
        ]),
        row(
            "second-connection",
            "contract#rfc-connection",
            "a PREPARE on a connection after another one of the same peer was let in",
            Script::SecondConnection,
        )
        .expects_one_of(vec![
            vec![rejected(build::ROW_ID, "F02"), Seen::Served],
            vec![Seen::Over, Seen::Served],
        ])
        .knows(Defect {
            source: "contract#defect-plugin-one-connection",
            shows: vec![error(1), Seen::Served],
            what: "a connection is open until one side closes it (RFC-0023, section on authentication); \
                   ilp-plugin-btp gives up the older of two, and says so when that is used next",
        }),
    ]);
    rows
}

/// The text without its last character.
fn cut(text: &str) -> &str {
    match text.char_indices().next_back() {
        Some((at, _)) => &text[..at],
        None => text,
    }
}
