//! Which way of running a connector it is, embedded (A) or as an image of its own (B), and whether it is whole.

use crate::audit::check::{Check, Look};
use crate::audit::connector::Transport;
use crate::audit::files::Kind;
use crate::audit::model::Model;
use crate::audit::package::{CLIENT, Package};
use crate::audit::place::At;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "mode.whole",
        says: "the connector is embedded (A) or an image of its own (B), and nothing of that is missing",
        looks_at: "connectors of Compose files, packages that run one",
        why: "Half of either way starts, looks healthy and cannot be reached over the onion network.",
        remedy: "for B add an onion daemon, let the connector share its network, keep its hidden-service directory on a named volume and give the connector a socks5 transport; for A depend on the client's package and let the connector manage the daemon",
        run: whole,
    },
    Check {
        id: "mode.client-dependency",
        says: "the package that runs a connector depends on the onion client itself, and not optionally",
        looks_at: "`package.json` of what depends on a connector or names the client",
        why: "The connector has @anyone-protocol/anyone-client only as an optional dependency: an installation without optional ones leaves it out, and managed mode fails at its first use.",
        remedy: "npm install --save-prod @anyone-protocol/anyone-client@^1.1.3 in the package that starts the connector, and take it out of optionalDependencies, peerDependencies and devDependencies",
        run: client_dependency,
    },
    Check {
        id: "mode.client-lock",
        says: "the lock file has the onion client, 1.1.3 or later, neither as optional nor for development alone",
        looks_at: "the lock file beside or above such a package (npm, pnpm, yarn, bun)",
        why: "What is not in the lock is not installed by `npm ci`, or in another version on every machine; what is optional there is left out without a word.",
        remedy: "install anew after the dependency was added, and commit the lock file",
        run: client_lock,
    },
    Check {
        id: "mode.optional-left-out",
        says: "no image is built without optional packages while the client is one",
        looks_at: "installations in Dockerfiles, `omit` and `optional` of .npmrc files",
        why: "With --omit=optional or --no-optional the client, which the connector has as optional, is not in the image.",
        remedy: "make the client a direct dependency, or install with optional packages",
        run: optional_left_out,
    },
    Check {
        id: "mode.operator-command",
        says: "there is one command that starts the deployment over the onion network",
        looks_at: "Compose projects with connectors, Makefiles, scripts of package.json",
        why: "Operators start what is documented; without such a command they start the deployment without its onion side.",
        remedy: "add a target to a Makefile, or a script, with ator in its name, such as town-up-with-ator, that starts the Compose project with its onion daemon",
        run: operator_command,
    },
];

/// Which way it is, for the head of a report.
pub(crate) fn mode_in_words(model: &Model) -> String {
    let in_compose = model.connectors.iter().filter(|one| one.service.is_some());
    let with_daemon = in_compose.clone().any(|one| model.daemon_of(one).is_some());
    let managed = model
        .connectors
        .iter()
        .any(|one| one.transport() == Some(Transport::Managed));
    let standalone = in_compose.count() > 0;
    let embedded = managed || owners(model).next().is_some();
    match (standalone, with_daemon, embedded) {
        (true, true, true) => "A and B: embedded, and an image of its own with an onion daemon",
        (true, true, false) => "B: an image of its own with an onion daemon",
        (true, false, true) => "A: embedded, or the connector manages its daemon",
        (true, false, false) => "B: an image of its own, without an onion daemon",
        (false, _, true) => "A: embedded, or the connector manages its daemon",
        (false, _, false) => "not told: no service and no package that runs a connector",
    }
    .to_owned()
}

/// Packages that have to bring the client.
fn owners(model: &Model) -> impl Iterator<Item = &Package> {
    model.packages.iter().filter(|package| {
        let name = package.json.get("name").and_then(|name| name.as_str());
        let is_connector = name.is_some_and(|name| name.rsplit('/').next() == Some("connector"));
        let names_client = SECTIONS
            .iter()
            .any(|section| package.depends(section, CLIENT).is_some());
        !is_connector && (names_client || package.runs_connector().is_some())
    })
}

/// Sections of dependencies; what is optional counts before what is not.
const SECTIONS: [&str; 4] = [
    "optionalDependencies",
    "dependencies",
    "peerDependencies",
    "devDependencies",
];

/// Why the client would not be there, and where; none where it is a direct dependency.
fn client_fault(package: &Package) -> Option<(String, At)> {
    let section = SECTIONS
        .iter()
        .find_map(|section| Some((*section, package.depends(section, CLIENT)?)));
    match section {
        Some(("dependencies", _)) => None,
        Some((section, (_, at))) => Some((format!("{CLIENT} is in {section}"), at)),
        None => {
            let (connector, at) = package
                .runs_connector()
                .unwrap_or_else(|| ("a connector".to_owned(), package.at.clone()));
            Some((format!("it depends on {connector} and not on {CLIENT}"), at))
        }
    }
}

fn whole(model: &Model, look: &mut Look) {
    let in_compose = model.connectors.iter().filter(|one| one.service.is_some());
    for connector in in_compose.filter(|one| model.meant_for_onion(one)) {
        look.at_one();
        if connector.transport() == Some(Transport::Managed) {
            let directory = ["transport", "managedOptions", "hiddenServiceDir"];
            if connector.config.is_some() && connector.get(&directory).is_none() {
                look.fail(
                    &connector.at,
                    format!(
                        "{} manages its daemon without a hiddenServiceDir",
                        connector.name
                    ),
                );
            }
            continue;
        }
        let mut missing = Vec::new();
        if model.daemon_of(connector).is_none() && model.daemon_reached(connector).is_none() {
            missing.push("an onion daemon whose network it shares");
            missing.push("a named volume for its hidden-service directory");
        }
        if connector.transport() == Some(Transport::Direct) {
            missing.push("a socks5 transport");
        }
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let told = format!(
                "{} is an image of its own (mode B) and lacks {missing}",
                connector.name
            );
            look.fail(&connector.at, told);
        }
    }
    let all_direct = model
        .connectors
        .iter()
        .all(|one| one.service.is_none() && one.transport() == Some(Transport::Direct));
    for connector in model.connectors.iter().filter(|_| all_direct) {
        let told = format!(
            "the transport of {} is direct, and nothing else here is to be reached over the onion network; whether it is to be is not told",
            connector.name
        );
        look.unknown(&connector.at, told);
    }
    for package in owners(model) {
        look.at_one();
        if let Some((fault, at)) = client_fault(package) {
            look.fail(
                &at,
                format!(
                    "it runs a connector within itself (mode A) and lacks the onion client: {fault}"
                ),
            );
        }
    }
}

fn client_dependency(model: &Model, look: &mut Look) {
    for package in owners(model) {
        look.at_one();
        match client_fault(package) {
            Some((fault, at)) => look.fail(&at, fault),
            None => {
                if let Some((range, at)) = package.depends("dependencies", CLIENT)
                    && is_older(range) == Some(true)
                {
                    look.warn(&at, format!("{CLIENT} may be as old as {range:?} says; 1.1.3 is the first with what managed mode needs"));
                }
            }
        }
    }
}

/// Whether a version is older than 1.1.3; none where it is no version.
fn is_older(range: &str) -> Option<bool> {
    let start = range.find(|sign: char| sign.is_ascii_digit())?;
    let version = range[start..].split([' ', '-', '+', '|']).next()?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let mut part = || parts.next().unwrap_or(Some(0));
    Some((part()?, part()?, part()?) < (1, 1, 3))
}

fn client_lock(model: &Model, look: &mut Look) {
    for package in owners(model) {
        look.at_one();
        let Some(lock) = &package.lock else {
            look.fail(&package.at, "there is no lock file beside it or above it");
            continue;
        };
        let Some(client) = &lock.client else {
            look.fail(&lock.at, format!("it has no entry of {CLIENT}"));
            continue;
        };
        if client.optional {
            look.fail(&client.at, format!("{CLIENT} is optional in it"));
        }
        if client.dev {
            look.fail(
                &client.at,
                format!("{CLIENT} is in it for development alone"),
            );
        }
        let version = client.version.as_deref().unwrap_or_default();
        if is_older(version) == Some(true) {
            look.fail(
                &client.at,
                format!("{CLIENT} is {version} in it, older than 1.1.3"),
            );
        }
    }
}

fn optional_left_out(model: &Model, look: &mut Look) {
    let faults: Vec<String> = owners(model)
        .filter_map(client_fault)
        .map(|(fault, _)| fault)
        .collect();
    let known = owners(model).next().is_some();
    let mut judge = |at: &At, left_out: Option<String>| {
        look.at_one();
        match (left_out, known, faults.first()) {
            (None, ..) | (_, true, None) => {}
            (Some(option), true, Some(fault)) => look.fail(at, format!("{option}, and {fault}")),
            (Some(option), false, _) => look.warn(at, format!("{option}, and no package.json was given that shows the client as a direct dependency")),
        }
    };
    for (_, instructions) in &model.recipes {
        for instruction in instructions {
            // The words of a list are those of a line.
            let words = instruction.rest.to_ascii_lowercase();
            let words = words.replace(['[', ']', ','], " ").replace(['"', '\''], "");
            let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let installs = ["npm ", "pnpm ", "yarn "]
                .iter()
                .any(|tool| text.contains(tool));
            let sets = text.contains("npm_config");
            if instruction.word == "RUN" && (installs || sets) || instruction.word == "ENV" && sets
            {
                let option = LEAVE_OUT.iter().find(|option| text.contains(**option));
                judge(&instruction.at, option.map(|option| (*option).to_owned()));
            }
        }
    }
    for file in model.files.of(Kind::Registries) {
        for (index, line) in file.text.lines().enumerate() {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let (name, value) = (name.trim(), value.trim().trim_matches(['"', '\'']));
            let left_out = match name {
                "omit" | "omit[]" => value == "optional",
                "optional" => value == "false",
                _ => continue,
            };
            let option = left_out.then(|| format!("{name}={value}"));
            judge(&At::new(&file.name, index + 1), option);
        }
    }
}

/// What has packages that are optional left out.
const LEAVE_OUT: [&str; 12] = [
    "--omit=optional",
    "--omit optional",
    "--no-optional",
    "--optional=false",
    "--ignore-optional",
    "npm_config_omit=optional",
    "npm_config_omit optional",
    "npm_config_optional=false",
    "set omit optional",
    "set omit=optional",
    "set optional false",
    "set optional=false",
];

fn operator_command(model: &Model, look: &mut Look) {
    let words = ["ator", "anon", "onion", "socks5", "tor"];
    let names_it = |name: &str| {
        let lower = name.to_ascii_lowercase();
        lower
            .split(|sign: char| !sign.is_ascii_alphanumeric())
            .any(|word| words.contains(&word))
    };
    let targets = model.files.of(Kind::Makefile).any(|file| {
        let targets = file
            .text
            .lines()
            .filter(|line| !line.starts_with(['\t', ' ', '#', '.']));
        targets
            .filter_map(|line| line.split_once(':'))
            .any(|(name, _)| names_it(name))
    });
    let scripts = model.packages.iter().any(|package| {
        let scripts = package
            .json
            .get("scripts")
            .and_then(|scripts| scripts.as_object());
        scripts.is_some_and(|scripts| scripts.keys().any(|name| names_it(name)))
    });
    let given = !model.packages.is_empty() || model.files.of(Kind::Makefile).next().is_some();
    for project in &model.projects {
        let mut connectors = model.connectors.iter().filter(|one| {
            model
                .project(one.service)
                .is_some_and(|own| own.at == project.at)
                && model.meant_for_onion(one)
        });
        let Some(connector) = connectors.next() else {
            continue;
        };
        let complete = connector.transport() == Some(Transport::Managed)
            || model.daemon_of(connector).is_some()
            || model.daemon_reached(connector).is_some();
        if complete || targets || scripts {
            // `docker compose up` of such a project is the command.
            look.at_one();
        } else if given {
            look.at_one();
            look.fail(&project.at, "no target of a Makefile, no script and no service of this project starts an onion daemon");
        } else {
            look.unknown(&project.at, "nothing in this project starts an onion daemon, and no Makefile or package.json was given with a command that does");
        }
    }
}
