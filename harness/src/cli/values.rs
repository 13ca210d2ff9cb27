//! Values of options that several subcommands take.

use wire::Dialect;

use crate::onion::TldFamily;

/// Takes the name of a TLD family, and names all of them in the help.
pub(super) fn family_parser() -> impl clap::builder::TypedValueParser<Value = TldFamily> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(TldFamily::ALL.map(TldFamily::tld))
        .try_map(|name| name.parse::<TldFamily>())
}

/// Takes the name of a dialect.
pub(super) fn parse_dialect(text: &str) -> Result<Dialect, String> {
    text.parse()
        .map_err(|error: wire::UnknownDialect| error.to_string())
}
