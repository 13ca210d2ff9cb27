//! Values of options that several subcommands take.

use wire::Dialect;

use crate::connectors::image_name;
use crate::onion::TldFamily;
use crate::run::{Amounts, NetworkChoice};
use crate::suggest::did_you_mean;
use crate::topology::{FAULTS, NamedFault};

/// Takes the name of a TLD family, and names all of them in the help.
pub(super) fn family_parser() -> impl clap::builder::TypedValueParser<Value = TldFamily> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(TldFamily::ALL.map(TldFamily::tld))
        .try_map(|name| name.parse::<TldFamily>())
}

/// Takes the name of a choice of network, and names all of them in the help.
pub(super) fn network_parser() -> impl clap::builder::TypedValueParser<Value = NetworkChoice> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(NetworkChoice::ALL.map(NetworkChoice::name)).map(
        |name| {
            let mut all = NetworkChoice::ALL.into_iter();
            all.find(|choice| choice.name() == name).unwrap_or_default()
        },
    )
}

/// Takes the name of a dialect.
pub(super) fn parse_dialect(text: &str) -> Result<Dialect, String> {
    text.parse()
        .map_err(|error: wire::UnknownDialect| error.to_string())
}

/// Takes a choice of amounts.
pub(super) fn amounts_parser() -> impl clap::builder::TypedValueParser<Value = Amounts> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(["all", "zero"]).map(|name| match &*name {
        "zero" => Amounts::Zero,
        _ => Amounts::All,
    })
}

/// Takes a fault of the catalogue by its name.
pub(super) fn fault(text: &str) -> Result<&'static NamedFault, String> {
    NamedFault::find(text).ok_or_else(|| {
        let names = FAULTS.iter().map(|fault| fault.name);
        let known: Vec<&str> = names.clone().collect();
        let meant = did_you_mean(text, names);
        format!("is no fault; use one of {}{meant}", known.join(", "))
    })
}

/// Takes the name of an image.
pub(super) fn image(text: &str) -> Result<String, String> {
    image_name(text).map(|()| text.to_owned())
}

/// Takes an amount of memory, in bytes.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    let (number, unit) = match (text.strip_suffix("MiB"), text.strip_suffix("GiB")) {
        (Some(number), _) => (number, 1 << 20),
        (_, Some(number)) => (number, 1 << 30),
        _ => return Err("write it with its unit, such as 512MiB or 1GiB".to_owned()),
    };
    let bytes = number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    bytes
        .filter(|bytes| (LEAST_MEMORY..=MOST_MEMORY).contains(bytes))
        .ok_or_else(|| "expected a whole number from 16MiB to 1024GiB".to_owned())
}

/// Less than this no engine gives a container in which anything runs.
const LEAST_MEMORY: u64 = 16 << 20;
/// More than this no machine has, and an engine takes it for something else.
const MOST_MEMORY: u64 = 1024 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_a_unit() {
        assert_eq!(memory("512MiB"), Ok(512 << 20));
        assert_eq!(memory("2GiB"), Ok(2 << 30));
        for wrong in [
            "512",
            "512MB",
            "-1GiB",
            "1MiB",
            "1025GiB",
            "8589934592GiB",
            "99999999999999999999GiB",
            "",
        ] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }
}
