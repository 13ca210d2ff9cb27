use super::*;
use crate::connectors::toon::Toon;
use crate::onion::{ServiceKeys, TldFamily};
use crate::operator::sealing::SealKey;
use crate::operator::settings_tests::settings;

fn card(id: &str, prefix: &str) -> Card {
    Card {
        id: id.to_owned(),
        prefix: prefix.to_owned(),
        address: ServiceKeys::from_seed(&[1; 32]).address(TldFamily::Anon),
        port: 3000,
        key: SealKey::from_bytes([1; 32]).public(),
    }
}

fn peer(id: &str, prefix: &str) -> Peer {
    let (we, they) = (Secret::new("we-show-it"), Secret::new("they-show-it"));
    Peer::of(&card(id, prefix), we, they, ("0123", Met::Invited), 7)
}

#[test]
fn a_peer_is_read_as_it_was_written() {
    let peer = peer("home-b", "test.home-b");
    let text = peer.to_text("home-a");
    let read = Peer::parse(Path::new("b.toml"), &text, "home-a").expect("reads");
    assert_eq!(read.to_text("home-a"), text);
    assert_eq!(read.dial().token.expose(), "we-show-it");
}

#[test]
fn changes_by_hand_are_named_and_nothing_is_quoted() {
    let text = peer("home-b", "test.home-b").to_text("home-a");
    let wrong = |text: &str| {
        let read = Peer::parse(Path::new("b.toml"), text, "home-a");
        read.err().expect("is refused")
    };
    let swapped = text
        .replace("we-show-it", "x")
        .replace("they-show-it", "we-show-it")
        .replace("\"x\"", "\"they-show-it\"");
    assert!(matches!(wrong(&swapped), HomeError::Swapped { .. }));
    let other = text.replace("they-show-it", "another");
    assert!(matches!(wrong(&other), HomeError::PeerChanged { .. }));
    let broken = wrong(&text.replace("they-show-it\"", "they-show-it")).to_string();
    assert!(broken.starts_with("b.toml, line 7: "), "{broken}");
    assert!(!broken.contains("show-it"), "{broken}");
}

#[test]
fn each_conflict_has_its_name() {
    let settings = settings("home-a");
    let peers = [peer("home-b", "test.home-b")];
    let may = |id: &str, prefix: &str| {
        may_become_peer(&Claims::from(&card(id, prefix)), &settings, &Toon, &peers)
    };
    assert_eq!(may("home-c", "test.home-c"), Ok(()));
    assert!(matches!(
        may("home-b", "test.x"),
        Err(PeerConflict::Known { .. })
    ));
    assert!(matches!(
        may("home-a", "test.x"),
        Err(PeerConflict::OwnId { .. })
    ));
    let one = may("home_b", "test.x")
        .expect_err("is one variable")
        .to_string();
    assert!(
        one.contains("home_b and home-b map to one variable, BTP_PEER_HOME_B_SECRET"),
        "{one}"
    );
    assert!(matches!(
        may("home_a", "test.x"),
        Err(PeerConflict::OneVariable { .. })
    ));
    assert!(matches!(
        may("home-c", "test.home-b.c"),
        Err(PeerConflict::Prefix { .. })
    ));
    assert!(matches!(
        may("Home C", "test.x"),
        Err(PeerConflict::Unfit { what: "id", .. })
    ));
    let mut foreign = card("home-c", "test.c");
    foreign.address = ServiceKeys::from_seed(&[2; 32]).address(TldFamily::Onion);
    let refused = may_become_peer(&Claims::from(&foreign), &settings, &Toon, &peers);
    assert!(matches!(refused, Err(PeerConflict::Family { .. })));
}
