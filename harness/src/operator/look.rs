//! Looking at a home: its own side, its peers, and what its logs give away.

use super::containers::Part;
use super::error::HomeError;
use super::folder::Home;
use super::ladder::{Found, Ladder};
use super::own::{Entered, Patience};
use crate::engine::Engine;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The home's own side.
    Own,
    /// That, and its peers.
    Peers,
    /// That, and what the logs give away.
    Everything,
}

impl Home {
    /// Looks at the home, each step in turn. What is looked at is told by the ladder.
    ///
    /// # Errors
    ///
    /// [`HomeError`] when the engine does not answer, or a file is missing.
    pub async fn look(
        &self,
        engine: &Engine,
        depth: Depth,
        patience: Patience,
        ladder: &mut Ladder<'_>,
    ) -> Result<(), HomeError> {
        let held = format!(
            "{} is read whole, and nobody else may read it",
            self.folder.display()
        );
        ladder.add(None, "folder", Found::holds(held));
        let entered = Box::pin(self.climb(engine, patience, ladder)).await?;
        if depth == Depth::Own {
            return Ok(());
        }
        match entered {
            Some(mut entered) => {
                self.look_at_peers(engine, &mut entered, patience, ladder)
                    .await?
            }
            None => {
                for peer in &self.peers {
                    let found = Found::unknown("not looked at before this home is up");
                    ladder.add(Some(&peer.id), "peer", found);
                }
            }
        }
        if self.peers.is_empty() {
            let told = "none yet; `ator-harness home invite` and `home accept` make some";
            ladder.add(None, "peers", Found::note(told));
        }
        if depth == Depth::Everything {
            let found = self.found(engine).await?;
            let there = |part: &Part| {
                let name = self.container(*part);
                found.containers.iter().any(|one| one.name == name)
            };
            let found = match self.parts().iter().all(there) {
                true => self.leaks(engine).await?,
                false => Found::unknown("a container is missing, and its log with it"),
            };
            ladder.add(None, "logs", found);
        }
        Ok(())
    }

    async fn look_at_peers(
        &self,
        engine: &Engine,
        entered: &mut Entered,
        patience: Patience,
        ladder: &mut Ladder<'_>,
    ) -> Result<(), HomeError> {
        for peer in &self.peers {
            Box::pin(self.climb_to(peer, engine, entered, patience, ladder)).await?;
        }
        Ok(())
    }

    /// Looks at one peer.
    ///
    /// # Errors
    ///
    /// As [`Home::look`].
    pub async fn look_at_peer(
        &self,
        peer: &str,
        engine: &Engine,
        patience: Patience,
        ladder: &mut Ladder<'_>,
    ) -> Result<(), HomeError> {
        let peer = self.peer(peer)?;
        let Some(mut entered) = Box::pin(self.climb(engine, patience, ladder)).await? else {
            return Ok(());
        };
        Box::pin(self.climb_to(peer, engine, &mut entered, patience, ladder)).await
    }

    /// Has the connector dial those peers anew that it is not connected to. Returns their ids.
    ///
    /// # Errors
    ///
    /// [`HomeError::Asked`] when the connector does not answer.
    pub async fn dial_again(&self, engine: &Engine) -> Result<Vec<String>, HomeError> {
        let ways = super::ways::Ways::open(self, engine)?;
        let control = ways.connector(self)?;
        let mut dialled = Vec::new();
        for peer in &self.peers {
            let known = control.connected(&peer.id).await?;
            if known == Some(true) {
                continue;
            }
            if known.is_some() {
                control.forget(&peer.id).await?;
            }
            control.register(&peer.dial()).await?;
            dialled.push(peer.id.clone());
        }
        Ok(dialled)
    }
}
