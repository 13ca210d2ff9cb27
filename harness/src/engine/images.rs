//! Images made from local files, tagged by the hash of their content, never pulled.

use std::io::Read;
use std::path::{Path, PathBuf};

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tokio_util::io::ReaderStream;

use super::connect::Engine;
use super::error::{EngineError, status_of};
use super::labels::LABEL_PROJECT;

/// User and group of every process in an image of ours.
pub(super) const USER: u64 = 1000;

/// What an image is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageContent {
    /// Repository name on the engine, such as `ator-harness/anon`.
    pub repository: String,
    /// Files: where from, and the absolute path in the image. All are executable.
    pub files: Vec<(PathBuf, String)>,
    /// Directories that belong to the image's user.
    pub directories: Vec<String>,
    /// The program that a container starts.
    pub entrypoint: String,
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// Made from local files.
    Local(ImageContent),
    /// An image that the user has put on the engine.
    Named(String),
}

impl Engine {
    /// Makes sure that an image is on the engine and returns its name. An image whose content is
    /// there already is not built again. The second value says whether it was built now.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoSuchImage`] for a named image that is not there, and
    /// [`EngineError::ImageFile`] for a local file that cannot be read.
    pub async fn ensure_image(&self, image: &Image) -> Result<(String, bool), EngineError> {
        match image {
            Image::Named(name) => match self.docker.inspect_image(name).await {
                Ok(_) => Ok((name.clone(), false)),
                Err(error) if status_of(&error) == Some(404) => Err(EngineError::NoSuchImage {
                    image: name.clone(),
                }),
                Err(error) => Err(EngineError::api(format!("look at image {name}"))(error)),
            },
            Image::Local(content) => {
                let own = content.clone();
                let tag = tokio::task::spawn_blocking(move || hash(&own))
                    .await
                    .map_err(joined)??;
                let name = format!("{}:{tag}", content.repository);
                if self.docker.inspect_image(&name).await.is_ok() {
                    return Ok((name, false));
                }
                self.import(content, &tag).await?;
                Ok((name, true))
            }
        }
    }

    async fn import(&self, content: &ImageContent, tag: &str) -> Result<(), EngineError> {
        let own = content.clone();
        let archive = tokio::task::spawn_blocking(move || archive(&own))
            .await
            .map_err(joined)??;
        let action = format!("import image {}", content.repository);
        let options = CreateImageOptionsBuilder::default()
            .from_src("-")
            .repo(&content.repository)
            .tag(tag)
            .changes(vec![
                format!("ENTRYPOINT [\"{}\"]", content.entrypoint),
                format!("USER {USER}:{USER}"),
                format!("LABEL {LABEL_PROJECT}=1"),
            ])
            .build();
        // Streamed from a file, so that an image of any size costs the harness no memory.
        let stream = ReaderStream::new(tokio::fs::File::from_std(archive))
            .filter_map(|chunk| async move { chunk.ok() });
        let mut progress =
            self.docker
                .create_image(Some(options), Some(bollard::body_stream(stream)), None);
        while let Some(step) = progress.next().await {
            step.map_err(EngineError::api(action.clone()))?;
        }
        Ok(())
    }
}

fn joined(error: tokio::task::JoinError) -> EngineError {
    EngineError::ImageFile {
        path: "the image's files".to_owned(),
        source: std::io::Error::other(error),
    }
}

fn read_error(path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    let path = path.display().to_string();
    move |source| EngineError::ImageFile { path, source }
}

/// First 16 hex digits of a SHA-256 over everything that makes the image.
fn hash(content: &ImageContent) -> Result<String, EngineError> {
    let mut hash = Sha256::new();
    // The scheme's version: a change in how images are made must change their tags.
    hash.update(b"image 1\0");
    hash.update(&content.entrypoint);
    for directory in &content.directories {
        hash.update([0]);
        hash.update(directory);
    }
    let mut buffer = vec![0; 1 << 16];
    for (from, to) in &content.files {
        hash.update([0]);
        hash.update(to);
        hash.update([0]);
        let mut file = std::fs::File::open(from).map_err(read_error(from))?;
        loop {
            let read = file.read(&mut buffer).map_err(read_error(from))?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
        }
    }
    let digest = hash.finalize();
    Ok(data_encoding::HEXLOWER.encode(&digest[..8]))
}

/// The root file system as a tar archive in an unnamed temporary file.
fn archive(content: &ImageContent) -> Result<std::fs::File, EngineError> {
    let temporary = Path::new("a temporary file");
    let file = tempfile::tempfile().map_err(read_error(temporary))?;
    let mut tar = tar::Builder::new(file);
    for directory in &content.directories {
        let mut header = super::containers::header(0o700, 0);
        header.set_entry_type(tar::EntryType::Directory);
        tar.append_data(
            &mut header,
            directory.trim_start_matches('/'),
            std::io::empty(),
        )
        .map_err(read_error(temporary))?;
    }
    for (from, to) in &content.files {
        let source = std::fs::File::open(from).map_err(read_error(from))?;
        let size = source.metadata().map_err(read_error(from))?.len();
        let mut header = super::containers::header(0o755, size);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, to.trim_start_matches('/'), source)
            .map_err(read_error(from))?;
    }
    let mut file = tar.into_inner().map_err(read_error(temporary))?;
    std::io::Seek::rewind(&mut file).map_err(read_error(temporary))?;
    Ok(file)
}
