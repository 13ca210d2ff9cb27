//! What was asked of engines, onion daemons and connectors, how long each answer took and what it was.
//!
//! A question is told when it is answered, or when nobody waits for it any more. It is put into words by
//! whoever asks, without anything secret: the keyword of a control command, the path of a request. Two
//! readers take the words in: standard error, as far as the user asks for it, and a bounded memory, from
//! which a run that did not pass keeps its part.

mod memory;
mod question;
mod subscriber;
#[cfg(test)]
mod tests;

pub use memory::{Mark, mark, since};
pub(crate) use question::{Party, Question, ask};
pub use subscriber::{FilterError, install, redact_by};
#[cfg(test)]
pub(crate) use tests::told_by;
