//! What holds for every input and every value, tried on many of them.
//!
//! Each property runs over 100,000 cases; `PROPTEST_CASES` does not lower that.

#[macro_use]
mod bytes;
mod differential;
mod model;
mod values;

use proptest::test_runner::Config;
use toon_wire::{Codec, Dialect, Mode};

/// All four codecs.
const CODECS: [Codec; 4] = [
    Codec::new(Dialect::Toon, Mode::Strict),
    Codec::new(Dialect::Toon, Mode::Lenient),
    Codec::new(Dialect::Rfc, Mode::Strict),
    Codec::new(Dialect::Rfc, Mode::Lenient),
];

fn config(cases: u32) -> Config {
    Config {
        cases,
        // The test names what failed; a file of seeds in the source tree would not say more.
        failure_persistence: None,
        ..Config::default()
    }
}

fn strict(codec: Codec) -> Codec {
    Codec::new(codec.dialect(), Mode::Strict)
}
