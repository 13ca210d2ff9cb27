//! Whether a connection is still served, and that nothing more was to come on it.

use super::build;
use super::seen::Seen;
use super::socket::Socket;
use super::subject::{Subject, ended};

/// Request ids of the packets that show whether a connection is still served.
const FENCE_IDS: [u32; 2] = [0x00F0_0001, 0x00F0_0002];

/// Request id of an authentication for the same purpose.
const FENCE_AUTH_ID: u32 = 0x00F0_0000;

/// Shows that the connection is still usable: authenticates if `last` is [`Seen::Admitted`], then
/// has two packets answered, one after the other. Whatever else comes in the meantime is noted, so
/// that two round trips of quiet are the proof that nothing more was to come.
pub(super) async fn fence(
    socket: &mut Socket,
    subject: &Subject,
    came: &mut Vec<Seen>,
    last: Seen,
) {
    let codec = subject.codec();
    let mut steps = Vec::new();
    if last == Seen::Admitted {
        steps.push((FENCE_AUTH_ID, subject.auth(FENCE_AUTH_ID)));
    }
    for id in FENCE_IDS {
        steps.push((id, build::message_nowhere(&codec, id)));
    }
    for (id, message) in steps {
        if let Err(end) = socket.send(message).await {
            came.push(ended(&end));
            return;
        }
        loop {
            let Some(incoming) = socket.next(subject.limit).await else {
                came.push(Seen::Silence);
                return;
            };
            let seen = Seen::incoming(&incoming, &codec);
            match seen {
                Seen::Empty { id: other } if other == id && id == FENCE_AUTH_ID => break,
                Seen::Fulfill { id: other, .. } | Seen::Reject { id: other, .. } if other == id => {
                    break;
                }
                seen => {
                    let over = seen.is_end();
                    came.push(seen);
                    if over {
                        return;
                    }
                }
            }
        }
    }
    came.push(last);
}
