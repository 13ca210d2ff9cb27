//! Rows for connectors that speak RFC-0023 and RFC-0027 in the encoding of RFC-0030.
//!
//! Only what these say is asked for. Where they leave a choice, for instance between an ERROR and a
//! RESPONSE with a REJECT, either will do; what they leave open, such as how long a server waits
//! for the authentication, is not asked. Where `ilp-plugin-btp` 1.5.0, which the Interledger project
//! published, departs from what they demand, that is a defect, and rows know it by name.

pub(super) mod handshake;
pub(super) mod messages;
pub(super) mod packets;
pub(super) mod times;
