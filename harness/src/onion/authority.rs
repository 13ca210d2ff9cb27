//! Keys and certificate of a directory authority.
//!
//! Made here and not by the daemon's own tools, because every node's configuration names every
//! authority's fingerprints, so they must be known before anything starts, on any machine and
//! for any daemon image.

use std::net::SocketAddrV4;

use data_encoding::{BASE64, HEXUPPER};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey, LineEnding};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::{Digest, Sha1};
use time::OffsetDateTime;
use time::macros::format_description;

/// Relay identity keys have exactly 1024 bits (tor-spec, "keys and names").
const RELAY_IDENTITY_BITS: usize = 1024;
/// A certificate's keys. The daemon's tool gives an identity 3072 bits and a signing key 2048, and the daemon takes what
/// it is given; what lives for hours in a network that nobody else can reach needs no more than a relay's identity, and
/// those of 2048 bits take some 1.2 s of processor time before a network begins.
const CERTIFICATE_BITS: usize = 1024;

/// Why keys could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityKeyError {
    /// Key generation or signing failed.
    #[error("failed to make an authority's RSA keys")]
    Rsa(#[from] rsa::Error),
    /// The work was cut off.
    #[error("failed to make an authority's keys: the work was cut off")]
    Interrupted(#[from] tokio::task::JoinError),
    /// A key could not be written in PKCS#1.
    #[error("failed to encode an authority's RSA key")]
    Encoding(#[from] rsa::pkcs1::Error),
}

/// What one authority needs in its `keys` folder, and what the others need to know about it.
pub struct AuthorityKeys {
    /// SHA-1 of the relay identity key, 40 upper-case hex digits; ends the `DirAuthority` line.
    pub fingerprint: String,
    /// SHA-1 of the authority identity key; `v3ident=` in the `DirAuthority` line.
    pub v3_identity: String,
    /// Content of `keys/secret_id_key`.
    pub relay_identity: String,
    /// Content of `keys/authority_signing_key`.
    pub signing_key: String,
    /// Content of `keys/authority_certificate`.
    pub certificate: String,
}

impl AuthorityKeys {
    /// Makes fresh keys from a seed, with a certificate valid from a day before `now` for a year.
    ///
    /// Without an `address` the certificate names no `dir-address`, as it should: one that did
    /// would override the address in every node's `DirAuthority` line.
    ///
    /// # Errors
    ///
    /// [`AuthorityKeyError`] when the RSA library refuses.
    pub fn generate(
        seed: &[u8; 32],
        now: OffsetDateTime,
        address: Option<SocketAddrV4>,
    ) -> Result<Self, AuthorityKeyError> {
        let mut rng = ChaCha20Rng::from_seed(*seed);
        let relay = RsaPrivateKey::new(&mut rng, RELAY_IDENTITY_BITS)?;
        let identity = RsaPrivateKey::new(&mut rng, CERTIFICATE_BITS)?;
        let signing = RsaPrivateKey::new(&mut rng, CERTIFICATE_BITS)?;
        let v3_identity = fingerprint(&identity.to_public_key())?;
        let certificate = certify(&identity, &signing, &v3_identity, now, address)?;
        Ok(Self {
            fingerprint: fingerprint(&relay.to_public_key())?,
            v3_identity,
            relay_identity: relay.to_pkcs1_pem(LineEnding::LF)?.to_string(),
            signing_key: signing.to_pkcs1_pem(LineEnding::LF)?.to_string(),
            certificate,
        })
    }
}

fn fingerprint(key: &RsaPublicKey) -> Result<String, AuthorityKeyError> {
    let der = key.to_pkcs1_der()?;
    Ok(HEXUPPER.encode(&Sha1::digest(der.as_bytes())))
}

/// The key certificate (dir-spec, "creating key certificates"), signed by the identity key and
/// cross-signed by the signing key. Signatures cover the bare SHA-1 digest.
fn certify(
    identity: &RsaPrivateKey,
    signing: &RsaPrivateKey,
    v3_identity: &str,
    now: OffsetDateTime,
    address: Option<SocketAddrV4>,
) -> Result<String, AuthorityKeyError> {
    let identity_public = identity.to_public_key();
    let identity_digest = Sha1::digest(identity_public.to_pkcs1_der()?.as_bytes());
    let crosscert = signing.sign(Pkcs1v15Sign::new_unprefixed(), &identity_digest)?;
    let address = address.map_or_else(String::new, |address| format!("dir-address {address}\n"));
    let mut text = format!(
        "dir-key-certificate-version 3\n\
         {address}fingerprint {v3_identity}\n\
         dir-key-published {}\n\
         dir-key-expires {}\n\
         dir-identity-key\n{}\
         dir-signing-key\n{}\
         dir-key-crosscert\n{}\
         dir-key-certification\n",
        stamp(now - time::Duration::days(1)),
        stamp(now + time::Duration::days(364)),
        identity_public.to_pkcs1_pem(LineEnding::LF)?,
        signing.to_public_key().to_pkcs1_pem(LineEnding::LF)?,
        pem("ID SIGNATURE", &crosscert),
    );
    let signature = identity.sign(
        Pkcs1v15Sign::new_unprefixed(),
        &Sha1::digest(text.as_bytes()),
    )?;
    text.push_str(&pem("SIGNATURE", &signature));
    Ok(text)
}

fn stamp(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    // The description is checked when this is compiled; formatting a date with it cannot fail.
    time.format(&format).unwrap_or_default()
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let encoded = BASE64.encode(bytes);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap_or_default())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
