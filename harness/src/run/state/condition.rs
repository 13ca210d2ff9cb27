//! What a run is by everything that this machine knows of it, and what a later run does with it.

use std::io;

use super::files::StateError;
use super::locks::Owner;
use super::registry::{KnownRun, Life};
use crate::causes::with_causes;
use crate::engine::{Deadline, Now, UnreadableLabel};

/// What a run is by everything that this machine knows of it.
#[derive(Debug)]
pub enum Condition<'k> {
    /// A process on this machine works on it; which, when this state folder tells.
    UnderWay(Option<&'k Owner>),
    /// `up` has left it running.
    Persisted,
    /// `up` has left it running, and the file about that cannot be read.
    PersistedUnreadable(&'k StateError),
    /// Its process is gone, and it was not left running.
    Ended,
    /// Whether a process works on it cannot be told.
    Unclear(String),
    /// It has no folder here, and no process on this machine works on it: another user's, another
    /// state folder's, or another machine's.
    Foreign,
}

/// What a sweep does with what of a run is on an engine.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is removed.
    Remove,
    /// It stays.
    Stay,
    /// It stays, although somebody may have expected it to go; with the reason.
    StaySaying(String),
}

impl<'k> Condition<'k> {
    /// What a run is by its folder here and by the name that a process holds on this machine.
    #[must_use]
    pub fn of(known: Option<&'k KnownRun>, announced: io::Result<bool>) -> Self {
        if matches!(announced, Ok(true)) {
            return Self::UnderWay(known.and_then(KnownRun::owner));
        }
        match known.map(|known| (known, &known.life)) {
            // The lock in the folder has told already, whatever keeps us from asking by name.
            Some((known, Life::UnderWay)) => Self::UnderWay(known.owner()),
            Some((_, Life::Persisted(_))) => Self::Persisted,
            Some((_, Life::PersistedUnreadable(error))) => Self::PersistedUnreadable(error),
            Some((_, Life::Ended)) => Self::Ended,
            Some((_, Life::Unclear(error))) => Self::Unclear(with_causes(error).to_string()),
            None => match announced {
                Ok(_) => Self::Foreign,
                Err(error) => Self::Unclear(format!(
                    "whether a process on this machine works on it cannot be asked: {}",
                    with_causes(&error)
                )),
            },
        }
    }

    /// What a sweep does with it. A deadline counts for what nobody works on any more; what cannot be
    /// read is never taken for over.
    #[must_use]
    pub fn fate(&self, deadline: &Result<Deadline, UnreadableLabel>, now: &Now) -> Fate {
        let over = deadline.as_ref().map(|deadline| deadline.is_over(now));
        match (self, over) {
            (Self::UnderWay(_), _) => Fate::Stay,
            (Self::Ended, _) => Fate::Remove,
            (Self::Unclear(reason), _) => Fate::StaySaying(reason.clone()),
            (Self::Persisted | Self::PersistedUnreadable(_) | Self::Foreign, Ok(true)) => {
                Fate::Remove
            }
            (Self::PersistedUnreadable(error), _) => {
                Fate::StaySaying(with_causes(error).to_string())
            }
            (Self::Persisted | Self::Foreign, Ok(false)) => Fate::Stay,
            (Self::Persisted | Self::Foreign, Err(label)) => {
                Fate::StaySaying(with_causes(label).to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::Unreadable;
    use super::*;
    use crate::engine::BootTime;

    fn error() -> StateError {
        StateError::Unreadable {
            run: "r".to_owned(),
            path: "/state/r/kept.json".to_owned(),
            source: Unreadable::Earlier,
        }
    }

    fn known(life: Life) -> KnownRun {
        KnownRun {
            run: "r".to_owned(),
            folder: "/state/r".into(),
            record: Ok(None),
            named: None,
            life,
        }
    }

    const NOW: i64 = 1_000_000;

    fn now() -> Now {
        let boot = BootTime {
            boot: "here".to_owned(),
            seconds: 5000,
        };
        Now {
            unix: NOW,
            boot: Some(boot),
        }
    }

    fn at(unix: i64, boot: Option<(&str, i64)>) -> Result<Deadline, UnreadableLabel> {
        let boot = boot.map(|(boot, seconds)| BootTime {
            boot: boot.to_owned(),
            seconds,
        });
        Ok(Deadline { unix, boot })
    }

    fn garbled() -> Result<Deadline, UnreadableLabel> {
        Err(UnreadableLabel {
            label: "ator-harness.deadline",
            value: Some("soon".to_owned()),
        })
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn only_what_is_known_to_be_dead_or_over_is_removed() {
        let (over, due) = (at(NOW - 1, None), at(NOW + 1, None));
        // By the boot clock the opposite of what the wall clock says.
        let (kept_by_boot, over_by_boot) = (
            at(NOW - 40_000, Some(("here", 5001))),
            at(NOW + 40_000, Some(("here", 4999))),
        );
        let under_way = known(Life::UnderWay);
        let unreadable = known(Life::PersistedUnreadable(error()));
        let ended = known(Life::Ended);
        let unclear = known(Life::Unclear(error()));
        type Case<'c> = (
            &'c str,
            Option<&'c KnownRun>,
            io::Result<bool>,
            &'c Result<Deadline, UnreadableLabel>,
            &'c str,
        );
        let refused = || Err(io::Error::from(io::ErrorKind::PermissionDenied));
        let garbled = garbled();
        let cases: [Case<'_>; 17] = [
            ("ours, alive, over", Some(&under_way), Ok(false), &over, ""),
            (
                "ours, alive, not asked",
                Some(&under_way),
                refused(),
                &over,
                "",
            ),
            (
                "ours, alive, garbled",
                Some(&under_way),
                Ok(false),
                &garbled,
                "",
            ),
            ("ours, dead, due", Some(&ended), Ok(false), &due, "remove"),
            (
                "ours, dead, garbled",
                Some(&ended),
                Ok(false),
                &garbled,
                "remove",
            ),
            (
                "ours, dead, cannot ask",
                Some(&ended),
                refused(),
                &due,
                "remove",
            ),
            (
                "ours, folder lost its lock",
                Some(&ended),
                Ok(true),
                &over,
                "",
            ),
            (
                "ours, unreadable, due",
                Some(&unreadable),
                Ok(false),
                &due,
                "kept.json",
            ),
            (
                "ours, unreadable, garbled",
                Some(&unreadable),
                Ok(false),
                &garbled,
                "kept.json",
            ),
            (
                "ours, unreadable, over",
                Some(&unreadable),
                Ok(false),
                &over,
                "remove",
            ),
            (
                "ours, unclear, over",
                Some(&unclear),
                Ok(false),
                &over,
                "kept.json",
            ),
            ("another's, alive, over", None, Ok(true), &over, ""),
            ("another's, due", None, Ok(false), &due, ""),
            ("another's, over", None, Ok(false), &over, "remove"),
            ("another's, garbled", None, Ok(false), &garbled, "soon"),
            (
                "another's, cannot ask, over",
                None,
                refused(),
                &over,
                "cannot be asked",
            ),
            (
                "another's, our clock ahead",
                None,
                Ok(false),
                &kept_by_boot,
                "",
            ),
        ];
        for (what, known, announced, deadline, expected) in cases {
            let fate = Condition::of(known, announced).fate(deadline, &now());
            match expected {
                "remove" => assert_eq!(fate, Fate::Remove, "{what}"),
                "" => assert_eq!(fate, Fate::Stay, "{what}"),
                part => {
                    let says = matches!(&fate, Fate::StaySaying(why) if why.contains(part));
                    assert!(says, "{what}: {fate:?}");
                }
            }
        }
        let fate = Condition::of(None, Ok(false)).fate(&over_by_boot, &now());
        assert_eq!(fate, Fate::Remove, "over, our clock set back");
    }

    #[test]
    fn what_is_kept_stays_until_its_deadline() {
        for (deadline, fate) in [
            (at(NOW + 1, None), Fate::Stay),
            (at(NOW - 1, None), Fate::Remove),
            (at(NOW - 40_000, Some(("here", 5001))), Fate::Stay),
            (at(NOW + 40_000, Some(("here", 4999))), Fate::Remove),
        ] {
            assert_eq!(
                Condition::Persisted.fate(&deadline, &now()),
                fate,
                "{deadline:?}"
            );
        }
        let fate = Condition::Persisted.fate(&garbled(), &now());
        assert!(matches!(fate, Fate::StaySaying(_)), "{fate:?}");
    }
}
