//! Days, dates and the layouts that times are written in.

/// A date and time of day as seven numbers, not necessarily in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) millisecond: i64,
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days in 400 years, after which the calendar repeats.
const CYCLE_DAYS: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const MARCH_ZERO_TO_EPOCH: i64 = 719_468;

/// Days since 1970-01-01. Years are counted from March, so that a leap day ends its year and
/// the lengths of the months before it follow one linear rule.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * CYCLE_DAYS + day_of_cycle - MARCH_ZERO_TO_EPOCH
}

/// The inverse of [`days_from_civil`].
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + MARCH_ZERO_TO_EPOCH;
    let cycle = days.div_euclid(CYCLE_DAYS);
    let day_of_cycle = days.rem_euclid(CYCLE_DAYS);
    // Leap days before this day are taken out, so that what remains are whole years of 365.
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524
        - day_of_cycle / 146_096)
        / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year_of_cycle + next, month, day)
}

/// Reads digits where `layout` has one of `yMdHmsf`, and wants everything else as it stands.
pub(crate) fn match_layout(text: &[u8], layout: &[u8]) -> Option<Civil> {
    if text.len() != layout.len() {
        return None;
    }
    let mut civil = Civil {
        year: 0,
        month: 0,
        day: 0,
        hour: 0,
        minute: 0,
        second: 0,
        millisecond: 0,
    };
    for (&byte, &kind) in text.iter().zip(layout) {
        let field = match kind {
            b'y' => &mut civil.year,
            b'M' => &mut civil.month,
            b'd' => &mut civil.day,
            b'H' => &mut civil.hour,
            b'm' => &mut civil.minute,
            b's' => &mut civil.second,
            b'f' => &mut civil.millisecond,
            _ if byte == kind => continue,
            _ => return None,
        };
        if !byte.is_ascii_digit() {
            return None;
        }
        *field = *field * 10 + i64::from(byte - b'0');
    }
    Some(civil)
}

/// The inverse of [`match_layout`]: every field is cut to the digits that `layout` has for it.
pub(crate) fn render<const N: usize>(mut civil: Civil, layout: &[u8; N]) -> [u8; N] {
    let mut text = *layout;
    for byte in text.iter_mut().rev() {
        let field = match *byte {
            b'y' => &mut civil.year,
            b'M' => &mut civil.month,
            b'd' => &mut civil.day,
            b'H' => &mut civil.hour,
            b'm' => &mut civil.minute,
            b's' => &mut civil.second,
            b'f' => &mut civil.millisecond,
            _ => continue,
        };
        // A remainder of 10 is a digit.
        *byte = b'0' + field.rem_euclid(10) as u8;
        *field = field.div_euclid(10);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_survives_both_ways() {
        let mut expected = (1600, 1, 1);
        for days in days_from_civil(1600, 1, 1)..days_from_civil(2401, 1, 1) {
            assert_eq!(civil_from_days(days), expected);
            let (year, month, day) = expected;
            assert_eq!(days_from_civil(year, month, day), days);
            expected = if day < days_in_month(year, month) {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
    }
}
