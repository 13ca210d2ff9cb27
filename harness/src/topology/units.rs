//! Durations as they are shown and saved.

use std::time::Duration;

/// Writes a duration with the unit a reader expects: `0.42 ms`, `250 ms`, `10.8 s`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    if millis < 10.0 {
        format!("{millis:.2} ms")
    } else if millis < 1000.0 {
        format!("{millis:.0} ms")
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// Durations are serialized as whole milliseconds.
pub(super) mod millis {
    use std::time::Duration;

    use serde::Serializer;

    pub(in crate::topology) fn serialize<S: Serializer>(
        value: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The same of durations that may be absent.
pub(super) mod optional_millis {
    use std::time::Duration;

    use serde::Serializer;

    #[expect(clippy::ref_option, reason = "the form that serde asks for")]
    pub(in crate::topology) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => {
                serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
            }
            None => serializer.serialize_none(),
        }
    }
}

/// Writes how old something is: `40 s`, `12 min`, `3 h 5 min`.
#[must_use]
pub fn format_age(age: Duration) -> String {
    match (age.as_secs() / 3600, age.as_secs() / 60 % 60) {
        (0, 0) => format!("{} s", age.as_secs()),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_the_fitting_unit() {
        assert_eq!(format_duration(Duration::from_micros(2_346)), "2.35 ms");
        assert_eq!(format_duration(Duration::from_millis(250)), "250 ms");
        assert_eq!(format_duration(Duration::from_millis(10_840)), "10.8 s");
    }
}
