//! Secrets: how long they are, and who gets to see them.

use crate::audit::check::{Check, Look};
use crate::audit::compose::Service;
use crate::audit::dockerfile::Instruction;
use crate::audit::env_file::Variable;
use crate::audit::files::{File, Kept, Kind};
use crate::audit::interpolate::{Variables, fill};
use crate::audit::model::Model;
use crate::audit::place::At;
use crate::audit::secret_words::{has_url_password, is_literal, is_secret};
use crate::audit::yaml::{self, Node, Scalar, Value};

/// The shortest that a secret may be, in bytes.
const SHORTEST: usize = 32;

/// From this many bytes on a text is not taken for a secret by chance.
const LONG_ENOUGH: usize = 12;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "secrets.length",
        says: "every secret of a connector has at least 32 bytes",
        looks_at: "tokens of peers, secrets of connectors' environments and configurations, as far as their values are given",
        why: "Whoever finds the onion address may try secrets as long as they like.",
        remedy: "make each with `openssl rand -hex 32`",
        run: length,
    },
    Check {
        id: "secrets.in-clear",
        says: "no secret is written into a file that is committed",
        looks_at: "Compose files, build arguments, Dockerfiles; connectors' configurations, variables and .npmrc files that git keeps",
        why: "What is committed is in every clone and stays in the history.",
        remedy: "write ${NAME:?} and keep the value in a file that git ignores, or in a secret; take the old one out of use",
        run: in_clear,
    },
    Check {
        id: "secrets.in-label",
        says: "no label has a secret",
        looks_at: "labels of Compose services and Dockerfiles",
        why: "Labels are shown to everybody who may ask the engine, and by programs that collect them.",
        remedy: "take the label out; a program that needs the secret gets it by its environment or a file",
        run: in_label,
    },
    Check {
        id: "secrets.in-command",
        says: "no command line has a secret",
        looks_at: "`command`, `entrypoint`, health checks, and commands of Dockerfiles",
        why: "Command lines are seen by every program of the machine, and kept by the engine. What Compose puts in by ${NAME} is in them as if it were written there.",
        remedy: "read the secret from the environment or a file inside of the container ($$NAME in a shell)",
        run: in_command,
    },
];

fn length(model: &Model, look: &mut Look) {
    let mut judge = |name: &str, value: Option<&str>, at: &At| match value {
        None => look.note(format!("the value of {name}")),
        // That it is empty is another check's.
        Some("") => {}
        Some(value) if !is_literal(value) => {}
        Some(value) => {
            look.at_one();
            if value.len() < SHORTEST {
                look.fail(at, format!("{name} is {} bytes long", value.len()));
            }
        }
    };
    for connector in &model.connectors {
        for peer in connector.peers() {
            if let Some(token) = &peer.token {
                judge(
                    &format!("the token of {}", peer.id),
                    token.value.as_deref(),
                    &token.at,
                );
            }
        }
        for variable in connector
            .environment
            .iter()
            .filter(|one| is_secret(&one.name))
        {
            judge(&variable.name, variable.value.as_deref(), &variable.at);
        }
        for path in [
            &["adminApi", "apiKey"][..],
            &["localDelivery", "authToken"],
            &["btpAuthToken"],
        ] {
            if let Some(node) = connector.get(path) {
                judge(&path.join("."), node.text(), &node.at);
            }
        }
    }
    // Variables that were given without a connector that they are for.
    let of_connectors: Vec<&At> = model
        .connectors
        .iter()
        .flat_map(|one| one.environment.iter().map(|one| &one.at))
        .collect();
    let ours = |name: &str| name.starts_with("BTP_") || name.contains("ADMIN");
    let rest = model
        .variables
        .iter()
        .filter(|one| !of_connectors.contains(&&one.at));
    for variable in rest.filter(|one| is_secret(&one.name) && ours(&one.name)) {
        judge(&variable.name, variable.value.as_deref(), &variable.at);
    }
}

fn in_clear(model: &Model, look: &mut Look) {
    let compose: Vec<&File> = model.files.of(Kind::Compose).collect();
    for (_, service) in model.services() {
        for variable in &service.environment {
            let in_compose = compose.iter().any(|file| file.name == variable.at.file);
            if in_compose {
                written(look, variable);
            }
        }
        let arguments = service
            .node
            .find(&["build", "args"])
            .map_or(&[][..], Node::entries);
        for entry in arguments.iter().filter(|entry| is_secret(&entry.key)) {
            look.at_one();
            if entry
                .node
                .scalar()
                .is_some_and(|scalar| literal(&scalar.raw))
            {
                look.fail(
                    &entry.at,
                    format!("the build argument {} is written in clear", entry.key),
                );
            }
        }
    }
    for (_, instructions) in &model.recipes {
        for instruction in instructions {
            for (name, value) in pairs(instruction) {
                if is_secret(&name) {
                    look.at_one();
                    if is_literal(&value) {
                        look.fail(
                            &instruction.at,
                            format!(
                                "{} {name} is written in clear, and is in every image",
                                instruction.word
                            ),
                        );
                    }
                }
            }
        }
    }
    for file in &model.files.all {
        let told = match file.kept {
            Kept::Privately => continue,
            Kept::ByGit => "is in a file that git keeps",
            Kept::InCompose => "is written in clear",
        };
        match file.kind {
            Kind::Connector => {
                let variables = file.kept == Kept::InCompose;
                let documents = file.documents.iter();
                documents.for_each(|one| kept(look, one, variables, told));
            }
            Kind::Environment => {
                let own = model.variables.iter();
                for variable in own.filter(|one| one.at.file == file.name) {
                    let value = variable.value.as_deref().unwrap_or_default();
                    let name = &variable.name;
                    if is_secret(name) {
                        look.at_one();
                        if is_literal(value) {
                            look.fail(&variable.at, format!("{name} {told}"));
                        }
                    } else if has_url_password(value) {
                        look.at_one();
                        look.fail(&variable.at, format!("the password in {name} {told}"));
                    }
                }
            }
            Kind::Registries => registries(look, file),
            _ => {}
        }
    }
}

/// What npm shows to its registries: `//HOST/:_authToken`, `_auth` and `_password`.
fn registries(look: &mut Look, file: &File) {
    for (index, line) in file.text.lines().enumerate() {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim();
        let name = name.rsplit(':').next().unwrap_or(name);
        if line.trim_start().starts_with(['#', ';']) || !(is_secret(name) || name == "_auth") {
            continue;
        }
        look.at_one();
        if is_literal(value.trim().trim_matches(['"', '\''])) {
            look.fail(
                &At::new(&file.name, index + 1),
                format!("{name} is in a file that git keeps"),
            );
        }
    }
}

/// Whether a text is a secret whatever the variables are: written, or as a default.
fn literal(raw: &str) -> bool {
    is_literal(&filled(raw))
}

/// What a text is whatever the variables are; nothing where they decide it.
fn filled(raw: &str) -> String {
    let filled = fill(raw, &Variables::new()).ok();
    filled.and_then(|filled| filled.text).unwrap_or_default()
}

fn written(look: &mut Look, variable: &Variable) {
    if is_secret(&variable.name) {
        look.at_one();
        if literal(&variable.raw) {
            look.fail(
                &variable.at,
                format!("{} is written in clear", variable.name),
            );
        }
        return;
    }
    if has_url_password(&filled(&variable.raw)) {
        look.at_one();
        let what = format!("the password in {} is written in clear", variable.name);
        look.fail(&variable.at, what);
    }
    // A list of peers holds their tokens.
    let documents = variable
        .raw
        .trim_start()
        .starts_with(['[', '{'])
        .then(|| yaml::parse(&variable.at.file, &variable.raw));
    for document in documents.into_iter().flatten().flatten() {
        for (name, node) in named(&document) {
            if is_secret(name) {
                look.at_one();
                if node.scalar().is_some_and(|scalar| literal(&scalar.raw)) {
                    look.fail(
                        &variable.at,
                        format!("{name} in {} is written in clear", variable.name),
                    );
                }
            }
        }
    }
}

/// `variables` says whether Compose puts some in.
fn kept(look: &mut Look, document: &Node, variables: bool, told: &str) {
    let written = |scalar: &Scalar| match variables {
        true => filled(&scalar.raw),
        false => scalar.raw.clone(),
    };
    for (name, node) in named(document) {
        let text = node.scalar().map(written).unwrap_or_default();
        if has_url_password(&text) {
            look.at_one();
            look.fail(&node.at, format!("the password in {name} {told}"));
        } else if is_secret(name) {
            look.at_one();
            if is_literal(&text) {
                look.fail(&node.at, format!("{name} {told}"));
            }
        }
    }
}

/// Every entry of a tree, however deep.
fn named(node: &Node) -> Vec<(&str, &Node)> {
    match &node.value {
        Value::Map(entries) => {
            let inside = entries.iter().flat_map(|entry| {
                let mut all = vec![(entry.key.as_str(), &entry.node)];
                all.extend(named(&entry.node));
                all
            });
            inside.collect()
        }
        Value::List(items) => items.iter().flat_map(named).collect(),
        Value::Null | Value::Scalar(_) => Vec::new(),
    }
}

/// The variables that an instruction sets.
fn pairs(instruction: &Instruction) -> Vec<(String, String)> {
    if !["ENV", "ARG", "LABEL"].contains(&instruction.word.as_str()) {
        return Vec::new();
    }
    let rest = &instruction.rest;
    let unquoted = |text: &str| text.trim_matches(['"', '\'']).to_owned();
    if !rest
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .contains('=')
    {
        let old = rest.split_once(char::is_whitespace);
        return old
            .map(|(name, value)| (name.to_owned(), unquoted(value.trim())))
            .into_iter()
            .collect();
    }
    let words = rest
        .split_whitespace()
        .filter_map(|word| word.split_once('='));
    words
        .map(|(name, value)| (unquoted(name), unquoted(value)))
        .collect()
}

fn in_label(model: &Model, look: &mut Look) {
    let known = known_secrets(model);
    for (_, service) in model.services() {
        let deployed = service.node.find(&["deploy", "labels"]);
        let labels = service.node.get("labels").into_iter().chain(deployed);
        for entry in labels.flat_map(Node::entries) {
            look.at_one();
            let raw = entry.node.scalar().map_or("", |scalar| &scalar.raw);
            let text = entry.node.text().unwrap_or_default();
            let by_name = is_secret(&entry.key) && !raw.is_empty();
            if by_name || names_secret(raw) || known.iter().any(|secret| text.contains(secret)) {
                look.fail(
                    &entry.at,
                    format!("the label {} of {} holds a secret", entry.key, service.name),
                );
            }
        }
    }
    for (_, instructions) in &model.recipes {
        for instruction in instructions.iter().filter(|one| one.word == "LABEL") {
            look.at_one();
            for (name, value) in pairs(instruction) {
                if is_secret(&name) && is_literal(&value) {
                    look.fail(&instruction.at, format!("the label {name} holds a secret"));
                }
            }
        }
    }
}

fn in_command(model: &Model, look: &mut Look) {
    let known = known_secrets(model);
    for (_, service) in model.services() {
        for key in ["command", "entrypoint", "healthcheck"] {
            let nodes = match key {
                "healthcheck" => test_of(service),
                key => service.texts(&[key]),
            };
            let Some(first) = nodes.first() else { continue };
            look.at_one();
            let raw_of = |node: &Node| {
                node.scalar()
                    .map_or_else(String::new, |scalar| scalar.raw.clone())
            };
            let shows = |raw: &str, text: &str| {
                secret_words(raw).or_else(|| {
                    let holds = known.iter().any(|secret| text.contains(secret));
                    (names_secret(raw) || holds).then(|| "a secret of a variable".to_owned())
                })
            };
            // A word by itself where that is enough, so that its line is told; else all of them together.
            let alone = nodes.iter().find_map(|node| {
                let text = node.text().unwrap_or_default();
                Some((&node.at, shows(&raw_of(node), text)?))
            });
            let together = || {
                let raw: Vec<String> = nodes.iter().map(|node| raw_of(node)).collect();
                Some((&first.at, shows(&raw.join(" "), "")?))
            };
            if let Some((at, what)) = alone.or_else(together) {
                look.fail(at, format!("{key} of {} has {what} in it", service.name));
            }
        }
    }
    for (_, instructions) in &model.recipes {
        let commands = ["CMD", "ENTRYPOINT", "HEALTHCHECK", "RUN"];
        for instruction in instructions
            .iter()
            .filter(|one| commands.contains(&one.word.as_str()))
        {
            look.at_one();
            let plain = instruction.rest.replace(['[', ']', ',', '"'], " ");
            if let Some(what) = secret_words(&plain) {
                look.fail(
                    &instruction.at,
                    format!("{} has {what} in it", instruction.word),
                );
            }
        }
    }
}

/// The words of a service's health check.
fn test_of(service: &Service) -> Vec<&Node> {
    let test = service.node.find(&["healthcheck", "test"]);
    test.map_or_else(Vec::new, |test| match &test.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![test],
    })
}

/// What of a command line is a secret by what stands before it, without the secret.
fn secret_words(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(['"', '\'']))
        .collect();
    if has_url_password(text) {
        return Some("the password of a URL".to_owned());
    }
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        // As in `Authorization: Bearer abc`.
        let is_shown = ["bearer", "basic"]
            .iter()
            .any(|one| word.eq_ignore_ascii_case(one));
        if is_shown && next.len() >= LONG_ENOUGH && is_literal(next) {
            return Some(format!("what follows {word}"));
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, value),
            None => match word.strip_suffix(':') {
                Some(name) => (name, next),
                None if word.starts_with("--") => (*word, next),
                None => match word.split_once(':') {
                    // As in `X-Api-Key:abc`.
                    Some((name, value)) if name.contains('-') => (name, value),
                    _ => continue,
                },
            },
        };
        if is_secret(name) && is_literal(value) && !value.starts_with("--") {
            return Some(name.trim_start_matches('-').to_owned());
        }
    }
    None
}

/// Whether Compose puts a secret's variable into a text; what a shell puts in (`$$NAME`) it does not see.
fn names_secret(raw: &str) -> bool {
    let plain = raw.replace("$$", "");
    plain.split('$').skip(1).any(|after| {
        let after = after.trim_start_matches('{');
        let end = after.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'));
        is_secret(&after[..end.unwrap_or(after.len())])
    })
}

/// Secrets that are long enough not to be found by chance.
fn known_secrets(model: &Model) -> Vec<String> {
    let of_services = model
        .services()
        .flat_map(|(_, service)| &service.environment);
    let all = of_services.chain(&model.variables);
    let secret = all
        .filter(|one| is_secret(&one.name))
        .filter_map(|one| one.value.clone());
    secret
        .filter(|value| is_literal(value) && value.len() >= LONG_ENOUGH)
        .collect()
}
