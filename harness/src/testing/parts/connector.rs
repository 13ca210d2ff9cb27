//! The reference connector.

use std::borrow::Cow;

use testcontainers::core::{
    BuildableImage, ContainerPort, CopyToContainer, CopyToContainerCollection, WaitFor,
};
use testcontainers::{CopyTargetOptions, Image};

use super::recipe::{Recipe, made_of_recipe};
use crate::connectors::Kind;
use crate::connectors::toon::{
    ADMIN_PORT, ALLOW_NO_AUTH, BTP_PORT, CONFIG_FILE, HEALTH_PORT, Standalone,
};
use crate::ingredients;
use crate::secret::Secret;
use crate::testing::TestError;

/// The reference connector of this project: BTP at [`BTP`](Self::BTP), its health at [`HEALTH`](Self::HEALTH), its
/// admin API at [`ADMIN`](Self::ADMIN). Peers that it dials are registered by the admin API
/// (`docs/connector-contract.md`).
///
/// ```no_run
/// use ator_harness::testing::parts::{BusinessLogicServer, ReferenceConnector};
/// use testcontainers::ImageExt;
/// use testcontainers::runners::{AsyncBuilder, AsyncRunner};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let server = BusinessLogicServer::new()?.build_image().await?;
/// let server = server.with_network("home").with_container_name("bls").start().await?;
/// let connector = ReferenceConnector::new("home", "test.home", "the admin API's key")?
///     .with_server("http://bls:3100")
///     .with_caller("peer", "the peer's secret")
///     .build_image()
///     .await?
///     .with_network("home")
///     .start()
///     .await?;
/// let btp = connector.get_host_port_ipv4(ReferenceConnector::BTP).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ReferenceConnector {
    recipe: Recipe,
    connector: Standalone,
    environment: Vec<(String, Secret)>,
    files: Vec<CopyToContainer>,
}

impl ReferenceConnector {
    /// The port of its BTP server.
    pub const BTP: u16 = BTP_PORT;
    /// The port of its health server.
    pub const HEALTH: u16 = HEALTH_PORT;
    /// The port of its admin API.
    pub const ADMIN: u16 = ADMIN_PORT;

    /// A connector of what is at hand, with its id, the ILP prefix of what is delivered to it, and the key of its admin
    /// API.
    ///
    /// # Errors
    ///
    /// [`TestError::Missing`] where its program is not there.
    pub fn new(id: &str, prefix: &str, admin_key: &str) -> Result<Self, TestError> {
        let set = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
        let connector = Self {
            recipe: Recipe::new(ingredients::reference_connector)?,
            connector: Standalone {
                id: id.to_owned(),
                prefix: prefix.to_owned(),
                admin_key: Secret::new(admin_key),
                server: None,
                proxy: None,
                routes: Vec::new(),
            },
            environment: vec![
                set("CONFIG_FILE", CONFIG_FILE),
                set("LOG_LEVEL", "debug"),
                set(ALLOW_NO_AUTH, "false"),
            ],
            files: Vec::new(),
        };
        Ok(connector.configured())
    }

    /// Delivers to this business-logic server, as in `http://bls:3100`; without one it delivers nothing.
    #[must_use]
    pub fn with_server(mut self, url: &str) -> Self {
        self.connector.server = Some(url.to_owned());
        self.configured()
    }

    /// Dials its peers through this proxy, as in `socks5h://anon:9050`; without one directly.
    #[must_use]
    pub fn with_proxy(mut self, url: &str) -> Self {
        self.connector.proxy = Some(url.to_owned());
        self.configured()
    }

    /// Hands packets for a prefix to a peer.
    #[must_use]
    pub fn with_route(mut self, prefix: &str, peer: &str) -> Self {
        let route = (prefix.to_owned(), peer.to_owned());
        self.connector.routes.push(route);
        self.configured()
    }

    /// Lets a peer in that dials it and sends this secret.
    #[must_use]
    pub fn with_caller(mut self, peer: &str, secret: &str) -> Self {
        let variable = Kind::default().secret_variable(peer);
        let set = variable.map(|name| (name, Secret::new(secret)));
        self.environment.extend(set);
        self
    }

    /// Lets peers in that send no secret.
    #[must_use]
    pub fn with_callers_without_secret(mut self) -> Self {
        self.environment
            .push((ALLOW_NO_AUTH.to_owned(), Secret::new("true")));
        self
    }

    /// Has its file say what was asked for.
    fn configured(mut self) -> Self {
        let target = CopyTargetOptions::new(CONFIG_FILE).with_mode(0o644);
        let file = self.connector.file().into_bytes();
        self.files = vec![CopyToContainer::new(file, target)];
        self
    }
}

made_of_recipe!(ReferenceConnector);

impl Image for ReferenceConnector {
    fn name(&self) -> &str {
        &self.recipe.name
    }

    fn tag(&self) -> &str {
        &self.recipe.tag
    }

    fn ready_conditions(&self) -> Vec<WaitFor> {
        vec![WaitFor::message_on_stdout("connector_started")]
    }

    fn env_vars(
        &self,
    ) -> impl IntoIterator<Item = (impl Into<Cow<'_, str>>, impl Into<Cow<'_, str>>)> {
        let all = self.environment.iter();
        all.map(|(name, value)| (name.as_str(), value.expose()))
    }

    fn copy_to_sources(&self) -> impl IntoIterator<Item = &CopyToContainer> {
        &self.files
    }

    fn expose_ports(&self) -> &[ContainerPort] {
        &[
            ContainerPort::Tcp(Self::BTP),
            ContainerPort::Tcp(Self::HEALTH),
            ContainerPort::Tcp(Self::ADMIN),
        ]
    }
}
