//! Values of options that several subcommands take.

use wire::Dialect;

use crate::onion::TldFamily;
use crate::run::NetworkChoice;

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
