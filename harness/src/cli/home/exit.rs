//! What an operator's command ends with.

use crate::cli::exit::Exit;
use crate::operator::{HomeError, Standing};
use crate::plan::PlanError;

/// The exit code of what a look came to, as for a verdict.
pub(super) const fn of_standing(standing: Standing) -> Exit {
    match standing {
        Standing::Good => Exit::Pass,
        Standing::Unclear => Exit::Inconclusive,
        Standing::Surroundings => Exit::Environment,
        Standing::Fails => Exit::Fail,
    }
}

/// The exit code of what was not done.
pub(in crate::cli) const fn home_exit(error: &HomeError) -> Exit {
    match error {
        HomeError::NoFolder { .. }
        | HomeError::NotEmpty { .. }
        | HomeError::Modes { .. }
        | HomeError::Mistake { .. }
        | HomeError::Swapped { .. }
        | HomeError::PeerChanged { .. }
        | HomeError::Edited { .. }
        | HomeError::Connector { .. }
        | HomeError::Configure(_)
        | HomeError::Card { .. }
        | HomeError::Address { .. }
        | HomeError::AddressPort { .. }
        | HomeError::OwnAddress { .. }
        | HomeError::Invitation { .. }
        | HomeError::Used { .. }
        | HomeError::Peer(_)
        | HomeError::NoPeer { .. }
        | HomeError::OtherHome { .. }
        | HomeError::BackupWithin { .. }
        | HomeError::Backup { .. } => Exit::Usage,
        HomeError::Read { .. }
        | HomeError::Missing { .. }
        | HomeError::Write { .. }
        | HomeError::Terms { .. }
        | HomeError::Random(_)
        | HomeError::Port(_)
        | HomeError::Addresses(PlanError::NoFreeSubnet { .. }) => Exit::Environment,
        HomeError::Addresses(_) => Exit::Usage,
        HomeError::Engine(error) => Exit::of_engine(error),
        // Both are parts of the home.
        HomeError::Daemon(_) | HomeError::Asked(_) => Exit::Fail,
    }
}
