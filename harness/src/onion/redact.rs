//! Finding onion addresses in texts that were not written by us.

/// Length of an onion address before its TLD.
const LABEL: usize = 56;

/// Whether a word can be (or hold) an onion address without its TLD: 56 or more characters of the
/// onion alphabet, all of one case. Base64 and hex of the same length mix cases or digits.
fn is_label(word: &str) -> bool {
    let alphabet = |byte: u8| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte);
    let one_case = !word.bytes().any(|byte| byte.is_ascii_uppercase())
        || !word.bytes().any(|byte| byte.is_ascii_lowercase());
    word.len() >= LABEL && one_case && word.bytes().all(alphabet)
}

/// Whether a text holds an onion address of any family, with or without its TLD.
#[must_use]
pub fn mentions_address(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_alphanumeric())
        .any(is_label)
}

/// The text with every onion address replaced.
#[must_use]
pub fn redact(text: &str) -> String {
    text.split_inclusive(|character: char| !character.is_ascii_alphanumeric())
        .map(|piece| {
            let word = piece.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
            if is_label(word) {
                format!("[onion address]{}", &piece[word.len()..])
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_seen_with_and_without_its_tld() {
        let label = "a2".repeat(28);
        assert!(mentions_address(&format!("ws://{label}.anon:3000")));
        assert!(mentions_address(&label));
        assert!(mentions_address(&label.to_uppercase()));
        assert!(!mentions_address(&label[1..]));
        assert!(!mentions_address(&"9f".repeat(32)));
    }

    #[test]
    fn addresses_go_and_the_rest_stays() {
        let label = "a2".repeat(28);
        assert_eq!(
            redact(&format!("dialling ws://{label}.anon:3000 now")),
            "dialling ws://[onion address].anon:3000 now"
        );
        assert_eq!(redact("nothing here, at all"), "nothing here, at all");
    }
}
