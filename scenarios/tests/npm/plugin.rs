//! A peer that is the published `ilp-plugin-btp`, run by Node.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Longest wait for something that comes within milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The running peer. It ends when this is dropped.
pub(crate) struct Plugin {
    child: Child,
    orders: ChildStdin,
    events: mpsc::UnboundedReceiver<Value>,
    /// What came while something else was awaited, in its order.
    passed: Vec<Value>,
}

impl Plugin {
    /// Starts the peer with `setup` as its first line; see `plugin.js`.
    pub(crate) fn start(setup: &Value) -> Self {
        let folder = crate::npm::install();
        let mut child = crate::npm::node(&folder, "plugin.js")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}", crate::npm::explain("node", &error)));
        let orders = child.stdin.take().expect("a pipe");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let (sender, events) = mpsc::unbounded_channel();
        // Ends with the child, whose output it reads to the end.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event =
                    serde_json::from_str::<Value>(&line).unwrap_or_else(|_| json!({"odd": line}));
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        let mut plugin = Self {
            child,
            orders,
            events,
            passed: Vec::new(),
        };
        plugin.order(setup);
        plugin
    }

    /// Starts one that waits for its peer, and returns its port as well.
    pub(crate) async fn listening(secret: &str, preimages: &[&str]) -> (Self, u16) {
        let mut plugin = Self::start(&json!({"listen": secret, "preimages": preimages}));
        let port = plugin.next("listening").await["port"].as_u64();
        let port = port.and_then(|port| u16::try_from(port).ok());
        (plugin, port.expect("a port"))
    }

    /// Writes one line to it.
    pub(crate) fn order(&mut self, order: &Value) {
        writeln!(self.orders, "{order}").expect("the peer reads");
    }

    /// The next event of that name, also if it has come already.
    pub(crate) async fn next(&mut self, name: &str) -> Value {
        if let Some(index) = self.passed.iter().position(|event| event["event"] == name) {
            return self.passed.remove(index);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, self.events.recv()).await {
                Ok(Some(event)) if event["event"] == name => return event,
                Ok(Some(event)) => self.passed.push(event),
                Ok(None) => panic!("the peer ended before {name}: {:?}", self.passed),
                Err(_) => panic!("no {name} within {PATIENCE:?}: {:?}", self.passed),
            }
        }
    }

    /// Disconnects and returns everything that happened and was not asked for.
    pub(crate) async fn end(mut self) -> Vec<Value> {
        self.order(&json!({"end": true}));
        let rest = async {
            while let Some(event) = self.events.recv().await {
                self.passed.push(event);
            }
        };
        tokio::time::timeout(PATIENCE, rest)
            .await
            .expect("the peer ends when it is told to");
        let status = self.child.wait().expect("an exit status");
        assert!(status.success(), "the peer ended with {status}");
        std::mem::take(&mut self.passed)
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        // Already gone if it was ended in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
