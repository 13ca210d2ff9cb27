//! What a daemon says in its log that names a cause.

/// Something that a daemon says in words, and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It ends because the terms are not agreed to (anon 0.4.9.11).
    TermsNotAgreed,
    /// It refuses a nickname (`Nickname`, 1 to 19 letters and digits).
    BadNickname,
    /// It refuses a folder that is not its user's alone, and ends.
    FolderRefused,
    /// Its clock differs from another's.
    ClockSkewed,
    /// An authority did not get enough votes.
    TooFewVotes,
    /// An authority did not get enough signatures.
    TooFewSignatures,
}

/// What follows the name of a folder that is refused.
const TOO_PERMISSIVE: &str = " are too permissive";
const NOT_OWNED: &str = " is not owned by this user";
/// What precedes it in the first of these.
const PERMISSIONS: &str = "Permissions on directory ";

/// The words of anon 0.4.9.11 and tor 0.4.7 to 0.4.9.
const WORDS: [(&str, Notice); 10] = [
    ("not agreed to the terms", Notice::TermsNotAgreed),
    ("Not agreed to terms", Notice::TermsNotAgreed),
    ("nicknames must be between", Notice::BadNickname),
    (TOO_PERMISSIVE, Notice::FolderRefused),
    (NOT_OWNED, Notice::FolderRefused),
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

/// The folder that a line of a daemon's log says it refuses.
#[must_use]
pub fn refused_folder(line: &str) -> Option<&str> {
    let before = |end: &str| line.split_once(end).map(|(before, _)| before);
    let folder = match before(TOO_PERMISSIVE) {
        Some(before) => before.split_once(PERMISSIONS)?.1,
        None => before(NOT_OWNED)?.split_once("] ")?.1,
    };
    folder.starts_with('/').then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_that_is_refused() {
        // Of anon 0.4.9.11.
        let open = "Nov 29 18:28:15.385 [warn] Permissions on directory /var/lib/anon/hs are too permissive.";
        let others = "Nov 29 18:28:15.434 [warn] /var/lib/anon/hs is not owned by this user (root, 0) but by anon \
                      (1000). Perhaps you are running Anon as the wrong user?";
        for line in [open, others] {
            assert_eq!(notices(line).next(), Some((Notice::FolderRefused, line)));
            assert_eq!(refused_folder(line), Some("/var/lib/anon/hs"));
        }
        assert_eq!(refused_folder("[warn] something else"), None);
    }
}
