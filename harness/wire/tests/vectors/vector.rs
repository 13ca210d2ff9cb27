//! What a vector file says, and what follows from it for a decoder.

use std::path::Path;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::Value;

/// One captured frame.
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// What the capture's own decoder made of it. It is laxer than the connector in some places
    /// and stricter in others, so the reaction outweighs it.
    pub(crate) decoded: Value,
    reaction: Option<String>,
}

/// What a lenient decoder has to make of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// The frame is no frame.
    FrameRefused,
    /// The frame is one, and the packet in it is refused or no PREPARE.
    PacketRefused,
    /// Both are accepted.
    Accepted,
    /// The frame or the packet in it is refused.
    SomethingRefused,
    /// The capture does not tell: its decoder stopped at text that is not UTF-8, which the
    /// connector replaces in some fields and refuses in others.
    Open,
}

pub(crate) fn load(file: &Path) -> Result<Vec<Vector>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let list = value.as_array().ok_or("not a JSON array")?;
    list.iter().map(Vector::from_json).collect()
}

impl Vector {
    fn from_json(value: &Value) -> Result<Self, String> {
        let text = |key: &str| {
            value[key]
                .as_str()
                .ok_or_else(|| format!("a vector without `{key}`: {value}"))
        };
        let name = text("name")?.to_owned();
        let bytes = HEXLOWER_PERMISSIVE
            .decode(text("hex")?.as_bytes())
            .map_err(|error| format!("{name}: {error}"))?;
        let reaction = text("note")?
            .split_once("Reaction: ")
            .map(|(_, rest)| rest.split(" Same connection afterwards").next())
            .and_then(|reaction| reaction.map(str::to_owned));
        Ok(Self {
            name,
            bytes,
            decoded: value["decoded"].clone(),
            reaction,
        })
    }

    fn request_id(&self) -> Option<u32> {
        let bytes = self.bytes.get(1..5)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    }

    /// What the connector did, where the note tells and the answers name the frame's request.
    fn expected_by_reaction(&self) -> Option<Expectation> {
        let reaction = self.reaction.as_deref()?;
        let own_id = self.request_id();
        let mut own_error = false;
        let mut own_packet = false;
        let mut zero_error = false;
        for answer in reaction.split("; ") {
            let id = answer
                .split_once("rid=")
                .and_then(|(_, rest)| rest.split([' ', '.', ',']).next())
                .and_then(|id| id.parse::<u32>().ok());
            let Some(id) = id else { continue };
            let error = answer.contains("ERROR");
            if Some(id) == own_id {
                own_error |= error;
                own_packet |= answer.contains("FULFILL") || answer.contains("REJECT");
            } else if id == 0 {
                zero_error |= error;
            }
        }
        if own_packet {
            Some(Expectation::Accepted)
        } else if own_error && zero_error {
            Some(Expectation::PacketRefused)
        } else if zero_error && !reaction.contains("RESPONSE rid=") {
            Some(Expectation::FrameRefused)
        } else {
            None
        }
    }

    pub(crate) fn expectation(&self) -> Expectation {
        if let Some(expectation) = self.expected_by_reaction() {
            return expectation;
        }
        if let Some(error) = self.decoded["undecodable"].as_str() {
            return if error.contains("Unicode") {
                Expectation::Open
            } else {
                Expectation::SomethingRefused
            };
        }
        // Text instead of fields: something that is no BTP frame at all.
        if self.decoded["type"].is_null() {
            return Expectation::FrameRefused;
        }
        if !self.decoded["ilp"]["raw"].is_null() {
            return Expectation::PacketRefused;
        }
        Expectation::Accepted
    }
}
