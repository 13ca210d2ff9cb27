//! Homes that a profile's templates are tried on when it is read: one with everything, and one with
//! nothing. What a template asks for and no home has shows then.

use std::net::{Ipv4Addr, SocketAddr};

use super::error::told;
use super::model::{PEER_VARIABLE, Profile, file_key, variable_key};
use super::template::{Context, Peer};
use crate::connectors::{
    Caller, Connector, Daemon, PeerToDial, Purpose, Route, Site, StartedBy, Who,
};
use crate::onion::{OnionAddress, ServiceKeys, TldFamily};
use crate::secret::Secret;

/// What is wrong with the templates of a profile, each with its key.
pub(super) fn complaints(profile: &Profile) -> Vec<(String, String)> {
    let address = ServiceKeys::from_seed(&[7; 32]).address(TldFamily::Anon);
    let secret = Secret::new("secret");
    let mut complaints: Vec<(String, String)> = Vec::new();
    for full in [true, false] {
        let callers: &[&str] = if full { &["home-b", "probe"] } else { &[] };
        let ports = profile.ports(callers);
        let mut site = site(&secret, &ports);
        if full {
            fill(&mut site, &address, &secret);
        }
        let context = Context::new(&site, profile.account().map(|id| (id, 3000)));
        let files = (0..profile.files.len()).map(file_key);
        let variables = profile.variables.iter().map(|name| variable_key(name));
        for key in files.chain(variables) {
            if complaints.iter().any(|(known, _)| *known == key) {
                continue;
            }
            if let Err(error) = profile.templates.render(&key, &context) {
                complaints.push((key, told(&error)));
            }
        }
    }
    if profile.peer_variable {
        complaints.extend(variable_of_a_peer(profile));
    }
    complaints
}

/// What is wrong with the template for the variable of a peer's secret.
fn variable_of_a_peer(profile: &Profile) -> Option<(String, String)> {
    let render = |id| profile.templates.render(PEER_VARIABLE, &Peer { id });
    let complaint = match (render("home-a"), render("home-b")) {
        (Err(error), _) | (_, Err(error)) => told(&error),
        (Ok(one), Ok(other)) if one == other => {
            format!(
                "is {one:?} for every peer; use {{{{ id }}}}, so that each has a variable of its own"
            )
        }
        (Ok(_), Ok(_)) => return None,
    };
    Some((PEER_VARIABLE.to_owned(), complaint))
}

fn site<'s>(secret: &'s Secret, ports: &'s crate::connectors::Ports) -> Site<'s> {
    Site {
        id: "home-a",
        prefix: "test.home-a",
        ports,
        daemon: None,
        control_key: secret,
        routes: Vec::new(),
        callers: Vec::new(),
        admits_without_secret: false,
        dials: Vec::new(),
        purpose: Purpose::Judged,
    }
}

fn fill<'s>(site: &mut Site<'s>, address: &'s OnionAddress, secret: &'s Secret) {
    site.daemon = Some(Daemon {
        proxy: SocketAddr::from((Ipv4Addr::LOCALHOST, 9150)),
        started_by: StartedBy::Other { address },
    });
    site.routes = vec![Route {
        prefix: "test.home-b",
        next: "home-b",
    }];
    site.callers = [("home-b", Who::Home), ("probe", Who::Probe)]
        .map(|(id, who)| Caller { id, who, secret })
        .into();
    site.dials = vec![PeerToDial {
        id: "home-b".to_owned(),
        url: Secret::new("ws://127.0.0.1:9160"),
        token: secret.clone(),
        proxied: false,
    }];
}
