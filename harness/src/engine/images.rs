//! Images made from local files, tagged by the hash of their content, never pulled.

use std::io::Read;
use std::path::{Path, PathBuf};

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use super::archive::{Archive, USER};
use super::connect::Engine;
use super::error::EngineError;
use super::labels::LABEL_PROJECT;
use crate::embedded::Program;

/// What a file of an image holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    /// What a file of this machine holds.
    File(PathBuf),
    /// A program that comes along.
    Program(Program),
}

impl Material {
    /// Its size in bytes, and its content.
    fn open(&self) -> Result<(u64, Box<dyn Read>), EngineError> {
        match self {
            Self::File(path) => {
                let file = std::fs::File::open(path).map_err(read_error(path))?;
                let size = file.metadata().map_err(read_error(path))?.len();
                Ok((size, Box::new(file)))
            }
            Self::Program(program) => Ok((program.bytes.len() as u64, Box::new(program.bytes))),
        }
    }

    fn unreadable(&self) -> impl FnOnce(std::io::Error) -> EngineError {
        let path = match self {
            Self::File(path) => path,
            Self::Program(program) => Path::new(program.name),
        };
        read_error(path)
    }
}

/// What an image is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageContent {
    /// Repository name on the engine, such as `ator-harness/anon`.
    pub repository: String,
    /// Files: what they hold, and the absolute path in the image. All are executable.
    pub files: Vec<(Material, String)>,
    /// Directories that belong to the image's user.
    pub directories: Vec<String>,
    /// The program that a container starts.
    pub entrypoint: String,
}

impl ImageContent {
    /// What a Dockerfile makes the image of, for builders other than [`Engine::ensure_image`]: its tag, made of its
    /// content, and its root file system as a tar archive.
    ///
    /// # Errors
    ///
    /// [`EngineError::File`] for a file that cannot be read, and [`EngineError::ImageChanged`].
    pub fn packed(&self) -> Result<(String, Vec<u8>), EngineError> {
        let tag = hash(self)?;
        let mut packed = Vec::new();
        let read = archive(self, &tag)?.read_to_end(&mut packed);
        read.map_err(read_error(Path::new("a temporary file")))?;
        Ok((tag, packed))
    }

    /// The image's name on an engine, made of its content.
    ///
    /// # Errors
    ///
    /// [`EngineError::File`] for a file that cannot be read.
    pub fn name(&self) -> Result<String, EngineError> {
        Ok(format!("{}:{}", self.repository, hash(self)?))
    }

    /// The Dockerfile of the image, for a context that has [`packed`](Self::packed) as `root.tar`.
    #[must_use]
    pub fn dockerfile(&self) -> String {
        let Self { entrypoint, .. } = self;
        format!(
            "FROM scratch\nADD root.tar /\nUSER {USER}:{USER}\nLABEL {LABEL_PROJECT}=1\nENTRYPOINT [\"{entrypoint}\"]\n"
        )
    }
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
    /// [`EngineError::File`] for a local file that cannot be read.
    pub async fn ensure_image(&self, image: &Image) -> Result<(String, bool), EngineError> {
        match image {
            Image::Named(name) => match self.has_image(name).await? {
                true => Ok((name.clone(), false)),
                false => Err(EngineError::NoSuchImage {
                    image: name.clone(),
                }),
            },
            Image::Local(content) => {
                let own = content.clone();
                let tag = tokio::task::spawn_blocking(move || hash(&own))
                    .await
                    .map_err(joined)??;
                let name = format!("{}:{tag}", content.repository);
                if self.has_image(&name).await? {
                    return Ok((name, false));
                }
                let (own, expected) = (content.clone(), tag.clone());
                let archive = tokio::task::spawn_blocking(move || archive(&own, &expected))
                    .await
                    .map_err(joined)??;
                self.import(content, &tag, tokio::fs::File::from_std(archive))
                    .await?;
                Ok((name, true))
            }
        }
    }

    /// The engine's id of an image that is on it, which changes with its content.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the image is not there.
    pub async fn image_id(&self, name: &str) -> Result<String, EngineError> {
        let action = format!("look at image {name}");
        let found = self.call(action, self.docker.inspect_image(name)).await?;
        Ok(found.id.unwrap_or_default())
    }

    async fn has_image(&self, name: &str) -> Result<bool, EngineError> {
        let action = format!("look at image {name}");
        match self.call(action, self.docker.inspect_image(name)).await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes an image of an archive. One that cannot be read to its end breaks the request off, so
    /// that the engine never has a part of an image under the name of the whole.
    async fn import(
        &self,
        content: &ImageContent,
        tag: &str,
        archive: impl AsyncRead + Send + 'static,
    ) -> Result<(), EngineError> {
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
        // Streamed, so that an image of any size costs the harness no memory.
        let body = bollard::body_try_stream(ReaderStream::new(archive));
        let progress = self.docker.create_image(Some(options), Some(body), None);
        self.call(action, progress.try_for_each(|_| async { Ok(()) }))
            .await
    }
}

fn joined(error: tokio::task::JoinError) -> EngineError {
    EngineError::File {
        path: "the image's files".to_owned(),
        source: std::io::Error::other(error),
    }
}

fn read_error(path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    let path = path.display().to_string();
    move |source| EngineError::File { path, source }
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
        let (_, mut file) = from.open()?;
        loop {
            let read = file.read(&mut buffer).map_err(from.unreadable())?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
        }
    }
    let digest = hash.finalize();
    Ok(data_encoding::HEXLOWER.encode(&digest[..8]))
}

/// The root file system as a tar archive in an unnamed temporary file. It is made after the hash, and
/// so is the hash again: under its name goes what it was made of and nothing else.
fn archive(content: &ImageContent, expected: &str) -> Result<std::fs::File, EngineError> {
    let temporary = Path::new("a temporary file");
    let file = tempfile::tempfile().map_err(read_error(temporary))?;
    let mut archive = Archive::new(file);
    for directory in &content.directories {
        archive
            .directory(directory, 0o700)
            .map_err(read_error(temporary))?;
    }
    for (from, to) in &content.files {
        let (size, source) = from.open()?;
        archive
            .file(to, (0o755, 0), size, source)
            .map_err(from.unreadable())?;
    }
    let mut file = archive.finish().map_err(read_error(temporary))?;
    std::io::Seek::rewind(&mut file).map_err(read_error(temporary))?;
    if hash(content)? != expected {
        return Err(EngineError::ImageChanged {
            repository: content.repository.clone(),
        });
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll};

    use tokio::io::ReadBuf;

    use super::super::scripted::{Answer, Scripted};
    use super::*;
    use crate::causes::with_causes;

    /// Some bytes, and then an error of the disk.
    struct Broken(bool);

    impl AsyncRead for Broken {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(Err(std::io::Error::other("the disk is broken")));
            }
            buffer.put_slice(&[0; 512]);
            Poll::Ready(Ok(()))
        }
    }

    fn content(file: &Path) -> ImageContent {
        ImageContent {
            repository: "ator-harness/test".to_owned(),
            files: vec![(Material::File(file.to_owned()), "/usr/bin/test".to_owned())],
            directories: vec!["/data".to_owned()],
            entrypoint: "/usr/bin/test".to_owned(),
        }
    }

    /// Every request that imports, with its body when that came in full.
    type Imports = Arc<Mutex<Vec<Option<Vec<u8>>>>>;

    fn engine() -> (Scripted, Imports) {
        let imports = Imports::default();
        let seen = imports.clone();
        let scripted = Scripted::start(move |request, body| {
            if request.contains("/images/create") {
                let mut seen = seen.lock().expect("no test panics");
                seen.push(body.map(<[u8]>::to_vec));
                return Answer::Json(200, r#"{"status":"sha256:0"}"#.to_owned());
            }
            Answer::Json(404, r#"{"message":"no such image"}"#.to_owned())
        });
        (scripted, imports)
    }

    #[tokio::test]
    async fn an_archive_that_cannot_be_read_to_its_end_is_no_image() {
        let (scripted, imports) = engine();
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = scripted
            .engine()
            .await
            .import(&content(file.path()), "tag", Broken(false))
            .await
            .expect_err("half an image");
        let text = with_causes(&error).to_string();
        assert!(text.contains("failed to import image"), "{text}");
        assert!(text.ends_with("the disk is broken)"), "{text}");
        let imports = imports.lock().expect("no test panics");
        assert!(imports.iter().all(Option::is_none), "it was never whole");
    }

    #[tokio::test]
    async fn an_image_is_imported_whole() {
        let (scripted, imports) = engine();
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "a program").expect("writes");
        let image = Image::Local(content(file.path()));
        let engine = scripted.engine().await;
        let (name, built) = engine.ensure_image(&image).await.expect("imports");
        assert!(name.starts_with("ator-harness/test:") && built);
        let imports = imports.lock().expect("no test panics");
        let [Some(archive)] = &imports[..] else {
            panic!("one whole import")
        };
        let mut archive = tar::Archive::new(archive.as_slice());
        let names: Vec<_> = archive
            .entries()
            .expect("entries")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .path()
                    .expect("a path")
                    .into_owned()
            })
            .collect();
        assert_eq!(names, [Path::new("data"), Path::new("usr/bin/test")]);
    }

    #[test]
    fn files_that_change_while_they_are_read_are_no_image() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "a program").expect("writes");
        let content = content(file.path());
        let tag = hash(&content).expect("reads");
        assert!(archive(&content, &tag).is_ok());
        std::fs::write(file.path(), "another one").expect("writes");
        let error = archive(&content, &tag).expect_err("another image");
        assert!(matches!(error, EngineError::ImageChanged { .. }), "{error}");
    }

    /// So that an image is made once, wherever its files come from.
    #[test]
    fn a_program_that_comes_along_makes_the_image_that_a_file_of_it_makes() {
        let bytes = b"a program";
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("writes");
        let of_file = content(file.path());
        let mut along = of_file.clone();
        let program = Program {
            name: "test",
            bytes,
        };
        along.files[0].0 = Material::Program(program);
        let tag = hash(&of_file).expect("reads");
        assert_eq!(hash(&along).expect("reads"), tag);
        let read = |content| {
            let mut archive = archive(content, &tag).expect("the same image");
            let mut bytes = Vec::new();
            archive.read_to_end(&mut bytes).expect("reads");
            bytes
        };
        assert_eq!(read(&of_file), read(&along));
    }

    #[tokio::test]
    async fn an_engine_that_cannot_be_asked_is_not_one_without_the_image() {
        let scripted =
            Scripted::start(|_, _| Answer::Json(500, r#"{"message":"disk full"}"#.to_owned()));
        let file = tempfile::NamedTempFile::new().expect("a file");
        let image = Image::Local(content(file.path()));
        let error = scripted.engine().await.ensure_image(&image).await;
        let text = with_causes(&error.expect_err("no answer")).to_string();
        assert!(
            text.ends_with("(caused by: disk full (status 500))"),
            "{text}"
        );
    }
}
