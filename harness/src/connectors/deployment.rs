//! A service of an operator's deployment, which stands in a home in place of what the harness would start there.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Configuration;
use crate::secret::Secret;

/// What a deployment says of a service: what is run, and everything that it is given. It may hold the operator's
/// secrets, so it prints its name alone; what `up` leaves running is written to a file of mode 0600.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The file that describes it, as the topology names it.
    pub file: String,
    /// The service's name.
    pub service: String,
    /// Its image.
    pub image: String,
    /// What is started instead of the image's own program; absent for that.
    pub entrypoint: Option<Vec<String>>,
    /// The arguments; absent for the image's own.
    pub command: Option<Vec<String>>,
    /// The folder that it is started in; absent for the image's own.
    pub directory: Option<String>,
    /// Its variables in order, each once.
    pub environment: Vec<DeployedVariable>,
    /// Copies of what is mounted in it, each folder before what is in it.
    pub files: Vec<DeployedFile>,
    /// Where it writes, if the rest of its root file system is read-only.
    pub writable: Option<Vec<String>>,
}

/// A variable of a deployment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployedVariable {
    /// Its name.
    pub name: String,
    /// Its value; none where the deployment leaves that to whoever starts it.
    #[serde(with = "kept")]
    pub value: Option<Secret>,
    /// Whether it is a secret, by its name.
    pub is_secret: bool,
}

/// A file or folder that is mounted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployedFile {
    /// Its absolute path in the container.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Its content; none of a folder.
    #[serde(with = "base64")]
    pub content: Option<Vec<u8>>,
}

/// Without the content, which may hold secrets.
impl fmt::Debug for DeployedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DeployedFile").field(&self.path).finish()
    }
}

/// Without values and contents, which may be secrets.
impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deployment")
            .field("file", &self.file)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// What a home's connector gets of its deployment, and what the plan has put in the place of the deployment's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// What it is given.
    pub configuration: Configuration,
    /// The deployment's files that are put in as they are.
    pub files: Vec<DeployedFile>,
    /// What was replaced, added and left out, for people.
    pub notes: Vec<String>,
}

impl Deployment {
    /// A variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&DeployedVariable> {
        self.environment.iter().find(|one| one.name == name)
    }

    /// A file by its path in the container.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&DeployedFile> {
        let mut files = self.files.iter();
        files.find(|file| file.path == path && file.content.is_some())
    }

    /// Puts what the harness plans over what is deployed, variable by variable and file by file: all that can be
    /// done for a connector of which no more is known than its profile.
    #[must_use]
    pub fn under(&self, planned: Configuration) -> Deployed {
        let mut notes = Vec::new();
        let is_planned = |name: &str| planned.environment.iter().any(|(one, _)| one == name);
        let theirs = self.environment.iter().filter(|one| !is_planned(&one.name));
        let kept = theirs.filter_map(|one| Some((one.name.clone(), one.value.clone()?)));
        let mut environment: Vec<(String, Secret)> = kept.collect();
        let (replaced, added): (Vec<&str>, Vec<&str>) = planned
            .environment
            .iter()
            .map(|(name, _)| name.as_str())
            .partition(|name| self.variable(name).is_some());
        environment.extend(planned.environment.iter().cloned());
        note(&mut notes, "variables replaced", &replaced);
        note(&mut notes, "variables added", &added);
        let is_file = |path: &str| planned.files.iter().any(|file| file.path == path);
        let covered: Vec<&str> = self.files.iter().map(|file| &*file.path).collect();
        let covered: Vec<&str> = covered.into_iter().filter(|path| is_file(path)).collect();
        note(&mut notes, "files replaced", &covered);
        let files = self.files.iter().filter(|file| !is_file(&file.path));
        Deployed {
            files: files.cloned().collect(),
            configuration: Configuration {
                environment,
                ..planned
            },
            notes,
        }
    }
}

/// Notes names, if there are any.
pub(super) fn note(notes: &mut Vec<String>, what: &str, names: &[&str]) {
    if !names.is_empty() {
        notes.push(format!("{what}: {}", names.join(", ")));
    }
}

/// A value in the file of what is left running.
mod kept {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::secret::Secret;

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Secret::expose).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Secret>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.map(Secret::new))
    }
}

/// A file's content in the file of what is left running.
mod base64 {
    use data_encoding::BASE64;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        content: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = content.as_ref().map(|bytes| BASE64.encode(bytes));
        text.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let decode = |text: String| BASE64.decode(text.as_bytes()).map_err(D::Error::custom);
        text.map(decode).transpose()
    }
}
