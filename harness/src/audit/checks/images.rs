//! Images.

use crate::audit::check::{Check, Look};
use crate::audit::dockerfile::bases;
use crate::audit::model::Model;
use crate::audit::place::At;

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "images.digest",
    says: "every image is named by its digest",
    looks_at: "`image` of services that are not built here, FROM, and what files are taken from, of Dockerfiles",
    why: "What a tag names changes: the daemon of tomorrow may have another address family, and the connector other rules.",
    remedy: "write NAME:TAG@sha256:DIGEST, as `docker buildx imagetools inspect NAME:TAG` shows it",
    run: digest,
}];

fn digest(model: &Model, look: &mut Look) {
    for (_, service) in model.services() {
        if service.node.get("build").is_some() {
            continue;
        }
        let Some(entry) = service.image() else {
            continue;
        };
        match entry.node.text() {
            None => look.unknown(
                &entry.at,
                format!(
                    "the image of {} is told by what was not given",
                    service.name
                ),
            ),
            Some(image) => {
                look.at_one();
                if !has_digest(image) {
                    look.fail(&entry.at, format!("{} has the image {image}", service.name));
                }
            }
        }
    }
    for (_, instructions) in &model.recipes {
        for base in bases(instructions) {
            recipe(look, base.image.as_deref(), &base.at);
        }
    }
}

fn recipe(look: &mut Look, image: Option<&str>, at: &At) {
    match image {
        None => look.unknown(at, "the image is told by what was not given"),
        Some(image) => {
            look.at_one();
            if !has_digest(image) {
                look.warn(at, format!("the recipe has the image {image}"));
            }
        }
    }
}

fn has_digest(image: &str) -> bool {
    image.split_once("@sha256:").is_some_and(|(_, digest)| {
        digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
