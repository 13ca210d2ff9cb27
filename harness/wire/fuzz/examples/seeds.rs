//! Writes the seed corpus from the captured vectors: `cargo run --example seeds`.
//!
//! Every vector that is short and not merely an answer or a variation of another gives a frame
//! in the `toon` dialect, its packet, and where they are valid the same two in `rfc`. The times of
//! ERRORs differ between the two, so those of `rfc` are made here.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use toon_wire::{BtpFrame, Codec, Dialect, Mode};

const TOON: Codec = Codec::new(Dialect::Toon, Mode::Lenient);
const RFC: Codec = Codec::new(Dialect::Rfc, Mode::Lenient);
const LONGEST: usize = 200;
const LEFT_OUT: [&str; 7] = ["bls", "claim.", "env.", "fwd.", "settled.", "ws.", "noauth"];
const TIMES: [(&str, &str); 3] = [
    ("error.seconds", "20171224161432Z"),
    ("error.tenths", "20171224161432.2Z"),
    ("error.leap-second", "20161231235960.852Z"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = fs::read_to_string(here.join("../../../fixtures/vectors/toon-btp.json"))?;
    let vectors: serde_json::Value = serde_json::from_str(&vectors)?;
    let mut seeds = Seeds {
        folder: here.join("seeds"),
        written: HashSet::new(),
    };
    for vector in vectors.as_array().into_iter().flatten() {
        let name = vector["name"].as_str().unwrap_or_default();
        let bytes = HEXLOWER.decode(vector["hex"].as_str().unwrap_or_default().as_bytes())?;
        if bytes.len() > LONGEST || LEFT_OUT.iter().any(|part| name.contains(part)) {
            continue;
        }
        seeds.write("frame", name, "toon", &bytes)?;
        let Ok(frame) = TOON.decode_frame(&bytes) else {
            continue;
        };
        let mut rfc = Vec::new();
        if RFC.encode_frame(&frame, &mut rfc).is_ok() {
            seeds.write("frame", name, "rfc", &rfc)?;
        }
        seeds.write("packet", name, "toon", frame.ilp())?;
        let Ok(packet) = TOON.decode_packet(frame.ilp()) else {
            continue;
        };
        rfc.clear();
        if RFC.encode_packet(&packet, &mut rfc).is_ok() {
            seeds.write("packet", name, "rfc", &rfc)?;
        }
    }
    for (name, time) in TIMES {
        let mut bytes = Vec::new();
        RFC.encode_frame(&BtpFrame::error(7, "F00", "x", time), &mut bytes)?;
        seeds.write("frame", name, "rfc", &bytes)?;
    }
    Ok(())
}

struct Seeds {
    folder: PathBuf,
    written: HashSet<(String, Vec<u8>)>,
}

impl Seeds {
    /// Writes bytes once, whatever they are called; times are the capture's, so they are cut
    /// out before the comparison.
    fn write(
        &mut self,
        target: &str,
        name: &str,
        dialect: &str,
        bytes: &[u8],
    ) -> std::io::Result<()> {
        let shape = bytes
            .iter()
            .map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte })
            .collect();
        if bytes.is_empty() || !self.written.insert((target.to_owned(), shape)) {
            return Ok(());
        }
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(
            folder.join(format!("{name}.{dialect}").replace(['#', '+'], "-")),
            bytes,
        )
    }
}
