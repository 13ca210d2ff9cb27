//! Words of a control-port event (control-spec, section 4.1).

/// The value of `KEY=value` in an event line. A quoted value is returned without its quotes.
pub(super) fn value_of<'a>(event: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = event;
    loop {
        let found = rest.find(key)?;
        let after = &rest[found + key.len()..];
        let starts_word = found == 0 || rest.as_bytes()[found - 1] == b' ';
        rest = after;
        let Some(value) = after.strip_prefix('=').filter(|_| starts_word) else {
            continue;
        };
        return Some(match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => value.split(' ').next().unwrap_or_default(),
        });
    }
}

/// The nickname of a relay as events name it, `$FINGERPRINT~nickname`.
pub(super) fn nickname(relay: &str) -> &str {
    relay.rsplit(['~', '=', '$']).next().unwrap_or(relay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_whole_key() {
        let event = r#"CIRC_MINOR 6 PURPOSE_CHANGED x HS_STATE=NEW WARNING="No route to host" OLD_HS_STATE=OLD"#;
        assert_eq!(value_of(event, "HS_STATE"), Some("NEW"));
        assert_eq!(value_of(event, "OLD_HS_STATE"), Some("OLD"));
        assert_eq!(value_of(event, "WARNING"), Some("No route to host"));
        assert_eq!(value_of(event, "REASON"), None);
    }

    #[test]
    fn a_relay_is_named_by_its_nickname() {
        assert_eq!(nickname("$75AA5E~da1"), "da1");
        assert_eq!(nickname("$75AA5E"), "75AA5E");
    }
}
