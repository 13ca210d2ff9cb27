//! The onion daemon.

use std::fmt::Write as _;

use testcontainers::core::{
    BuildableImage, ContainerPort, CopyToContainer, CopyToContainerCollection, WaitFor,
};
use testcontainers::{CopyTargetOptions, Image};

use super::recipe::{Recipe, made_of_recipe};
use crate::ingredients;
use crate::onion::ControlPassword;
use crate::onion::anonrc::{CONTROL_PORT, DATA_DIRECTORY, SOCKS_PORT, TERMS};
use crate::plan::ANONRC;
use crate::secret::Secret;
use crate::testing::TestError;

/// The onion daemon, `anon`, with its network off: it dials nobody before an option says so, and nothing of it reaches
/// the public network by itself. Its control port is [`CONTROL`](Self::CONTROL); its SOCKS port,
/// [`SOCKS`](Self::SOCKS), is open once the network is on.
///
/// ```no_run
/// use ator_harness::testing::parts::OnionDaemon;
/// use testcontainers::runners::{AsyncBuilder, AsyncRunner};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let daemon = OnionDaemon::new()?.with_option("SafeLogging", "1");
/// let password = daemon.control_password().clone();
/// let daemon = daemon.build_image().await?.start().await?;
/// let control = daemon.get_host_port_ipv4(OnionDaemon::CONTROL).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct OnionDaemon {
    recipe: Recipe,
    password: Secret,
    configuration: String,
    files: Vec<CopyToContainer>,
}

impl OnionDaemon {
    /// Its control port.
    pub const CONTROL: u16 = CONTROL_PORT;
    /// Its SOCKS port.
    pub const SOCKS: u16 = SOCKS_PORT;

    /// A daemon of what is at hand, with a control password of its own.
    ///
    /// # Errors
    ///
    /// [`TestError::Missing`] where its program is not there, and [`TestError::Process`] where there is no randomness.
    pub fn new() -> Result<Self, TestError> {
        let mut random = [0; 24];
        let filled = getrandom::fill(&mut random);
        filled.map_err(|error| TestError::Process(error.into()))?;
        let password = ControlPassword::from_bytes(&random);
        let configuration = format!(
            "DataDirectory {DATA_DIRECTORY}\n\
             Log notice stdout\n\
             ControlPort 0.0.0.0:{CONTROL_PORT}\n\
             HashedControlPassword {}\n\
             SocksPort 0.0.0.0:{SOCKS_PORT}\n\
             SocksPolicy accept *\n\
             DisableNetwork 1\n",
            password.hashed()
        );
        let daemon = Self {
            recipe: Recipe::new(ingredients::onion_daemon)?,
            password: password.password().clone(),
            configuration,
            files: Vec::new(),
        };
        Ok(daemon.configured())
    }

    /// A further line of its configuration. Of an option that may be there once, the last counts.
    #[must_use]
    pub fn with_option(mut self, name: &str, value: &str) -> Self {
        // Writing to a string cannot fail.
        let _ = writeln!(self.configuration, "{name} {value}");
        self.configured()
    }

    /// The password of its control port.
    #[must_use]
    pub const fn control_password(&self) -> &Secret {
        &self.password
    }

    /// Has its file say what was asked for.
    fn configured(mut self) -> Self {
        let file = |path: &str, content: &str| {
            let target = CopyTargetOptions::new(path).with_mode(0o644);
            CopyToContainer::new(content.as_bytes().to_vec(), target)
        };
        self.files = vec![file(ANONRC, &self.configuration), file(TERMS.0, TERMS.1)];
        self
    }
}

made_of_recipe!(OnionDaemon);

impl Image for OnionDaemon {
    fn name(&self) -> &str {
        &self.recipe.name
    }

    fn tag(&self) -> &str {
        &self.recipe.tag
    }

    fn ready_conditions(&self) -> Vec<WaitFor> {
        vec![WaitFor::message_on_stdout("Opened Control listener")]
    }

    fn cmd(&self) -> impl IntoIterator<Item = impl Into<std::borrow::Cow<'_, str>>> {
        ["-f", ANONRC]
    }

    fn copy_to_sources(&self) -> impl IntoIterator<Item = &CopyToContainer> {
        &self.files
    }

    fn expose_ports(&self) -> &[ContainerPort] {
        &[
            ContainerPort::Tcp(Self::CONTROL),
            ContainerPort::Tcp(Self::SOCKS),
        ]
    }
}
