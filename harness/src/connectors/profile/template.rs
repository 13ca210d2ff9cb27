//! Templates of a profile: what a connector is told of its home, laid out by the profile's writer.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use crate::connectors::toon::{ADMIN_PORT, BLS_PORT, HEALTH_PORT};
use crate::connectors::{BtpPorts, Site, StartedBy, Who};

/// The templates, by the key at which each stands in the profile.
pub(super) struct Templates(Environment<'static>);

impl Templates {
    /// None yet. What a template asks for has to be there, and nothing is escaped: only the template
    /// knows which format it is in.
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        // It fails on delimiters that are empty or alike, and these are the usual ones.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        environment.add_filter("tojson", tojson);
        Self(environment)
    }

    /// Adds one.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn add(&mut self, key: &str, text: &str) -> Result<(), Error> {
        self.0.add_template_owned(key.to_owned(), text.to_owned())
    }

    /// What a template makes of a context.
    ///
    /// # Errors
    ///
    /// What is wrong, in words that hold no value.
    pub(super) fn render(&self, key: &str, context: &impl Serialize) -> Result<String, Error> {
        self.0
            .get_template(key)?
            .render(Value::from(Serde(context)))
    }
}

/// A value as JSON. What does not exist has none: the usual filter makes `null` of it.
fn tojson(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    minijinja::filters::tojson(value, None, Kwargs::from_iter::<[(&str, Value); 0]>([]))
}

/// What a template can ask for: `docs/profiles.md` tells of every name.
#[derive(Serialize)]
pub(super) struct Context<'s> {
    id: &'s str,
    prefix: &'s str,
    key: &'s str,
    port: Option<u16>,
    proxy: Option<Proxy>,
    onion: Option<&'s str>,
    admits_without_secret: bool,
    callers: Vec<CallerContext<'s>>,
    dials: Vec<DialContext<'s>>,
    routes: Vec<RouteContext<'s>>,
    admin_port: u16,
    health_port: u16,
    server_port: u16,
}

#[derive(Serialize)]
struct Proxy {
    host: String,
    port: u16,
}

/// Somebody who comes to the home.
#[derive(Serialize)]
struct CallerContext<'s> {
    id: &'s str,
    kind: &'static str,
    secret: &'s str,
    port: Option<u16>,
}

/// A peer that the connector dials.
#[derive(Serialize)]
struct DialContext<'s> {
    id: &'s str,
    url: &'s str,
    host: &'s str,
    port: &'s str,
    secret: &'s str,
    socks: bool,
}

/// Where the packets of a prefix go.
#[derive(Serialize)]
struct RouteContext<'s> {
    prefix: &'s str,
    next: &'s str,
    /// Whether the next peer is one that the connector dials.
    dialled: bool,
}

impl<'s> Context<'s> {
    /// The context of a home. `account` is the id of the harness's own account and its port.
    pub(super) fn new(site: &'s Site<'_>, account: Option<(&'s str, u16)>) -> Self {
        let callers = site.callers.iter().map(|caller| CallerContext {
            id: caller.id,
            kind: match caller.who {
                Who::Home => "home",
                Who::Probe => "probe",
            },
            secret: caller.secret.expose(),
            port: site.ports.of(caller.id),
        });
        let account = account.map(|(id, port)| CallerContext {
            id,
            kind: "harness",
            secret: site.control_key.expose(),
            port: Some(port),
        });
        let dials = site.dials.iter().map(|peer| {
            let url = peer.url.expose();
            let place = url.trim_start_matches("ws://");
            let (host, port) = place.rsplit_once(':').unwrap_or((place, ""));
            DialContext {
                id: &peer.id,
                url,
                host,
                port,
                secret: peer.token.expose(),
                socks: peer.proxied,
            }
        });
        let routes = site.routes.iter().map(|route| RouteContext {
            prefix: route.prefix,
            next: route.next,
            dialled: site.dials.iter().any(|peer| peer.id == route.next),
        });
        let daemon = site.daemon.as_ref();
        Self {
            id: site.id,
            prefix: site.prefix,
            key: site.control_key.expose(),
            port: match site.ports.btp {
                BtpPorts::Shared(port) => Some(port),
                BtpPorts::PerCaller(_) => None,
            },
            proxy: daemon.map(|daemon| Proxy {
                host: daemon.proxy.ip().to_string(),
                port: daemon.proxy.port(),
            }),
            onion: daemon.and_then(|daemon| match daemon.started_by {
                StartedBy::Other { address } => Some(address.expose()),
                StartedBy::Connector { .. } => None,
            }),
            admits_without_secret: site.admits_without_secret,
            callers: callers.chain(account).collect(),
            dials: dials.collect(),
            routes: routes.collect(),
            admin_port: ADMIN_PORT,
            health_port: HEALTH_PORT,
            server_port: BLS_PORT,
        }
    }
}

/// What `peer_variable` can ask for.
#[derive(Serialize)]
pub(super) struct Peer<'s> {
    /// The peer's id.
    pub(super) id: &'s str,
}
