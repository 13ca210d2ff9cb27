//! What a daemon says in its log that names a cause.

/// Something that a daemon says in words, and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It ends because the terms are not agreed to (anon 0.4.9.11).
    TermsNotAgreed,
    /// It refuses a nickname (`Nickname`, 1 to 19 letters and digits).
    BadNickname,
    /// Its clock differs from another's.
    ClockSkewed,
    /// An authority did not get enough votes.
    TooFewVotes,
    /// An authority did not get enough signatures.
    TooFewSignatures,
}

/// The words of anon 0.4.9.11 and tor 0.4.7 to 0.4.9.
const WORDS: [(&str, Notice); 8] = [
    ("not agreed to the terms", Notice::TermsNotAgreed),
    ("Not agreed to terms", Notice::TermsNotAgreed),
    ("nicknames must be between", Notice::BadNickname),
    ("with skewed time", Notice::ClockSkewed),
    ("Our clock is", Notice::ClockSkewed),
    ("Anon needs an accurate clock", Notice::ClockSkewed),
    ("enough votes to generate a consensus", Notice::TooFewVotes),
    (
        "good signatures from recognized authorities",
        Notice::TooFewSignatures,
    ),
];

/// The lines of a daemon's log that say one of these, in order.
pub fn notices(log: &str) -> impl Iterator<Item = (Notice, &str)> {
    log.lines().filter_map(|line| {
        let (_, notice) = WORDS.iter().find(|(words, _)| line.contains(words))?;
        Some((*notice, line))
    })
}
