//! A package's tarball from a registry.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Url};

use super::error::FetchError;
use super::package::Package;
use crate::environment::variable;
use crate::probe::Tls;

/// The longest tarball, in bytes.
pub(super) const MOST: usize = 256 << 20;
/// How long the registry may take until it is connected to, and between two parts of what it sends.
const PATIENCE: Duration = Duration::from_secs(30);
/// The registry that this build knows: npm's where it was built with one.
const KNOWN: &str = env!("ATOR_HARNESS_NPM_REGISTRY");

/// Where packages are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry(Url);

impl Registry {
    /// A registry by its URL.
    ///
    /// # Errors
    ///
    /// [`FetchError::Url`], which does not show it: it may hold a password.
    pub fn at(url: &str) -> Result<Self, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Url)?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Self(url)),
            _ => Err(FetchError::Url),
        }
    }

    /// The one that is given, or else the one that npm is told of by its variable, or else the one that this build
    /// knows.
    ///
    /// # Errors
    ///
    /// [`FetchError::Url`].
    pub fn choose(given: Option<&str>) -> Result<Option<Self>, FetchError> {
        let named = || {
            let names = ["npm_config_registry", "NPM_CONFIG_REGISTRY"];
            let set = names.iter().find_map(|name| variable(name))?;
            Some(set.to_string_lossy().into_owned())
        };
        let known = || Some(KNOWN.to_owned()).filter(|known| !known.is_empty());
        let chosen = given.map(str::to_owned).or_else(named).or_else(known);
        chosen.map(|url| Self::at(&url)).transpose()
    }

    /// Where a tarball is, by its URL.
    pub(super) fn exactly(url: &str) -> Result<Url, FetchError> {
        Self::at(url).map(|registry| registry.0)
    }

    /// Where the tarball of a package is.
    pub(super) fn tarball(&self, package: &Package) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}/-/{}", package.name, package.file()));
        url
    }
}

/// Fetches a tarball, which is the package's: anything else is refused. Nobody but the host of the URL, or the proxy
/// that the environment names for it, is spoken with.
pub(super) async fn download(package: &Package, url: Url) -> Result<Vec<u8>, FetchError> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let named = format!("{}@{}", package.name, package.version);
    let failed = |source: reqwest::Error| FetchError::Network {
        package: named.clone(),
        host: host.clone(),
        // It may hold a password.
        source: source.without_url(),
    };
    let mut answer = client(&url, &host)?
        .map_err(failed)?
        .get(url)
        .send()
        .await
        .map_err(failed)?;
    if !answer.status().is_success() {
        return Err(FetchError::Status {
            host,
            package: named,
            status: answer.status().as_u16(),
        });
    }
    let mut tarball = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(failed)? {
        if tarball.len() + part.len() > MOST {
            return Err(FetchError::TooLong {
                host,
                package: named,
                limit: MOST,
            });
        }
        tarball.extend_from_slice(&part);
    }
    match package.is(&tarball) {
        true => Ok(tarball),
        false => Err(FetchError::OtherContent {
            host,
            package: named,
        }),
    }
}

/// The variables that name a proxy. The library passes those by that it cannot read.
const PROXIES: [&str; 6] = [
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "all_proxy",
    "http_proxy",
    "https_proxy",
];

/// Fails when the environment names a proxy that is none.
fn proxies() -> Result<(), FetchError> {
    let is_none = |name: &&&str| {
        let value = variable(name);
        let value = value.map(|value| value.to_string_lossy().into_owned());
        value.is_some_and(|value| Proxy::all(value).is_err())
    };
    match PROXIES.iter().find(is_none) {
        Some(name) => Err(FetchError::Proxy(name)),
        None => Ok(()),
    }
}

/// A client for one host. The proxies of the environment are used: what it asks for is public.
fn client(url: &Url, host: &str) -> Result<reqwest::Result<Client>, FetchError> {
    proxies()?;
    let tls = match url.scheme() {
        "https" => Tls::system(),
        _ => Tls::trusting_nobody(),
    };
    let tls = tls.map_err(|source| FetchError::Certificates {
        host: host.to_owned(),
        source,
    })?;
    let own = url.clone();
    let stays = Policy::custom(move |attempt| {
        let there = attempt.url();
        let same = there.host() == own.host() && there.scheme() == own.scheme();
        match same && attempt.previous().len() < 5 {
            true => attempt.follow(),
            false => attempt.stop(),
        }
    });
    Ok(Client::builder()
        .tls_backend_preconfigured(tls.client())
        .user_agent(concat!("ator-harness/", env!("CARGO_PKG_VERSION")))
        .redirect(stays)
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .build())
}
