//! What the system says of a connection that failed.

use std::borrow::Cow;
use std::fmt;
use std::io;

/// Why the system gave a connection up, in a form that can be compared and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoCause {
    kind: io::ErrorKind,
    /// What it says itself, where its kind says nothing.
    text: Option<Cow<'static, str>>,
}

impl IoCause {
    /// A cause that no kind of the system's stands for.
    pub(super) const fn other(text: &'static str) -> Self {
        Self {
            kind: io::ErrorKind::Other,
            text: Some(Cow::Borrowed(text)),
        }
    }
}

impl From<io::ErrorKind> for IoCause {
    fn from(kind: io::ErrorKind) -> Self {
        Self { kind, text: None }
    }
}

impl From<io::Error> for IoCause {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&io::Error> for IoCause {
    fn from(error: &io::Error) -> Self {
        let kind = error.kind();
        // A name that does not resolve has a kind that cannot be named, and whose words say nothing.
        let says_nothing = matches!(
            kind.to_string().as_str(),
            "uncategorized error" | "other error"
        );
        Self {
            kind,
            text: says_nothing.then(|| Cow::Owned(error.to_string())),
        }
    }
}

impl fmt::Display for IoCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.write_str(text),
            None => self.kind.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_does_not_resolve_says_so() {
        let error = tokio::net::TcpStream::connect(("name.invalid", 1)).await;
        let cause = IoCause::from(error.expect_err("there is no such name"));
        assert!(
            cause
                .to_string()
                .starts_with("failed to lookup address information"),
            "{cause}"
        );
    }

    #[test]
    fn a_kind_with_words_is_told_by_them() {
        let refused = io::Error::from_raw_os_error(111);
        assert_eq!(IoCause::from(&refused).to_string(), "connection refused");
        assert_eq!(
            IoCause::from(&refused),
            io::ErrorKind::ConnectionRefused.into()
        );
        let files = io::Error::from_raw_os_error(24);
        assert!(IoCause::from(files).to_string().contains("open files"));
    }
}
