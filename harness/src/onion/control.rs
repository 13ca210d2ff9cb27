//! A client for the daemon's control port (control-spec), as small as the harness needs.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::answer::{self, TooLong};
use crate::secret::Secret;
use crate::trace::{Party, Question, ask};

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
    /// The daemon closed the connection, or it broke.
    #[error("{node} closed its control connection")]
    Closed {
        /// The node.
        node: String,
        /// What the system said, when it broke.
        source: Option<std::io::Error>,
    },
}

/// An authenticated control connection.
pub struct Control {
    node: String,
    writer: OwnedWriteHalf,
    replies: mpsc::Receiver<std::io::Result<Vec<String>>>,
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
        let connecting = TcpStream::connect(address);
        let connected = ask(Party::Daemon, node, "take a control connection", connecting);
        let stream = connected.await.map_err(connect_error)?;
        let (reader, writer) = stream.into_split();
        let (reply_sender, replies) = mpsc::channel(4);
        let (event_sender, events) = mpsc::unbounded_channel();
        // Ends with the connection, whose end both receivers are told; why it broke, the next command
        // and the trace.
        let end = Question::new(Party::Daemon, node, "keep its control connection");
        tokio::spawn(read(reader, reply_sender, event_sender, end));
        let mut control = Self {
            node: node.to_owned(),
            writer,
            replies,
        };
        let command = format!("AUTHENTICATE \"{}\"", password.expose());
        match control.command(&command).await {
            Ok(_) => Ok((control, events)),
            // A tunnel takes the connection before it knows that nobody listens at its far end.
            Err(ControlError::Closed { source, .. }) => {
                let reset = || ErrorKind::ConnectionReset.into();
                Err(connect_error(source.unwrap_or_else(reset)))
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
        let question = Question::new(Party::Daemon, &self.node, shown(line));
        let result = self.exchange(line).await;
        match &result {
            // A refusal may quote what was sent.
            Err(ControlError::Refused { reply, .. }) => {
                let status = reply.get(..3).unwrap_or_default();
                question.answered(&format!("refused with status {status}"));
            }
            result => question.came(result),
        }
        result
    }

    async fn exchange(&mut self, line: &str) -> Result<Vec<String>, ControlError> {
        let keyword = line.split(' ').next().unwrap_or_default().to_owned();
        let closed = |source| ControlError::Closed {
            node: self.node.clone(),
            source,
        };
        self.writer
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .map_err(|error| closed(Some(error)))?;
        let reply = timeout(REPLY_TIMEOUT, self.replies.recv())
            .await
            .map_err(|_| ControlError::Silent {
                node: self.node.clone(),
                command: keyword.clone(),
            })?
            .ok_or_else(|| closed(None))?
            .map_err(|error| closed(Some(error)))?;
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

/// A command as it may be shown: the names that are asked for or set, and no value. What is set may be
/// a secret, and so may be whatever a command says that is not known here.
fn shown(line: &str) -> String {
    let mut words = line.split(' ');
    let keyword = words.next().unwrap_or_default();
    let names: Vec<&str> = match keyword {
        "GETCONF" | "SETEVENTS" => words.collect(),
        // Whose it is that is asked for, is an onion address.
        "GETINFO" => words
            .map(|word| word.split_once("/id/").map_or(word, |(key, _)| key))
            .collect(),
        "SETCONF" | "RESETCONF" => words
            .filter_map(|word| Some(word.split_once('=')?.0))
            .collect(),
        _ => Vec::new(),
    };
    [&[keyword], names.as_slice()].concat().join(" ")
}

/// Splits what the daemon sends into replies and events. A reply ends with a line whose fourth
/// character is a space; `+` starts data up to a lone dot (control-spec, section 2.3). Why the
/// connection broke is the last reply.
async fn read(
    reader: OwnedReadHalf,
    replies: mpsc::Sender<std::io::Result<Vec<String>>>,
    events: mpsc::UnboundedSender<String>,
    end: Question,
) {
    let result = split(reader, &replies, &events).await;
    end.answered(&match &result {
        Ok(()) => "closed".to_owned(),
        Err(error) => format!("broken: {error}"),
    });
    if let Err(error) = result {
        // Nobody has to know who has given the connection up.
        let _ = replies.send(Err(error)).await;
    }
}

async fn split(
    reader: OwnedReadHalf,
    replies: &mpsc::Sender<std::io::Result<Vec<String>>>,
    events: &mpsc::UnboundedSender<String>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(reader);
    let mut reply = Vec::new();
    let mut replied = 0;
    while let Some(line) = next(&mut reader).await? {
        let mut line = line.trim_end().to_owned();
        let separator = line.as_bytes().get(3).copied();
        if separator == Some(b'+') {
            while let Some(data) = next(&mut reader).await? {
                let data = data.trim_end();
                if data == "." {
                    break;
                }
                within(line.len() + data.len())?;
                line.push('\n');
                // A dot at the start of a data line is sent twice.
                line.push_str(data.strip_prefix('.').unwrap_or(data));
            }
        }
        if let Some(event) = line.strip_prefix("650") {
            // Continuation lines of an event carry nothing that is looked at. Whoever only sends
            // commands has dropped the receiver.
            let _ = events.send(event.get(1..).unwrap_or_default().to_owned());
            continue;
        }
        replied += line.len();
        within(replied)?;
        reply.push(line);
        if separator == Some(b' ') {
            replied = 0;
            if replies.send(Ok(std::mem::take(&mut reply))).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The next line, or `None` at the connection's end.
async fn next(reader: &mut BufReader<OwnedReadHalf>) -> std::io::Result<Option<String>> {
    let line = answer::line(reader).await?;
    Ok((!line.is_empty()).then_some(line))
}

/// An error for a reply of so many bytes, if that is more than one may have.
fn within(bytes: usize) -> std::io::Result<()> {
    match bytes > answer::MOST {
        true => {
            let limit = answer::MOST;
            Err(std::io::Error::new(
                ErrorKind::InvalidData,
                TooLong { limit },
            ))
        }
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_without_what_it_says() {
        for (line, expected) in [
            ("AUTHENTICATE \"s3cr3t\"", "AUTHENTICATE"),
            (
                "GETINFO status/bootstrap-phase",
                "GETINFO status/bootstrap-phase",
            ),
            ("SETEVENTS CIRC STREAM", "SETEVENTS CIRC STREAM"),
            (
                "GETINFO hs/service/desc/id/s3cr3t",
                "GETINFO hs/service/desc",
            ),
            (
                "SETCONF DisableNetwork=0 HashedControlPassword=16:s3cr3t",
                "SETCONF DisableNetwork HashedControlPassword",
            ),
            ("SETCONF s3cr3t", "SETCONF"),
            ("ADD_ONION ED25519-V3:s3cr3t Port=80", "ADD_ONION"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }
}
