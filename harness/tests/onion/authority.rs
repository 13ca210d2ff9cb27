//! Authority keys and their certificate, read back the way the daemon reads them.

use ator_harness::onion::authority::AuthorityKeys;
use data_encoding::{BASE64, HEXUPPER};
use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey, EncodeRsaPublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::{Digest, Sha1};
use time::macros::datetime;

fn keys(seed: u8) -> AuthorityKeys {
    let now = datetime!(2026-11-22 10:00:00 UTC);
    AuthorityKeys::generate(&[seed; 32], now, None).expect("keys are made")
}

fn fingerprint(key: &RsaPublicKey) -> Vec<u8> {
    let der = key.to_pkcs1_der().expect("encodes");
    Sha1::digest(der.as_bytes()).to_vec()
}

/// The PEM block that follows a keyword line, with its armour.
fn block<'a>(text: &'a str, keyword: &str, label: &str) -> &'a str {
    let start = text.find(&format!("\n{keyword}\n")).expect(keyword) + keyword.len() + 2;
    let end = format!("-----END {label}-----\n");
    let length = text[start..].find(&end).expect(label) + end.len();
    let block = &text[start..start + length];
    assert!(
        block.starts_with(&format!("-----BEGIN {label}-----\n")),
        "{block}"
    );
    block
}

/// The bytes in a PEM block.
fn bytes(block: &str) -> Vec<u8> {
    let body: String = block
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    BASE64.decode(body.as_bytes()).expect("is base64")
}

fn key(text: &str, keyword: &str) -> RsaPublicKey {
    let pem = block(text, keyword, "RSA PUBLIC KEY");
    RsaPublicKey::from_pkcs1_pem(pem).expect("is an RSA key")
}

fn value<'a>(text: &'a str, keyword: &str) -> &'a str {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(keyword)?.strip_prefix(' '));
    line.expect(keyword)
}

#[test]
fn a_certificate_is_signed_by_both_keys_and_names_no_address() {
    let keys = keys(1);
    let text = &keys.certificate;
    let identity = key(text, "dir-identity-key");
    let signing = key(text, "dir-signing-key");
    assert_eq!(
        (identity.size(), signing.size()),
        (128, 128),
        "1024 bits each"
    );

    // dir-spec: the identity key signs the SHA-1 of everything up to the signature's keyword
    // line, that line included.
    let end =
        text.find("dir-key-certification\n").expect("is signed") + "dir-key-certification\n".len();
    let signature = bytes(block(text, "dir-key-certification", "SIGNATURE"));
    identity
        .verify(
            Pkcs1v15Sign::new_unprefixed(),
            &Sha1::digest(&text.as_bytes()[..end]),
            &signature,
        )
        .expect("the identity key certified it");
    // And the signing key signs the identity key's digest.
    let crosscert = bytes(block(text, "dir-key-crosscert", "ID SIGNATURE"));
    signing
        .verify(
            Pkcs1v15Sign::new_unprefixed(),
            &fingerprint(&identity),
            &crosscert,
        )
        .expect("the signing key agreed");
    let elsewhere = identity.verify(
        Pkcs1v15Sign::new_unprefixed(),
        &fingerprint(&identity),
        &crosscert,
    );
    assert!(
        elsewhere.is_err(),
        "the two signatures are by different keys"
    );

    assert_eq!(value(text, "dir-key-certificate-version"), "3");
    assert!(
        text.starts_with("dir-key-certificate-version 3\n"),
        "which has to come first"
    );
    assert_eq!(value(text, "dir-key-published"), "2026-11-21 10:00:00");
    assert_eq!(value(text, "dir-key-expires"), "2027-11-21 10:00:00");
    // It would override the address in every node's `DirAuthority` line.
    assert!(!text.contains("dir-address"));
}

#[test]
fn an_address_that_is_asked_for_is_in_the_certificate_and_changes_no_key() {
    let now = datetime!(2026-11-22 10:00:00 UTC);
    let address = "10.0.0.1:22001".parse().expect("is an address");
    let named = AuthorityKeys::generate(&[1; 32], now, Some(address)).expect("keys are made");
    assert_eq!(value(&named.certificate, "dir-address"), "10.0.0.1:22001");
    assert_eq!(named.v3_identity, keys(1).v3_identity);
}

#[test]
fn fingerprints_are_those_of_the_keys() {
    let keys = keys(1);
    let identity = key(&keys.certificate, "dir-identity-key");
    assert_eq!(keys.v3_identity, HEXUPPER.encode(&fingerprint(&identity)));
    assert_eq!(value(&keys.certificate, "fingerprint"), keys.v3_identity);

    let relay = RsaPrivateKey::from_pkcs1_pem(&keys.relay_identity).expect("is an RSA key");
    assert_eq!(relay.size(), 128, "a relay's identity has 1024 bits");
    assert_eq!(
        keys.fingerprint,
        HEXUPPER.encode(&fingerprint(&relay.to_public_key()))
    );
    assert_ne!(keys.fingerprint, keys.v3_identity);

    let signing = RsaPrivateKey::from_pkcs1_pem(&keys.signing_key).expect("is an RSA key");
    assert_eq!(
        signing.to_public_key(),
        key(&keys.certificate, "dir-signing-key")
    );
}

#[test]
fn a_seed_gives_its_keys_again_and_no_others() {
    let (one, again, other) = (keys(1), keys(1), keys(2));
    assert_eq!(one.certificate, again.certificate);
    assert_eq!(one.relay_identity, again.relay_identity);
    assert_eq!(one.signing_key, again.signing_key);
    assert_ne!(one.fingerprint, other.fingerprint);
    assert_ne!(one.v3_identity, other.v3_identity);
    assert_ne!(one.signing_key, other.signing_key);
}
