//! Containers: create, fill, start, look at, and read their logs.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, EndpointIpamConfig, EndpointSettings, HostConfig,
    HostConfigLogConfig, NetworkingConfig,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, KillContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};

use super::archive::{Archive, USER};
use super::connect::Engine;
use super::error::EngineError;
use super::labels::Labelled;
use super::machine::{Mount, Port, binding, mounts};
use crate::secret::Secret;

/// How a container is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkMode {
    /// On a bridge with an address of its own.
    Bridge {
        /// The network's name.
        network: String,
        /// The container's address.
        address: Ipv4Addr,
        /// Ports to publish.
        publish: Vec<Port>,
    },
    /// On no network.
    None,
    /// On the engine's own bridge, with the address that it gives.
    EnginesOwn,
    /// In another container's network namespace.
    Share {
        /// The other container's name.
        container: String,
    },
}

/// A file that a container gets before it starts. Owned by the image's user.
#[derive(Clone)]
pub struct FileSpec {
    /// Absolute path.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Content; `None` makes a directory.
    pub content: Option<Vec<u8>>,
}

/// What a container's program may do when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privileges {
    /// Nothing: an ordinary user without capabilities.
    None,
    /// Root with the capabilities to change routes and to become an ordinary user, which it does
    /// before it starts its program.
    SetUpNetwork,
    /// Root with the capabilities to lead packets over a TUN device, and to send them on.
    DelayPackets,
}

/// The device that TUN devices are made by.
pub const TUN: &str = "/dev/net/tun";

/// One container of a plan.
#[derive(Clone)]
pub struct ContainerSpec {
    /// Name on the engine, unique per run.
    pub name: String,
    /// What it is in the topology, such as `home-a/connector`.
    pub role: String,
    /// The image's name on the engine.
    pub image: String,
    /// The program to start instead of the image's entry point.
    pub entrypoint: Option<String>,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The folder that it is started in instead of the image's own.
    pub directory: Option<String>,
    /// Folders of the engine's machine that it may read.
    pub mounts: Vec<Mount>,
    /// Environment. Secrets are wired in here and nowhere else.
    pub environment: Vec<(String, Secret)>,
    /// Files to put in before the start.
    pub files: Vec<FileSpec>,
    /// Its network.
    pub network: NetworkMode,
    /// The container whose processes it sees besides its own, and may signal.
    pub beside: Option<String>,
    /// A named volume and where it is mounted. It outlives the run.
    pub volume: Option<(String, String)>,
    /// The folders that it may write to besides those of its files; the rest of its root file system is
    /// read-only. `None` leaves all of it writable.
    pub writable: Option<Vec<String>>,
    /// What it may do.
    pub privileges: Privileges,
}

impl ContainerSpec {
    /// A container that nobody is meant to start.
    #[must_use]
    pub fn idle(name: &str, image: &str) -> Self {
        Self {
            name: name.to_owned(),
            role: "forgotten".to_owned(),
            image: image.to_owned(),
            entrypoint: None,
            arguments: Vec::new(),
            directory: None,
            mounts: Vec::new(),
            environment: Vec::new(),
            files: Vec::new(),
            network: NetworkMode::None,
            beside: None,
            volume: None,
            writable: None,
            privileges: Privileges::None,
        }
    }

    /// Every folder that has to be a volume of its own where the root file system is read-only.
    pub(super) fn volumes(&self) -> Vec<&str> {
        let Some(writable) = &self.writable else {
            return Vec::new();
        };
        let with_content = self.files.iter().filter(|file| file.content.is_some());
        let folders = with_content.filter_map(|file| Some(file.path.rsplit_once('/')?.0));
        let mut all: Vec<&str> = folders.chain(writable.iter().map(String::as_str)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Engine {
    /// Creates a container and puts its files in. It is not started.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoSuchImage`] and what else the engine refuses.
    pub async fn create_container(
        &self,
        spec: &ContainerSpec,
        labels: &dyn Labelled,
    ) -> Result<(), EngineError> {
        let options = CreateContainerOptionsBuilder::default()
            .name(&spec.name)
            .build();
        let action = format!("create container {}", spec.role);
        let create = self
            .docker
            .create_container(Some(options), body(spec, labels));
        match self.call(action, create).await {
            Ok(_) => {}
            Err(error) if error.status() == Some(404) => {
                return Err(EngineError::NoSuchImage {
                    image: spec.image.clone(),
                });
            }
            Err(error) => return Err(error),
        }
        if spec.writable.is_none() {
            return match spec.files.is_empty() {
                true => Ok(()),
                false => self.upload(&spec.name, &spec.files).await,
            };
        }
        // The engine puts nothing into a read-only root, but into volumes it does.
        for folder in spec.volumes() {
            let files = below(folder, &spec.files);
            self.upload_to(&spec.name, folder, &files).await?;
        }
        Ok(())
    }

    /// Puts files into a container.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine refuses.
    pub async fn upload(&self, container: &str, files: &[FileSpec]) -> Result<(), EngineError> {
        self.upload_to(container, "/", files).await
    }

    async fn upload_to(
        &self,
        container: &str,
        folder: &str,
        files: &[FileSpec],
    ) -> Result<(), EngineError> {
        let archive = archive(files).map_err(|source| EngineError::File {
            path: format!("the files of {container}"),
            source,
        })?;
        let options = UploadToContainerOptionsBuilder::default()
            .path(folder)
            .build();
        let body = bollard::body_full(archive.into());
        let upload = self
            .docker
            .upload_to_container(container, Some(options), body);
        self.call(format!("put files into {container}"), upload)
            .await
    }

    /// Starts a container.
    ///
    /// # Errors
    ///
    /// [`EngineError::PortTaken`] when a port to publish is in use.
    pub async fn start_container(&self, spec: &ContainerSpec) -> Result<(), EngineError> {
        let action = format!("start container {}", spec.role);
        let start = self.docker.start_container(&spec.name, None);
        match (self.call(action, start).await, &spec.network) {
            (Err(EngineError::Api { source, .. }), NetworkMode::Bridge { publish, .. })
                if source.is_port_taken()
                    && let Some(port) = publish.first() =>
            {
                Err(EngineError::PortTaken {
                    address: port.address,
                    source,
                })
            }
            (result, _) => result,
        }
    }

    /// Starts a container that has ended once more, as it was made.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there, or cannot be started.
    pub async fn start_again(&self, container: &str) -> Result<(), EngineError> {
        let start = self.docker.start_container(container, None);
        self.call(format!("start {container} again"), start).await
    }

    /// The environment that a container really has, as the engine reports it.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn environment(
        &self,
        container: &str,
    ) -> Result<HashMap<String, Secret>, EngineError> {
        let inspected = self.inspect(container).await?;
        let variables = inspected
            .config
            .and_then(|config| config.env)
            .unwrap_or_default();
        Ok(variables
            .iter()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), Secret::new(value)))
            .collect())
    }

    /// Everything about a container that anybody on the machine can see: command line and labels.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn visible(&self, container: &str) -> Result<String, EngineError> {
        let inspected = self.inspect(container).await?;
        let mut text = format!(
            "{} {}",
            inspected.path.unwrap_or_default(),
            inspected.args.unwrap_or_default().join(" ")
        );
        for (key, value) in inspected
            .config
            .and_then(|config| config.labels)
            .unwrap_or_default()
        {
            text.push_str(&format!("\n{key}={value}"));
        }
        Ok(text)
    }

    /// The exit status of a container that was started and has ended; `None` while it runs, or
    /// when it never did.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn exit_status(&self, container: &str) -> Result<Option<i64>, EngineError> {
        use bollard::models::ContainerStateStatusEnum::{DEAD, EXITED};
        let state = self.inspect(container).await?.state.unwrap_or_default();
        let ended = matches!(state.status, Some(EXITED | DEAD));
        Ok(state.exit_code.filter(|_| ended))
    }

    pub(super) async fn inspect(
        &self,
        container: &str,
    ) -> Result<bollard::models::ContainerInspectResponse, EngineError> {
        self.call(
            format!("look at {container}"),
            self.docker.inspect_container(container, None),
        )
        .await
    }

    /// Sends a signal to a container's first program.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container does not run.
    pub async fn signal(&self, container: &str, signal: &str) -> Result<(), EngineError> {
        let options = KillContainerOptionsBuilder::default()
            .signal(signal)
            .build();
        self.call(
            format!("send {signal} to {container}"),
            self.docker.kill_container(container, Some(options)),
        )
        .await
    }
}

pub(super) fn body(spec: &ContainerSpec, labels: &dyn Labelled) -> ContainerCreateBody {
    let mut host = HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        memory: Some(256 << 20),
        pids_limit: Some(128),
        readonly_rootfs: spec.writable.as_ref().map(|_| true),
        pid_mode: spec.beside.as_ref().map(|name| format!("container:{name}")),
        // The engine's own may be one that nothing can be read back from (`none`, `syslog`), or one that
        // throws lines away; this one keeps all that a container of a run may write.
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(HashMap::from([
                ("max-size".to_owned(), "64m".to_owned()),
                ("max-file".to_owned(), "1".to_owned()),
                ("mode".to_owned(), "blocking".to_owned()),
            ])),
        }),
        ..Default::default()
    };
    let mut exposed = None;
    let mut networking = None;
    match &spec.network {
        NetworkMode::None => host.network_mode = Some("none".to_owned()),
        NetworkMode::EnginesOwn => host.network_mode = Some("bridge".to_owned()),
        NetworkMode::Share { container } => {
            host.network_mode = Some(format!("container:{container}"));
        }
        NetworkMode::Bridge {
            network,
            address,
            publish,
        } => {
            host.network_mode = Some(network.clone());
            // Names are resolved by the onion daemon or not at all: no resolver of the host's.
            host.dns = Some(vec!["127.0.0.1".to_owned()]);
            if !publish.is_empty() {
                // Without `exposed_ports` the engine ignores the bindings silently.
                exposed = Some(
                    publish
                        .iter()
                        .map(|port| format!("{}/tcp", port.port))
                        .collect(),
                );
                host.port_bindings = Some(publish.iter().map(binding).collect());
            }
            networking = Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(
                    network.clone(),
                    EndpointSettings {
                        ipam_config: Some(EndpointIpamConfig {
                            ipv4_address: Some(address.to_string()),
                            ..Default::default()
                        }),
                        ..Default::default()
                    },
                )])),
            });
        }
    }
    let user = grant(&mut host, spec.privileges);
    let volumes: Vec<String> = spec.volumes().into_iter().map(str::to_owned).collect();
    let volume = spec.volume.as_ref();
    host.binds = volume.map(|(name, path)| vec![format!("{name}:{path}")]);
    host.mounts = mounts(&spec.mounts);
    ContainerCreateBody {
        working_dir: spec.directory.clone(),
        image: Some(spec.image.clone()),
        user: Some(format!("{user}:{user}")),
        entrypoint: spec.entrypoint.clone().map(|program| vec![program]),
        cmd: Some(spec.arguments.clone()),
        env: Some(variables(&spec.environment)),
        labels: Some(labels.for_role(&spec.role)),
        exposed_ports: exposed,
        volumes: (!volumes.is_empty()).then_some(volumes),
        host_config: Some(host),
        networking_config: networking,
        ..Default::default()
    }
}

/// Gives a container what its program may do when it starts. Returns the user that it starts as.
fn grant(host: &mut HostConfig, privileges: Privileges) -> u64 {
    let capabilities = match privileges {
        Privileges::None => return USER,
        Privileges::SetUpNetwork => &["NET_ADMIN", "SETUID", "SETGID"][..],
        Privileges::DelayPackets => {
            // Not every engine lets containers have it without being asked.
            host.devices = Some(vec![DeviceMapping {
                path_on_host: Some(TUN.to_owned()),
                path_in_container: Some(TUN.to_owned()),
                cgroup_permissions: Some("rw".to_owned()),
            }]);
            &["NET_ADMIN", "NET_RAW"]
        }
    };
    let capabilities = capabilities.iter().copied();
    host.cap_add = Some(capabilities.map(str::to_owned).collect());
    0
}

/// An environment as the engine takes it.
fn variables(environment: &[(String, Secret)]) -> Vec<String> {
    let variable = |(name, value): &(String, Secret)| format!("{name}={}", value.expose());
    environment.iter().map(variable).collect()
}

/// The files of a folder with paths from there, after the folder itself, which is its user's alone.
fn below(folder: &str, files: &[FileSpec]) -> Vec<FileSpec> {
    let mut all = vec![FileSpec {
        path: "./".to_owned(),
        mode: 0o700,
        content: None,
    }];
    all.extend(files.iter().filter_map(|file| {
        let rest = file.path.strip_prefix(folder)?.strip_prefix('/')?;
        (!rest.contains('/') && file.content.is_some()).then(|| FileSpec {
            path: rest.to_owned(),
            ..file.clone()
        })
    }));
    all
}

fn archive(files: &[FileSpec]) -> std::io::Result<Vec<u8>> {
    let mut archive = Archive::new(Vec::new());
    for file in files {
        match &file.content {
            None => archive.directory(&file.path, file.mode)?,
            Some(content) => archive.file(
                &file.path,
                (file.mode, USER),
                content.len() as u64,
                content.as_slice(),
            )?,
        }
    }
    archive.finish()
}
