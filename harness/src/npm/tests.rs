//! From a registry, or a file, into the cache.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::fetch::{PROGRAM, inside};
use super::{Cache, FetchError, Fetched, Package, Registry, Source, fetch};

/// A tarball with these files.
pub(super) fn tarball(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        // As it is written, also where that leads out of a folder.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        archive.append(&header, *content).expect("appends");
    }
    let encoder = archive.into_inner().expect("ends");
    encoder.finish().expect("compresses")
}

const DAEMON: &[u8] = b"\x7fELF a daemon";

fn daemon() -> Vec<u8> {
    let inside = inside("x86_64").expect("is known");
    tarball(&[("package/package.json", b"{}"), (&inside, DAEMON)])
}

fn cache() -> (tempfile::TempDir, Cache) {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = Cache::at(folder.path().join("not/there/yet"));
    (folder, cache)
}

/// A registry that answers every request like this, and the paths that it was asked for.
fn registry(answer: Vec<u8>) -> (Source, Arc<Mutex<Vec<String>>>) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/npm/", server.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let paths = asked.clone();
    std::thread::spawn(move || {
        for mut stream in server.incoming().flatten() {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
            paths.lock().expect("no test panics with it").push(path);
            let _ = stream.write_all(&answer);
        }
    });
    let registry = Registry::at(&url).expect("is a URL");
    (Source::Registry(Some(registry)), asked)
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

async fn fetched(package: &Package, cache: &Cache, source: &Source) -> Result<Fetched, FetchError> {
    fetch(package, cache, source, |_| {}).await
}

fn empty(cache: &Cache, package: &Package) {
    assert!(!cache.place(package, PROGRAM).exists());
}

#[tokio::test]
async fn the_daemon_of_a_registry_is_kept_for_the_next_time() {
    let package = Package::of(&daemon());
    let (source, asked) = registry(ok(&daemon()));
    let (_folder, cache) = cache();
    let first = fetched(&package, &cache, &source).await.expect("fetches");
    assert!(!first.before);
    assert_eq!(std::fs::read(&first.path).expect("reads"), DAEMON);
    let mode = first.path.metadata().expect("is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o755);
    let second = fetched(&package, &cache, &source).await.expect("is there");
    assert!(second.before);
    assert_eq!(second.path, first.path);
    let asked = asked.lock().expect("no test panics with it");
    assert_eq!(*asked, ["/npm/@test/daemon/-/daemon-1.2.3.tgz"]);
}

#[tokio::test]
async fn a_package_is_fetched_from_where_the_lock_says() {
    let mut package = Package::of(&daemon());
    let (source, asked) = registry(ok(&daemon()));
    let Source::Registry(Some(registry)) = source else {
        panic!("is a registry");
    };
    package.resolved = Some(
        registry
            .tarball(&package)
            .to_string()
            .replace("npm", "elsewhere"),
    );
    let (_folder, cache) = cache();
    let source = Source::Registry(None);
    fetched(&package, &cache, &source).await.expect("fetches");
    let asked = asked.lock().expect("no test panics with it");
    assert_eq!(*asked, ["/elsewhere/@test/daemon/-/daemon-1.2.3.tgz"]);
}

#[tokio::test]
async fn what_is_not_the_package_is_not_kept() {
    let whole = daemon();
    let package = Package::of(&whole);
    let (_folder, cache) = cache();
    let (source, _) = registry(ok(b"another"));
    let error = fetched(&package, &cache, &source)
        .await
        .expect_err("is another");
    assert!(matches!(error, FetchError::OtherContent { .. }), "{error}");
    // Cut off in the middle, as by a proxy that gives up.
    let (source, _) = registry(ok(&whole)[..whole.len() / 2].to_vec());
    let error = fetched(&package, &cache, &source)
        .await
        .expect_err("is cut off");
    assert!(matches!(error, FetchError::Network { .. }), "{error}");
    let (source, _) = registry(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec());
    let error = fetched(&package, &cache, &source)
        .await
        .expect_err("is not there");
    assert!(error.to_string().contains("status 404"), "{error}");
    let error = fetched(&package, &cache, &Source::Registry(None)).await;
    assert!(matches!(error, Err(FetchError::NoRegistry { .. })));
    empty(&cache, &package);
}

#[tokio::test]
async fn nobody_but_the_registry_is_asked() {
    let package = Package::of(&daemon());
    let (elsewhere, asked) = registry(ok(&daemon()));
    let Source::Registry(Some(there)) = elsewhere else {
        panic!("is a registry");
    };
    // Another name of the same machine is another host.
    let there = there
        .tarball(&package)
        .to_string()
        .replace("127.0.0.1", "localhost");
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n");
    let (source, _) = registry(answer.into_bytes());
    let (_folder, cache) = cache();
    let error = fetched(&package, &cache, &source)
        .await
        .expect_err("leads elsewhere");
    assert!(error.to_string().contains("status 302"), "{error}");
    assert!(asked.lock().expect("no test panics with it").is_empty());
    empty(&cache, &package);
}

#[tokio::test]
async fn a_file_is_as_good_as_a_registry() {
    let package = Package::of(&daemon());
    let (folder, cache) = cache();
    let file = folder.path().join("daemon.tgz");
    let from = Source::File(file.clone());
    let error = fetched(&package, &cache, &from)
        .await
        .expect_err("is not there");
    assert!(matches!(error, FetchError::File { .. }), "{error}");
    std::fs::write(&file, "another").expect("writes");
    let error = fetched(&package, &cache, &from)
        .await
        .expect_err("is another");
    assert!(
        error.to_string().contains("npm pack @test/daemon@1.2.3"),
        "{error}"
    );
    empty(&cache, &package);
    std::fs::write(&file, daemon()).expect("writes");
    let there = fetched(&package, &cache, &from)
        .await
        .expect("is the package");
    assert_eq!(std::fs::read(there.path).expect("reads"), DAEMON);
}

#[tokio::test]
async fn a_package_without_the_daemon_is_said_to_have_none() {
    let bare = tarball(&[("package/package.json", b"{}")]);
    let package = Package::of(&bare);
    let (_folder, cache) = cache();
    let (source, _) = registry(ok(&bare));
    let error = fetched(&package, &cache, &source)
        .await
        .expect_err("has none");
    assert!(matches!(error, FetchError::Inside { .. }), "{error}");
    empty(&cache, &package);
}

#[test]
fn of_two_at_once_one_fetches_and_both_have_it() {
    let package = Package::of(&daemon());
    let (source, asked) = registry(ok(&daemon()));
    let (_folder, cache) = cache();
    let before = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                let there = runtime.block_on(fetched(&package, &cache, &source));
                let there = there.expect("fetches, or finds it");
                before.fetch_add(usize::from(there.before), Ordering::Relaxed);
            });
        }
    });
    assert_eq!(before.into_inner(), 3);
    assert_eq!(asked.lock().expect("no test panics with it").len(), 1);
}

#[tokio::test]
async fn what_a_killed_one_has_left_goes_and_is_never_taken_for_the_daemon() {
    let package = Package::of(&daemon());
    let (_folder, cache) = cache();
    let place = cache.place(&package, PROGRAM);
    let folder = place.parent().expect("is in a folder");
    std::fs::create_dir_all(folder).expect("makes");
    std::fs::write(folder.join(".unfinished-abc"), &DAEMON[..6]).expect("writes");
    let (source, _) = registry(ok(&daemon()));
    fetched(&package, &cache, &source).await.expect("fetches");
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("reads").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(folder), [".lock", "anon"]);
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_is_named() {
    let package = Package::of(&daemon());
    let file = tempfile::NamedTempFile::new().expect("a file");
    let cache = Cache::at(file.path().to_owned());
    let (source, asked) = registry(ok(&daemon()));
    let error = fetched(&package, &cache, &source)
        .await
        .expect_err("is a file");
    let text = error.to_string();
    assert!(text.contains(&file.path().display().to_string()), "{text}");
    assert!(text.contains("XDG_CACHE_HOME"), "{text}");
    // Nothing is fetched that cannot be kept.
    assert!(asked.lock().expect("no test panics with it").is_empty());
}

#[test]
fn a_machine_without_a_daemon_in_the_package_is_told_what_to_give() {
    let error = inside("aarch64").expect_err("has none");
    assert!(
        error
            .to_string()
            .contains("Linux on aarch64; give one with --anon-binary"),
        "{error}"
    );
}

#[test]
fn a_registry_is_a_url_and_is_not_shown_where_it_is_none() {
    for url in ["", "registry", "ftp://a/", "https:///", "http//secret@host"] {
        let error = Registry::at(url).expect_err("is none").to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    let package = Package::of(b"");
    let url = Registry::at("https://host:4873")
        .expect("is one")
        .tarball(&package);
    assert_eq!(
        url.as_str(),
        "https://host:4873/@test/daemon/-/daemon-1.2.3.tgz"
    );
}
