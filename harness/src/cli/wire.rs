//! `ator-harness wire`: BTP frames as JSON and back, for people who look at bytes.

mod decode;
mod encode;
mod json;

use std::io::{self, BufRead, Read, Write};

use clap::Subcommand;
use wire::Dialect;

use self::decode::DialectChoice;
use self::json::Converted;
use super::exit::Exit;
use super::values::parse_dialect;

/// The most that is read of a line, in bytes: more than a frame takes in hexadecimal or as JSON.
const LINE: u64 = 16 << 20;

/// Arguments of `wire`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Print BTP frames, given in hexadecimal, as one JSON object each.
    ///
    /// Exit code 0 if every frame was decoded, 1 if one was not, 2 if one is not hexadecimal.
    Decode(DecodeArgs),
    /// Print the hexadecimal form of BTP frames given as JSON in the form that `decode` prints.
    ///
    /// Exit code 0 if every frame was encoded, 1 if a dialect cannot express one, 2 if one is not
    /// such JSON.
    Encode(EncodeArgs),
}

#[derive(Debug, Clone, clap::Args)]
struct DecodeArgs {
    /// Which bytes BTP and ILP are.
    #[arg(long, value_enum, default_value_t = DialectChoice::Auto)]
    dialect: DialectChoice,
    /// Accept what peers in the field accept, not only canonical forms.
    #[arg(long)]
    lenient: bool,
    /// Frames in hexadecimal; `-` reads standard input, one frame per line.
    #[arg(required = true, value_name = "HEX", allow_hyphen_values = true)]
    frames: Vec<String>,
}

#[derive(Debug, Clone, clap::Args)]
struct EncodeArgs {
    /// Which bytes to write, whatever the JSON says; without it the JSON's own `dialect` counts,
    /// and `toon` where that is missing.
    #[arg(long, value_parser = parse_dialect)]
    dialect: Option<Dialect>,
    /// Frames as JSON; `-` reads standard input, one object per line.
    #[arg(required = true, value_name = "JSON", allow_hyphen_values = true)]
    frames: Vec<String>,
}

/// Why `wire` did not succeed. What was wrong with which frame has been printed by then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A frame could not be decoded or encoded.
    #[error("failed to convert {failed} of {total} frames")]
    Frames {
        /// How many.
        failed: usize,
        /// Of how many.
        total: usize,
    },
    /// An input is not hexadecimal, or not JSON of the right form.
    #[error("failed to read {failed} of {total} inputs")]
    Input {
        /// How many.
        failed: usize,
        /// Of how many.
        total: usize,
    },
    /// Standard input has a line that is longer than any frame's.
    #[error("failed to read a line of standard input: it is longer than {} MiB", LINE >> 20)]
    LongLine,
    /// Standard input or output broke.
    #[error("failed to read standard input or write standard output")]
    Io(#[from] io::Error),
}

impl Error {
    /// The exit code of the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Frames { .. } => Exit::Fail,
            Self::Input { .. } | Self::LongLine => Exit::Usage,
            Self::Io(_) => Exit::Environment,
        }
    }
}

/// Converts each input to one line on `output`. Inputs are the arguments, and the lines of `input`
/// where an argument is `-`; empty lines are passed over.
///
/// # Errors
///
/// An [`Error`] after all inputs have been dealt with, or at once when reading or writing fails.
pub fn run(args: &Args, input: &mut dyn BufRead, output: &mut dyn Write) -> Result<(), Error> {
    match &args.command {
        Command::Decode(args) => convert(&args.frames, input, output, |text| {
            decode::line(text, args.dialect, args.lenient)
        }),
        Command::Encode(args) => convert(&args.frames, input, output, |text| {
            encode::line(text, args.dialect)
        }),
    }
}

fn convert(
    arguments: &[String],
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    convert: impl Fn(&str) -> Converted,
) -> Result<(), Error> {
    let mut total = 0;
    let mut failed = 0;
    let mut not_input = 0;
    let mut one = |text: &str, output: &mut dyn Write| {
        total += 1;
        let line = match convert(text) {
            Converted::Line(line) => line,
            Converted::Failed(line) => {
                failed += 1;
                line
            }
            Converted::NotInput(line) => {
                not_input += 1;
                line
            }
        };
        writeln!(output, "{line}")
    };
    for argument in arguments {
        if argument != "-" {
            one(argument, output)?;
            continue;
        }
        let mut line = Vec::new();
        while (&mut *input).take(LINE).read_until(b'\n', &mut line)? > 0 {
            if line.len() as u64 == LINE {
                return Err(Error::LongLine);
            }
            // What is no text is no hexadecimal and no JSON either.
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                one(text.trim(), output)?;
            }
            line.clear();
        }
    }
    output.flush()?;
    if not_input > 0 {
        let failed = not_input;
        return Err(Error::Input { failed, total });
    }
    if failed > 0 {
        return Err(Error::Frames { failed, total });
    }
    Ok(())
}
