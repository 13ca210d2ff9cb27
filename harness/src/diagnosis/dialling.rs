//! What is known of one home's dials to another while they come to nothing, and what that says.
//!
//! None of it is taken from a log: the home's own name server and proxy record what they are asked for, the
//! daemon tells how its streams end, and whether a secret is taken is tried.

use super::Cause;

/// So many sessions that the far side ended, or streams that the far service did, are no accident of a
/// start.
const SEVERAL: usize = 3;
/// How a service whose target refuses (MISC), or that has no such port (DONE), ends a stream.
pub(super) const TARGET_ENDS: [&str; 3] = ["END/MISC", "END/DONE", "END/CONNECTREFUSED"];

/// One home's dials to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiallingSigns {
    /// The home that dials.
    pub from: String,
    /// The home that is dialled.
    pub to: String,
    /// Questions for the dialled home's onion name that the dialling home's name server was asked.
    pub resolved: usize,
    /// Requests for it that the dialling home's proxy was sent.
    pub requests: Vec<RequestSign>,
    /// How the far service ended the dialling daemon's streams.
    pub ended_streams: Vec<String>,
    /// Port of the onion service, and the ports on which the dialled connector should listen.
    pub ports: (u16, Vec<u16>),
    /// What a login with the peering's own secret came to, where one was tried.
    pub login: Option<LoginSign>,
}

/// One request of the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSign {
    /// The proxy's answer in words; nothing while there is none.
    pub answer: Option<String>,
    /// Whether it was granted.
    pub granted: bool,
    /// Whether the connection has ended.
    pub ended: bool,
    /// Whether something went out over it.
    pub spoke: bool,
}

/// What a login with a peering's own secret came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginSign {
    /// The variable of the dialled connector's environment that holds the secret; nothing where it has
    /// none, or the secret is empty.
    pub variable: Option<String>,
    /// How it ended.
    pub outcome: LoginOutcome,
}

/// How a login ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginOutcome {
    /// Let in: so the dialling connector shows another secret.
    LetIn,
    /// Refused; the text says how.
    Refused(String),
    /// There was no answer to judge by; the text says what there was.
    Unclear(String),
}

impl DiallingSigns {
    /// Whether the far side ended several sessions after the dialling connector had spoken, and none
    /// stands: then a login is worth trying.
    #[must_use]
    pub fn suspects_login(&self) -> bool {
        let stands = self.requests.iter().any(|one| one.granted && !one.ended);
        let ended = self.requests.iter();
        let ended = ended.filter(|one| one.granted && one.ended && one.spoke);
        !stands && ended.count() >= SEVERAL - 1
    }

    /// The cause, where these signs alone are enough for one, with what supports it.
    #[must_use]
    pub fn cause(&self) -> Option<(Cause, Vec<String>)> {
        let Self { from, to, .. } = self;
        if self.resolved > 0 && self.requests.is_empty() {
            let line = format!(
                "{from}'s name server was asked {} times for {to}'s onion name, and its proxy for nothing",
                self.resolved
            );
            return Some((Cause::ProxyNotUsed, vec![line]));
        }
        let refused = self.ended_streams.iter();
        let refused: Vec<&String> = refused
            .filter(|reason| TARGET_ENDS.contains(&reason.as_str()))
            .collect();
        let stands = self.requests.iter().any(|one| one.granted && !one.ended);
        if refused.len() >= SEVERAL && !stands {
            let (port, listens) = &self.ports;
            let listens: Vec<String> = listens.iter().map(ToString::to_string).collect();
            let line = format!(
                "{to}'s onion service ended {} streams of {from} to its port {port} with {}; {to}'s connector should listen on port {}",
                refused.len(),
                refused[0],
                listens.join(", ")
            );
            return Some((Cause::TargetNotListening, vec![line]));
        }
        let login = self.login.as_ref()?;
        let variable = match &login.variable {
            Some(variable) => format!("{variable} of {to}'s connector"),
            None => format!("{to}'s connector"),
        };
        let line = match &login.outcome {
            LoginOutcome::Refused(how) => format!(
                "{to} ended {} sessions of {from}, and refuses the secret that {variable} was given: {how}",
                self.requests.len()
            ),
            LoginOutcome::LetIn => format!(
                "{to} ended {} sessions of {from}, and lets the harness in as {from} with the secret that {variable} was given: {from}'s connector shows another one, or none",
                self.requests.len()
            ),
            LoginOutcome::Unclear(_) => return None,
        };
        Some((Cause::LoginRefused, vec![line]))
    }

    /// What became of the requests, for a wait to show.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        let refused: Vec<&RequestSign> = self
            .requests
            .iter()
            .filter(|one| !one.granted && one.answer.is_some())
            .collect();
        let last = refused.last()?.answer.as_ref()?;
        let (count, noun) = match refused.len() {
            1 => (1, "request"),
            more => (more, "requests"),
        };
        Some(format!(
            "{count} {noun} to the proxy for {} refused, the last with {last}",
            self.to
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs() -> DiallingSigns {
        DiallingSigns {
            from: "home-a".to_owned(),
            to: "home-b".to_owned(),
            ports: (443, vec![3000]),
            ..DiallingSigns::default()
        }
    }

    fn request(granted: bool, ended: bool) -> RequestSign {
        let answer = if granted {
            "00 (granted)"
        } else {
            "04 (host unreachable)"
        };
        RequestSign {
            answer: Some(answer.to_owned()),
            granted,
            ended,
            spoke: granted,
        }
    }

    fn named(signs: &DiallingSigns) -> Option<Cause> {
        signs.cause().map(|(cause, _)| cause)
    }

    #[test]
    fn a_name_that_is_resolved_and_never_asked_of_the_proxy() {
        let mut signs = signs();
        assert_eq!(named(&signs), None);
        signs.resolved = 2;
        assert_eq!(named(&signs), Some(Cause::ProxyNotUsed));
        // Who asks both leaks the name, and has another reason for not being connected.
        signs.requests.push(request(false, true));
        assert_eq!(named(&signs), None);
        let summary = signs.summary().expect("there is one");
        assert!(summary.contains("1 request to the proxy for home-b refused, the last with 04"));
    }

    #[test]
    fn a_service_that_leads_nowhere() {
        let mut signs = signs();
        signs.ended_streams = vec!["END/MISC".to_owned(); SEVERAL - 1];
        assert_eq!(named(&signs), None, "a connector may still be starting");
        signs.ended_streams.push("END/MISC".to_owned());
        let (cause, evidence) = signs.cause().expect("is named");
        assert_eq!(cause, Cause::TargetNotListening);
        assert!(
            evidence[0].contains("to its port 443 with END/MISC"),
            "{evidence:?}"
        );
        assert!(
            evidence[0].ends_with("should listen on port 3000"),
            "{evidence:?}"
        );
        signs.requests.push(request(true, false));
        assert_eq!(named(&signs), None, "a session stands");
    }

    #[test]
    fn a_login_is_tried_when_sessions_end_and_names_the_variable() {
        let mut signs = signs();
        signs.requests.push(request(true, true));
        assert!(!signs.suspects_login());
        signs.requests.push(request(true, true));
        assert!(signs.suspects_login());
        assert_eq!(named(&signs), None, "before it was tried");
        for (outcome, expected) in [
            (
                LoginOutcome::LetIn,
                Some("home-a's connector shows another one"),
            ),
            (
                LoginOutcome::Refused("ERROR F00".to_owned()),
                Some(
                    "refuses the secret that THE_VARIABLE of home-b's connector was given: ERROR F00",
                ),
            ),
            (LoginOutcome::Unclear("silence".to_owned()), None),
        ] {
            signs.login = Some(LoginSign {
                variable: Some("THE_VARIABLE".to_owned()),
                outcome,
            });
            let found = signs.cause();
            assert_eq!(found.is_some(), expected.is_some());
            if let (Some((cause, evidence)), Some(expected)) = (found, expected) {
                assert_eq!(cause, Cause::LoginRefused);
                assert!(evidence[0].contains(expected), "{evidence:?}");
            }
        }
    }
}
