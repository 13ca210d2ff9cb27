//! HTTP and WebSocket, below BTP (contract#websocket).

use super::answers::{no_route, note, rejected};
use super::row::{Defect, Need, Row, Script, Send};
use crate::conformance::build::{self, ROW_ID};
use crate::conformance::seen::Seen;
use crate::conformance::shutdown::said;
use crate::conformance::subject::Subject;

pub(super) fn rows(subject: &Subject) -> Vec<Row> {
    [http_rows(subject), websocket_rows(subject)].concat()
}

/// HTTP before there is a WebSocket: who asks for none, or for another version, gets none.
fn http_rows(subject: &Subject) -> Vec<Row> {
    let request = subject.request_head();
    let row = Row::new;
    vec![
        row(
            "http-plain-get",
            "contract#ws-upgrade",
            "a GET without an upgrade",
            Script::Http(format!("{request}\r\n")),
        )
        .expects(vec![Seen::NoUpgrade]),
        row(
            "http-wrong-version",
            "contract#ws-upgrade",
            "an upgrade to WebSocket version 7",
            Script::Http(format!(
                "{request}Connection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 7\r\n\r\n"
            )),
        )
        .expects(vec![Seen::NoUpgrade]),
        row(
            "http-garbage",
            "contract#ws-upgrade",
            "bytes that are not HTTP",
            Script::Http("\u{1}\u{2}garbage\r\n\r\n".to_owned()),
        )
        .expects(vec![Seen::NoUpgrade]),
        row(
            "ws-subprotocol",
            "contract#ws-subprotocol",
            "an upgrade that offers the subprotocols zzz and btp",
            Script::Subprotocol("zzz, btp"),
        )
        .expects_one_of(vec![
            vec![note("no subprotocol")],
            vec![note("subprotocol btp")],
            vec![note("subprotocol zzz")],
        ]),
    ]
}

/// What RFC 6455 asks of every server, whatever it speaks above. Who fails a connection should say why
/// in a close frame, but need not (section 7.1.7).
#[expect(clippy::too_many_lines, reason = "a table of rows")]
pub(super) fn websocket_rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let raw = |bytes: Vec<u8>| Script::Admitted(vec![Send::Raw(bytes)]);
    let frame = build::websocket_frame;
    let message = build::message_nowhere(codec, ROW_ID);
    let (head, tail) = message.split_at(message.len() / 2);
    let fragmented = [
        frame(0x02, true, head),
        frame(0x89, true, b"between"),
        frame(0x80, true, tail),
    ]
    .concat();
    let row = Row::new;
    vec![
        row("ws-ping", "contract#ws-ping", "a ping", Script::Ping)
            .expects(vec![note("pong"), Seen::Served]),
        row(
            "ws-fragments",
            "contract#ws-frames",
            "a message in two fragments with a ping in between",
            raw(fragmented),
        )
        .expects(no_route()),
        row(
            "ws-unmasked",
            "contract#ws-protocol-error",
            "a frame without a mask",
            raw(frame(0x82, false, &message)),
        )
        .expects(vec![Seen::Over])
        .knows(Defect {
            source: "contract#defect-plugin-unmasked",
            shows: vec![rejected(ROW_ID, "F02"), Seen::Silence],
            what: "a server must end the connection of a client that does not mask (RFC 6455 \
                   section 5.1); the ws 6 below ilp-plugin-btp takes its frames",
        }),
        row(
            "ws-rsv1",
            "contract#ws-protocol-error",
            "a frame with a reserved bit",
            raw(frame(0xC2, true, &message)),
        )
        .expects(vec![Seen::Over]),
        row(
            "ws-opcode-3",
            "contract#ws-protocol-error",
            "a frame with an unknown opcode",
            raw(frame(0x83, true, &message)),
        )
        .expects(vec![Seen::Over]),
        row(
            "ws-lone-continuation",
            "contract#ws-protocol-error",
            "a continuation of nothing",
            raw(frame(0x80, true, &message)),
        )
        .expects(vec![Seen::Over]),
        row(
            "ws-long-ping",
            "contract#ws-protocol-error",
            "a ping of 126 bytes",
            raw(frame(0x89, true, &[0; 126])),
        )
        .expects(vec![Seen::Over]),
        row(
            "ws-close-1005",
            "contract#ws-protocol-error",
            "a close with code 1005",
            raw(frame(0x88, true, &[0x03, 0xED])),
        )
        .expects(vec![Seen::Over]),
        row(
            "ws-close-echo",
            "contract#ws-close",
            "a close with code 4001 and a reason",
            raw(frame(0x88, true, b"\x0F\xA1bye")),
        )
        .expects(vec![Seen::AnyClose]),
        row(
            "ws-claims-1-gib",
            "contract#ws-size",
            "the header of a frame of 1 GiB",
            raw(build::websocket_claim(1 << 30)),
        )
        .expects(vec![Seen::Over]),
    ]
}

/// The last of all, because the connector has to end.
pub(super) fn shutdown_row() -> Row {
    Row::new(
        "shutdown-idle-socket",
        "contract#defect-shutdown-hangs",
        "SIGTERM while a connection is open that never said who it is",
        Script::Shutdown,
    )
    .needs(Need::Keeper)
    .expects(vec![note(said::ENDED)])
    .knows(Defect {
        source: "contract#defect-shutdown-hangs",
        shows: vec![note(said::RUNS)],
        what: "it does not end within 10 s of SIGTERM while a connection is open that never said who it \
               is: whoever stops it has to kill it",
    })
}
