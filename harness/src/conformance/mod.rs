//! One table of cases that any BTP connector can be held against.
//!
//! A [`Row`] says what is sent and what has to come. The expectations of the `toon` table are those
//! of the observed contract; where the contract describes a defect of the original, the row expects
//! the right behaviour and knows the defect, so that a connector which has it is told so instead of
//! being failed for being faithful. The `rfc` table asks for what the RFCs say, and knows the same
//! way where the plugin that the Interledger project published departs from them.
//!
//! A row may need something that only the other side's owner can arrange ([`Need`]). Without it the
//! row is *unsupported*, which is not a pass.

mod build;
mod execute;
mod fence;
mod forwarding;
mod keeper;
mod legs;
mod refusal;
mod report;
mod seen;
mod shutdown;
mod socket;
mod subject;
mod table;
mod watch;

pub use execute::{bystander, observe_give_up, run_row};
pub use keeper::Keeper;
pub use report::{RowReport, Summary, Verdict, summarise};
pub use seen::Seen;
pub use subject::{Account, NotReachable, Subject};
pub use table::{Defect, Expected, Need, Row, Setup, known_defects, table};
pub use watch::Watch;
