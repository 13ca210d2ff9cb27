//! How many files and connections this process may have open at once, which a run needs many of.

use rustix::process::{Resource, getrlimit, setrlimit};

/// What a run needs besides what each home takes: 30 were in use over a standing network with two homes, and more are
/// while it makes a network of its own.
const BASE: u64 = 64;
/// What each home takes: its logs, its daemon's control port, its connector, its server. 43 were in use with two homes
/// and 96 with eight.
const PER_HOME: u64 = 9;

/// The limit is too low for what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this process may have {limit} files open at once, and {homes} homes take up to {needed}; raise the limit of open files, in a shell by `ulimit -Hn {needed}`, for a service by LimitNOFILE"
)]
pub struct TooFew {
    limit: u64,
    homes: usize,
    needed: u64,
}

/// Takes as many as the system lets this process have: shells and services often start with far fewer than they may
/// take.
pub fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // Where that is refused, what there is may do, and is looked at before a run.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Whether there are enough for a run of so many homes. Returns how many there are; `None` stands for any number.
///
/// # Errors
///
/// [`TooFew`] if not.
pub fn enough(homes: usize) -> Result<Option<u64>, TooFew> {
    hold(getrlimit(Resource::Nofile).current, homes)
}

fn hold(limit: Option<u64>, homes: usize) -> Result<Option<u64>, TooFew> {
    let needed = BASE + PER_HOME * u64::try_from(homes).unwrap_or(u64::MAX / PER_HOME / 2);
    match limit {
        Some(limit) if limit < needed => Err(TooFew {
            limit,
            homes,
            needed,
        }),
        limit => Ok(limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_home_takes_some() {
        assert_eq!(hold(None, 32), Ok(None));
        assert_eq!(hold(Some(1024), 32), Ok(Some(1024)));
        let error = hold(Some(256), 32).expect_err("too few");
        assert!(error.to_string().contains("may have 256"), "{error}");
        assert_eq!(hold(Some(82), 2), Ok(Some(82)));
        assert!(hold(Some(81), 2).is_err());
    }
}
