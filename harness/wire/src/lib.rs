//! BTP frames and ILP packets as bytes, in two dialects, with one model for both.
//!
//! - [`Dialect::Toon`] is what the TOON connector speaks (contract#dialect-toon).
//! - [`Dialect::Rfc`] is RFC-0023 (BTP 2.0) carrying RFC-0027 (ILPv4) in RFC-0030 encoding.
//!
//! A [`Codec`] is a dialect and a [`Mode`]. Decoding borrows from the input and allocates
//! nothing; encoding always produces the canonical form, which the strict decoder of the same
//! dialect accepts, or fails and leaves the output as it was.
//!
//! ```
//! use toon_wire::{BtpFrame, Codec, Dialect, Mode};
//!
//! let codec = Codec::new(Dialect::Toon, Mode::Lenient);
//! let mut bytes = Vec::new();
//! codec.encode_frame(&BtpFrame::response_empty(7), &mut bytes)?;
//! assert_eq!(bytes, [1, 0, 0, 0, 7, 0, 0, 0, 0, 0]);
//! assert_eq!(codec.decode_frame(&bytes)?.request_id, 7);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! There is no input or output here, and nothing asynchronous.

mod address;
mod amount;
pub mod auth;
mod calendar;
mod codec;
mod condition;
mod dialect;
mod error;
mod expiry;
mod frame;
mod packet;
mod protocol_data;
mod reader;
mod rfc;
mod text;
mod toon;
mod writer;

pub use address::{Address, AddressError};
pub use amount::Amount;
pub use codec::Codec;
pub use condition::{Condition, Fulfillment};
pub use dialect::{Dialect, Mode, UnknownDialect};
pub use error::{DecodeError, EncodeError, Expected};
pub use expiry::{Expiry, ParseExpiryError};
pub use frame::{BtpBody, BtpData, BtpError, BtpFrame, BtpType};
pub use packet::{Fulfill, Packet, Prepare, Reject, RejectCode, RejectCodeError};
pub use protocol_data::{ProtocolData, ProtocolDataIter, ProtocolEntry};
pub use text::Text;
