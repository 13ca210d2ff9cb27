//! `export transport`: the block of a configuration that says how peers are dialled.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::out::{Answer, Out};
use crate::environment::variable;

/// The proxy of a daemon in the connector's own network.
const PROXY: &str = "socks5h://127.0.0.1:9050";
/// The port of BTP where nothing else is said.
const BTP_PORT: u16 = 3000;

/// Arguments of `export transport`. What is not given is taken from the variable of the environment that its help
/// names.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct TransportArgs {
    /// What TRANSPORT_MODE is: direct, socks5 for a daemon that others run, managed for one that the connector runs;
    /// TRANSPORT_MODE of the environment when not given
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// With socks5 or managed: the daemon's SOCKS port; SOCKS_PROXY, else socks5h://127.0.0.1:9050
    #[arg(long, value_name = "socks5h://HOST:PORT")]
    socks_proxy: Option<String>,
    /// Where others dial this connector: ws://ADDRESS:PORT; EXTERNAL_URL. With managed it is auto when not given
    #[arg(long, value_name = "URL")]
    external_url: Option<String>,
    /// With managed: where the daemon keeps the onion service's keys, on a volume that stays; HIDDEN_SERVICE_DIR
    #[arg(long, value_name = "FOLDER")]
    hidden_service_dir: Option<String>,
    /// With managed: the onion service's port, which leads to the same port of the connector and so has to be its
    /// btpServerPort; HIDDEN_SERVICE_PORT, else BTP_SERVER_PORT, else 3000
    #[arg(long, value_name = "PORT")]
    hidden_service_port: Option<u16>,
    /// With managed: how long the connector waits for the daemon, in ms; a first publication takes 30 to 90 s
    #[arg(long, value_name = "MS", default_value_t = 90_000, value_parser = clap::value_parser!(u64).range(1..))]
    startup_timeout_ms: u64,
    /// With managed: how long it waits for the daemon to end, in ms
    #[arg(long, value_name = "MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    stop_timeout_ms: u64,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// What TRANSPORT_MODE can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Direct,
    Socks5,
    Managed,
}

/// Why there is no block.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// What is known does not make one.
    #[error("failed to make the transport block: {}", mistakes.join("; "))]
    Mistakes {
        /// Everything that is wrong.
        mistakes: Vec<String>,
    },
    /// The output cannot be written.
    #[error("failed to write the output")]
    Output(#[from] io::Error),
}

impl ExportError {
    /// The exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Mistakes { .. } => Exit::Usage,
            Self::Output(_) => Exit::Environment,
        }
    }
}

/// The block, as the connector reads it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Transport {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    socks_proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_options: Option<ManagedOptions>,
}

/// What a connector that runs its daemon is told of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ManagedOptions {
    hidden_service_dir: String,
    hidden_service_port: u16,
    startup_timeout_ms: u64,
    stop_timeout_ms: u64,
}

/// The block as a document.
#[derive(Debug, Serialize)]
struct Exported {
    transport: Transport,
}

/// Prints the block.
pub(in crate::cli) fn print(args: &TransportArgs, out: &Out) -> Result<Exit, ExportError> {
    let read = |name: &str| Some(variable(name)?.to_string_lossy().into_owned());
    let transport = transport(args, &read)?;
    if args.json {
        let answer = Answer::new("export-transport", Exit::Pass, Exported { transport });
        out.document(&answer.to_text())?;
    } else {
        write!(out.clone(), "{}", yaml(&transport))?;
    }
    Ok(Exit::Pass)
}

/// The block, or everything that keeps it from being one.
fn transport(
    args: &TransportArgs,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Transport, ExportError> {
    let mut wrong = Wrong::default();
    let mode = args.mode.or_else(|| match variable("TRANSPORT_MODE") {
        None => {
            wrong.add("no mode; give --mode direct, socks5 or managed, or set TRANSPORT_MODE");
            None
        }
        Some(word) => Mode::from_str(&word, false)
            .map_err(|_| {
                wrong.add(format!(
                    "TRANSPORT_MODE is {word:?}; set it to direct, socks5 or managed"
                ))
            })
            .ok(),
    });
    let found = match mode {
        None => None,
        Some(Mode::Direct) => Some(direct(args, &mut wrong)),
        Some(Mode::Socks5) => Some(socks5(args, variable, &mut wrong)),
        Some(Mode::Managed) => Some(managed(args, variable, &mut wrong)),
    };
    match (found, wrong.0) {
        (Some(found), mistakes) if mistakes.is_empty() => Ok(found),
        (_, mistakes) => Err(ExportError::Mistakes { mistakes }),
    }
}

#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn add(&mut self, mistake: impl Into<String>) {
        self.0.push(mistake.into());
    }
}

/// Those options that were given and are about the hidden service of a daemon that the connector runs.
fn of_hidden_service(args: &TransportArgs) -> impl Iterator<Item = &'static str> {
    given([
        ("--hidden-service-dir", args.hidden_service_dir.is_some()),
        ("--hidden-service-port", args.hidden_service_port.is_some()),
    ])
}

/// The names of those that were given.
fn given(options: [(&'static str, bool); 2]) -> impl Iterator<Item = &'static str> {
    let given = options.into_iter().filter(|(_, given)| *given);
    given.map(|(option, _)| option)
}

fn direct(args: &TransportArgs, wrong: &mut Wrong) -> Transport {
    // What is in the environment may be for another mode; an option is meant.
    for option in given([
        ("--socks-proxy", args.socks_proxy.is_some()),
        ("--external-url", args.external_url.is_some()),
    ])
    .chain(of_hidden_service(args))
    {
        wrong.add(format!(
            "{option} does nothing with a direct transport; leave it out"
        ));
    }
    Transport {
        r#type: "direct",
        socks_proxy: None,
        external_url: None,
        managed: None,
        managed_options: None,
    }
}

fn proxy(
    args: &TransportArgs,
    variable: &dyn Fn(&str) -> Option<String>,
    wrong: &mut Wrong,
) -> Option<String> {
    let given = args.socks_proxy.clone().or_else(|| variable("SOCKS_PROXY"));
    let proxy = given.unwrap_or_else(|| PROXY.to_owned());
    if !proxy.starts_with("socks5h://") {
        wrong.add("the SOCKS proxy does not begin with socks5h://, so that onion names would be asked of DNS; write socks5h://HOST:PORT");
    }
    Some(proxy)
}

fn external_url(
    args: &TransportArgs,
    variable: &dyn Fn(&str) -> Option<String>,
    wrong: &mut Wrong,
) -> Option<String> {
    let url = args
        .external_url
        .clone()
        .or_else(|| variable("EXTERNAL_URL"))?;
    let is_url = url
        .strip_prefix("ws://")
        .or_else(|| url.strip_prefix("wss://"));
    if url != "auto" && is_url.is_none_or(str::is_empty) {
        wrong.add("the external URL begins with neither ws:// nor wss://; write ws://ADDRESS:PORT of the onion service");
    }
    Some(url)
}

fn socks5(
    args: &TransportArgs,
    variable: &dyn Fn(&str) -> Option<String>,
    wrong: &mut Wrong,
) -> Transport {
    let url = external_url(args, variable, wrong);
    match url.as_deref() {
        None => wrong.add("no external URL; give --external-url ws://ADDRESS:PORT of the daemon's hostname file, or set EXTERNAL_URL"),
        Some("auto") => wrong.add("the external URL auto needs a daemon that the connector runs; write the address, or take managed"),
        Some(_) => {}
    }
    for option in of_hidden_service(args) {
        wrong.add(format!(
            "{option} is for a daemon that the connector runs; take managed, or leave it out"
        ));
    }
    Transport {
        r#type: "socks5",
        socks_proxy: proxy(args, variable, wrong),
        external_url: url,
        managed: Some(false),
        managed_options: None,
    }
}

fn managed(
    args: &TransportArgs,
    variable: &dyn Fn(&str) -> Option<String>,
    wrong: &mut Wrong,
) -> Transport {
    let directory = args
        .hidden_service_dir
        .clone()
        .or_else(|| variable("HIDDEN_SERVICE_DIR"));
    let directory = directory.unwrap_or_else(|| {
        wrong.add("no folder for the onion service's keys; give --hidden-service-dir FOLDER, or set HIDDEN_SERVICE_DIR");
        String::new()
    });
    if directory.split('/').any(|part| part == "..") {
        wrong.add("the folder of the onion service's keys has .. in it, which the connector refuses; write it without");
    }
    let named = ["HIDDEN_SERVICE_PORT", "BTP_SERVER_PORT"];
    let told = named.iter().find_map(|name| Some((name, variable(name)?)));
    let port = match (args.hidden_service_port, told) {
        (Some(port), _) => Some(port),
        (None, None) => Some(BTP_PORT),
        (None, Some((name, text))) => text.parse().ok().or_else(|| {
            wrong.add(format!("{name} is {text:?}; set it to a port, 1 to 65535"));
            None
        }),
    };
    if port == Some(0) {
        wrong.add("the onion service's port is 0; give one from 1 to 65535");
    }
    let url = external_url(args, variable, wrong);
    Transport {
        r#type: "socks5",
        socks_proxy: proxy(args, variable, wrong),
        external_url: Some(url.unwrap_or_else(|| "auto".to_owned())),
        managed: Some(true),
        managed_options: Some(ManagedOptions {
            hidden_service_dir: directory,
            hidden_service_port: port.unwrap_or_default(),
            startup_timeout_ms: args.startup_timeout_ms,
            stop_timeout_ms: args.stop_timeout_ms,
        }),
    }
}

/// The block as YAML. A text in quotes is the same in JSON and in YAML.
fn yaml(transport: &Transport) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut lines = vec![
        "transport:".to_owned(),
        format!("  type: {}", transport.r#type),
    ];
    lines.extend(
        transport
            .socks_proxy
            .iter()
            .map(|proxy| format!("  socksProxy: {}", text(proxy))),
    );
    lines.extend(
        transport
            .external_url
            .iter()
            .map(|url| format!("  externalUrl: {}", text(url))),
    );
    lines.extend(
        transport
            .managed
            .iter()
            .map(|managed| format!("  managed: {managed}")),
    );
    if let Some(options) = &transport.managed_options {
        lines.push("  managedOptions:".to_owned());
        lines.push(format!(
            "    hiddenServiceDir: {}",
            text(&options.hidden_service_dir)
        ));
        lines.push(format!(
            "    hiddenServicePort: {}",
            options.hidden_service_port
        ));
        lines.push(format!(
            "    startupTimeoutMs: {}",
            options.startup_timeout_ms
        ));
        lines.push(format!("    stopTimeoutMs: {}", options.stop_timeout_ms));
    }
    lines.join("\n") + "\n"
}
