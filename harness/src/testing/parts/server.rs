//! The business-logic server.

use std::borrow::Cow;

use testcontainers::Image;
use testcontainers::core::{BuildableImage, ContainerPort, CopyToContainerCollection, WaitFor};

use super::recipe::{Recipe, made_of_recipe};
use crate::connectors::toon::BLS_PORT;
use crate::ingredients;
use crate::testing::TestError;

/// The business-logic server of the reference connector: it takes what is delivered, at
/// [`PORT`](Self::PORT), and fulfils it. A destination can ask to be refused.
///
/// ```no_run
/// use ator_harness::testing::parts::BusinessLogicServer;
/// use testcontainers::runners::{AsyncBuilder, AsyncRunner};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let server = BusinessLogicServer::new()?.build_image().await?.start().await?;
/// let port = server.get_host_port_ipv4(BusinessLogicServer::PORT).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BusinessLogicServer {
    recipe: Recipe,
    environment: Vec<(&'static str, String)>,
}

impl BusinessLogicServer {
    /// The port that it listens on.
    pub const PORT: u16 = BLS_PORT;

    /// A server of what is at hand.
    ///
    /// # Errors
    ///
    /// [`TestError::Missing`] where its program is not there.
    pub fn new() -> Result<Self, TestError> {
        Ok(Self {
            recipe: Recipe::new(ingredients::business_logic_server)?,
            environment: vec![
                ("PORT", BLS_PORT.to_string()),
                ("BLS_MODE", "scripted".to_owned()),
            ],
        })
    }

    /// Has it send what it is asked to send by this connector, whose admin API has this key.
    #[must_use]
    pub fn with_connector(mut self, admin_url: &str, admin_key: &str) -> Self {
        self.environment.extend([
            ("CONNECTOR_ADMIN_URL", admin_url.to_owned()),
            ("ADMIN_API_KEY", admin_key.to_owned()),
        ]);
        self
    }
}

made_of_recipe!(BusinessLogicServer);

impl Image for BusinessLogicServer {
    fn name(&self) -> &str {
        &self.recipe.name
    }

    fn tag(&self) -> &str {
        &self.recipe.tag
    }

    fn ready_conditions(&self) -> Vec<WaitFor> {
        vec![WaitFor::message_on_stdout("\"listening\"")]
    }

    fn env_vars(
        &self,
    ) -> impl IntoIterator<Item = (impl Into<Cow<'_, str>>, impl Into<Cow<'_, str>>)> {
        let all = self.environment.iter();
        all.map(|(name, value)| (*name, value.as_str()))
    }

    fn expose_ports(&self) -> &[ContainerPort] {
        &[ContainerPort::Tcp(Self::PORT)]
    }
}
