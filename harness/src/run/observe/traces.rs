//! Sessions, followed from the SOCKS request to the rendezvous circuit.

use std::collections::BTreeSet;

use crate::checks::{CircuitTrace, Wire};
use crate::plan::HomePlan;
use crate::run::circuits::Paths;
use crate::run::context::Run;
use crate::topology::Transport;

/// Follows every session of a home from the SOCKS request to the rendezvous circuit.
pub(in crate::run) fn of_home(
    run: &Run,
    home: &HomePlan,
    paths: &Paths,
    wire: Option<&Wire>,
) -> Vec<CircuitTrace> {
    let dialled = run
        .plan
        .peerings
        .iter()
        .filter(|peering| peering.from == home.id && peering.transport == Transport::Onion)
        .filter_map(|peering| {
            let far = run.plan.home(&peering.to)?;
            Some((far, &far.onion()?.address))
        });
    let requests = wire.map_or(&[][..], |wire| &wire.requests);
    dialled
        .map(|(far, address)| {
            let mut trace = CircuitTrace {
                to: far.id.clone(),
                requests: 0,
                attached: 0,
                joined: 0,
                passed: (0, 0),
                circuit: (0, 0),
            };
            let mut circuits = BTreeSet::new();
            for request in requests.iter().filter(|request| request.reply == Some(0)) {
                let path = paths.of(request.upstream);
                // Where the name is not in the request, the circuit tells whose request it was.
                let named = request.host.expose() == address.expose();
                let joined = path.is_some_and(|path| path.label == address.expose_label());
                if !named && !joined {
                    continue;
                }
                trace.requests += 1;
                trace.passed.0 += request.sent;
                trace.passed.1 += request.received;
                let Some(path) = path else { continue };
                trace.attached += 1;
                if joined && circuits.insert(path.circuit) {
                    let traffic = paths.traffic(path.circuit);
                    trace.joined += 1;
                    trace.circuit.0 += traffic.written;
                    trace.circuit.1 += traffic.read;
                }
            }
            trace
        })
        .collect()
}
