//! Running the table against a connector that may not survive it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::build;
use super::execute::{bystander, run_row};
use super::keeper::Keeper;
use super::report::RowReport;
use super::shutdown;
use super::subject::{NotReachable, Subject};
use super::table::{Need, Row};
use crate::causes::with_causes;
use crate::probe::{Incoming, Session};

/// How often the connector is dialled before it counts as gone. One dial that fails may be the way's
/// fault.
const DIALS: usize = 3;

/// The pause between two such dials, and between two looks whether it is back.
const PAUSE: Duration = Duration::from_millis(300);

/// What a new connection is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Footing {
    /// A WebSocket; the peer is not let in, or not served.
    Upgraded,
    /// An authentication that is accepted, and a packet that is answered.
    Served,
}

/// A connector that is watched while rows are run.
pub struct Watch<'a> {
    subject: Subject,
    keeper: Option<&'a dyn Keeper>,
    /// How long it is waited for when it is gone and nobody keeps it.
    patience: Duration,
    footing: Footing,
    bystander: Option<Session>,
    /// The row after which it did not come back.
    gone_since: Option<String>,
}

impl<'a> Watch<'a> {
    /// Dials the connector for the first time.
    ///
    /// # Errors
    ///
    /// If it cannot be reached: then nothing was done to it yet.
    pub async fn start(
        subject: Subject,
        keeper: Option<&'a dyn Keeper>,
        patience: Duration,
    ) -> Result<Self, NotReachable> {
        dial(&subject, Footing::Upgraded).await?;
        let footing = match dial(&subject, Footing::Served).await {
            Ok(()) => Footing::Served,
            // That the peer is not let in is what the table is there to find out.
            Err(_) => Footing::Upgraded,
        };
        let bystander = Box::pin(bystander(&subject)).await?;
        Ok(Self {
            subject,
            keeper,
            patience,
            footing,
            bystander,
            gone_since: None,
        })
    }

    /// Whether another connection has to be served after each row.
    #[must_use]
    pub fn watches_others(&self) -> bool {
        self.bystander.is_some()
    }

    /// Runs the rows and adds their reports, one for each row; what was added stays if this is dropped.
    /// `set_up` says that the connector was set up for exactly these rows.
    ///
    /// # Errors
    ///
    /// If the connector cannot be reached before the first row has done anything to it.
    pub async fn run(
        &mut self,
        rows: &[Row],
        set_up: bool,
        reports: &mut Vec<RowReport>,
    ) -> Result<(), NotReachable> {
        let mut last_run = None;
        for (place, row) in rows.iter().enumerate() {
            if let (Need::Keeper, Some(keeper)) = (row.need, self.keeper) {
                reports.push(Box::pin(shutdown::row(row, &self.subject, keeper)).await);
                // What the row has done it was to do.
                if place + 1 < rows.len() {
                    self.start_again(keeper, &row.id).await;
                }
                continue;
            }
            if !self.subject.meets(row.need, set_up) {
                reports.push(RowReport::unsupported(row));
                continue;
            }
            let mut report = self.row(row, set_up).await;
            if report.is_err()
                && let Some(how) = self.gone().await
            {
                // It was there after the row before, and this one has done nothing yet.
                let Some(at) = last_run else {
                    report?;
                    continue;
                };
                self.recover(&mut reports[at], &how).await;
                report = self.row(row, set_up).await;
            }
            if let Some(since) = &self.gone_since {
                reports.push(gone(row, since));
                continue;
            }
            let report = match report {
                Ok(report) => report,
                // It is there again for now: once more, and then it is an answer of its own.
                Err(_) => match self.row(row, set_up).await {
                    Ok(report) => report,
                    Err(error) => RowReport::not_judged(row, with_causes(&error).to_string()),
                },
            };
            last_run = Some(reports.len());
            reports.push(report);
            if let Some(how) = self.gone().await {
                let at = reports.len() - 1;
                self.recover(&mut reports[at], &how).await;
            } else if self
                .bystander
                .as_ref()
                .is_some_and(|session| session.end().is_some())
            {
                self.bystander = self.another_bystander().await;
            }
        }
        Ok(())
    }

    /// One row, unless the connector is gone for good.
    async fn row(&self, row: &Row, set_up: bool) -> Result<RowReport, NotReachable> {
        match &self.gone_since {
            Some(since) => Ok(gone(row, since)),
            None => {
                let bystander = self.bystander.as_ref();
                Box::pin(run_row(row, &self.subject, bystander, set_up)).await
            }
        }
    }

    /// How the connector shows that it is gone or silent, to several dials in a row.
    async fn gone(&self) -> Option<String> {
        let mut last = None;
        for attempt in 0..DIALS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            match Box::pin(dial(&self.subject, self.footing)).await {
                // An engine gives the address of one that has ended to the next container, which may serve whoever comes.
                // An engine that does not say is asked again after the next row; meanwhile what answers counts as there.
                Ok(()) => return self.keeper?.fate().await.unwrap_or_default(),
                Err(error) => last = Some(with_causes(&error).to_string()),
            }
        }
        last
    }

    /// Blames a row, and waits until the connector is back or starts it again.
    async fn recover(&mut self, blamed: &mut RowReport, how: &str) {
        let mut how = how.to_owned();
        let back = match self.keeper {
            Some(keeper) => {
                match keeper.fate().await {
                    Ok(Some(fate)) => how = fate,
                    Ok(None) => {}
                    Err(why) => {
                        let _ = write!(how, "; what became of it is not known: {why}");
                    }
                }
                match keeper.start_again(&mut self.subject).await {
                    Ok(()) => Ok("started again".to_owned()),
                    Err(why) => Err(format!("not started again: {why}")),
                }
            }
            None => self.wait().await,
        };
        let after = match &back {
            Ok(after) | Err(after) => after,
        };
        *blamed = blamed.clone().killed(&format!("{how}; {after}"));
        match back {
            Ok(_) => self.bystander = self.another_bystander().await,
            Err(_) => {
                self.bystander = None;
                self.gone_since = Some(blamed.id.clone());
            }
        }
    }

    /// Starts a connector again that was told to end.
    async fn start_again(&mut self, keeper: &dyn Keeper, row: &str) {
        match keeper.start_again(&mut self.subject).await {
            Ok(()) => self.bystander = self.another_bystander().await,
            Err(_) => {
                self.bystander = None;
                self.gone_since = Some(row.to_owned());
            }
        }
    }

    /// Waits until it is back of itself.
    async fn wait(&self) -> Result<String, String> {
        let started = Instant::now();
        while started.elapsed() < self.patience {
            if Box::pin(dial(&self.subject, self.footing)).await.is_ok() {
                let took = started.elapsed().as_secs_f64();
                return Ok(format!("back after {took:.1} s"));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(format!("not back within {} s", self.patience.as_secs()))
    }

    /// Another session to watch. Without one the rows go on unwatched: what a dial has to say is said
    /// after the next row.
    async fn another_bystander(&self) -> Option<Session> {
        Box::pin(bystander(&self.subject)).await.unwrap_or_default()
    }
}

fn gone(row: &Row, since: &str) -> RowReport {
    RowReport::not_judged(row, format!("the connector is gone since {since}"))
}

/// A new connection, and whether it is good for as much as connections were at the start.
async fn dial(subject: &Subject, footing: Footing) -> Result<(), NotReachable> {
    let socket = match footing {
        Footing::Upgraded => subject.socket().await?,
        Footing::Served => {
            let mut socket = subject.admitted().await?;
            // A failed write shows itself when the answer is read.
            let _ = socket
                .send(build::message_nowhere(&subject.codec(), build::ROW_ID))
                .await;
            match socket.next(subject.limit).await {
                Some(Incoming::Binary(_)) => socket,
                Some(Incoming::Ended(end)) => {
                    return Err(NotReachable::Silent {
                        how: end.to_string(),
                    });
                }
                Some(Incoming::Text(_)) | None => {
                    return Err(NotReachable::Silent {
                        how: "no answer".to_owned(),
                    });
                }
            }
        }
    };
    socket.close(subject.limit).await;
    Ok(())
}
