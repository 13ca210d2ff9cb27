//! One of two homes that run.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::error::TestError;
use super::keeper::Keeper;
use crate::connectors::{Outgoing, PeerState, Received, Reply};
use crate::onion::OnionAddress;
use crate::plan::HomePlan;

/// How long a packet lives that is sent from a home.
const LIFETIME: Duration = Duration::from_secs(10);

/// One of two homes that run.
#[derive(Clone, Copy)]
pub struct TestHome<'t> {
    keeper: &'t Keeper,
    plan: &'t HomePlan,
}

impl<'t> TestHome<'t> {
    pub(super) const fn new(keeper: &'t Keeper, plan: &'t HomePlan) -> Self {
        Self { keeper, plan }
    }

    /// Its id, by which the other home knows it as a peer.
    #[must_use]
    pub fn id(&self) -> &'t str {
        &self.plan.id
    }

    /// The ILP prefix of what is delivered to it.
    #[must_use]
    pub fn prefix(&self) -> &'t str {
        &self.plan.prefix
    }

    /// An ILP address of it.
    #[must_use]
    pub fn ilp_address(&self, suffix: &str) -> String {
        format!("{}.{suffix}", self.plan.prefix)
    }

    /// The address of its onion service, which prints redacted.
    ///
    /// # Panics
    ///
    /// Never: both homes have one.
    #[must_use]
    pub fn onion_address(&self) -> &'t OnionAddress {
        &self.plan.onion().expect("both homes have a daemon").address
    }

    /// The address of its containers, which share one.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.plan.address.into()
    }

    /// The name of its connector's container on the engine.
    #[must_use]
    pub fn connector(&self) -> &'t str {
        &self.plan.connector
    }

    /// The names of its containers on the engine, each with its role.
    #[must_use]
    pub fn containers(&self) -> Vec<(String, String)> {
        self.plan.containers()
    }

    /// Where a port of it is dialled from this machine, such as that of its connector's health server.
    ///
    /// # Errors
    ///
    /// [`TestError::Ended`].
    pub async fn socket(&self, port: u16) -> Result<SocketAddr, TestError> {
        let home = self.plan.clone();
        let asked = self
            .keeper
            .ask(move |live| Box::pin(async move { live.socket(&home, port) }));
        asked.await
    }

    /// Sends an ILP packet from this home and waits for the answer. It lives for 10 s.
    ///
    /// # Errors
    ///
    /// [`TestError::Connector`] for anything but a fulfill or a reject, and [`TestError::Ended`].
    pub async fn send(
        &self,
        destination: &str,
        amount: u64,
        data: &[u8],
    ) -> Result<Reply, TestError> {
        let (home, destination) = (self.plan.clone(), destination.to_owned());
        let data = data.to_vec();
        let asked = self.keeper.ask(move |live| {
            Box::pin(async move {
                let packet = Outgoing {
                    destination: &destination,
                    amount,
                    data: &data,
                    limit: LIFETIME,
                };
                live.control(&home).send(&packet).await
            })
        });
        Ok(asked.await??)
    }

    /// Every packet that was delivered to this home, in order.
    ///
    /// # Errors
    ///
    /// [`TestError::Connector`] where its server keeps no record, or does not answer, and [`TestError::Ended`].
    pub async fn received(&self) -> Result<Vec<Received>, TestError> {
        let home = self.plan.clone();
        let asked = self
            .keeper
            .ask(move |live| Box::pin(async move { live.control(&home).received().await }));
        Ok(asked.await??)
    }

    /// The peers that its connector dials, each with whether there is a session with it.
    ///
    /// # Errors
    ///
    /// [`TestError::Connector`] where it has no means to tell, or does not answer, and [`TestError::Ended`].
    pub async fn peers(&self) -> Result<Vec<PeerState>, TestError> {
        let home = self.plan.clone();
        let asked = self
            .keeper
            .ask(move |live| Box::pin(async move { live.control(&home).peers().await }));
        Ok(asked.await??)
    }

    /// What its connector has written so far, without secrets and onion addresses.
    ///
    /// # Errors
    ///
    /// [`TestError::Engine`] and [`TestError::Ended`].
    pub async fn log(&self) -> Result<String, TestError> {
        let container = self.plan.connector.clone();
        let asked = self
            .keeper
            .ask(move |live| Box::pin(async move { live.log(&container).await }));
        Ok(asked.await??)
    }
}
