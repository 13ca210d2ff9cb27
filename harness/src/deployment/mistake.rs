//! What is wrong with a deployment.

use std::fmt;

/// Everything that keeps deployments from being homes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", told(mistakes))]
pub struct DeploymentError {
    /// Every mistake, with its file and key.
    pub mistakes: Vec<Mistake>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, with the line where that is known.
    pub at: String,
    /// The key; empty where it is about the whole file.
    pub key: String,
    /// What is wrong, and the remedy.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.key {
            "" => write!(f, "{}: {}", self.at, self.what),
            key => write!(f, "{}: {key} {}", self.at, self.what),
        }
    }
}

fn told(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(|one| format!("\n  {one}")).collect();
    let count = lines.len();
    let words = if count == 1 { "mistake" } else { "mistakes" };
    format!("{count} {words} in deployments:{}", lines.concat())
}
