//! What a microdescriptor consensus says, and why one would stall a network.

use std::collections::BTreeSet;

/// The flags that every node of a private network must carry before a client may rely on it.
pub(super) const NEEDED_FLAGS: [&str; 4] = ["Running", "Valid", "HSDir", "Fast"];

/// One relay in a consensus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Nickname from the `r` line.
    pub nickname: String,
    /// Flags from the `s` line.
    pub flags: BTreeSet<String>,
    /// `Bandwidth=` from the `w` line, in kilobytes per second.
    pub bandwidth: Option<u64>,
    /// Microdescriptor digest from the `m` line, base64.
    pub microdescriptor: Option<String>,
}

/// A consensus document, or the vote of one authority on it, as far as readiness needs it (dir-spec, "vote and
/// consensus status document formats").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consensus {
    /// The `published` line of a vote: when it was made. Empty in a consensus.
    pub published: String,
    /// The `valid-after` line; two authorities that serve the same one agree.
    pub valid_after: String,
    /// The `valid-until` line.
    pub valid_until: String,
    /// How many votes it was made of (`dir-source`); 1 in a vote.
    pub votes: usize,
    /// Every relay in it.
    pub entries: Vec<Entry>,
    /// How many authorities signed it.
    pub signatures: usize,
}

/// Why a network with this consensus would stall, so that it is refused instead of waited for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Relays are not in it, and it would be kept for half an hour.
    #[error("the consensus lacks {}", .0.join(", "))]
    Missing(Vec<String>),
    /// A relay is in it, but cannot be used.
    #[error("the consensus gives {nickname} no {} flag", missing.join(", "))]
    Flags {
        /// The relay.
        nickname: String,
        /// The flags that it lacks.
        missing: Vec<String>,
    },
    /// Weights differ, so all rendezvous circuits would go through few relays and fail.
    #[error(
        "the consensus weighs {heavy} above others: every circuit would go through it and be \
         refused (CountPrivateBandwidth must be 0 on authorities and relays)"
    )]
    Skewed {
        /// A relay with a weight above the lowest.
        heavy: String,
    },
    /// Too few authorities signed.
    #[error("only {signed} of {authorities} authorities signed the consensus")]
    Signatures {
        /// Signatures found.
        signed: usize,
        /// Authorities there are.
        authorities: usize,
    },
}

impl Consensus {
    /// Reads the lines that matter. Lines that are not known are passed over, as the
    /// specification asks.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut consensus = Self::default();
        for line in text.lines() {
            let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
            match keyword {
                "published" => rest.clone_into(&mut consensus.published),
                "dir-source" => consensus.votes += 1,
                "valid-after" => rest.clone_into(&mut consensus.valid_after),
                "valid-until" => rest.clone_into(&mut consensus.valid_until),
                "r" => consensus.entries.push(Entry {
                    nickname: rest.split(' ').next().unwrap_or_default().to_owned(),
                    flags: BTreeSet::new(),
                    bandwidth: None,
                    microdescriptor: None,
                }),
                "s" => {
                    if let Some(entry) = consensus.entries.last_mut() {
                        entry.flags = rest.split_whitespace().map(str::to_owned).collect();
                    }
                }
                "m" => {
                    if let Some(entry) = consensus.entries.last_mut() {
                        entry.microdescriptor = Some(rest.to_owned());
                    }
                }
                "w" => {
                    if let Some(entry) = consensus.entries.last_mut() {
                        // No number is no bandwidth, which the relays' weights show.
                        entry.bandwidth = rest
                            .split_whitespace()
                            .find_map(|item| item.strip_prefix("Bandwidth="))
                            .and_then(|value| value.parse().ok());
                    }
                }
                "directory-signature" => consensus.signatures += 1,
                _ => {}
            }
        }
        consensus
    }

    /// The relay of this nickname.
    #[must_use]
    pub fn entry(&self, nickname: &str) -> Option<&Entry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.nickname == nickname)
    }

    /// Holds the consensus against what the network should be.
    ///
    /// # Errors
    ///
    /// The first [`Refusal`] that applies.
    pub fn refuse(&self, nicknames: &[&str], authorities: usize) -> Result<(), Refusal> {
        let missing: Vec<String> = nicknames
            .iter()
            .filter(|name| self.entry(name).is_none())
            .map(|name| (*name).to_owned())
            .collect();
        if !missing.is_empty() {
            return Err(Refusal::Missing(missing));
        }
        for entry in &self.entries {
            let missing: Vec<String> = NEEDED_FLAGS
                .iter()
                .filter(|flag| !entry.flags.contains(**flag))
                .map(|flag| (*flag).to_owned())
                .collect();
            if !missing.is_empty() {
                return Err(Refusal::Flags {
                    nickname: entry.nickname.clone(),
                    missing,
                });
            }
        }
        let weight = |entry: &Entry| entry.bandwidth.unwrap_or(0);
        let lowest = self.entries.iter().map(weight).min().unwrap_or(0);
        let heavy = self.entries.iter().find(|entry| weight(entry) > lowest);
        if let Some(heavy) = heavy {
            return Err(Refusal::Skewed {
                heavy: heavy.nickname.clone(),
            });
        }
        if self.signatures <= authorities / 2 {
            return Err(Refusal::Signatures {
                signed: self.signatures,
                authorities,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(entries: &[(&str, &str, u64)], signatures: usize) -> Consensus {
        let mut text =
            "network-status-version 3 microdesc\nvalid-after 2026-11-22 10:00:00\n".to_owned();
        for (nickname, flags, bandwidth) in entries {
            text += &format!(
                "r {nickname} AAAA 2026-11-22 10:00:00 10.0.0.1 23001 0\nm digest\ns {flags}\nw Bandwidth={bandwidth}\n"
            );
        }
        for _ in 0..signatures {
            text += "directory-signature sha256 A B\n";
        }
        Consensus::parse(&text)
    }

    const GOOD: &str = "Exit Fast Guard HSDir Running V2Dir Valid";

    #[test]
    fn a_complete_consensus_is_taken() {
        let consensus = document(&[("da1", GOOD, 0), ("relay1", GOOD, 0)], 2);
        assert_eq!(consensus.valid_after, "2026-11-22 10:00:00");
        assert_eq!(consensus.refuse(&["da1", "relay1"], 3), Ok(()));
    }

    #[test]
    fn a_partial_consensus_is_refused() {
        let consensus = document(&[("da1", GOOD, 0)], 3);
        assert_eq!(
            consensus.refuse(&["da1", "relay1"], 3),
            Err(Refusal::Missing(vec!["relay1".into()]))
        );
    }

    #[test]
    fn a_missing_flag_is_refused() {
        let consensus = document(&[("da1", "Fast Running Valid", 0)], 3);
        assert_eq!(
            consensus.refuse(&["da1"], 3),
            Err(Refusal::Flags {
                nickname: "da1".into(),
                missing: vec!["HSDir".into()]
            })
        );
    }

    #[test]
    fn a_skewed_consensus_is_refused() {
        let consensus = document(&[("da1", GOOD, 0), ("relay1", GOOD, 3)], 3);
        assert_eq!(
            consensus.refuse(&["da1", "relay1"], 3),
            Err(Refusal::Skewed {
                heavy: "relay1".into()
            })
        );
    }

    #[test]
    fn a_relay_without_weight_weighs_nothing() {
        let mut consensus = document(&[("da1", GOOD, 3), ("relay1", GOOD, 3)], 3);
        consensus.entries[0].bandwidth = None;
        assert!(matches!(
            consensus.refuse(&["da1", "relay1"], 3),
            Err(Refusal::Skewed { heavy }) if heavy == "relay1"
        ));
    }

    #[test]
    fn a_minority_consensus_is_refused() {
        let consensus = document(&[("da1", GOOD, 0)], 1);
        assert_eq!(
            consensus.refuse(&["da1"], 3),
            Err(Refusal::Signatures {
                signed: 1,
                authorities: 3
            })
        );
    }
}
