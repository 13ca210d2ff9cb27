use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::onion::TldFamily;
use crate::operator::backup::{backup, restore};
use crate::operator::settings::AGREED;
use crate::operator::settings_tests::settings;

const NOW: i64 = 1_796_000_000;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn home(&self, id: &str, family: TldFamily) -> Home {
        let settings = Settings {
            family,
            network: Ipv4Addr::UNSPECIFIED,
            terms: Some(AGREED.to_owned()),
            ..settings(id)
        };
        let folder = self.0.path().join(id);
        init(&folder, settings, Vec::new(), &AddressSpace::default()).expect("is made")
    }
}

fn given(text: &str) -> Given<'_> {
    Given { file: "-", text }
}

fn card(home: &Home) -> String {
    home.card().expect("has one").to_line(&home.keys.service)
}

fn invite(from: &mut Home, to: &Home) -> Result<String, HomeError> {
    let line = card(to);
    from.invite(&to.settings.id, &given(&line), NOW, NOW + 60)
}

fn text(home: &Home, file: &str) -> String {
    fs::read_to_string(home.path(file)).expect("reads")
}

#[test]
fn a_folder_is_for_its_owner_and_never_written_over() {
    let place = Place::new();
    let home = place.home("home-a", TldFamily::Anon);
    let mut seen = 0;
    for path in [
        "",
        "keys",
        "peers",
        "home.toml",
        "anonrc",
        "connector.yaml",
        "connector.env",
        "keys/seal",
    ] {
        let mode = home
            .path(path)
            .metadata()
            .expect("is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{path}: {mode:o}");
        seen += 1;
    }
    assert_eq!(seen, 8);
    let again = init(
        &home.folder,
        home.settings.clone(),
        Vec::new(),
        &AddressSpace::default(),
    );
    assert!(matches!(again, Err(HomeError::NotEmpty { .. })));
    let read = Home::open(&home.folder).expect("opens");
    assert!(read.address() == home.address());
    assert_eq!(read.keys.admin.expose(), home.keys.admin.expose());
    assert_eq!(read.settings, home.settings);
}

#[test]
fn both_halves_of_a_peering_fit() {
    let place = Place::new();
    let (mut a, mut b) = (
        place.home("home-a", TldFamily::Anon),
        place.home("home-b", TldFamily::Anon),
    );
    let line = invite(&mut a, &b).expect("invites");
    assert_eq!(b.accept(&given(&line), NOW + 1).expect("accepts"), "home-a");
    let (of_a, of_b) = (
        a.peer("home-b").expect("is one"),
        b.peer("home-a").expect("is one"),
    );
    assert_eq!(of_a.we_show.expose(), of_b.they_show.expose());
    assert_eq!(of_a.they_show.expose(), of_b.we_show.expose());
    assert_ne!(of_a.we_show.expose(), of_a.they_show.expose());
    assert!(of_a.address == b.address() && of_b.address == a.address());
    for (home, peer) in [(&a, of_a), (&b, of_b)] {
        let variable = format!(
            "BTP_PEER_{}_SECRET",
            peer.id.to_uppercase().replace('-', "_")
        );
        let wanted = format!("{variable}={}\n", peer.they_show.expose());
        assert!(text(home, "connector.env").contains(&wanted));
        let file: serde_json::Value =
            serde_json::from_str(&text(home, "connector.yaml")).expect("is JSON");
        assert_eq!(file["peers"][0]["authToken"], peer.we_show.expose());
        assert_eq!(file["peers"][0]["transport"], "socks5");
        assert_eq!(file["routes"][1]["nextHop"], *peer.id);
        assert_eq!(file["logLevel"], "info");
        assert!(text(home, "connector.env").contains("LOG_LEVEL=info\n"));
    }
    // What is read again is the same.
    let read = Home::open(&b.folder).expect("opens");
    assert_eq!(
        read.peer("home-a").expect("is one").we_show.expose(),
        of_b.we_show.expose()
    );
}

#[test]
fn an_invitation_is_good_for_one_home_once_and_in_time() {
    let place = Place::new();
    let (mut a, mut b) = (
        place.home("home-a", TldFamily::Anon),
        place.home("home-b", TldFamily::Anon),
    );
    let mut c = place.home("home-c", TldFamily::Anon);
    let line = invite(&mut a, &b).expect("invites");
    let refused = |home: &mut Home, now| {
        let error = home.accept(&given(&line), now).expect_err("is refused");
        crate::causes::with_causes(&error).to_string()
    };
    assert!(refused(&mut a, NOW).contains("one that this home has made itself"));
    assert!(refused(&mut c, NOW).contains("sealed for another key"));
    assert!(refused(&mut b, NOW + 60).contains("it expired 0 s ago"));
    assert!(refused(&mut b, NOW - 4000).contains("clock is behind"));
    assert!(b.peers.is_empty() && text(&b, "connector.env") == text(&b, "connector.env"));
    b.accept(&given(&line), NOW).expect("accepts");
    assert!(refused(&mut b, NOW).contains("accepted already"));
    b.forget("home-a").expect("is forgotten");
    assert!(!text(&b, "connector.env").contains("BTP_PEER_HOME_A"));
    assert!(refused(&mut b, NOW).contains("accepted already"));
}

#[test]
fn who_cannot_be_a_peer_changes_nothing() {
    let place = Place::new();
    let mut a = place.home("home-a", TldFamily::Anon);
    let other = place.home("home_a", TldFamily::Anon);
    let before = text(&a, "connector.env");
    let refused = |error: HomeError| error.to_string();
    let one = refused(invite(&mut a, &other).expect_err("is refused"));
    assert!(
        one.contains("home_a and home-a map to one variable"),
        "{one}"
    );
    let own = a.clone();
    let own = refused(invite(&mut a, &own).expect_err("is refused"));
    assert!(own.contains("this home's own"), "{own}");
    let foreign = place.home("home-f", TldFamily::Onion);
    let foreign = refused(invite(&mut a, &foreign).expect_err("is refused"));
    assert!(
        foreign.contains(".onion daemon and this home on a .anon"),
        "{foreign}"
    );
    let b = place.home("home-b", TldFamily::Anon);
    let named = a.invite("home-x", &given(&card(&b)), NOW, NOW + 60);
    let named = refused(named.expect_err("is refused"));
    assert!(
        named.contains("that of home-b, and not of home-x"),
        "{named}"
    );
    assert_eq!(text(&a, "connector.env"), before);
    assert_eq!(fs::read_dir(a.path("peers")).expect("reads").count(), 0);
}

#[test]
fn what_was_changed_by_hand_is_not_written_over() {
    let place = Place::new();
    let (mut a, b) = (
        place.home("home-a", TldFamily::Anon),
        place.home("home-b", TldFamily::Anon),
    );
    let path = a.path("connector.env");
    fs::write(&path, format!("{}MINE=1\n", text(&a, "connector.env"))).expect("writes");
    let error = invite(&mut a, &b).expect_err("is refused").to_string();
    assert!(
        error.contains("connector.env was changed by hand"),
        "{error}"
    );
    assert!(text(&a, "connector.env").ends_with("MINE=1\n"));
    assert!(Home::open(&a.folder).expect("opens").peers.is_empty());
}

#[test]
fn what_others_may_read_or_is_gone_is_named() {
    let place = Place::new();
    let home = place.home("home-a", TldFamily::Anon);
    let seal = home.path("keys/seal");
    fs::set_permissions(&seal, fs::Permissions::from_mode(0o644)).expect("is set");
    let error = Home::open(&home.folder)
        .err()
        .expect("is refused")
        .to_string();
    assert!(
        error.contains("keys/seal") && error.contains("chmod"),
        "{error}"
    );
    fs::remove_file(&seal).expect("is removed");
    let error = Home::open(&home.folder)
        .err()
        .expect("is refused")
        .to_string();
    assert!(error.contains("keys/seal is missing"), "{error}");
    let error = Home::open(&home.folder.join("x"))
        .err()
        .expect("is refused")
        .to_string();
    assert!(error.starts_with("there is no home in "), "{error}");
}

#[test]
fn a_peer_s_file_has_its_name_and_no_copy_beside_it() {
    let place = Place::new();
    let (mut a, b) = (
        place.home("home-a", TldFamily::Anon),
        place.home("home-b", TldFamily::Anon),
    );
    invite(&mut a, &b).expect("invites");
    let (right, other) = (a.path("peers/home-b.toml"), a.path("peers/copy.toml"));
    let refused = || {
        let error = Home::open(&a.folder).err().expect("is refused");
        let error = error.to_string();
        assert!(
            error.contains("peers/copy.toml") && error.contains("called home-b.toml"),
            "{error}"
        );
    };
    fs::copy(&right, &other).expect("copies");
    refused();
    fs::remove_file(&right).expect("removes");
    refused();
    fs::rename(&other, &right).expect("renames");
    assert!(Home::open(&a.folder).is_ok());
}

#[test]
fn keys_change_on_purpose_alone() {
    let place = Place::new();
    let (mut a, b) = (
        place.home("home-a", TldFamily::Anon),
        place.home("home-b", TldFamily::Anon),
    );
    invite(&mut a, &b).expect("invites");
    let (address, admin) = (a.address(), a.keys.admin.clone());
    a.rotate_admin_key().expect("is made");
    let read = Home::open(&a.folder).expect("opens");
    assert!(read.address() == address && read.keys.admin.expose() != admin.expose());
    assert_eq!(read.peers.len(), 1);
    assert!(text(&a, "connector.yaml").contains(read.keys.admin.expose()));
    a.rotate_address().expect("is made");
    let read = Home::open(&a.folder).expect("opens");
    assert!(read.address() != address && read.peers.is_empty());
    assert!(text(&a, "connector.yaml").contains(read.address().expose()));
}

#[test]
fn a_backup_brings_the_same_home_back_and_a_damaged_one_nothing() {
    let place = Place::new();
    let (mut a, b) = (
        place.home("home-a", TldFamily::Anon),
        place.home("home-b", TldFamily::Anon),
    );
    invite(&mut a, &b).expect("invites");
    let file = place.0.path().join("a.tar");
    assert!(backup(&a, &file).expect("is written") > 8);
    let mode = file.metadata().expect("is there").permissions().mode();
    assert_eq!(mode & 0o077, 0);
    assert!(backup(&a, &file).is_err(), "never over another");
    for within in ["a.tar", "keys/a.tar"] {
        let error = backup(&a, &a.path(within)).expect_err("is refused");
        assert!(matches!(error, HomeError::BackupWithin { .. }), "{error}");
    }
    let taken = restore(&file, &a.folder).err().expect("is refused");
    assert!(matches!(taken, HomeError::NotEmpty { .. }));
    let folder = place.0.path().join("again");
    let again = restore(&file, &folder).expect("is brought back");
    assert!(again.address() == a.address());
    let of = |home: &Home| home.peer("home-b").expect("is one").to_text("home-a");
    assert_eq!(of(&again), of(&a));
    let whole = fs::read(&file).expect("reads");
    let seal = a.keys.seal.expose();
    let at = whole
        .windows(seal.len())
        .position(|part| part == seal.as_bytes())
        .expect("is in it");
    let mut changed = whole.clone();
    changed[at] ^= 1;
    for (damaged, says) in [
        (changed, "damaged or changed"),
        (whole[..whole.len() / 2].to_vec(), "no backup of a home"),
        (Vec::new(), "has no list"),
    ] {
        fs::write(&file, damaged).expect("writes");
        let to = place.0.path().join("damaged");
        let error = restore(&file, &to).err().expect("is refused").to_string();
        assert!(error.contains(says), "{error}");
        assert!(!to.exists(), "nothing was written");
    }
}
