//! The canonical text of values, and reading it back.
//!
//! integer `-7`, decimal `12.30` (exactly its scale), double shortest text that reads back to the same bits (`1.0`,
//! `1e300`, `NaN`, `inf`), date `2026-11-22`, date-time `2026-11-22 08:00:00.000001` (fraction left out when zero),
//! instant the same with `Z`, boolean `true`/`false`, bytes lower-case hex. Years outside 0001-9999 carry a sign.

use std::io::Write;

use super::Cells;

const DAY: i64 = 86_400_000_000;

/// Appends the text of one value; nothing for NULL. The zone mark of instants is `zone` (`"Z"`, `"+00:00"`, or nothing).
pub fn write(cells: &Cells, row: usize, zone: &str, out: &mut Vec<u8>) {
    if cells.is_null(row) {
        return;
    }
    match cells {
        Cells::Text(it) | Cells::Json(it) => out.extend_from_slice(it.value(row).as_bytes()),
        Cells::Boolean(it) => out.extend_from_slice(if it.value(row) { b"true" } else { b"false" }),
        Cells::Integer(it) => write_int(it.value(row), out),
        Cells::Decimal(it, scale) => write_decimal(it.value(row), *scale, out),
        Cells::Double(it) => put(out, format_args!("{:?}", it.value(row))),
        Cells::Date(it) => write_date(i64::from(it.value(row)), out),
        Cells::DateTime(it) => write_date_time(it.value(row), b' ', out),
        Cells::Instant(it) => {
            write_date_time(it.value(row), b' ', out);
            out.extend_from_slice(zone.as_bytes());
        }
        Cells::Bytes(it) => write_hex(it.value(row), out),
    }
}

fn put(out: &mut Vec<u8>, args: std::fmt::Arguments<'_>) {
    // Writing to a Vec does not fail.
    let _ = out.write_fmt(args);
}

/// Appends an integer.
pub fn write_int(value: i64, out: &mut Vec<u8>) {
    put(out, format_args!("{value}"));
}

/// Appends a decimal with exactly `scale` digits after the point.
pub fn write_decimal(value: i128, scale: u8, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let digits = value.unsigned_abs();
    if scale == 0 {
        return put(out, format_args!("{digits}"));
    }
    let one = 10_u128.saturating_pow(u32::from(scale));
    put(
        out,
        format_args!("{}.{:0width$}", digits / one, digits % one, width = usize::from(scale)),
    );
}

/// Appends `YYYY-MM-DD` for days since 1970-01-01.
pub fn write_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(days);
    if (0..=9999).contains(&year) {
        put(out, format_args!("{year:04}-{month:02}-{day:02}"));
    } else {
        put(out, format_args!("{year:+05}-{month:02}-{day:02}"));
    }
}

/// Appends a date and time of day for microseconds since 1970, `between` them a blank or `T`.
pub fn write_date_time(micros: i64, between: u8, out: &mut Vec<u8>) {
    write_date(micros.div_euclid(DAY), out);
    out.push(between);
    let rest = micros.rem_euclid(DAY);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    put(
        out,
        format_args!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    );
    if fraction != 0 {
        put(out, format_args!(".{fraction:06}"));
    }
}

/// Appends lower-case hex.
pub fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.extend(DIGITS.get(usize::from(nibble)));
        }
    }
}

/// Year, month, day of the proleptic Gregorian calendar for days since 1970-01-01 (eras of 400 years = 146,097 days).
#[must_use]
pub fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468; // days since 0000-03-01
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

/// Days since 1970-01-01, or `None` when that is no day.
#[must_use]
pub fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || !(-290_000..=290_000).contains(&year) {
        return None;
    }
    let from_march = if month > 2 { year } else { year - 1 };
    let era = from_march.div_euclid(400);
    let year_of_era = from_march.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// Reads `YYYY-MM-DD`.
#[must_use]
pub fn read_date(text: &str) -> Option<i64> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut parts = rest.splitn(3, '-');
    let (year, month, day) = (digits(parts.next()?)?, digits(parts.next()?)?, digits(parts.next()?)?);
    days(if negative { -year } else { year }, month, day)
}

/// Reads a date and time of day, `T` or a blank between them, up to six decimals, an optional zone (`Z`, `+08:00`):
/// microseconds since 1970 (UTC when a zone is given).
#[must_use]
pub fn read_date_time(text: &str) -> Option<i64> {
    let cut = text.find(['T', ' '])?;
    let (date, time) = (&text[..cut], &text[cut + 1..]);
    let zone_at = time.find(['Z', 'z', '+', '-']);
    let (time, zone) = zone_at.map_or((time, ""), |at| (&time[..at], &time[at..]));
    let offset = match zone {
        "" | "Z" | "z" => 0,
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let mut parts = zone.get(1..)?.split(':');
            let hours = digits(parts.next()?)?;
            let minutes = parts.next().map_or(Some(0), digits)?;
            sign * (hours * 60 + minutes)
        }
    };
    let mut parts = time.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(it) => match it.split_once('.') {
            None => (digits(it)?, 0),
            Some((whole, part)) if part.len() <= 6 => (
                digits(whole)?,
                digits(part)? * 10_i64.pow(6 - u32::try_from(part.len()).ok()?),
            ),
            Some(_) => return None,
        },
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    read_date(date)?
        .checked_mul(DAY)?
        .checked_add(((hour * 60 + minute - offset) * 60 + second) * 1_000_000 + fraction)
}

/// Reads a decimal as its unscaled value; `None` when it has more digits after the point than `scale` (other than
/// zeros) or does not fit.
#[must_use]
pub fn read_decimal(text: &str, scale: u8) -> Option<i128> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, part) = rest.split_once('.').unwrap_or((rest, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let part = part.trim_end_matches('0');
    if part.len() > usize::from(scale) {
        return None;
    }
    let padding = std::iter::repeat_n(b'0', usize::from(scale) - part.len());
    let mut value = 0_i128;
    for digit in whole.bytes().chain(part.bytes()).chain(padding) {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    Some(if negative { -value } else { value })
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests;
