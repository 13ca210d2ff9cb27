//! Durations with their units, as a person writes them.

use std::time::Duration;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The number has no unit, so nobody can tell what it means.
    #[error("{0:?} has no unit; write \"{0}ms\", \"{0}s\", \"{0}m\" or \"{0}h\"")]
    NoUnit(String),
    /// The unit is not one of ours.
    #[error("{0:?} has an unknown unit {1:?}; use ms, s, m or h")]
    UnknownUnit(String, String),
    /// There is no number, or not one that fits.
    #[error("{0:?} is not a duration; write a number and a unit, as in \"250ms\"")]
    NotANumber(String),
}

/// Reads a duration such as `250ms`, `1.5 s`, `2m` or `1h`.
///
/// # Errors
///
/// [`DurationError`] names what is missing: the unit, or the number.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let trimmed = text.trim();
    let split = trimmed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = (&trimmed[..split], trimmed[split..].trim());
    let value: f64 = number
        .parse()
        .map_err(|_| DurationError::NotANumber(trimmed.to_owned()))?;
    let seconds = match unit {
        "" => return Err(DurationError::NoUnit(trimmed.to_owned())),
        "ms" => value / 1000.0,
        "s" => value,
        "m" => value * 60.0,
        "h" => value * 3600.0,
        other => {
            return Err(DurationError::UnknownUnit(
                trimmed.to_owned(),
                other.to_owned(),
            ));
        }
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| DurationError::NotANumber(trimmed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            parse_duration("250"),
            Err(DurationError::NoUnit("250".into()))
        );
        assert_eq!(
            parse_duration("2d"),
            Err(DurationError::UnknownUnit("2d".into(), "d".into()))
        );
        assert_eq!(
            parse_duration("fast"),
            Err(DurationError::NotANumber("fast".into()))
        );
    }
}
