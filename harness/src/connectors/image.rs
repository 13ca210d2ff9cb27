//! Names of images.

/// Why a text is no name of an image; none of one that an engine could have.
///
/// The engine has stricter rules of its own. What it would take for another request than one about an image is
/// refused here, as is what it would only answer with a status.
///
/// # Errors
///
/// What is wrong with it, and what to write.
pub fn image_name(text: &str) -> Result<(), String> {
    let letter = |c: char| c.is_ascii_alphanumeric();
    let part = |part: &str| {
        part.starts_with(letter)
            && part.ends_with(letter)
            && part.chars().all(|c| letter(c) || "._-:@".contains(c))
    };
    if text.len() <= MOST && text.split('/').all(part) {
        return Ok(());
    }
    let what = if text.is_empty() {
        "is empty"
    } else {
        "is no name of an image"
    };
    Err(format!(
        "{what}; write one of at most {MOST} characters that is on the engine, such as \"my-connector:1.2\""
    ))
}

/// The longest name with its host, tag and digest, in characters.
const MOST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_an_engine_could_have() {
        let digest = format!("localhost:5000/a/b-c@sha256:{}", "0".repeat(64));
        for name in [
            "a",
            "my-connector:1.2",
            "Example.org/x_y:V1",
            "0f3c",
            &digest,
        ] {
            assert_eq!(image_name(name), Ok(()), "{name}");
        }
        let long = "a".repeat(MOST + 1);
        for name in [
            "a b", "/a", "a/", "a//b", "a/../b", ".", "-a", "a?b", "a\n", "ä", &long,
        ] {
            let why = image_name(name).expect_err("is no name");
            assert!(
                why.starts_with("is no name of an image; write one"),
                "{name}"
            );
        }
        let why = image_name("").expect_err("is no name");
        assert!(why.starts_with("is empty; write one"), "{why}");
    }
}
