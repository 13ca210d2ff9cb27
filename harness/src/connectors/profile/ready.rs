//! When a connector of a profile is ready.

/// What answers when a connector is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ready {
    /// A port of the home.
    pub(super) port: u16,
    /// What is asked of it by HTTP; without it, that the port takes connections is enough.
    pub(super) path: Option<String>,
}
