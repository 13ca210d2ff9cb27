//! What each authority serves.

use futures_util::future::{join, join_all};

use crate::causes::with_causes;
use crate::checks::AuthorityView;
use crate::run::context::Run;

/// What each authority serves.
pub(in crate::run) async fn views(run: &Run) -> Vec<AuthorityView> {
    let directories = run.directories();
    join_all(directories.iter().map(|directory| async move {
        let (consensus, certificates) = join(directory.consensus(), directory.certificates()).await;
        AuthorityView {
            nickname: directory.nickname().to_owned(),
            consensus: consensus.map_err(|error| with_causes(&error).to_string()),
            certificates: certificates.map_err(|error| with_causes(&error).to_string()),
        }
    }))
    .await
}
