//! One container by itself, through testcontainers: its start, its log as it comes, and its removal, which
//! dropping it does as well.
//!
//! What a topology needs besides (networks, fixed addresses, pausing) that library does not have.

use std::error::Error;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::query_parameters::CreateContainerOptionsBuilder;
use testcontainers::core::client::ClientError;
use testcontainers::core::logs::LogFrame;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage, ImageExt as _, TestcontainersError};

use super::archive::USER;
use super::connect::Engine;
use super::containers::{ContainerSpec, FileSpec, body};
use super::error::{EngineError, LibraryError};
use super::labels::{Labelled, Labels};
use crate::environment::variable;

/// Where testcontainers looks for an engine when `DOCKER_HOST` names none.
const USUAL: &str = "unix:///var/run/docker.sock";
/// How long the engine may take to start the container.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How much of its log is kept, in bytes: the end is what tells why it ended.
const KEPT: usize = 16 << 10;

/// A container that was started by itself. Dropped, it is removed; its files' volumes stay for
/// [`Engine::remove_run`].
pub struct Alone {
    container: ContainerAsync<GenericImage>,
    engine: Engine,
    name: String,
    address: IpAddr,
    log: Arc<Mutex<String>>,
}

impl Engine {
    /// Starts a container by itself. That its program is ready is not waited for.
    ///
    /// # Errors
    ///
    /// [`EngineError::OtherEngine`] when testcontainers would use another engine, [`EngineError::FileAtRoot`] when a
    /// file is to be in no folder, and what else the engine refuses.
    pub async fn start_alone(
        &self,
        spec: &ContainerSpec,
        labels: &Labels,
    ) -> Result<Alone, EngineError> {
        self.is_theirs()?;
        let held = self.hold_files(spec, labels).await?;
        let log = Arc::new(Mutex::new(String::new()));
        let action = format!("start container {}", spec.role);
        let question = self.question(&action);
        let started = request(spec, labels, held, &log).start().await;
        match &started {
            Ok(_) => question.answered("ok"),
            Err(error) => question.answered(&error.to_string()),
        }
        let container = match started {
            Ok(container) => container,
            Err(error) => {
                // One that could not be started is there all the same; why it was not is what counts.
                let _ = self.remove_container(&spec.name).await;
                return Err(told(action, error));
            }
        };
        let address = match container.get_bridge_ip_address().await {
            Ok(address) => address,
            // One that has ended already has none. Whoever waits for it learns that it ended.
            Err(_) if self.exit_status(&spec.name).await?.is_some() => {
                std::net::Ipv4Addr::UNSPECIFIED.into()
            }
            Err(error) => return Err(told(format!("look at {}", spec.role), error)),
        };
        Ok(Alone {
            address,
            engine: self.clone(),
            name: spec.name.clone(),
            container,
            log,
        })
    }

    /// Makes sure that testcontainers, which finds its engine by itself, finds this one.
    fn is_theirs(&self) -> Result<(), EngineError> {
        let theirs = variable("DOCKER_HOST");
        let theirs =
            theirs.map_or_else(|| USUAL.into(), |host| host.to_string_lossy().into_owned());
        let same = theirs
            .parse()
            .is_ok_and(|address| self.address().is_same_place(&address));
        if same {
            return Ok(());
        }
        let address = self.address().to_string();
        Err(EngineError::OtherEngine { address })
    }

    /// Creates a container that nobody starts, whose volumes are the folders of another one's files. By itself
    /// testcontainers puts files in as root's, and what a container runs is an ordinary user.
    async fn hold_files(
        &self,
        spec: &ContainerSpec,
        labels: &Labels,
    ) -> Result<Option<String>, EngineError> {
        let mut folders: Vec<String> = Vec::new();
        for file in spec.files.iter().filter(|file| file.content.is_some()) {
            match file.path.rsplit_once('/') {
                Some((folder, _)) if !folder.is_empty() => folders.push(folder.to_owned()),
                _ => {
                    let path = file.path.clone();
                    return Err(EngineError::FileAtRoot { path });
                }
            }
        }
        if folders.is_empty() && spec.writable.iter().flatten().next().is_none() {
            return Ok(None);
        }
        let name = files_of(&spec.name);
        let mut holder = body(spec, labels);
        holder.labels = Some(labels.for_role(&format!("{}/files", spec.role)));
        // Its own root takes files, and what it holds is the other one's to write.
        if let Some(host) = &mut holder.host_config {
            host.readonly_rootfs = None;
        }
        let writable = spec.writable.iter().flatten();
        folders.extend(writable.clone().cloned());
        holder.volumes = Some(folders);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let create = self.docker.create_container(Some(options), holder);
        self.call(format!("create container {name}"), create)
            .await?;
        let mut files: Vec<FileSpec> = writable
            .map(|folder| FileSpec {
                path: folder.clone(),
                mode: 0o700,
                content: None,
            })
            .collect();
        files.extend(spec.files.iter().cloned());
        self.upload(&name, &files).await?;
        Ok(Some(name))
    }
}

impl Alone {
    /// Where it is reached from this machine.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// Its name on the engine.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The end of what it has written so far, both streams, as it came.
    #[must_use]
    pub fn log(&self) -> String {
        let log = self.log.lock();
        log.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its exit status; `None` while it runs.
    ///
    /// # Errors
    ///
    /// [`EngineError::Container`] when the engine does not tell.
    pub async fn exit_code(&self) -> Result<Option<i64>, EngineError> {
        let code = self.container.exit_code().await;
        code.map_err(|error| told(format!("look at {}", self.name), error))
    }

    /// Removes it with its files.
    ///
    /// # Errors
    ///
    /// What the engine refuses; it may then be there still.
    pub async fn remove(self) -> Result<(), EngineError> {
        let removed = self.container.rm().await;
        self.engine.remove_container(&files_of(&self.name)).await?;
        removed.map_err(|error| told(format!("remove container {}", self.name), error))
    }
}

/// The container that holds another one's files.
fn files_of(name: &str) -> String {
    format!("{name}-files")
}

/// What testcontainers is asked for: the container as every other of a run is made.
fn request(
    spec: &ContainerSpec,
    labels: &Labels,
    files: Option<String>,
    log: &Arc<Mutex<String>>,
) -> testcontainers::ContainerRequest<GenericImage> {
    let mut host = body(spec, labels).host_config.unwrap_or_default();
    host.volumes_from = files.map(|holder| vec![holder]);
    let (name, tag) = name_and_tag(&spec.image);
    let mut image = GenericImage::new(name, tag);
    if let Some(program) = &spec.entrypoint {
        image = image.with_entrypoint(program);
    }
    let log = Arc::clone(log);
    let mut request = image
        .with_container_name(&spec.name)
        .with_labels(labels.for_role(&spec.role))
        .with_user(format!("{USER}:{USER}"))
        .with_cmd(&spec.arguments)
        .with_startup_timeout(START_LIMIT)
        .with_log_consumer(move |frame: &LogFrame| keep(&log, frame))
        .with_host_config_modifier(move |config| *config = host.clone());
    if let Some(folder) = &spec.directory {
        request = request.with_working_dir(folder);
    }
    for (variable, value) in &spec.environment {
        request = request.with_env_var(variable, value.expose());
    }
    request
}

/// An image's name and tag, as testcontainers puts them together again with a colon between.
fn name_and_tag(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        // The port of a registry is followed by a path.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// Adds to the end of a log, and cuts off what is too old.
fn keep(log: &Mutex<String>, frame: &LogFrame) {
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    log.push_str(&String::from_utf8_lossy(frame.bytes()));
    if log.len() > 2 * KEPT {
        let cut = log.ceil_char_boundary(log.len() - KEPT);
        log.drain(..cut);
    }
}

/// An error of testcontainers: the engine's own words where there are some.
fn told(action: String, error: TestcontainersError) -> EngineError {
    let source: Box<dyn Error + Send + Sync> = match error {
        TestcontainersError::Client(
            ClientError::CreateContainer(error)
            | ClientError::StartContainer(error)
            | ClientError::RemoveContainer(error)
            | ClientError::InspectContainer(error),
        ) => {
            let source = LibraryError::new(error);
            return EngineError::Api { action, source };
        }
        other => other.into(),
    };
    EngineError::Container { action, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_images_name_is_told_from_its_tag() {
        for (image, parts) in [
            ("mine:1.2", ("mine", "1.2")),
            ("mine", ("mine", "latest")),
            ("localhost:5000/mine", ("localhost:5000/mine", "latest")),
            ("localhost:5000/mine:a", ("localhost:5000/mine", "a")),
            ("mine@sha256:0a", ("mine@sha256", "0a")),
        ] {
            assert_eq!(name_and_tag(image), parts);
        }
    }

    #[test]
    fn of_a_long_log_the_end_is_kept() {
        let log = Mutex::new(String::new());
        for number in 0..10_000 {
            let line = format!("é line {number}\n");
            keep(&log, &LogFrame::StdOut(line.into()));
        }
        let log = log.into_inner().expect("no test panics");
        assert!(log.ends_with("line 9999\n") && log.len() <= 2 * KEPT);
    }
}
