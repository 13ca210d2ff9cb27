//! A client for the daemon's control port (control-spec), as small as the harness needs.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::secret::Secret;

/// How long the daemon may take to answer one command.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a control port could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The port could not be reached.
    #[error("failed to connect to {node}'s control port")]
    Connect {
        /// The node.
        node: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The daemon refused a command.
    #[error("{node} refused the control command {command}: {reply}")]
    Refused {
        /// The node.
        node: String,
        /// The command's keyword.
        command: String,
        /// The status line.
        reply: String,
    },
    /// No answer in time.
    #[error("{node} did not answer the control command {command} within {} s", REPLY_TIMEOUT.as_secs())]
    Silent {
        /// The node.
        node: String,
        /// The command's keyword.
        command: String,
    },
    /// The daemon closed the connection.
    #[error("{node} closed its control connection")]
    Closed {
        /// The node.
        node: String,
    },
}

/// An authenticated control connection.
pub struct Control {
    node: String,
    writer: OwnedWriteHalf,
    replies: mpsc::Receiver<Vec<String>>,
}

/// The asynchronous events of one connection, each the text after `650 `.
pub type Events = mpsc::UnboundedReceiver<String>;

impl Control {
    /// Connects and authenticates.
    ///
    /// # Errors
    ///
    /// [`ControlError::Connect`] while the daemon does not listen yet; the others when it does and
    /// something is wrong.
    pub async fn connect(
        node: &str,
        address: SocketAddr,
        password: &Secret,
    ) -> Result<(Self, Events), ControlError> {
        let connect_error = |source| ControlError::Connect {
            node: node.to_owned(),
            source,
        };
        let stream = TcpStream::connect(address).await.map_err(connect_error)?;
        let (reader, writer) = stream.into_split();
        let (reply_sender, replies) = mpsc::channel(4);
        let (event_sender, events) = mpsc::unbounded_channel();
        tokio::spawn(read(reader, reply_sender, event_sender));
        let mut control = Self {
            node: node.to_owned(),
            writer,
            replies,
        };
        let command = format!("AUTHENTICATE \"{}\"", password.expose());
        match control.command(&command).await {
            Ok(_) => Ok((control, events)),
            // A tunnel takes the connection before it knows that nobody listens at its far end.
            Err(ControlError::Closed { .. }) => {
                Err(connect_error(ErrorKind::ConnectionReset.into()))
            }
            Err(error) => Err(error),
        }
    }

    /// Sends one command and returns the reply's lines without their status codes.
    ///
    /// # Errors
    ///
    /// [`ControlError`] names the node and the command's keyword, never its arguments.
    pub async fn command(&mut self, line: &str) -> Result<Vec<String>, ControlError> {
        let keyword = line.split(' ').next().unwrap_or_default().to_owned();
        let closed = || ControlError::Closed {
            node: self.node.clone(),
        };
        self.writer
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .map_err(|_| closed())?;
        let reply = timeout(REPLY_TIMEOUT, self.replies.recv())
            .await
            .map_err(|_| ControlError::Silent {
                node: self.node.clone(),
                command: keyword.clone(),
            })?
            .ok_or_else(closed)?;
        let last = reply.last().cloned().unwrap_or_default();
        if !last.starts_with("250") {
            return Err(ControlError::Refused {
                node: self.node.clone(),
                command: keyword,
                reply: last,
            });
        }
        Ok(reply
            .into_iter()
            .map(|line| line.get(4..).unwrap_or_default().to_owned())
            .collect())
    }

    /// The value of one `GETINFO` key.
    ///
    /// # Errors
    ///
    /// As [`Control::command`].
    pub async fn info(&mut self, key: &str) -> Result<String, ControlError> {
        let lines = self.command(&format!("GETINFO {key}")).await?;
        let prefix = format!("{key}=");
        Ok(lines
            .iter()
            .find_map(|line| line.strip_prefix(&prefix))
            .unwrap_or_default()
            // Of a data reply, the value starts on the line after the key.
            .trim_start_matches('\n')
            .to_owned())
    }

    /// The value of one configuration option, empty when it has none.
    ///
    /// # Errors
    ///
    /// As [`Control::command`].
    pub async fn option(&mut self, name: &str) -> Result<String, ControlError> {
        let lines = self.command(&format!("GETCONF {name}")).await?;
        let value = lines.first().and_then(|line| line.split_once('='));
        Ok(value.map(|(_, value)| value.to_owned()).unwrap_or_default())
    }
}

/// Splits what the daemon sends into replies and events. A reply ends with a line whose fourth
/// character is a space; `+` starts data up to a lone dot (control-spec, section 2.3).
async fn read(
    reader: OwnedReadHalf,
    replies: mpsc::Sender<Vec<String>>,
    events: mpsc::UnboundedSender<String>,
) {
    let mut lines = BufReader::new(reader).lines();
    let mut reply = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut line = line.trim_end().to_owned();
        let separator = line.as_bytes().get(3).copied();
        if separator == Some(b'+') {
            while let Ok(Some(data)) = lines.next_line().await {
                let data = data.trim_end();
                if data == "." {
                    break;
                }
                line.push('\n');
                // A dot at the start of a data line is sent twice.
                line.push_str(data.strip_prefix('.').unwrap_or(data));
            }
        }
        if let Some(event) = line.strip_prefix("650") {
            // Continuation lines of an event carry nothing that is looked at.
            let _ = events.send(event.get(1..).unwrap_or_default().to_owned());
            continue;
        }
        reply.push(line);
        if separator == Some(b' ') && replies.send(std::mem::take(&mut reply)).await.is_err() {
            return;
        }
    }
}
