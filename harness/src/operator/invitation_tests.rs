use super::*;

const NOW: i64 = 1_796_000_000;

struct Home {
    keys: ServiceKeys,
    seal: SealKey,
    card: Card,
}

fn home(id: &str, number: u8) -> Home {
    let keys = ServiceKeys::from_seed(&[number; 32]);
    let seal = SealKey::from_bytes([number; 32]);
    let card = Card {
        id: id.to_owned(),
        prefix: format!("test.{id}"),
        address: keys.address(TldFamily::Anon),
        port: 3000,
        key: seal.public(),
    };
    Home { keys, seal, card }
}

fn made(from: &Home, to: &Home) -> String {
    let invitation = Invitation {
        id: invitation_id([9; 8]),
        from: from.card.clone(),
        invited_shows: Secret::new("s1"),
        inviter_shows: Secret::new("s2"),
    };
    let line = invitation.to_line(&from.keys, &to.card, NOW, NOW + 60);
    line.expect("is made")
}

fn open(line: &str, home: &Home, family: TldFamily) -> Result<Invitation, InvitationError> {
    let by = Invited {
        id: &home.card.id,
        family,
        key: &home.seal,
    };
    Envelope::parse(line)?.open(&by)
}

#[test]
fn the_invited_side_learns_all_and_nobody_else_anything() {
    let (a, b) = (home("home-a", 1), home("home-b", 2));
    let line = made(&a, &b);
    let read = open(&line, &b, TldFamily::Anon).expect("is for it");
    assert_eq!(
        (&*read.from.id, &*read.from.prefix),
        ("home-a", "test.home-a")
    );
    assert!(read.from.address == a.card.address);
    assert_eq!(read.invited_shows.expose(), "s1");
    assert_eq!(read.inviter_shows.expose(), "s2");
    let bytes = line::decode(LineKind::Invitation, &line).expect("is a line");
    let text = String::from_utf8(bytes).expect("is text");
    assert!(!text.contains(a.card.address.expose_label()), "{text}");
}

#[test]
fn each_mistake_has_its_name() {
    let (a, b, c) = (home("home-a", 1), home("home-b", 2), home("home-c", 3));
    let line = made(&a, &b);
    let wrong = |home, family| open(&line, home, family).err().expect("is refused");
    assert!(matches!(wrong(&a, TldFamily::Anon), InvitationError::Own { to } if to == "home-b"));
    let other = wrong(&c, TldFamily::Anon).to_string();
    assert!(
        other.contains("for home-b, while this is home-c"),
        "{other}"
    );
    let family = wrong(&b, TldFamily::Onion).to_string();
    assert!(
        family.contains(".anon daemon and this home on a .onion"),
        "{family}"
    );
}

#[test]
fn times_are_told_by_both_clocks() {
    let (a, b) = (home("home-a", 1), home("home-b", 2));
    let envelope = Envelope::parse(&made(&a, &b)).expect("reads");
    assert_eq!(envelope.in_time(NOW), Ok(()));
    assert_eq!(envelope.in_time(NOW - 300), Ok(()));
    let behind = envelope.in_time(NOW - 3600).expect_err("is ahead");
    assert!(matches!(behind, InvitationError::Clock { ahead: 3600, .. }));
    let late = envelope.in_time(NOW + 65).expect_err("is late");
    assert!(matches!(late, InvitationError::Expired { ago: 5, .. }));
}

/// The line with its content changed by somebody who can make checksums.
fn tampered(line: &str, change: impl Fn(&mut Whole)) -> String {
    let bytes = line::decode(LineKind::Invitation, line).expect("is a line");
    let mut whole: Whole = serde_json::from_slice(&bytes).expect("reads");
    change(&mut whole);
    let text = serde_json::json!(whole).to_string();
    line::encode(LineKind::Invitation, text.as_bytes())
}

#[test]
fn whoever_changes_it_is_noticed() {
    let (a, b) = (home("home-a", 1), home("home-b", 2));
    let line = made(&a, &b);
    let longer = tampered(&line, |whole| {
        let later = (NOW + 60_000).to_string();
        whole.clear = whole.clear.replace(&(NOW + 60).to_string(), &later);
    });
    let wrong = |line: &str| open(line, &b, TldFamily::Anon).err().expect("is refused");
    assert!(matches!(wrong(&longer), InvitationError::Tampered(_)));
    // Sealed anew by somebody who knows the key of the invited, with another address's words.
    let other = made(&home("home-a", 4), &b);
    let other = Envelope::parse(&other).expect("reads");
    let mixed = tampered(&line, |whole| {
        whole.signature = BASE64URL_NOPAD.encode(&other.signature);
    });
    assert!(matches!(wrong(&mixed), InvitationError::Tampered(_)));
    let nonsense = tampered(&line, |whole| whole.clear.clear());
    assert_eq!(wrong(&nonsense), InvitationError::Unreadable);
}
