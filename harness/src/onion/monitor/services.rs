//! Onion services that a daemon is to begin later, a daemon that sleeps until then, and whether it has published.

use super::Monitor;
use crate::onion::OnionAddress;
use crate::onion::control::ControlError;

impl Monitor {
    /// Takes the daemon's onion services from it, and lets it sleep. Meant for a daemon whose network is
    /// off: circuits of its services would be closed.
    ///
    /// # Errors
    ///
    /// [`ControlError`], as from [`Control::command`](crate::onion::control::Control::command).
    pub async fn withhold(&mut self) -> Result<(), ControlError> {
        let configured = self.control.command("GETCONF HiddenServiceOptions").await?;
        self.withheld = options(&configured);
        if self.withholds() {
            self.control.command("RESETCONF HiddenServiceDir").await?;
            self.sleep().await?;
        }
        Ok(())
    }

    /// Whether the daemon lacks services that it was configured with.
    #[must_use]
    pub fn withholds(&self) -> bool {
        !self.withheld.is_empty()
    }

    /// Lets the daemon do nothing until it is woken (control-spec, `SIGNAL DORMANT`). One that has an
    /// onion service takes no notice.
    ///
    /// # Errors
    ///
    /// As [`Monitor::withhold`].
    pub async fn sleep(&mut self) -> Result<(), ControlError> {
        self.control.command("SIGNAL DORMANT").await.map(drop)
    }

    /// Wakes the daemon, which then looks after everything that it does once a second (control-spec,
    /// `SIGNAL ACTIVE`).
    ///
    /// # Errors
    ///
    /// As [`Monitor::withhold`].
    pub async fn wake(&mut self) -> Result<(), ControlError> {
        self.control.command("SIGNAL ACTIVE").await.map(drop)
    }

    /// Whether the daemon has sent a descriptor of its service to HSDirs since it started (control-spec,
    /// `GETINFO hs/service/desc/id`), which tells what happened before it was observed. One that an earlier daemon with
    /// the same keys has sent does not count.
    ///
    /// # Errors
    ///
    /// As [`Monitor::withhold`].
    pub async fn has_published(&mut self, service: &OnionAddress) -> Result<bool, ControlError> {
        let key = format!("hs/service/desc/id/{}", service.expose_label());
        match self.control.info(&key).await {
            Ok(descriptor) => Ok(is_sent(&descriptor)),
            // It makes one as soon as it has a consensus, and has none until then.
            Err(ControlError::Refused { reply, .. }) if reply.starts_with("551") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives the daemon its services back as they were configured. Does nothing if none were taken.
    ///
    /// # Errors
    ///
    /// As [`Monitor::withhold`].
    pub async fn give_back(&mut self) -> Result<(), ControlError> {
        if self.withholds() {
            let command = format!("SETCONF {}", self.withheld.join(" "));
            self.control.command(&command).await?;
            self.withheld.clear();
        }
        Ok(())
    }
}

/// The options of a reply to `GETCONF HiddenServiceOptions`, as `SETCONF` takes them.
fn options(reply: &[String]) -> Vec<String> {
    let options = reply.iter().filter_map(|line| line.split_once('='));
    options
        .map(|(name, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{name}=\"{value}\"")
        })
        .collect()
}

/// Whether a descriptor of a daemon's own was sent: until it is, its revision counter is 0 (rend-spec, section 2.4; that it
/// is 0 was measured).
fn is_sent(descriptor: &str) -> bool {
    let mut lines = descriptor.lines();
    let counter = lines.find_map(|line| line.strip_prefix("revision-counter "));
    counter.is_some_and(|counter| counter.parse::<u64>().is_ok_and(|counter| counter > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_that_was_sent_has_been_counted() {
        let counted = |counter: &str| {
            is_sent(&format!(
                "hs-descriptor 3\ndescriptor-lifetime 180\nrevision-counter {counter}\nsuperencrypted"
            ))
        };
        assert!(counted("2483473619"));
        assert!(!counted("0"));
        assert!(!counted("many"));
        assert!(!is_sent(""));
    }

    #[test]
    fn services_are_given_back_as_they_were_configured() {
        let reply = [
            "HiddenServiceDir=/var/lib/anon/hs".to_owned(),
            "HiddenServicePort=3000 127.0.0.1:3000".to_owned(),
        ];
        assert_eq!(
            options(&reply),
            [
                "HiddenServiceDir=\"/var/lib/anon/hs\"",
                "HiddenServicePort=\"3000 127.0.0.1:3000\""
            ]
        );
        assert!(options(&["HiddenServiceOptions".to_owned()]).is_empty());
    }
}
