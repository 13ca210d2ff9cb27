//! Files of containers, read out of them.

use std::fmt;

use bollard::query_parameters::{
    ContainerArchiveInfoOptionsBuilder, DownloadFromContainerOptionsBuilder,
};
use futures_util::TryStreamExt;

use super::connect::Engine;
use super::error::EngineError;
use crate::answer::{self, Held};

/// Who may do what with a file or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// Its permissions.
    pub mode: u32,
    /// The number of its user.
    pub user: u64,
    /// The number of its group.
    pub group: u64,
}

impl fmt::Display for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, user, group } = self;
        write!(f, "has mode {mode:04o}, user {user}, group {group}")
    }
}

impl Engine {
    /// Reads one small file out of a container.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when it is not there.
    pub async fn read_file(&self, container: &str, path: &str) -> Result<String, EngineError> {
        let bytes = self.read_bytes(container, path).await?;
        String::from_utf8(bytes).map_err(|error| EngineError::File {
            path: path.to_owned(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error()),
        })
    }

    /// Reads one small file out of a container, or `None` when it is not there.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn find_file(
        &self,
        container: &str,
        path: &str,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        match self.read_bytes(container, path).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether there is something at this path in a container, which may have ended.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the engine does not say.
    pub async fn has_path(&self, container: &str, path: &str) -> Result<bool, EngineError> {
        let action = format!("look for {path} in {container}");
        let options = ContainerArchiveInfoOptionsBuilder::default()
            .path(path)
            .build();
        let look = self
            .docker
            .get_container_archive_info(container, Some(options));
        match self.call(action, look).await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The mode and the owner of a file or of a small folder in a container, which may have ended.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when it is not there.
    pub async fn owned(&self, container: &str, path: &str) -> Result<Owned, EngineError> {
        let archive = self.archive(container, path).await?;
        let unreadable = |source| EngineError::File {
            path: path.to_owned(),
            source,
        };
        let read = || {
            let mut archive = tar::Archive::new(archive.as_slice());
            let first = archive.entries()?.next().transpose()?;
            let first = first.ok_or(std::io::ErrorKind::UnexpectedEof)?;
            let header = first.header();
            Ok::<_, std::io::Error>(Owned {
                mode: header.mode()? & 0o7777,
                user: header.uid()?,
                group: header.gid()?,
            })
        };
        read().map_err(unreadable)
    }

    async fn read_bytes(&self, container: &str, path: &str) -> Result<Vec<u8>, EngineError> {
        let archive = self.archive(container, path).await?;
        let mut bytes = Vec::new();
        let unreadable = |source| EngineError::File {
            path: path.to_owned(),
            source,
        };
        for entry in tar::Archive::new(archive.as_slice())
            .entries()
            .map_err(unreadable)?
        {
            let mut entry = entry.map_err(unreadable)?;
            std::io::Read::read_to_end(&mut entry, &mut bytes).map_err(unreadable)?;
        }
        Ok(bytes)
    }

    async fn archive(&self, container: &str, path: &str) -> Result<Vec<u8>, EngineError> {
        let action = format!("read {path} in {container}");
        let options = DownloadFromContainerOptionsBuilder::default()
            .path(path)
            .build();
        let mut stream = self
            .docker
            .download_from_container(container, Some(options));
        let read = async {
            let mut held = Held::new(answer::MOST);
            while let Some(chunk) = stream.try_next().await? {
                if let Err(error) = held.take(&chunk) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(held.into_bytes()))
        };
        let archive = self.call(action.clone(), read).await?;
        archive.map_err(|source| EngineError::TooLong { action, source })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Answer, Scripted};
    use super::*;
    use crate::causes::with_causes;

    #[tokio::test]
    async fn a_file_without_an_end_is_given_up_and_named() {
        let scripted = Scripted::start(|_, _| Answer::Json(200, "x".repeat(answer::MOST + 1)));
        let engine = scripted.engine().await;
        let error = engine.find_file("one", "/endless").await;
        let error = error.expect_err("is too long");
        assert!(matches!(error, EngineError::TooLong { .. }), "{error}");
        assert_eq!(
            with_causes(&error).to_string(),
            "failed to read /endless in one (caused by: the answer is longer than 16 MiB, the most that is read of one)"
        );
    }
}
