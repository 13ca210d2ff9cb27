//! Onion addresses in logs.

use crate::audit::check::{Check, Look};
use crate::audit::files::Kind;
use crate::audit::log::{Loudness, loudness};
use crate::audit::model::Model;
use crate::audit::place::At;
use crate::onion::mentions_address;

/// The most lines of one file that are told.
const MOST: usize = 20;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "logs.level",
        says: "connectors and daemons log at a level at which they name no addresses",
        looks_at: "LOG_LEVEL, `logLevel`, and `Log` and `SafeLogging` of daemons",
        why: "At INFO, which is the default, the connector names the URL of every peer (`peer_registered`); a daemon names services below notice, and with SafeLogging 0.",
        remedy: "set LOG_LEVEL: warn for connectors and `Log notice stdout` for daemons, without SafeLogging 0",
        run: level,
    },
    Check {
        id: "logs.addresses",
        says: "no line of a log at INFO or above has an onion address, with or without its end",
        looks_at: "logs, line by line",
        why: "Logs are collected, sent and kept; who reads them learns who peers with whom.",
        remedy: "raise the level, take the lines out of what is kept, and use a version that redacts .anyone and bare addresses too",
        run: addresses,
    },
];

fn level(model: &Model, look: &mut Look) {
    for connector in model
        .connectors
        .iter()
        .filter(|one| model.meant_for_onion(one))
    {
        let variable = connector.variable("LOG_LEVEL");
        let key = connector
            .config
            .as_ref()
            .and_then(|config| config.entry("logLevel"));
        let name = &connector.name;
        let (value, at) = match (variable, key) {
            (Some(variable), _) => (variable.value.as_deref(), &variable.at),
            (None, Some(entry)) => (entry.node.text(), &entry.at),
            (None, None)
                if connector.config.is_none() && connector.variable("CONFIG_FILE").is_some() =>
            {
                let told =
                    format!("no LOG_LEVEL of {name} is set, and its configuration was not given");
                look.unknown(&connector.at, told);
                continue;
            }
            (None, None) => {
                look.at_one();
                look.warn(
                    &connector.at,
                    format!("no log level of {name} is set, so that it logs at INFO"),
                );
                continue;
            }
        };
        let Some(value) = value else {
            look.unknown(
                at,
                format!("the log level of {name} is told by what was not given"),
            );
            continue;
        };
        look.at_one();
        match value.to_ascii_lowercase().as_str() {
            "warn" | "warning" | "error" | "fatal" | "silent" => {}
            "info" => look.warn(at, format!("{name} logs at INFO")),
            "debug" | "trace" => {
                look.fail(at, format!("{name} logs at {}", value.to_ascii_uppercase()))
            }
            _ => look.warn(
                at,
                format!("{name} has the log level {value:?}, which it does not know"),
            ),
        }
    }
    for daemon in model
        .daemons
        .iter()
        .filter(|daemon| daemon.options.is_some())
    {
        look.at_one();
        for option in daemon.all("Log") {
            let lower = option.value.to_ascii_lowercase();
            if lower.contains("info") || lower.contains("debug") {
                look.fail(&option.at, format!("{} logs below notice", daemon.name));
            }
        }
        if let Some(option) = daemon
            .last("SafeLogging")
            .filter(|option| option.value == "0")
        {
            look.fail(
                &option.at,
                format!("{} logs addresses in clear", daemon.name),
            );
        }
    }
}

fn addresses(model: &Model, look: &mut Look) {
    for file in model.files.of(Kind::Log) {
        look.at_one();
        let mut found = 0_usize;
        let lines = file.text.lines().enumerate();
        for (index, line) in lines.filter(|(_, line)| mentions_address(line)) {
            // Those below INFO are in files that are meant to be guarded.
            if loudness(line) == Loudness::Debug {
                continue;
            }
            found += 1;
            if found <= MOST {
                look.fail(
                    &At::new(&file.name, index + 1),
                    "the line holds an onion address",
                );
            }
        }
        if found > MOST {
            look.fail(
                &At::new(&file.name, 1),
                format!("{} more lines hold an onion address", found - MOST),
            );
        }
    }
}
