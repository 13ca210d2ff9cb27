//! Whether what was given could be looked at.

use crate::audit::check::{Check, Level, Look};
use crate::audit::files::Obstacle;
use crate::audit::model::Model;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "input.read",
        says: "every file that was given can be read",
        looks_at: "files and folders that were named or found",
        why: "What cannot be read was not audited: whatever is wrong in it is not told.",
        remedy: "give the path of a regular file of text, or of a folder, that this user may read",
        run: |model, look| troubles(model, look, Obstacle::Unreadable, Level::Fail),
    },
    Check {
        id: "input.syntax",
        says: "every file is what its form has to be",
        looks_at: "YAML, JSON, variables, and what is put into Compose files by `${…}`",
        why: "Compose, the connector or the package manager refuses such a file, so that nothing starts; and nothing in it was audited.",
        remedy: "put the line right; `docker compose config` says the same of Compose files",
        run: |model, look| troubles(model, look, Obstacle::Syntax, Level::Fail),
    },
    Check {
        id: "input.known",
        says: "it is known what every file that was named is",
        looks_at: "files that were named, by name and content",
        why: "A file of which nobody knows what it is was not audited.",
        remedy: "give it its usual name, such as compose.yaml, .env, anonrc or NAME.log, or leave it out",
        run: |model, look| troubles(model, look, Obstacle::Unknown, Level::Unknown),
    },
    Check {
        id: "input.references",
        says: "every file that another one needs is there",
        looks_at: "`env_file`, `include`, `extends`",
        why: "Compose does not start with an env_file, an included or an extended file missing; and what would be in it was not audited.",
        remedy: "put the file there, or mark an env_file as `required: false`",
        run: |model, look| troubles(model, look, Obstacle::Missing, Level::Fail),
    },
    Check {
        id: "input.bounds",
        says: "nothing was left out because there was too much",
        looks_at: "folders that were given",
        why: "What lies deeper or beyond the limits was not audited.",
        remedy: "name the files or the folder that is meant",
        run: |model, look| troubles(model, look, Obstacle::TooMuch, Level::Unknown),
    },
];

fn troubles(model: &Model, look: &mut Look, obstacle: Obstacle, level: Level) {
    for _ in &model.files.all {
        look.at_one();
    }
    let troubles = model.files.troubles.iter();
    for trouble in troubles.filter(|trouble| trouble.obstacle == obstacle) {
        look.at_one();
        match level {
            Level::Fail => look.fail(&trouble.at, &trouble.what),
            Level::Warning => look.warn(&trouble.at, &trouble.what),
            Level::Unknown => look.unknown(&trouble.at, &trouble.what),
        }
    }
}
