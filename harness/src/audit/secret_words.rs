//! What is a secret, by its name.

/// Ends of names, in lower case and without signs between words.
const ENDS: [&str; 16] = [
    "secret",
    "secrets",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "adminkey",
    "authkey",
    "accesskey",
    "secretkey",
    "privatekey",
    "signingkey",
    "mnemonic",
    "authtoken",
    "token",
    "nsec",
];

/// Whether what has this name is a secret. A name of a file with one, or of an address, is none.
#[must_use]
pub(crate) fn is_secret(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|sign| sign.to_ascii_lowercase())
        .collect();
    ENDS.iter().any(|end| plain.ends_with(end))
}

/// Whether a text is a secret itself and not the way to one: a file, a link, a variable.
#[must_use]
pub(super) fn is_literal(value: &str) -> bool {
    let value = value.trim();
    let leads_elsewhere = value.starts_with(['/', '$', '<']) || value.contains("://");
    let is_switch = ["true", "false", "none", "null", "no", "yes"].contains(&value);
    !value.is_empty() && !leads_elsewhere && !is_switch
}

/// Whether a text has a URL with a password in it that is written there. Of a SOCKS proxy it only keeps streams apart.
#[must_use]
pub(super) fn has_url_password(text: &str) -> bool {
    let mut before = "";
    text.split("://").any(|part| {
        let scheme = before.rsplit(|sign: char| !sign.is_ascii_alphanumeric());
        let is_proxy = scheme
            .into_iter()
            .next()
            .unwrap_or_default()
            .starts_with("socks");
        let is_first = std::mem::replace(&mut before, part).is_empty();
        let ends = |sign: char| sign.is_whitespace() || "/?#\"'".contains(sign);
        let authority = part.split(ends).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        let password = user.and_then(|user| user.split_once(':'));
        !is_first && !is_proxy && password.is_some_and(|(_, password)| is_literal(password))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_one() {
        for text in [
            "postgres://u:pass@db/x",
            "x redis://:pass@r:6379",
            "a://b c://u:p@d",
        ] {
            assert!(has_url_password(text), "{text}");
        }
        for text in [
            "ws://host:3000",
            "https://u@host/x:y@z",
            "postgres://u:${P}@db",
            "postgres://u:$P@db",
            "postgres://u:@db",
            "socks5h://u:p@127.0.0.1:9050",
            "u:p@host",
            "http://host/a:b@c",
        ] {
            assert!(!has_url_password(text), "{text}");
        }
    }

    #[test]
    fn names_of_secrets_are_known_in_every_form() {
        for name in [
            "BTP_PEER_HOME_B_SECRET",
            "ADMIN_API_KEY",
            "authToken",
            "apiKey",
            "X-Api-Key",
            "TREASURY_EVM_PRIVATE_KEY",
            "POSTGRES_PASSWORD",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "M2M_TOKEN_ADDRESS",
            "SECRET_FILE",
            "TOKEN_NETWORK_REGISTRY",
            "PATH",
            "PUBLIC_KEY",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
