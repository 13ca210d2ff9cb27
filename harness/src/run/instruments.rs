//! Whether this machine and its engine can be measured with at all. Proven by a witness, a container that is
//! there for nothing else, before anything is judged: that it is reached at its address, or else through its
//! engine; that its clock is ours; that there is space to write to; that it reaches ports that the engine publishes at its bridge's gateway;
//! that what it prints can be read back; and that the engine tells of its end.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use home_agent::dialled::DialOutcome;
use home_agent::witnessed::{END, Here, Reached};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::causes::with_causes;
use crate::engine::{
    ContainerSpec, Engine, EngineError, NetworkMode, NetworkSpec, Port, Privileges,
};
use crate::events::Stage;
use crate::plan::AGENT;
use crate::run::context::{POLL, Run};
use crate::run::error::RunError;
use crate::run::preflight_failure::{NEEDED, PreflightFailure, clock_agrees};
use crate::run::reach::{Tunnel, Way};

/// The witness's port, in its container and at the gateway.
const PORT: u16 = 20_900;
/// The witness's place in its network, the last there is: nobody's of a run.
const HOST: u32 = 30;
/// The place of the container through which a network's nodes are reached where there is no other way.
const BRIDGE_HEAD: u32 = 29;
/// How long it may take until the witness answers at its address. It is on this machine.
const ANSWER: Duration = Duration::from_secs(3);
/// How long the witness may take to say who it is.
const GREETING: Duration = Duration::from_secs(2);
/// How long it may take to try what it is asked to reach.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long the engine may take to tell of a container's end, and to have what it printed.
const TOLD: Duration = Duration::from_secs(6);

/// Where a witness stands.
struct Site<'a> {
    engine: &'a Engine,
    network: &'a NetworkSpec,
    /// Whether ports are published at the network's gateway.
    publishes: bool,
}

impl Site<'_> {
    fn address(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network.subnet.to_bits() + HOST)
    }

    fn published(&self) -> SocketAddr {
        SocketAddr::from((self.network.gateway, PORT))
    }

    fn name(&self) -> String {
        format!("{}-witness", self.network.name)
    }
}

/// Proves the instruments on every engine of a run whose networks are there, and returns the way to its
/// containers' ports.
///
/// # Errors
///
/// [`PreflightFailure`] names the first instrument that fails, and what helps.
pub(in crate::run) async fn prove(run: &Run, image: &str, way: Way) -> Result<Way, RunError> {
    let guard = run.recorder.stage(Stage::Instruments, None);
    let mut found = way;
    for site in sites(run) {
        let token = HEXLOWER.encode(&run.inputs.seed.derive("witness")[..8]);
        let witness = witness(&site, image, &token);
        run.expect_end_of(&witness.name);
        run.create_and_start(site.engine, &witness).await?;
        let proven = async {
            let way = look(&site, &token, found).await?;
            told(run, &site, &token).await?;
            Ok::<_, RunError>(way)
        };
        let proven = proven.await;
        // Whatever came of it, it is not needed any more.
        site.engine.remove_container(&witness.name).await?;
        found = proven?;
    }
    guard.reached(match found {
        Way::Direct => {
            "containers are reached at their addresses and heard of, reach what is published, and have \
             this machine's time"
        }
        Way::Tunnels | Way::HomesByTunnels => {
            "containers are reached through their engine and heard of, and have this machine's time"
        }
    });
    Ok(found)
}

/// One network of each engine, the first.
fn sites(run: &Run) -> Vec<Site<'_>> {
    let mut sites: Vec<Site<'_>> = Vec::new();
    for network in &run.plan.networks {
        let home = run
            .plan
            .homes
            .iter()
            .find(|home| home.network == network.name);
        let engine = home.map_or_else(|| run.engines.common(), |home| run.engine_of(home));
        if !sites
            .iter()
            .any(|site| site.engine.address() == engine.address())
        {
            sites.push(Site {
                engine,
                network,
                publishes: run.plan.router().is_some(),
            });
        }
    }
    sites
}

fn witness(site: &Site<'_>, image: &str, token: &str) -> ContainerSpec {
    let port = PORT.to_string();
    let publish = Port {
        address: site.network.gateway,
        port: PORT,
    };
    ContainerSpec {
        role: "witness".to_owned(),
        entrypoint: Some(AGENT.to_owned()),
        arguments: ["witness", "--port", &port, "--token", token]
            .map(str::to_owned)
            .to_vec(),
        network: NetworkMode::Bridge {
            network: site.network.name.clone(),
            address: site.address(),
            publish: site.publishes.then_some(publish).into_iter().collect(),
        },
        privileges: Privileges::None,
        ..ContainerSpec::idle(&site.name(), image)
    }
}

/// Reaches the witness, and asks it. It is told to end.
async fn look(site: &Site<'_>, token: &str, way: Way) -> Result<Way, RunError> {
    let direct = match way {
        Way::Direct => match at_address(site).await {
            Ok(stream) => ask(site, stream, token).await,
            Err(outcome) => Err(no_answer(site, outcome)),
        },
        Way::Tunnels | Way::HomesByTunnels => Err(no_answer(site, "not tried".to_owned())),
    };
    // Not even a connection says that the witness is reached: proxies on the way may accept any.
    let direct = match direct {
        Err(RunError::Preflight(PreflightFailure::NoAnswer { seen, .. })) => seen,
        asked => return asked.map(|()| Way::Direct),
    };
    let tunnel = Tunnel::open(site.engine, &site.name(), local()).map_err(RunError::NoPort)?;
    let begun = Instant::now();
    loop {
        let stream = TcpStream::connect(tunnel.address()).await;
        match ask(site, stream.map_err(RunError::NoPort)?, token).await {
            // A tunnel takes connections before the witness does.
            Err(RunError::Preflight(PreflightFailure::NoAnswer { .. }))
                if begun.elapsed() < ANSWER =>
            {
                sleep(POLL).await;
            }
            Err(RunError::Preflight(PreflightFailure::NoAnswer { seen, .. })) => {
                let seen = format!("{direct} from here, and {seen} through the engine");
                return Err(no_answer(site, seen));
            }
            asked => return asked.map(|()| Way::Tunnels),
        }
    }
}

fn no_answer(site: &Site<'_>, seen: String) -> RunError {
    let failure = PreflightFailure::NoAnswer {
        engine: site.engine.address().to_string(),
        address: site.address(),
        seen,
    };
    failure.into()
}

fn local() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))
}

/// A connection to the witness at its own address, or how the attempts ended.
async fn at_address(site: &Site<'_>) -> Result<TcpStream, String> {
    let begun = Instant::now();
    let mut outcome = DialOutcome::Timeout;
    while let Some(left) = ANSWER.checked_sub(begun.elapsed()) {
        match timeout(left, TcpStream::connect((site.address(), PORT))).await {
            Ok(Ok(stream)) => return Ok(stream),
            // It does not listen yet, or the bridge is not up yet.
            Ok(Err(error)) => outcome = DialOutcome::of(&error),
            Err(_) => outcome = DialOutcome::Timeout,
        }
        sleep(POLL.min(left)).await;
    }
    Err(outcome.to_string())
}

/// Asks over a connection, and tells the witness to end.
async fn ask(site: &Site<'_>, stream: TcpStream, token: &str) -> Result<(), RunError> {
    let no_answer = |seen: String| no_answer(site, seen);
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let here: Here = answer(&mut read, GREETING).await.map_err(no_answer)?;
    if here.token != token {
        return Err(PreflightFailure::OtherHost {
            address: site.address(),
        }
        .into());
    }
    clock_agrees(unix_ms(), here.unix_ms)?;
    if here.free_bytes < NEEDED {
        let failure = PreflightFailure::Space {
            engine: site.engine.address().to_string(),
            free_mib: here.free_bytes >> 20,
        };
        return Err(failure.into());
    }
    if site.publishes {
        let question = format!("{}\n", site.published());
        send(&mut write, &question).await.map_err(no_answer)?;
        let reached: Reached = answer(&mut read, ATTEMPT).await.map_err(no_answer)?;
        if reached.token.as_deref() != Some(token) {
            return Err(PreflightFailure::Gateway {
                gateway: site.network.gateway,
                subnet: format!("{}/{}", site.network.subnet, site.network.prefix_length),
                outcome: reached.outcome,
            }
            .into());
        }
    }
    send(&mut write, &format!("{END}\n"))
        .await
        .map_err(no_answer)?;
    // It has heard that when it ends the connection; one that is let go before may take the word with it.
    let mut rest = Vec::new();
    match timeout(ATTEMPT, read.read_to_end(&mut rest)).await {
        Ok(_) => Ok(()),
        Err(_) => Err(no_answer("silence after the last word".to_owned())),
    }
}

/// The next line, or why there is none.
async fn answer<T: DeserializeOwned>(
    read: &mut BufReader<impl AsyncRead + Unpin>,
    limit: Duration,
) -> Result<T, String> {
    match timeout(limit, crate::answer::line(read)).await {
        Err(_) => Err("silence".to_owned()),
        Ok(Err(error)) => Err(with_causes(&error).to_string()),
        Ok(Ok(line)) if line.is_empty() => Err("a connection that ended".to_owned()),
        Ok(Ok(line)) => {
            serde_json::from_str(&line).map_err(|_| "an answer of somebody else".to_owned())
        }
    }
}

async fn send(write: &mut (impl AsyncWrite + Unpin), text: &str) -> Result<(), String> {
    let sent = write.write_all(text.as_bytes()).await;
    sent.map_err(|error| with_causes(&error).to_string())
}

/// Waits until the engine has told of the witness's end, and reads back what it printed.
async fn told(run: &Run, site: &Site<'_>, token: &str) -> Result<(), RunError> {
    let engine = || site.engine.address().to_string();
    let name = site.name();
    if timeout(TOLD, run.told_of_end(&name)).await.is_err() {
        return Err(PreflightFailure::Events { engine: engine() }.into());
    }
    let log = site.engine.logs(&name, None).await;
    match log {
        Ok(text) if text.contains(token) => Ok(()),
        Ok(_) => Err(PreflightFailure::Logs {
            engine: engine(),
            why: "nothing is there".to_owned(),
        }
        .into()),
        Err(error @ EngineError::Api { .. }) => Err(PreflightFailure::Logs {
            engine: engine(),
            why: with_causes(&error).to_string(),
        }
        .into()),
        Err(error) => Err(error.into()),
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Starts the container through which the nodes of a run's network are reached.
pub(in crate::run) async fn bridge_head(run: &Run, image: &str) -> Result<(), EngineError> {
    let Some(network) = run.plan.networks.first() else {
        return Ok(());
    };
    let spec = ContainerSpec {
        role: "bridge-head".to_owned(),
        entrypoint: Some(AGENT.to_owned()),
        arguments: vec!["wait".to_owned()],
        network: NetworkMode::Bridge {
            network: network.name.clone(),
            address: Ipv4Addr::from_bits(network.subnet.to_bits() + BRIDGE_HEAD),
            publish: Vec::new(),
        },
        ..ContainerSpec::idle(&run.plan.bridge_head(), image)
    };
    run.create_and_start(run.engines.common(), &spec).await
}
