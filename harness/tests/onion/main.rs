//! Keys that the daemons take, and a control port that may say anything.

mod authority;
mod control;
