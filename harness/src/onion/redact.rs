//! Finding onion addresses in texts that were not written by us.

use super::address::{LABEL, is_address};

/// Whether a word is an onion address without its TLD, or holds one. A word of just the right length is one by its
/// form: characters of the onion alphabet, all of one case (base64 and hex of that length mix cases or digits). A
/// longer word is much else, such as padding; it holds one only where the version and the checksum are right.
fn holds_label(word: &str) -> bool {
    let alphabet = |byte: u8| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte);
    let one_case = || {
        !word.bytes().any(|byte| byte.is_ascii_uppercase())
            || !word.bytes().any(|byte| byte.is_ascii_lowercase())
    };
    (word.len() == LABEL && word.bytes().all(alphabet) && one_case())
        || word
            .as_bytes()
            .windows(LABEL)
            .filter_map(<[u8]>::first_chunk)
            .any(is_address)
}

/// Whether a text holds an onion address of any family, with or without its TLD.
#[must_use]
pub fn mentions_address(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_alphanumeric())
        .any(holds_label)
}

/// The text with every onion address replaced.
#[must_use]
pub fn redact(text: &str) -> String {
    text.split_inclusive(|character: char| !character.is_ascii_alphanumeric())
        .map(|piece| {
            let word = piece.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
            if holds_label(word) {
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
    use crate::onion::{OnionAddress, TldFamily};

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
    fn a_long_word_is_an_address_only_where_it_holds_one() {
        let padding = "A".repeat(3 << 20);
        assert!(!mentions_address(&padding));
        assert!(!mentions_address(&"a2".repeat(29)));
        assert_eq!(redact(&padding), padding);
        for family in TldFamily::ALL {
            let address = OnionAddress::of_key(&[7; 32], family);
            let label = address.expose_label();
            for text in [
                format!("{padding}{label}"),
                format!("{label}aaaa"),
                format!("peer{label}x9"),
                label.to_uppercase() + "abc",
            ] {
                assert!(mentions_address(&text), "{}", text.len());
                assert_eq!(redact(&format!("to {text}:80")), "to [onion address]:80");
            }
            assert!(!mentions_address(&format!("{}aa", &label[..LABEL - 1])));
        }
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
