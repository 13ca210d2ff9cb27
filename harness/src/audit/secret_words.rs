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
pub(super) fn is_secret(name: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

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
