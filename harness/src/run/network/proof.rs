//! The proof of instruments by itself, on a network that is there for nothing else.

use std::time::Duration;

use crate::events::{EventKind, Stage};
use crate::run::begin::{Beginning, begin, finish, inputs};
use crate::run::end;
use crate::run::error::RunError;
use crate::run::instruments;
use crate::run::interrupt::Interrupts;
use crate::run::options::Options;
use crate::run::prepare;
use crate::run::state::{Registry, Verb};
use crate::topology::{Network, Topology};

/// Lifetime in the labels of what is made.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Proves that this machine and its engine can be measured with, and removes what that took. Returns what was
/// found, and how long it took.
///
/// # Errors
///
/// [`RunError`] names what is wrong with them, or why it could not begin.
pub async fn prove_instruments(
    network: &Network,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<String, RunError> {
    let registry = Registry::locate();
    let topology = Topology::of_network(network.clone());
    let beginning = Beginning {
        verb: Verb::Doctor,
        inputs: inputs(options, LIFETIME).await?,
        lifetime: LIFETIME,
        standing: None,
    };
    let (mut run, guards, mut watch) =
        begin(&registry, &topology, options, interrupts, beginning).await?;
    let work = async {
        let mut inputs = run.inputs.clone();
        let image = run
            .engines
            .common()
            .ensure_image(&options.sources.bls)
            .await?;
        let plan = prepare::networks(&run.engines, &topology, &mut inputs).await?;
        Ok::<_, RunError>((image.0, plan))
    };
    let prepared = run.guarded(&mut watch, Box::pin(work)).await;
    let result = match prepared {
        Ok((image, plan)) => {
            run.plan = plan;
            let proof = instruments::prove(&run, &image, run.way);
            run.guarded(&mut watch, Box::pin(proof)).await.map(|_| None)
        }
        Err(error) => Err(error),
    };
    let mut outcome = end::outcome(&run, result);
    end::end(&run, &mut outcome, guards).await;
    drop(watch);
    if let Some(error) = outcome.error.take() {
        return Err(error);
    }
    let proven = finish(&run, outcome)
        .events
        .into_iter()
        .find_map(|event| match event.kind {
            EventKind::StageReached {
                stage: Stage::Instruments,
                evidence,
                millis,
                ..
            } => Some(format!("{evidence} ({millis} ms)")),
            _ => None,
        });
    Ok(proven.unwrap_or_default())
}
