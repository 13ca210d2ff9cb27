//! What the packets of a run are made of.

use std::time::Duration;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// Now, in milliseconds since the Unix epoch.
pub(in crate::run) fn now_ms() -> i64 {
    i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

pub(in crate::run) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A payload of its own for every packet.
pub(in crate::run) fn payload(destination: &str, nonce: &str, size: usize) -> Vec<u8> {
    let mut data = format!("ator-harness/{nonce}/{destination}/").into_bytes();
    // What follows differs from packet to packet too, so that no two could be taken for each
    // other after a part was lost.
    let filler = Sha256::digest(&data);
    while data.len() < size {
        let missing = size - data.len();
        data.extend_from_slice(&filler[..missing.min(filler.len())]);
    }
    data
}
