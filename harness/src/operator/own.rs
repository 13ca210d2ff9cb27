//! The home's own side of the ladder: from its containers to the port of its onion service.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::containers::Part;
use super::entering::said;
use super::error::HomeError;
use super::folder::{Home, needed};
use super::ladder::{Found, Ladder, seconds};
use super::published::published;
use super::render::ANONRC;
use super::ways::Ways;
use crate::causes::with_causes;
use crate::engine::Engine;
use crate::onion::anonrc::SERVICE_DIRECTORY;
use crate::onion::monitor::Monitor;
use crate::onion::{Daemon, OnionAddress, redact};
use crate::probe::{Isolation, Target, dial};
use crate::run::clocks_agree;

/// Time between two attempts.
const POLL: Duration = Duration::from_millis(500);
/// How long a dial may take, with all its attempts.
const DIAL: Duration = Duration::from_secs(60);
/// How long one attempt of it may take: a circuit can hang, and the next one be there at once.
const ATTEMPT: Duration = Duration::from_secs(20);
/// How much of a program's log is quoted, in characters.
const QUOTED: usize = 200;

/// How long each step is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The daemon's control port.
    pub(super) control: Duration,
    /// A circuit.
    pub(super) bootstrap: Duration,
    /// The descriptor, and whatever is asked of the network.
    pub(super) network: Duration,
    /// The connector.
    pub(super) connector: Duration,
    /// A peer.
    pub(super) peer: Duration,
}

impl Patience {
    /// For a home that was just started: a first publication takes 30 to 90 s over the public network, and the budget
    /// for it is 300 s.
    pub const START: Self = Self {
        control: Duration::from_secs(30),
        bootstrap: Duration::from_secs(300),
        network: Duration::from_secs(300),
        connector: Duration::from_secs(30),
        peer: Duration::from_secs(120),
    };
    /// For a home that runs.
    pub const LOOK: Self = Self {
        control: Duration::from_secs(5),
        bootstrap: Duration::from_secs(10),
        network: Duration::from_secs(30),
        connector: Duration::from_secs(5),
        peer: Duration::from_secs(30),
    };
}

/// A home whose daemon can be asked.
pub(super) struct Entered {
    pub(super) ways: Ways,
    pub(super) monitor: Monitor,
}

impl Home {
    /// Looks at the home's own side. `None` where so much is missing that nothing of its peers can be looked at.
    pub(super) async fn climb(
        &self,
        engine: &Engine,
        patience: Patience,
        ladder: &mut Ladder<'_>,
    ) -> Result<Option<Entered>, HomeError> {
        let clock = engine.clock().await?;
        let found = match clocks_agree(&[clock]) {
            Ok(()) => Found::holds("the engine's is this machine's, within 2 s"),
            Err(error) => Found::surroundings(error.to_string(), "then look again"),
        };
        ladder.add(None, "clock", found);
        if !self.look_at_containers(engine, ladder).await? {
            return Ok(None);
        }
        let ways = Ways::open(self, engine)?;
        let mut monitor = match ways.daemon(self, patience.control).await {
            Ok(monitor) => monitor,
            Err(error) => {
                let found = self
                    .no_daemon(engine, &with_causes(&error).to_string())
                    .await?;
                ladder.add(None, "daemon", found);
                return Ok(None);
            }
        };
        let daemon = Daemon::ask(&mut monitor.control).await?;
        let family = daemon.family();
        let ours = self.settings.family;
        if family.is_some_and(|family| family != ours) {
            let told = format!("{daemon} is of another TLD family than the home, which is .{ours}");
            ladder.add(
                None,
                "daemon",
                Found::fails(told, "give `home init` the --family that fits"),
            );
            return Ok(None);
        }
        ladder.add(None, "daemon", Found::holds(format!("{daemon} answers")));
        let found = self
            .bootstrapped(engine, &monitor, patience.bootstrap)
            .await?;
        if !ladder.add(None, "bootstrap", found) {
            return Ok(None);
        }
        let found = self.address_stays(engine).await?;
        ladder.add(None, "address", found);
        let address = self.address();
        let found = published(&mut monitor, &address, patience.network).await;
        let is_published = ladder.add(None, "published", found);
        let serves = self.connector_serves(&ways, patience.connector).await?;
        let serves = ladder.add(None, "connector", serves);
        let found = match is_published {
            false => Found::unknown("not looked at before the descriptor is published"),
            true => self.port_leads(&ways, serves, patience.network).await?,
        };
        ladder.add(None, "port", found);
        Ok(Some(Entered { ways, monitor }))
    }

    async fn look_at_containers(
        &self,
        engine: &Engine,
        ladder: &mut Ladder<'_>,
    ) -> Result<bool, HomeError> {
        let found = self.found(engine).await?;
        let mut all = true;
        let mut stays = Vec::new();
        for &part in self.parts() {
            let name = self.container(part);
            let one = found.containers.iter().find(|one| one.name == name);
            let wrong = match one {
                None => Found::fails(
                    format!("there is no container {name}"),
                    "`ator-harness home start` makes it",
                ),
                Some(one) if !one.runs => self.not_running(engine, part, &one.status).await?,
                Some(one) => {
                    if !one.starts_again {
                        stays.push(name);
                    }
                    continue;
                }
            };
            ladder.add(None, "containers", wrong);
            all = false;
        }
        if !all {
            return Ok(false);
        }
        let found = match stays.is_empty() {
            true => Found::holds(format!(
                "all {} run, and start with the engine",
                self.parts().len()
            )),
            false => Found::fails(
                format!("{} would not start with the engine", stays.join(", ")),
                "`docker update --restart unless-stopped` with these names has them do so",
            ),
        };
        ladder.add(None, "containers", found);
        Ok(true)
    }

    /// Why a container does not run.
    async fn not_running(
        &self,
        engine: &Engine,
        part: Part,
        status: &str,
    ) -> Result<Found, HomeError> {
        let name = self.container(part);
        let told = format!("{name} does not run: {status}");
        let log = engine.logs(&name, Some(50)).await?;
        if part == self.daemon_part()
            && let Some(found) = said(&log)
        {
            return Ok(found);
        }
        let last = log.lines().rev().find(|line| !line.trim().is_empty());
        let last: String = last.unwrap_or_default().chars().take(QUOTED).collect();
        Ok(Found::fails(
            format!("{told}; its last line: {:?}", redact(&last)),
            "`ator-harness home start` starts it",
        ))
    }

    /// Why a daemon whose container runs does not answer.
    async fn no_daemon(&self, engine: &Engine, why: &str) -> Result<Found, HomeError> {
        let name = self.container(self.daemon_part());
        let log = engine.logs(&name, Some(50)).await?;
        Ok(said(&log).unwrap_or_else(|| {
            Found::fails(
                format!("the daemon's control port does not answer: {why}"),
                "`docker logs` of its container says what it is at",
            )
        }))
    }

    /// Whether the daemon has the address that the folder's keys make.
    async fn address_stays(&self, engine: &Engine) -> Result<Found, HomeError> {
        let path = format!("{SERVICE_DIRECTORY}/hostname");
        let file = engine
            .find_file(&self.container(self.daemon_part()), &path)
            .await?;
        let file = file.and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(match file.as_deref().map(str::trim) {
            None | Some("") => Found::fails(
                "the daemon has written no address",
                "look at HiddenServiceDir in anonrc, and then start the home",
            ),
            Some(name) if name == self.address().expose() => {
                Found::holds("the daemon's is that of the folder's keys, and stays")
            }
            Some(_) => Found::fails(
                "the daemon has another address than the folder's keys make, which is the one that peers know",
                "`ator-harness home remove --keep-folder` and `home start` bring the folder's back",
            ),
        })
    }

    async fn connector_serves(&self, ways: &Ways, limit: Duration) -> Result<Found, HomeError> {
        let control = ways.connector(self)?;
        let until = Instant::now() + limit;
        loop {
            match control.alive().await {
                Ok(()) => return Ok(Found::holds("its admin API answers")),
                Err(_) if Instant::now() < until => sleep(POLL).await,
                Err(error) => {
                    return Ok(Found::fails(
                        format!("it does not answer: {}", with_causes(&error)),
                        "`docker logs` of its container says why",
                    ));
                }
            }
        }
    }

    /// Whether the onion service's port reaches the connector.
    async fn port_leads(
        &self,
        ways: &Ways,
        serves: bool,
        limit: Duration,
    ) -> Result<Found, HomeError> {
        let port = self.port()?;
        let dialled = reached(ways, &self.address(), port, limit).await;
        let why = match dialled {
            Ok(took) => {
                let took = seconds(took);
                return Ok(Found::holds(format!(
                    "{port} of the onion service reaches a listener, in {took} through a rendezvous"
                )));
            }
            Err(NotReached { silent: true, why }) => {
                return Ok(Found::unknown(format!(
                    "no rendezvous with the onion service within {}: {why}; `ator-harness home doctor` looks again",
                    seconds(limit.min(DIAL))
                )));
            }
            Err(NotReached { why, .. }) => why,
        };
        let rc = String::from_utf8(needed(&self.path(ANONRC))?).unwrap_or_default();
        let option = rc
            .lines()
            .find(|line| line.starts_with("HiddenServicePort"));
        let option = option.unwrap_or("no HiddenServicePort");
        let remedy = match serves {
            true => format!(
                "have the option lead to {}:{port}, where the connector takes its peers, and start the home",
                self.settings.target()
            ),
            false => "start the connector first, which does not answer".to_owned(),
        };
        Ok(Found::fails(
            format!(
                "port {port} of the onion service reaches nothing ({why}): anonrc says `{option}`"
            ),
            remedy,
        ))
    }
}

/// Dials a port of an onion service through the home's daemon, on a circuit that nothing else uses, however often it
/// takes. Returns how long the dial that succeeded took.
pub(super) async fn reached(
    ways: &Ways,
    address: &OnionAddress,
    port: u16,
    limit: Duration,
) -> Result<Duration, NotReached> {
    let until = Instant::now() + limit.min(DIAL);
    for attempt in 1.. {
        let target = Target::new(address.expose(), port);
        let apart = Isolation::new(
            "ator-harness-home",
            format!("{}-{attempt}", std::process::id()),
        );
        let left = until.saturating_duration_since(Instant::now()).max(POLL);
        match dial(ways.proxy(), &target, Some(&apart), left.min(ATTEMPT)).await {
            Ok(dialled) => return Ok(dialled.took),
            Err(error) if Instant::now() + POLL >= until || attempt >= 4 => {
                return Err(NotReached {
                    silent: error.kind.is_of_the_way(),
                    why: redact(&with_causes(&error).to_string()),
                });
            }
            Err(_) => sleep(POLL).await,
        }
    }
    Err(NotReached {
        silent: true,
        why: "nothing was tried".to_owned(),
    })
}

/// Why a port of an onion service was not reached.
pub(super) struct NotReached {
    /// Whether nobody said anything: then it may be the network's fault, and nothing is known of the port.
    pub(super) silent: bool,
    /// In words.
    pub(super) why: String,
}
