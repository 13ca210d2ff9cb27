//! TOML in, [`Profile`] or the list of all mistakes out.

use std::path::Path;

use toml::de::DeTable;
use wire::Dialect;

use super::error::{ProfileError, told};
use super::model::{Controlled, Listeners, Log, PEER_VARIABLE, Profile, file_key, variable_key};
use super::ready::Ready;
use super::sample::complaints;
use super::template::Templates;
use crate::connectors::{Answers, Capabilities, Content, PeersKnown, image_name, toon};
use crate::toml_file::{Collector, Fields, syntax};

/// Ports that are the daemon's and the harness's own in every home.
const RESERVED: std::ops::RangeInclusive<u16> = 9000..=9999;

/// The form of a profile. It changes when a key is removed or changes its meaning.
pub const FORMAT: u64 = 1;

/// Reads a profile.
///
/// `place` is what the folder of a tree is below.
pub(in crate::connectors) fn parse(
    file: &str,
    place: &Path,
    text: &str,
) -> Result<Profile, ProfileError> {
    let document = DeTable::parse(text).map_err(|error| ProfileError::Syntax {
        file: file.to_owned(),
        message: syntax(text, &error),
    })?;
    let mut into = Collector::new(text);
    let profile = read(place, document.get_ref(), &mut into);
    let mut mistakes = into.mistakes;
    match profile {
        Some(profile) if mistakes.is_empty() => Ok(profile),
        _ => {
            mistakes.sort_by(|a, b| (a.line, &a.path).cmp(&(b.line, &b.path)));
            Err(ProfileError::Invalid {
                file: file.to_owned(),
                mistakes,
            })
        }
    }
}

/// The keys at the top of the file that others depend on.
struct Basics {
    dialect: Dialect,
    by_account: bool,
}

fn read(place: &Path, root: &DeTable<'_>, into: &mut Collector<'_>) -> Option<Profile> {
    let mut fields = Fields::new(root, "", 0);
    let name = read_name(&mut fields, into);
    // For the reader of the file.
    fields.optional(into, "description");
    read_format(&mut fields, into);
    let dialect = fields.choice(
        into,
        "dialect",
        Dialect::Toon,
        &[Dialect::Toon, Dialect::Rfc],
        Dialect::as_str,
    );
    let by_account = fields.choice(into, "control", true, &[true, false], |account| {
        if account { "account" } else { "toon" }
    });
    let basics = Basics {
        dialect,
        by_account,
    };
    let peers = read_peers(&mut fields, into, &basics);
    let command = read_command(&mut fields, into);
    let content = read_content(&mut fields, into, place, &basics, &command);
    let directory = read_directory(&mut fields, into);
    let writable = read_writable(&mut fields, into);
    let ports = read_ports(&mut fields, into);
    let ready = read_ready(&mut fields, into, &basics);
    let log = read_log(&mut fields, into);
    let capabilities = read_capabilities(&mut fields, into, &basics, peers, log);
    let answers = read_answers(&mut fields, into, dialect);
    let mut templates = Templates::new();
    let files = read_files(&mut fields, into, &mut templates);
    let variables = read_environment(&mut fields, into, &mut templates);
    let peer_variable = fields.optional(into, PEER_VARIABLE);
    if let Some(text) = &peer_variable {
        add(
            &mut templates,
            &fields,
            into,
            PEER_VARIABLE,
            PEER_VARIABLE,
            text,
        );
    }
    if files.is_empty() && variables.is_empty() {
        let message =
            "is missing, and so is every [[file]]; tell the connector of its home by one of them";
        into.add(0, "environment", message);
    }
    fields.finish(into);
    let profile = Profile {
        name: name?.leak(),
        capabilities,
        answers,
        controlled: if by_account {
            Controlled::ByAccount { ready }
        } else {
            Controlled::ByToonApi
        },
        content,
        command,
        directory,
        writable,
        ports,
        log,
        files,
        variables,
        peer_variable: peer_variable.is_some(),
        templates,
    };
    // What only shows when a template is used. With other mistakes it could be their consequence.
    if into.mistakes.is_empty() {
        for (key, complaint) in complaints(&profile) {
            into.add(fields.offset_of_path(&key), key, complaint);
        }
    }
    Some(profile)
}

fn read_name(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Option<String> {
    let name = fields.string(into, "name", "\"my-connector\"");
    if let Some(name) = &name
        && !is_plain(name)
    {
        let message = "may hold at most 40 lower-case letters, digits, dots and dashes only";
        into.add(fields.offset_of("name"), "name", message);
    }
    name
}

/// The form of the file, where it says so.
fn read_format(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) {
    let format = fields.integer(into, "format", FORMAT, 0..=u64::MAX);
    if format != FORMAT {
        let message = format!(
            "is {format}, and this version of ator-harness reads {FORMAT}; take the version that the profile was written for"
        );
        into.add(fields.offset_of("format"), "format", message);
    }
}

fn read_command(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Vec<String> {
    let command = fields.strings(into, "command");
    if command
        .first()
        .is_some_and(|program| program.trim().is_empty())
    {
        let message = "begins with the program, which is empty here; write it as in [\"/usr/bin/node\", \"index.js\"]";
        into.add(fields.offset_of("command"), "command", message);
    }
    command
}

fn read_directory(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Option<String> {
    let directory = fields.optional(into, "directory");
    if directory
        .as_ref()
        .is_some_and(|folder| !folder.starts_with('/'))
    {
        let message = "is not an absolute path in the connector's container, as in \"/app\"";
        into.add(fields.offset_of("directory"), "directory", message);
    }
    directory
}

/// Where it writes; with the key the rest of its root file system is read-only.
fn read_writable(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Option<Vec<String>> {
    let there = fields.has("writable");
    let folders = fields.strings(into, "writable");
    let fit =
        |folder: &String| folder.starts_with('/') && folder.len() > 1 && !folder.contains("//");
    if !folders.iter().all(fit) {
        let message = "holds what is no absolute path of a folder in the connector's container; write it as in [\"/tmp\", \"/app/data\"]";
        into.add(fields.offset_of("writable"), "writable", message);
    }
    there.then_some(folders)
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    name.len() <= 40 && name.chars().all(plain)
}

fn read_peers(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    basics: &Basics,
) -> PeersKnown {
    let default = if basics.by_account {
        PeersKnown::AtStart
    } else {
        PeersKnown::WhenTold
    };
    let all = [PeersKnown::AtStart, PeersKnown::WhenTold];
    let peers = fields.choice(into, "peers", default, &all, |peers| match peers {
        PeersKnown::AtStart => "at-start",
        PeersKnown::WhenTold => "admin-api",
    });
    if basics.by_account && peers == PeersKnown::WhenTold {
        let message = "is \"admin-api\", which takes control = \"toon\"; say so, or \"at-start\"";
        into.add(fields.offset_of("peers"), "peers", message);
    }
    peers
}

/// What its image is made of: of the two keys, one at most. The reference connector stands in for a
/// connector with the TOON connector's interfaces.
fn read_content(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    place: &Path,
    basics: &Basics,
    command: &[String],
) -> Content {
    let image = fields.optional(into, "image");
    let tree = fields.optional(into, "tree");
    match (image, tree) {
        (Some(_), Some(_)) => {
            let message = "is given beside an image; remove one of the two";
            into.add(fields.offset_of("tree"), "tree", message);
            Content::Unknown
        }
        (Some(image), None) => {
            if let Err(why) = image_name(&image) {
                into.add(fields.offset_of("image"), "image", why);
            }
            Content::Image(image)
        }
        (None, Some(tree)) => {
            if command.is_empty() {
                let message = "has files and no word of which to start; add command = [\"/usr/bin/node\", \"index.js\"]";
                into.add(fields.offset_of("tree"), "tree", message);
            }
            Content::Tree {
                folder: place.join(tree),
                program: command.first().cloned().unwrap_or_default(),
            }
        }
        (None, None) if basics.by_account => Content::Unknown,
        (None, None) => toon::PROGRAM,
    }
}

fn read_port(table: &mut Fields<'_, '_>, into: &mut Collector<'_>, key: &'static str) -> u16 {
    let port = table.integer(into, key, 3000, 1024..=65_000);
    let port = u16::try_from(port).unwrap_or(u16::MAX);
    if RESERVED.contains(&port) {
        table.mistake(into, key, "is from 9000 to 9999, where the onion daemon and the harness have theirs; choose another",
        );
    }
    port
}

fn read_ports(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Listeners {
    let Some(mut table) = fields.table(into, "ports") else {
        if !fields.has("ports") {
            let message = "is missing; add a [ports] table with btp = 3000, or with each_from = 7001 where every peer has a port of its own";
            into.add(0, "ports", message);
        }
        return Listeners::One(3000);
    };
    let each = table.has("each_from");
    if each == table.has("btp") {
        let message = "has to have one of btp (one port for all peers) and each_from (the first of one for each)";
        into.add(fields.offset_of("ports"), "ports", message);
    }
    let (first, shared) = (
        read_port(&mut table, into, "each_from"),
        read_port(&mut table, into, "btp"),
    );
    table.finish(into);
    if each {
        Listeners::EachFrom(first)
    } else {
        Listeners::One(shared)
    }
}

fn read_ready(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    basics: &Basics,
) -> Option<Ready> {
    let mut table = fields.table(into, "ready")?;
    if !basics.by_account {
        let message = "is not for control = \"toon\", where the admin API says it; remove it";
        into.add(fields.offset_of("ready"), "ready", message);
    }
    if !table.has("port") {
        into.add(
            fields.offset_of("ready"),
            "ready.port",
            "is missing; add port = 8080",
        );
    }
    let port = read_port(&mut table, into, "port");
    let path = table.optional(into, "path");
    if path.as_ref().is_some_and(|path| !path.starts_with('/')) {
        table.mistake(
            into,
            "path",
            "is the path of an HTTP request; it begins with /",
        );
    }
    table.finish(into);
    Some(Ready { port, path })
}

fn read_log(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Log {
    let mut log = Log {
        levels: true,
        toon_events: false,
    };
    if let Some(mut table) = fields.table(into, "log") {
        log.levels = table.flag(into, "levels", true);
        log.toon_events = table.choice(into, "events", false, &[false, true], |toon| {
            if toon { "toon" } else { "none" }
        });
        table.finish(into);
    }
    log
}

fn read_capabilities(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    basics: &Basics,
    peers: PeersKnown,
    log: Log,
) -> Capabilities {
    let asked = !basics.by_account;
    let mut all = Capabilities {
        dialect: basics.dialect,
        peers,
        dials_by_socks: false,
        // The daemon's program would have to be in the image, and its configuration in a template.
        runs_daemon: false,
        forwards_amounts: true,
        lists_peers: asked,
        // By its server, or by the harness's account.
        records_deliveries: true,
        tells_health: asked,
        logs_levels: log.levels,
    };
    let Some(mut table) = fields.table(into, "capabilities") else {
        return all;
    };
    all.dials_by_socks = table.flag(into, "socks", all.dials_by_socks);
    all.forwards_amounts = table.flag(into, "amounts", all.forwards_amounts);
    for (key, slot) in [
        ("lists_peers", &mut all.lists_peers),
        ("health", &mut all.tells_health),
    ] {
        *slot = table.flag(into, key, *slot);
        if *slot && !asked {
            table.mistake(
                into,
                key,
                "takes an API to ask, which only control = \"toon\" has; remove it",
            );
        }
    }
    table.finish(into);
    all
}

fn read_answers(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    dialect: Dialect,
) -> Answers {
    let mut answers = match dialect {
        Dialect::Toon => toon::ANSWERS,
        // RFC-0027 has a packet that expires too soon rejected with R02.
        Dialect::Rfc => Answers {
            expired: "R02",
            ..toon::ANSWERS
        },
    };
    let Some(mut table) = fields.table(into, "answers") else {
        return answers;
    };
    for (key, slot) in [
        ("no_route", &mut answers.no_route),
        ("expired", &mut answers.expired),
    ] {
        let Some(code) = table.optional(into, key) else {
            continue;
        };
        let mut letters = code.chars();
        let is_code = code.len() == 3
            && letters.next().is_some_and(|c| "FTR".contains(c))
            && letters.all(|c| c.is_ascii_digit());
        if is_code {
            *slot = code.leak();
        } else {
            table.mistake(
                into,
                key,
                format!("{code:?} is no error code; write F, T or R and two digits, as in \"F02\""),
            );
        }
    }
    let hop_time = table.duration(into, "hop_time", Some(answers.hop_time));
    answers.hop_time = hop_time.unwrap_or(answers.hop_time);
    table.finish(into);
    answers
}

fn read_files(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    templates: &mut Templates,
) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for (index, mut table) in fields.tables(into, "file").into_iter().enumerate() {
        let path = table.string(into, "path", "\"/config/connector.yaml\"");
        let path = path.unwrap_or_default();
        if !path.is_empty() && (!path.starts_with('/') || path.split('/').any(|part| part == ".."))
        {
            table.mistake(
                into,
                "path",
                format!("{path:?} is not an absolute path in the connector's container"),
            );
        }
        if paths.contains(&path) {
            table.mistake(
                into,
                "path",
                format!("{path:?} is another file's; give each its own"),
            );
        }
        let content = table.string(into, "content", "\"\"\"…\"\"\"");
        if let Some(content) = content {
            add(
                templates,
                &table,
                into,
                "content",
                &file_key(index),
                &content,
            );
        }
        table.finish(into);
        paths.push(path);
    }
    paths
}

fn read_environment(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    templates: &mut Templates,
) -> Vec<String> {
    let Some(table) = fields.table(into, "environment") else {
        return Vec::new();
    };
    let mut names = Vec::new();
    for (name, text) in table.texts(into) {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = "is no name of an environment variable";
            table.mistake(into, &name, message);
        }
        add(templates, &table, into, &name, &variable_key(&name), &text);
        names.push(name);
    }
    names
}

/// Adds a template, or a mistake that says what is wrong with it.
fn add(
    templates: &mut Templates,
    table: &Fields<'_, '_>,
    into: &mut Collector<'_>,
    field: &str,
    key: &str,
    text: &str,
) {
    if let Err(error) = templates.add(key, text) {
        table.mistake(into, field, told(&error));
    }
}
