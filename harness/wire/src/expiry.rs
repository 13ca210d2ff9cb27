//! When a packet expires, to the millisecond, in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::calendar::{
    Civil, civil_from_days, days_from_civil, days_in_month, match_layout, render,
};

/// An instant with millisecond precision, in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry {
    unix_millis: i64,
}

const DAY_MS: i64 = 86_400_000;

/// The layout in which a PREPARE of the `toon` dialect says a time (contract#ilp-packet).
pub(crate) const TOON: &[u8; 19] = b"yyyyMMddHHmmss.fffZ";

/// What [`Expiry::from_generalized_time`] reads, for errors.
pub(crate) const GENERALIZED: &str = "YYYYMMDDHHmmss[.fff]Z without trailing zeros";

impl Expiry {
    /// The first instant that both dialects can carry, `0100-01-01T00:00:00.000Z`.
    ///
    /// JavaScript takes the years 0 to 99 for 1900 to 1999, so peers would read another instant.
    pub const MIN_ENCODABLE: Self = Self::from_unix_millis(-59_011_459_200_000);

    /// The last instant that fits four digits of year, `9999-12-31T23:59:59.999Z`.
    pub const MAX_ENCODABLE: Self = Self::from_unix_millis(253_402_300_799_999);

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn from_unix_millis(unix_millis: i64) -> Self {
        Self { unix_millis }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_millis(self) -> i64 {
        self.unix_millis
    }

    /// This much earlier; stops at the earliest instant that can be held.
    #[must_use]
    pub const fn minus_millis(self, millis: u64) -> Self {
        Self::from_unix_millis(self.unix_millis.saturating_sub_unsigned(millis))
    }

    /// This much later; stops at the latest instant that can be held.
    #[must_use]
    pub const fn plus_millis(self, millis: u64) -> Self {
        Self::from_unix_millis(self.unix_millis.saturating_add_unsigned(millis))
    }

    /// Milliseconds from `now` to here; negative when it has passed.
    pub const fn millis_after(self, now: Self) -> i64 {
        self.unix_millis.saturating_sub(now.unix_millis)
    }

    /// Whether a time of either dialect can say this instant.
    pub const fn is_encodable(self) -> bool {
        self.unix_millis >= Self::MIN_ENCODABLE.unix_millis
            && self.unix_millis <= Self::MAX_ENCODABLE.unix_millis
    }

    /// As a system time, if the platform's clock reaches that far.
    pub fn to_system_time(self) -> Option<SystemTime> {
        let distance = Duration::from_millis(self.unix_millis.unsigned_abs());
        if self.unix_millis < 0 {
            UNIX_EPOCH.checked_sub(distance)
        } else {
            UNIX_EPOCH.checked_add(distance)
        }
    }

    /// The text that a PREPARE of the `toon` dialect carries, always of 19 characters:
    /// `20261122093142.600Z`.
    pub fn to_toon_time(self) -> String {
        self.to_toon_bytes().map(char::from).iter().collect()
    }

    /// The inverse of [`to_toon_time`](Self::to_toon_time), for the years 100 to 9999 and times
    /// that exist.
    pub fn from_toon_time(text: &[u8]) -> Option<Self> {
        Self::from_civil_exact(&match_layout(text, TOON)?)
    }

    pub(crate) fn to_toon_bytes(self) -> [u8; 19] {
        render(self.to_civil(), TOON)
    }

    /// The text that an ERROR of the `rfc` dialect carries: `20261122093142.64Z`, or
    /// `20261122093142Z` where the milliseconds are 0 (RFC-0030, variable-length timestamps).
    pub fn to_generalized_time(self) -> String {
        let text = self.to_toon_time();
        // The zeros of the seconds are not trailing ones: the period ends the search.
        let text = text.trim_end_matches('Z').trim_end_matches('0');
        format!("{}Z", text.trim_end_matches('.'))
    }

    /// Reads what [`to_generalized_time`](Self::to_generalized_time) writes, for the years 100 to
    /// 9999 and times that exist, and nothing else: there is one text for each instant.
    ///
    /// Only leap seconds, which this type cannot hold, come twice: second 60 of a month's last minute
    /// is taken for the second after it, as clocks that count seconds since 1970 do.
    pub fn from_generalized_time(text: &[u8]) -> Option<Self> {
        let (layout, scale): (&[u8], i64) = match text.len() {
            15 => (b"yyyyMMddHHmmssZ", 0),
            17 => (b"yyyyMMddHHmmss.fZ", 100),
            18 => (b"yyyyMMddHHmmss.ffZ", 10),
            19 => (TOON, 1),
            _ => return None,
        };
        let mut civil = match_layout(text, layout)?;
        if scale > 0 && civil.millisecond % 10 == 0 {
            return None;
        }
        civil.millisecond *= scale;
        let last_minute = civil.day == days_in_month(civil.year, civil.month)
            && (civil.hour, civil.minute) == (23, 59);
        if !last_minute || civil.second != 60 {
            return Self::from_civil_exact(&civil);
        }
        civil.second = 59;
        let after = Self::from_civil_exact(&civil)?.plus_millis(1_000);
        after.is_encodable().then_some(after)
    }

    /// The fields of the calendar.
    pub(crate) fn to_civil(self) -> Civil {
        let days = self.unix_millis.div_euclid(DAY_MS);
        let in_day = self.unix_millis.rem_euclid(DAY_MS);
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: in_day / 3_600_000,
            minute: in_day / 60_000 % 60,
            second: in_day / 1_000 % 60,
            millisecond: in_day % 1_000,
        }
    }

    /// From fields that may be out of range, each carried over into the next: month 13 is
    /// January of the next year. Years 0 to 99 mean 1900 to 1999. That is what JavaScript's
    /// `Date.UTC` makes of such fields, and with it the TOON connector (contract#ilp-time).
    pub(crate) fn from_civil_rolling(civil: &Civil) -> Self {
        let year = if (0..100).contains(&civil.year) {
            civil.year + 1900
        } else {
            civil.year
        };
        let months = year * 12 + civil.month - 1;
        let days =
            days_from_civil(months.div_euclid(12), months.rem_euclid(12) + 1, 1) + civil.day - 1;
        let unix_millis = days * DAY_MS
            + civil.hour * 3_600_000
            + civil.minute * 60_000
            + civil.second * 1_000
            + civil.millisecond;
        Self { unix_millis }
    }

    /// From fields that must all be in range, in a year that can be encoded.
    pub(crate) fn from_civil_exact(civil: &Civil) -> Option<Self> {
        let exists = (100..=9999).contains(&civil.year)
            && (1..=12).contains(&civil.month)
            && civil.day >= 1
            && civil.day <= days_in_month(civil.year, civil.month)
            && (0..24).contains(&civil.hour)
            && (0..60).contains(&civil.minute)
            && (0..60).contains(&civil.second)
            && (0..1000).contains(&civil.millisecond);
        exists.then(|| Self::from_civil_rolling(civil))
    }
}

impl From<SystemTime> for Expiry {
    /// Rounded down to the millisecond.
    fn from(time: SystemTime) -> Self {
        let unix_millis = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => {
                let nanos = before.duration().as_nanos();
                i64::try_from(nanos.div_ceil(1_000_000)).map_or(i64::MIN, |millis| -millis)
            }
        };
        Self { unix_millis }
    }
}

impl fmt::Display for Expiry {
    /// ISO 8601 with milliseconds, `2026-11-22T09:31:42.642Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.to_civil();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            civil.year,
            civil.month,
            civil.day,
            civil.hour,
            civil.minute,
            civil.second,
            civil.millisecond
        )
    }
}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no time like `2026-11-22T09:31:42.642Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time like 2026-11-22T09:31:42.642Z")]
pub struct ParseExpiryError;

impl FromStr for Expiry {
    type Err = ParseExpiryError;

    /// Reads exactly what [`Display`](fmt::Display) writes, for the years 100 to 9999.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let civil = match_layout(text.as_bytes(), b"yyyy-MM-ddTHH:mm:ss.fffZ");
        civil
            .and_then(|civil| Self::from_civil_exact(&civil))
            .ok_or(ParseExpiryError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_milliseconds_agree() {
        let expiry: Expiry = "2026-11-22T09:31:42.642Z".parse().unwrap();
        assert_eq!(expiry.unix_millis(), 1_795_339_902_642);
        assert_eq!(expiry.to_string(), "2026-11-22T09:31:42.642Z");
        assert_eq!(
            Expiry::MIN_ENCODABLE.to_string(),
            "0100-01-01T00:00:00.000Z"
        );
        assert_eq!(
            Expiry::MAX_ENCODABLE.to_string(),
            "9999-12-31T23:59:59.999Z"
        );
        for bad in ["2026-11-22T09:31:42Z", "2026-02-29T00:00:00.000Z", ""] {
            assert_eq!(bad.parse::<Expiry>(), Err(ParseExpiryError), "{bad}");
        }
    }

    /// The examples of RFC-0030 (variable-length timestamps), and what is beside them.
    #[test]
    fn a_generalized_time_has_one_text() {
        for (iso, text) in [
            ("2017-12-24T16:14:32.279Z", "20171224161432.279Z"),
            ("2017-12-24T16:14:32.270Z", "20171224161432.27Z"),
            ("2017-12-24T16:14:32.200Z", "20171224161432.2Z"),
            ("2017-12-24T16:14:32.020Z", "20171224161432.02Z"),
            ("2017-12-24T16:14:32.002Z", "20171224161432.002Z"),
            ("2017-12-24T16:14:32.000Z", "20171224161432Z"),
            ("2017-12-24T16:14:30.000Z", "20171224161430Z"),
            ("2017-12-25T00:00:00.000Z", "20171225000000Z"),
            ("9999-12-24T16:14:32.279Z", "99991224161432.279Z"),
        ] {
            let expiry: Expiry = iso.parse().unwrap();
            assert_eq!(expiry.to_generalized_time(), text);
            assert_eq!(
                Expiry::from_generalized_time(text.as_bytes()),
                Some(expiry),
                "{text}"
            );
        }
        for bad in [
            "20171224235312.431+0200",
            "20171224215312.4318Z",
            "20171224161432,279Z",
            "20171324161432.279Z",
            "20171224230000.20Z",
            "20171224230000.200Z",
            "20171224230000.0Z",
            "20171224230000.Z",
            "20171224240000Z",
            "2017122421531Z",
            "201712242153Z",
            "2017122421Z",
            "20171224161432",
            "20171224161432.279",
            "+0171224161432Z",
            "00501224161432Z",
            "",
        ] {
            assert_eq!(Expiry::from_generalized_time(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_leap_second_is_the_last_of_a_month() {
        let read = |text: &str| {
            Expiry::from_generalized_time(text.as_bytes()).map(|expiry| expiry.to_string())
        };
        for (text, after) in [
            ("20161231235960.852Z", "2017-01-01T00:00:00.852Z"),
            ("20150630235960Z", "2015-07-01T00:00:00.000Z"),
            ("20160229235960.5Z", "2016-03-01T00:00:00.500Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(after), "{text}");
        }
        for bad in [
            "20161231235961Z",
            "20161231235960.50Z",
            "20161230235960Z",
            "20161231225960Z",
            "20161231235860Z",
            "20160228235960Z",
            "20161331235960Z",
            "99991231235960Z",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_toon_time_has_three_digits_whatever_they_are() {
        let expiry: Expiry = "2026-11-22T09:31:42.600Z".parse().unwrap();
        assert_eq!(expiry.to_toon_time(), "20261122093142.600Z");
        assert_eq!(Expiry::from_toon_time(b"20261122093142.600Z"), Some(expiry));
        assert_eq!(Expiry::from_toon_time(b"20261122093142.6Z"), None);
        assert_eq!(Expiry::from_toon_time(b"20161231235960.852Z"), None);
    }

    #[test]
    fn fields_out_of_range_roll_over() {
        let roll = |text: &[u8]| {
            Expiry::from_civil_rolling(&match_layout(text, TOON).unwrap()).to_string()
        };
        assert_eq!(roll(b"20261322093142.642Z"), "2027-01-22T09:31:42.642Z");
        assert_eq!(roll(b"20261140093142.642Z"), "2026-12-10T09:31:42.642Z");
        assert_eq!(roll(b"20261122253142.642Z"), "2026-11-23T01:31:42.642Z");
        assert_eq!(roll(b"20261122093161.642Z"), "2026-11-22T09:32:01.642Z");
        assert_eq!(roll(b"20260000000000.000Z"), "2025-11-30T00:00:00.000Z");
        assert_eq!(roll(b"00500101000000.000Z"), "1950-01-01T00:00:00.000Z");
    }

    #[test]
    fn system_time_is_rounded_down() {
        let before = UNIX_EPOCH - Duration::from_micros(1);
        assert_eq!(Expiry::from(before).unix_millis(), -1);
        let after = UNIX_EPOCH + Duration::from_micros(1999);
        assert_eq!(Expiry::from(after).unix_millis(), 1);
        let expiry = Expiry::from_unix_millis(-5);
        assert_eq!(Expiry::from(expiry.to_system_time().unwrap()), expiry);
    }
}
