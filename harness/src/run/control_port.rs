//! Control ports of daemons that were just started.

use std::net::SocketAddr;

use tokio::time::sleep;

use crate::onion::control::{Control, ControlError};
use crate::onion::monitor::Monitor;
use crate::plan::Control as ControlPlan;
use crate::run::context::{POLL, Run};
use crate::secret::Secret;

/// Connects to the control port of an authority or relay as soon as it listens.
pub(in crate::run) async fn of_node(
    run: &Run,
    node: &str,
    control: &ControlPlan,
) -> Result<Control, ControlError> {
    let address = run.reach().to(control.address);
    listening(node, address, control.password.password()).await
}

/// Follows a daemon as soon as its control port listens, as [`listening`].
pub(in crate::run) async fn monitored(
    node: &str,
    address: SocketAddr,
    password: &Secret,
) -> Result<Monitor, ControlError> {
    loop {
        match Monitor::attach(node, address, password).await {
            Err(ControlError::Connect { .. }) => sleep(POLL).await,
            attached => return attached,
        }
    }
}

/// Connects to a daemon's control port as soon as it listens. If it never does, a deadline or the container's death ends
/// the wait.
pub(in crate::run) async fn listening(
    node: &str,
    address: SocketAddr,
    password: &Secret,
) -> Result<Control, ControlError> {
    loop {
        match Control::connect(node, address, password).await {
            Ok((control, _events)) => return Ok(control),
            Err(ControlError::Connect { .. }) => sleep(POLL).await,
            Err(error) => return Err(error),
        }
    }
}
