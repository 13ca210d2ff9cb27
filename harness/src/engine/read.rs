//! Files of containers, read out of them.

use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use futures_util::TryStreamExt;

use super::connect::Engine;
use super::error::EngineError;
use crate::answer::{self, Held};

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

    async fn read_bytes(&self, container: &str, path: &str) -> Result<Vec<u8>, EngineError> {
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
        let archive = self
            .call(action.clone(), read)
            .await?
            .map_err(|source| EngineError::TooLong { action, source })?;
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
