//! What the first MESSAGE of a connection says about who is calling.

use std::fmt::Write;

use crate::ProtocolEntry;

/// The name of the entry that marks an authentication, in both dialects.
pub const AUTH: &str = "auth";
/// The `rfc` dialect's entry with the caller's name.
pub const AUTH_USERNAME: &str = "auth_username";
/// The `rfc` dialect's entry with the caller's secret.
pub const AUTH_TOKEN: &str = "auth_token";

/// The JSON of the `toon` dialect's one entry (contract#auth-message):
/// `{"peerId":...,"secret":...}`.
pub fn auth_json(peer_id: &str, secret: &str) -> String {
    let mut json = String::with_capacity(24 + peer_id.len() + secret.len());
    json.push_str("{\"peerId\":");
    push_json_string(&mut json, peer_id);
    json.push_str(",\"secret\":");
    push_json_string(&mut json, secret);
    json.push('}');
    json
}

/// The `toon` dialect's one entry around `json`, which usually is [`auth_json`]'s.
pub fn json_entries(json: &str) -> [ProtocolEntry<'_>; 1] {
    [ProtocolEntry::new(
        AUTH,
        ProtocolEntry::OCTET_STREAM,
        json.as_bytes(),
    )]
}

/// The `rfc` dialect's three entries (RFC-0023, section on authentication).
pub fn rfc_entries<'a>(username: &'a str, token: &'a str) -> [ProtocolEntry<'a>; 3] {
    [
        ProtocolEntry::new(AUTH, ProtocolEntry::OCTET_STREAM, &[]),
        ProtocolEntry::new(AUTH_USERNAME, ProtocolEntry::TEXT, username.as_bytes()),
        ProtocolEntry::new(AUTH_TOKEN, ProtocolEntry::TEXT, token.as_bytes()),
    ]
}

fn push_json_string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                json.push('\\');
                json.push(character);
            }
            // Writing to a string does not fail.
            '\0'..='\u{1f}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            _ => json.push(character),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::auth_json;

    #[test]
    fn quotes_and_control_characters_are_escaped() {
        assert_eq!(
            auth_json("py-client", "py-secret"),
            r#"{"peerId":"py-client","secret":"py-secret"}"#
        );
        assert_eq!(
            auth_json("a\"b\\", "\n\u{1f}é"),
            "{\"peerId\":\"a\\\"b\\\\\",\"secret\":\"\\u000a\\u001fé\"}"
        );
    }
}
