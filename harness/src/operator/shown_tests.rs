use std::fs;
use std::net::Ipv4Addr;

use super::*;
use crate::onion::{ServiceKeys, TldFamily};
use crate::operator::error::PeerConflict;
use crate::operator::meeting::init;
use crate::operator::settings::Settings;
use crate::operator::settings_tests::settings;
use crate::plan::AddressSpace;

fn home(folder: &std::path::Path) -> Home {
    let settings = Settings {
        network: Ipv4Addr::UNSPECIFIED,
        ..settings("home-a")
    };
    init(
        &folder.join("home-a"),
        settings,
        Vec::new(),
        &AddressSpace::default(),
    )
    .expect("is made")
}

fn address(number: u8, family: TldFamily) -> String {
    let keys = ServiceKeys::from_seed(&[number; 32]);
    keys.address(family).expose().to_owned()
}

fn show(home: &mut Home, id: &str, text: &str) -> Result<Secret, HomeError> {
    let who = Elsewhere {
        id,
        prefix: &format!("g.{id}"),
        address: &Given {
            file: "hostname",
            text,
        },
    };
    home.show(&who, 7)
}

#[test]
fn both_halves_are_there_and_what_is_shown_is_the_other_sides() {
    let place = tempfile::tempdir().expect("a folder");
    let mut home = home(place.path());
    let hostname = format!("{}\n", address(1, TldFamily::Anon));
    let text = show(&mut home, "bob", &hostname).expect("is shown");
    let text = text.expose();
    let read = Home::open(&home.folder).expect("opens");
    let peer = read.peer("bob").expect("is one");
    assert_eq!(peer.met, Met::Shown);
    assert_eq!((peer.address.expose(), peer.port), (hostname.trim(), 3000));
    assert_ne!(peer.we_show.expose(), peer.they_show.expose());
    // The variable is a line of its own, and what follows it is YAML.
    let (environment, configuration) = text
        .split_once("\n\n# Into its configuration")
        .expect("both");
    let variable = environment.lines().last().expect("a line");
    assert_eq!(
        variable,
        format!("BTP_PEER_HOME_A_SECRET={}", peer.we_show.expose())
    );
    let configuration: serde_json::Value =
        serde_saphyr::from_str(&format!("#{configuration}")).expect("is YAML");
    let dials = &configuration["peers"][0];
    assert_eq!(dials["id"], "home-a");
    assert_eq!(
        dials["url"],
        format!("ws://{}:3000", home.address().expose())
    );
    assert_eq!(dials["authToken"], peer.they_show.expose());
    assert_eq!(dials["transport"], "socks5");
    assert_eq!(configuration["routes"][0]["prefix"], "test.home-a");
    assert_eq!(configuration["routes"][0]["nextHop"], "home-a");
    // Our own half.
    let of_home = |file: &str| fs::read_to_string(home.path(file)).expect("reads");
    let lets_in = format!("BTP_PEER_BOB_SECRET={}\n", peer.they_show.expose());
    assert!(of_home("connector.env").contains(&lets_in));
    assert!(of_home("connector.yaml").contains(peer.we_show.expose()));
    assert!(of_home("connector.yaml").contains(hostname.trim()));
    assert_eq!(format!("{:?}", Secret::new(text)), "[redacted]");
}

#[test]
fn an_address_is_taken_with_its_port_and_as_a_url() {
    let place = tempfile::tempdir().expect("a folder");
    let mut home = home(place.path());
    for (id, before, after, port) in [
        ("one", "", "", 3000),
        ("two", "", ":443", 443),
        ("three", "ws://", ":3001", 3001),
        ("four", " ws://", ":3002/\r\n", 3002),
    ] {
        let name = address(u16::to_le_bytes(port)[0], TldFamily::Anon);
        show(&mut home, id, &format!("{before}{name}{after}")).expect("is shown");
        let peer = home.peer(id).expect("is one");
        assert_eq!((peer.address.expose(), peer.port), (&*name, port));
    }
}

#[test]
fn what_cannot_be_a_peer_is_named_and_changes_nothing() {
    let place = tempfile::tempdir().expect("a folder");
    let mut home = home(place.path());
    let before = fs::read(home.path("connector.env")).expect("reads");
    let name = address(1, TldFamily::Anon);
    let mut wrong = |id: &str, text: &str| show(&mut home, id, text).expect_err("is refused");
    for text in [
        "",
        "\n",
        "bob.example",
        &name[1..],
        &name.replace(".anon", ".onion"),
    ] {
        let error = wrong("bob", text);
        assert!(matches!(error, HomeError::Address { .. }), "{error}");
        assert!(!error.to_string().contains(&name[10..40]), "{error}");
    }
    for port in ["0", "x", "", "70000"] {
        let error = wrong("bob", &format!("{name}:{port}"));
        assert!(matches!(error, HomeError::AddressPort { .. }), "{error}");
    }
    let foreign = address(1, TldFamily::Onion);
    assert!(matches!(
        wrong("bob", &foreign),
        HomeError::Peer(PeerConflict::Family { .. })
    ));
    assert!(matches!(
        wrong("home_a", &name),
        HomeError::Peer(PeerConflict::OneVariable { .. })
    ));
    let own = home.address();
    let error = show(&mut home, "bob", own.expose()).expect_err("is refused");
    assert!(matches!(error, HomeError::OwnAddress { .. }), "{error}");
    assert!(home.peers.is_empty());
    assert_eq!(fs::read(home.path("connector.env")).expect("reads"), before);
}
