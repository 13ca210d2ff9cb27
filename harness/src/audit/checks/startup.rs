//! Starting and starting again.

use std::time::Duration;

use crate::audit::check::{Check, Look};
use crate::audit::compose::{Project, Service};
use crate::audit::connector::Transport;
use crate::audit::model::Model;

/// How long a first publication takes at the most, on a healthy day.
const PUBLICATION: Duration = Duration::from_secs(90);

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "startup.probe",
        says: "no health check gives up before a publication can be done: start_period and retries × interval are 90 s or more",
        looks_at: "health checks of connectors and onion daemons",
        why: "A first publication takes 30 to 90 s. A health check that counts earlier calls the container unhealthy, and what waits for service_healthy is never started, on a healthy day.",
        remedy: "write start_period: 90s or more",
        run: probe,
    },
    Check {
        id: "startup.managed-timeout",
        says: "a connector that manages its daemon waits 90 s for it",
        looks_at: "`managedOptions.startupTimeoutMs`",
        why: "Without it the connector gives up after 60 s, and a first publication takes 30 to 90 s.",
        remedy: "write startupTimeoutMs: 90000",
        run: managed_timeout,
    },
    Check {
        id: "startup.restart",
        says: "connectors and onion daemons are started again when they end",
        looks_at: "`restart` and `deploy.restart_policy`",
        why: "A daemon that ended stays ended, and its connector looks healthy and is unreachable.",
        remedy: "write restart: unless-stopped",
        run: restart,
    },
];

/// Connectors that are to be reached over the onion network, and onion daemons, with their projects.
fn watched(model: &Model) -> Vec<(&Project, &Service)> {
    let connectors = model
        .connectors
        .iter()
        .filter(|one| model.meant_for_onion(one))
        .map(|one| one.service);
    let places = connectors.chain(model.daemons.iter().map(|one| one.service));
    places
        .filter_map(|place| Some((model.project(place)?, model.service(place)?)))
        .collect()
}

fn probe(model: &Model, look: &mut Look) {
    for (project, service) in watched(model) {
        let Some(healthcheck) = service.healthcheck() else {
            continue;
        };
        look.at_one();
        let Some(patience) = healthcheck.patience else {
            look.unknown(&healthcheck.at, format!("how long the health check of {} waits is told by what was not given, or not readable", service.name));
            continue;
        };
        if patience >= PUBLICATION {
            continue;
        }
        let waiting: Vec<&str> = project
            .services
            .iter()
            .filter(|other| {
                other.after().any(|(entry, condition)| {
                    entry.key == service.name && condition == "service_healthy"
                })
            })
            .map(|other| other.name.as_str())
            .collect();
        let told = format!(
            "the health check of {} gives up after {} s",
            service.name,
            patience.as_secs()
        );
        match waiting.is_empty() {
            true => look.warn(&healthcheck.at, told),
            false => look.fail(
                &healthcheck.at,
                format!("{told}, and {} would not be started", waiting.join(", ")),
            ),
        }
    }
}

fn managed_timeout(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        if connector.transport() != Some(Transport::Managed) || connector.config.is_none() {
            continue;
        }
        look.at_one();
        match connector.get(&["transport", "managedOptions", "startupTimeoutMs"]) {
            None => {
                let at = connector
                    .transport_entry("managed")
                    .map_or(&connector.at, |entry| &entry.at);
                look.fail(
                    at,
                    "there is no startupTimeoutMs, so that it gives up after 60000 ms",
                );
            }
            Some(node) => match node.text().and_then(|text| text.parse::<u128>().ok()) {
                None => look.fail(
                    &node.at,
                    "startupTimeoutMs is no whole number of milliseconds",
                ),
                Some(told) if told < PUBLICATION.as_millis() => {
                    look.fail(&node.at, format!("startupTimeoutMs is {told}"))
                }
                Some(_) => {}
            },
        }
    }
}

fn restart(model: &Model, look: &mut Look) {
    for (_, service) in watched(model) {
        look.at_one();
        let policy = service.node.entry("restart");
        let deployed = service.node.find(&["deploy", "restart_policy"]);
        match (policy, deployed) {
            (Some(entry), _) => match entry.node.text() {
                Some("no" | "false") => {
                    look.warn(&entry.at, format!("{} is not started again", service.name))
                }
                Some(_) => {}
                None => look.unknown(
                    &entry.at,
                    format!(
                        "whether {} is started again is told by what was not given",
                        service.name
                    ),
                ),
            },
            (None, Some(deployed)) => {
                if deployed.text_of("condition") == Some("none") {
                    look.warn(
                        &deployed.at,
                        format!("{} is not started again", service.name),
                    );
                }
            }
            (None, None) => look.warn(
                &service.at,
                format!(
                    "{} has no restart policy, and is not started again",
                    service.name
                ),
            ),
        }
    }
}
