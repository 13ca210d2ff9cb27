//! What homes' daemons tell, also those that were started again.

use std::sync::{Mutex, PoisonError};

use crate::onion::monitor::{Monitor, Timeline};
use crate::run::context::RunningHome;

/// The monitors of every home's daemon: the one that it was brought up with, and one more for each start since.
pub(super) struct Monitors<'r> {
    homes: &'r [RunningHome],
    later: Mutex<Vec<(String, Monitor)>>,
}

impl<'r> Monitors<'r> {
    pub(super) fn new(homes: &'r [RunningHome]) -> Self {
        Self {
            homes,
            later: Mutex::default(),
        }
    }

    /// Follows a daemon that was started again.
    pub(super) fn add(&self, home: &str, monitor: Monitor) {
        self.lock().push((home.to_owned(), monitor));
    }

    /// Everything that a home's daemons have told, the earliest first.
    pub(super) fn all(&self, home: &str) -> Vec<Timeline> {
        let first = self.homes.iter().filter(|one| one.plan.id == home);
        let first = first.filter_map(|one| one.monitor.as_ref().map(Monitor::timeline));
        let later = self.lock();
        let later = later.iter().filter(|(of, _)| of == home);
        first
            .chain(later.map(|(_, monitor)| monitor.timeline()))
            .collect()
    }

    /// What the daemon that runs has told.
    pub(super) fn last(&self, home: &str) -> Option<Timeline> {
        let later = self.lock();
        let later = later.iter().rfind(|(of, _)| of == home);
        match later {
            Some((_, monitor)) => Some(monitor.timeline()),
            None => {
                let first = self.homes.iter().find(|one| one.plan.id == home)?;
                first.monitor.as_ref().map(Monitor::timeline)
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, Monitor)>> {
        // A list is whole after any panic.
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
