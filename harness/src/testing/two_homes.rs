//! Two homes that run, as a test has them.

use std::path::{Path, PathBuf};

use super::error::TestError;
use super::fault::Broken;
use super::home::TestHome;
use super::judged::Judged;
use super::keeper::{Keeper, Up};
use super::session::PeerSession;
use crate::plan::Plan;
use crate::topology::NamedFault;

/// Two homes behind NAT, `home-a` and `home-b`, each with an onion daemon, the connector under test and a
/// business-logic server, that dial each other over a private onion network on this machine.
///
/// Dropped, it removes everything it has started, and waits for that, some two seconds: also when the test panics, or
/// the process gets a signal that asks it to end. Where the process is killed, or ends without dropping it, a process
/// that outlives it removes everything within seconds.
pub struct TwoHomes {
    keeper: Keeper,
    plan: Plan,
    folder: PathBuf,
}

impl TwoHomes {
    pub(super) fn new(keeper: Keeper, Up { plan, folder }: Up) -> Self {
        Self {
            keeper,
            plan,
            folder,
        }
    }

    /// The id of the run: every container, network and volume of it has the label `ator-harness.run` with this value.
    #[must_use]
    pub fn run(&self) -> &str {
        self.plan.run.as_str()
    }

    /// The run's folder, in which logs and reports are once it has ended.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How everything was planned: addresses, ports, names of containers and networks.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The home `home-a`.
    #[must_use]
    pub fn a(&self) -> TestHome<'_> {
        TestHome::new(&self.keeper, &self.plan.homes[0])
    }

    /// The home `home-b`.
    #[must_use]
    pub fn b(&self) -> TestHome<'_> {
        TestHome::new(&self.keeper, &self.plan.homes[1])
    }

    /// A BTP session of the harness's own with the connector of `home-b`, dialled over the onion network through the
    /// daemon of `home-a`.
    ///
    /// # Errors
    ///
    /// [`TestError::Session`] when it is not let in, and [`TestError::Ended`].
    pub async fn session(&self) -> Result<PeerSession, TestError> {
        let asked = self
            .keeper
            .ask(|live| Box::pin(async move { live.session().await }));
        let session = asked.await?.map_err(|why| TestError::Session { why })?;
        Ok(PeerSession::new(
            session,
            self.plan.topology.deadlines.delivery,
        ))
    }

    /// Makes a fault of the catalogue (`docs/faults.md`) and returns when it is made, such as `relay-on-path` or
    /// `daemon-pause`. One that concerns a home concerns `home-b`. It lasts until it is [undone](Broken::undo); one
    /// that stays dead, for good.
    ///
    /// # Errors
    ///
    /// [`TestError::NoSuchFault`]; [`TestError::Fault`] when it cannot be made, such as one of the network where that
    /// stands by for others ([`NetworkChoice::Fresh`](super::NetworkChoice::Fresh) has one of their own); and
    /// [`TestError::Ended`].
    pub async fn fault(&self, name: &str) -> Result<Broken<'_>, TestError> {
        let named = NamedFault::find(name);
        let named = named.ok_or_else(|| TestError::NoSuchFault {
            name: name.to_owned(),
        })?;
        let fault = named.of_home(&self.plan.probe.to);
        let what = fault.to_string();
        let asked = self
            .keeper
            .ask(move |live| Box::pin(async move { live.make(&fault).await }));
        match asked.await? {
            Ok(made) => Ok(Broken::new(&self.keeper, what, made)),
            Err(why) => Err(TestError::Fault { what, why }),
        }
    }

    /// What a container has written so far, by its name on the engine, without secrets and onion addresses.
    ///
    /// # Errors
    ///
    /// [`TestError::Engine`] when there is no such container, and [`TestError::Ended`].
    pub async fn log(&self, container: &str) -> Result<String, TestError> {
        let container = container.to_owned();
        let asked = self
            .keeper
            .ask(move |live| Box::pin(async move { live.log(&container).await }));
        Ok(asked.await??)
    }

    /// Judges the homes as `ator-harness verify` does, by every check of the catalogue, and removes them.
    ///
    /// The session of the harness's own has to be closed before, because a connector keeps one for each peer.
    ///
    /// # Errors
    ///
    /// [`TestError::Run`] when nothing can be said of them. A verdict that is not pass is no error.
    pub async fn verdict(self) -> Result<Judged, TestError> {
        self.keeper.judge().await
    }

    /// Removes them, as dropping does, and says whether that came to anything.
    ///
    /// # Errors
    ///
    /// [`TestError::NotUp`] when something of them has ended before.
    pub async fn stop(self) -> Result<(), TestError> {
        self.keeper.remove().await
    }
}
