//! Rows in which a login is refused while the peer whose id it had is connected.

use super::build::WRONG;
use super::fence::fence;
use super::legs::{self, Found, Legs};
use super::seen::{self, Seen};
use super::subject::Subject;
use crate::probe::Credentials;

/// How often a packet is sent after the refusal. The end of the connection is seen before the connector has
/// finished with it, so one packet may be too early to show what it did.
const ATTEMPTS: usize = 3;

/// What the rows note, for tables to expect.
pub(super) mod said {
    pub(in crate::conformance) const STILL_REACHED: &str = "packets still reach the peer";
    pub(in crate::conformance) const LOST: &str = "a packet did not reach the peer any more";
}

/// Has this login refused on a connection of its own. Returns what it led to, as an aside.
async fn refused(subject: &Subject, login: &[u8]) -> Result<Seen, String> {
    let mut stranger = subject.socket().await.map_err(legs::why)?;
    let mut came = Vec::new();
    // A write that fails shows itself in what is read.
    let _ = stranger.send(login.to_vec()).await;
    // An ERROR or two, and the end.
    while !came.last().is_some_and(Seen::is_end) {
        match stranger.next(subject.limit).await {
            Some(incoming) => came.push(Seen::incoming(&incoming, &subject.codec())),
            None => break,
        }
    }
    let what = format!("the login led to: {}", seen::list(&came));
    match came.last().is_some_and(Seen::is_end) {
        true => Ok(Seen::Aside(what)),
        // Another row is about that.
        false => Err(what),
    }
}

/// Whether a connection that was let in is served after a login on another one was refused.
pub(super) async fn then_serves(subject: &Subject, login: &[u8]) -> Found {
    let mut session = subject.admitted().await.map_err(legs::why)?;
    let mut came = vec![refused(subject, login).await?];
    fence(&mut session, subject, &mut came, Seen::Served).await;
    session.close(subject.limit).await;
    Ok(came)
}

/// Whether packets still reach a peer after a login with its id was refused.
pub(super) async fn then_forwards(subject: &Subject) -> Found {
    let mut legs = Legs::open(subject).await?;
    // Before: whether anything is forwarded to us at all.
    match legs.deliver(subject, None).await? {
        Ok(()) => legs.has_forwarded(),
        Err(came) => {
            let before = Seen::Note("packets did not reach us before".to_owned());
            return Ok([vec![before], came].concat());
        }
    }
    let wrong = Credentials::new(&subject.peer.peer_id, WRONG);
    let login = refused(subject, &subject.auth_as(&wrong, 1)).await?;
    for _ in 0..ATTEMPTS {
        if let Err(came) = legs.deliver(subject, None).await? {
            let lost = Seen::Note(said::LOST.to_owned());
            return Ok(vec![lost, login, Seen::Aside(seen::list(&came))]);
        }
    }
    legs.close(subject).await;
    Ok(vec![Seen::Note(said::STILL_REACHED.to_owned()), login])
}
