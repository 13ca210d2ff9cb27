//! Settings that are read, and those that are refused.

use std::net::Ipv4Addr;
use std::path::Path;

use super::settings::{FORMAT, Mode, Settings};
use crate::onion::TldFamily;

/// The settings of a home `id` as they are by default.
pub(super) fn settings(id: &str) -> Settings {
    Settings {
        format: FORMAT,
        id: id.to_owned(),
        prefix: format!("test.{id}"),
        family: TldFamily::Anon,
        connector: "toon".to_owned(),
        mode: Mode::Sidecar,
        network: Ipv4Addr::new(10, 200, 1, 0),
        terms: None,
        handler: None,
        engine: None,
        connector_image: None,
        anon_image: None,
        anon_binary: None,
    }
}

#[test]
fn settings_are_read_as_they_are_written() {
    let settings = settings("home-a");
    let read = Settings::parse(Path::new("home.toml"), &settings.to_text());
    assert_eq!(read.expect("reads"), settings);
    assert_eq!(settings.of_connector(), Ipv4Addr::new(10, 200, 1, 3));
    assert!(settings.kind().is_ok());
}

#[test]
fn a_connector_that_runs_its_daemon_has_it_beside_itself() {
    let managed = Settings {
        mode: Mode::Managed,
        ..settings("home-a")
    };
    let text = managed.to_text();
    assert!(text.contains("mode = \"managed\""), "{text}");
    assert!(!settings("home-a").to_text().contains("mode"));
    let read = Settings::parse(Path::new("home.toml"), &text).expect("reads");
    assert_eq!(read, managed);
    assert_eq!(managed.daemon(), managed.of_connector());
    assert_ne!(
        settings("home-a").daemon(),
        settings("home-a").of_connector()
    );
    let elsewhere = format!("{text}anon_image = \"anon:1\"\n");
    let error = Settings::parse(Path::new("home.toml"), &elsewhere);
    let error = error.expect_err("is never used").to_string();
    assert!(error.contains("anon_image is for a daemon"), "{error}");
}

#[test]
fn mistakes_name_their_line() {
    let text = settings("home-a").to_text();
    let wrong = |text: &str| {
        let error = Settings::parse(Path::new("home.toml"), text);
        error.expect_err("is wrong").to_string()
    };
    assert!(wrong(&text.replace("id =", "idd =")).starts_with("home.toml, line 2: "));
    assert!(wrong(&text.replace("format = 1", "format = 2")).contains("of format 2"));
    assert!(wrong(&text.replace("\"home-a\"", "\"Home A\"")).contains("id has 1 to 40"));
    assert!(wrong(&format!("{text}terms = \"yes\"\n")).contains("terms is \"agreed\""));
    let other = Settings {
        connector: "ilp-connector".to_owned(),
        ..settings("home-a")
    };
    let error = other.kind().expect_err("cannot serve").to_string();
    assert!(
        error.contains("ilp-connector cannot serve") && error.contains("toon"),
        "{error}"
    );
}
