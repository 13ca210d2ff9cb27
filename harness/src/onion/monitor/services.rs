//! Onion services that a daemon is to begin later, and a daemon that sleeps until then.

use super::Monitor;
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

#[cfg(test)]
mod tests {
    use super::*;

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
