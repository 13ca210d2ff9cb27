//! JSON to bytes.

use data_encoding::HEXLOWER;
use serde_json::json;
use wire::{
    Address, Amount, BtpBody, BtpData, BtpError, BtpFrame, BtpType, Codec, Condition, Dialect,
    Expiry, Fulfill, Fulfillment, Mode, Packet, Prepare, ProtocolData, ProtocolEntry, Reject,
};

use super::json::{self, Converted, Frame};

/// One frame as JSON to one line of hexadecimal.
pub(super) fn line(text: &str, dialect: Option<Dialect>) -> Converted {
    let frame: Frame = match serde_json::from_str(text) {
        Ok(frame) => frame,
        Err(error) => {
            return Converted::NotInput(json!({"error": {"input": error.to_string()}}).to_string());
        }
    };
    match encode(&frame, dialect) {
        Ok(bytes) => Converted::Line(HEXLOWER.encode(&bytes)),
        Err(problem) => Converted::Failed(json!({"error": {"frame": problem}}).to_string()),
    }
}

fn encode(frame: &Frame, dialect: Option<Dialect>) -> Result<Vec<u8>, String> {
    let dialect = match (dialect, &frame.dialect) {
        (Some(dialect), _) => dialect,
        (None, Some(name)) => name
            .parse()
            .map_err(|error: wire::UnknownDialect| error.to_string())?,
        (None, None) => Dialect::Toon,
    };
    let codec = Codec::new(dialect, Mode::Strict);
    let entry_data = frame
        .protocol_data
        .iter()
        .map(|entry| {
            data(
                "protocolData",
                entry.data.as_ref(),
                entry.data_text.as_ref(),
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    let entries: Vec<_> = frame
        .protocol_data
        .iter()
        .zip(&entry_data)
        .map(|(entry, data)| ProtocolEntry::new(&entry.protocol_name, entry.content_type, data))
        .collect();
    let protocol_data = ProtocolData::new(&entries);
    let own_data = data("data", frame.data.as_ref(), frame.data_text.as_ref())?;
    let ilp = match &frame.ilp {
        Some(packet) => encode_packet(packet, &codec)?,
        None => Vec::new(),
    };
    let body = if frame.kind == "ERROR" {
        if frame.ilp.is_some() {
            return Err("an ERROR carries no `ilp`".to_owned());
        }
        BtpBody::Error(BtpError {
            code: required("code", frame.code.as_ref())?.into(),
            name: required("name", frame.name.as_ref())?.into(),
            triggered_at: required("triggeredAt", frame.triggered_at.as_ref())?.into(),
            data: &own_data,
            protocol_data,
        })
    } else {
        let kind = (1..=7)
            .filter_map(BtpType::from_code)
            .find(|kind| kind.name() == frame.kind)
            .ok_or_else(|| format!("`{}` is no BTP type", frame.kind))?;
        BtpBody::Data(BtpData {
            kind,
            amount: frame.amount.unwrap_or(0),
            protocol_data,
            ilp: &ilp,
        })
    };
    let mut bytes = Vec::new();
    codec
        .encode_frame(
            &BtpFrame {
                request_id: frame.request_id,
                body,
            },
            &mut bytes,
        )
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn encode_packet(packet: &json::Packet, codec: &Codec) -> Result<Vec<u8>, String> {
    if let Some(hex) = &packet.hex {
        return json::from_hex(hex).map_err(|problem| format!("`hex` of `ilp`: {problem}"));
    }
    let data = data("data", packet.data.as_ref(), packet.data_text.as_ref())?;
    let amount_bytes;
    let value = match required("type", packet.kind.as_ref())? {
        "PREPARE" => {
            amount_bytes = decimal(required("amount", packet.amount.as_ref())?)?;
            Packet::Prepare(Prepare {
                amount: Amount::from_be_bytes(&amount_bytes)
                    .ok_or("`amount` has more than 127 bytes")?,
                expires_at: required("expiresAt", packet.expires_at.as_ref())?
                    .parse::<Expiry>()
                    .map_err(|error| format!("`expiresAt`: {error}"))?,
                condition: Condition(hash(
                    "executionCondition",
                    packet.execution_condition.as_ref(),
                )?),
                destination: Address::new(required("destination", packet.destination.as_ref())?)
                    .map_err(|error| format!("`destination`: {error}"))?,
                data: &data,
            })
        }
        "FULFILL" => Packet::Fulfill(Fulfill {
            fulfillment: Fulfillment(hash("fulfillment", packet.fulfillment.as_ref())?),
            data: &data,
        }),
        "REJECT" => Packet::Reject(Reject {
            code: required("code", packet.code.as_ref())?
                .parse()
                .map_err(|error| format!("`code`: {error}"))?,
            triggered_by: match packet.triggered_by.as_deref() {
                None | Some("") => None,
                Some(address) => {
                    Some(Address::new(address).map_err(|error| format!("`triggeredBy`: {error}"))?)
                }
            },
            message: packet.message.as_deref().unwrap_or_default().into(),
            data: &data,
        }),
        other => return Err(format!("`{other}` is no ILP packet type")),
    };
    let mut bytes = Vec::new();
    codec
        .encode_packet(&value, &mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn required<'a>(field: &str, value: Option<&'a String>) -> Result<&'a str, String> {
    value
        .map(String::as_str)
        .ok_or_else(|| format!("`{field}` is missing"))
}

fn data(field: &str, hex: Option<&String>, text: Option<&String>) -> Result<Vec<u8>, String> {
    match (hex, text) {
        (Some(hex), _) => json::from_hex(hex).map_err(|problem| format!("`{field}`: {problem}")),
        (None, Some(text)) => Ok(text.clone().into_bytes()),
        (None, None) => Ok(Vec::new()),
    }
}

fn hash(field: &str, hex: Option<&String>) -> Result<[u8; 32], String> {
    let bytes =
        json::from_hex(required(field, hex)?).map_err(|problem| format!("`{field}`: {problem}"))?;
    bytes
        .try_into()
        .map_err(|_| format!("`{field}` is not 32 bytes long"))
}

/// A decimal number of any length as big-endian bytes.
fn decimal(text: &str) -> Result<Vec<u8>, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`amount`: `{text}` is not a decimal number"));
    }
    // 127 bytes have 306 digits. More would only keep the long multiplication busy.
    if text.len() > 306 {
        return Err("`amount` has more than 306 digits".to_owned());
    }
    let mut bytes: Vec<u8> = Vec::new();
    for digit in text.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in bytes.iter_mut().rev() {
            let value = u16::from(*byte) * 10 + carry;
            *byte = (value & 0xFF) as u8;
            carry = value >> 8;
        }
        if carry > 0 {
            bytes.insert(0, carry as u8);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimal_numbers_of_any_length() {
        assert_eq!(decimal("0").unwrap(), [0u8; 0]);
        assert_eq!(decimal("255").unwrap(), [255]);
        assert_eq!(decimal("256").unwrap(), [1, 0]);
        assert_eq!(
            decimal("4722366482869645213696").unwrap(),
            [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        );
        assert!(decimal("-1").is_err());
        assert!(decimal("").is_err());
        assert!(decimal(&"9".repeat(400)).is_err());
    }
}
