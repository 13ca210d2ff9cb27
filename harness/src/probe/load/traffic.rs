//! The stream of packets that a load sends.

use std::time::Duration;

use wire::{Address, AddressError, Codec, EncodeError};

use crate::probe::packet::{Outgoing, Payment};

/// PREPAREs to one destination, each with a payload of its own.
///
/// A payload starts with the packet's number as eight big-endian bytes, so that no two packets of
/// a run share a condition and the receiver can tell what it got twice. Payloads shorter than
/// eight bytes keep the number's last bytes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    destination: String,
    amount: u64,
    payload: usize,
    lifetime: Duration,
}

impl Traffic {
    /// Packets of `amount` to `destination` with `payload` bytes of data, each valid for
    /// `lifetime` from when it is sent.
    ///
    /// # Errors
    ///
    /// If the destination is not an ILP address.
    pub fn new(
        destination: &str,
        amount: u64,
        payload: usize,
        lifetime: Duration,
    ) -> Result<Self, AddressError> {
        Address::new(destination)?;
        Ok(Self {
            destination: destination.to_owned(),
            amount,
            payload,
            lifetime,
        })
    }

    /// The payload of packet `number`.
    #[must_use]
    pub fn data(&self, number: u64) -> Vec<u8> {
        let mut data = vec![0; self.payload];
        let number = number.to_be_bytes();
        let length = self.payload.min(number.len());
        data[..length].copy_from_slice(&number[number.len() - length..]);
        data
    }

    /// Packet `number`, ready to be sent.
    pub(super) fn packet(&self, codec: &Codec, number: u64) -> Result<Outgoing, EncodeError> {
        let data = self.data(number);
        let destination =
            Address::new(&self.destination).map_err(|reason| EncodeError::Address {
                field: "destination",
                dialect: codec.dialect(),
                reason,
            })?;
        Outgoing::new(
            codec,
            &Payment {
                destination,
                amount: self.amount,
                data: &data,
                lifetime: self.lifetime,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_numbered() {
        let lifetime = Duration::from_secs(30);
        let long = Traffic::new("g.b", 0, 10, lifetime).unwrap();
        assert_eq!(long.data(258), [0, 0, 0, 0, 0, 0, 1, 2, 0, 0]);
        let short = Traffic::new("g.b", 0, 2, lifetime).unwrap();
        assert_eq!(short.data(258), [1, 2]);
        assert!(Traffic::new("g..b", 0, 2, lifetime).is_err());
    }
}
