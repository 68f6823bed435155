//! PostgreSQL's binary forms (COPY BINARY tuples and values) into columns.

use vocab::DataType;

use crate::{
    error::{Cause, Error},
    rows::Notes,
    shape::build::Building,
    source::{Wire, pump::Filling},
};

/// Days from 1970-01-01 to PostgreSQL's 2000-01-01.
const EPOCH_DAYS: i64 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS * 86_400_000_000;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Reads a COPY BINARY stream: header, tuples, trailer.
#[derive(Default)]
pub(super) struct Reader {
    begun: bool,
    row: bool,
    over: bool,
}

impl Reader {
    /// Did the last step read a row (and not the header or the trailer)?
    pub fn row(&self) -> bool {
        self.row
    }

    /// Was the trailer read?
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Reads one step; the rest of the bytes, or `None` when they do not hold a whole step.
    pub fn tuple<'a>(
        &mut self,
        bytes: &'a [u8],
        wires: &[Wire],
        filling: &mut Filling,
        notes: &Notes,
    ) -> Result<Option<&'a [u8]>, Error> {
        self.row = false;
        if !self.begun {
            return Ok(self.header(bytes));
        }
        let Some((count, mut rest)) = bytes.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let count = i16::from_be_bytes(*count);
        if count < 0 {
            self.over = true;
            return Ok(Some(&[]));
        }
        if usize::try_from(count) != Ok(wires.len()) || !complete(rest, wires.len()) {
            return if complete(rest, wires.len()) {
                Err(bad())
            } else {
                Ok(None)
            };
        }
        for (wire, cell) in wires.iter().zip(&mut filling.builder.columns) {
            let Some((length, after)) = rest.split_first_chunk::<4>() else {
                return Err(bad());
            };
            rest = after;
            match usize::try_from(i32::from_be_bytes(*length)) {
                Err(_) => cell.null(),
                Ok(length) => {
                    let Some((value, after)) = rest.split_at_checked(length) else {
                        return Err(bad());
                    };
                    rest = after;
                    super::cell(cell, wire, value, notes);
                }
            }
        }
        self.row = true;
        Ok(Some(rest))
    }

    fn header<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let rest = bytes.strip_prefix(SIGNATURE)?;
        let (_flags, rest) = rest.split_first_chunk::<4>()?;
        let (extra, rest) = rest.split_first_chunk::<4>()?;
        let rest = rest.get(usize::try_from(u32::from_be_bytes(*extra)).ok()?..)?;
        self.begun = true;
        Some(rest)
    }
}

fn bad() -> Error {
    Error::source(Cause::Format, "the server sent a malformed tuple")
}

fn complete(mut rest: &[u8], fields: usize) -> bool {
    for _ in 0..fields {
        let Some((length, after)) = rest.split_first_chunk::<4>() else {
            return false;
        };
        rest = after;
        if let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) {
            let Some(after) = rest.get(length..) else { return false };
            rest = after;
        }
    }
    true
}

/// Appends one value; what has no place in its type (infinity, NaN) becomes NULL and is counted.
pub(crate) fn cell(cell: &mut Building, wire: &Wire, value: &[u8], notes: &Notes) {
    if append(cell, wire, value).is_none() {
        notes.nulled();
        cell.null();
    }
}

fn append(cell: &mut Building, wire: &Wire, value: &[u8]) -> Option<()> {
    if wire.text {
        return cell.text(std::str::from_utf8(value).ok()?).ok();
    }
    match wire.data_type {
        DataType::Text | DataType::Json | DataType::Bytes => cell.bytes(value).ok(),
        DataType::Boolean => cell.truth(*value.first()? != 0).ok(),
        DataType::Integer => cell.int(i64::from_be_bytes(value.try_into().ok()?)).ok(),
        DataType::Double => cell.double(f64::from_be_bytes(value.try_into().ok()?)).ok(),
        DataType::Date => match i32::from_be_bytes(value.try_into().ok()?) {
            i32::MAX | i32::MIN => None,
            days => cell.days(i64::from(days) + EPOCH_DAYS).ok(),
        },
        DataType::DateTime | DataType::Instant => match i64::from_be_bytes(value.try_into().ok()?) {
            i64::MAX | i64::MIN => None,
            micros => cell.micros(micros.checked_add(EPOCH_MICROS)?).ok(),
        },
        DataType::Decimal { scale, .. } => cell.decimal(numeric(value, scale)?).ok(),
    }
}

/// PostgreSQL's `numeric`: base-10000 digits, weight of the first, sign; `None` for NaN, infinity, or what does not fit.
fn numeric(value: &[u8], scale: u8) -> Option<i128> {
    let (head, rest) = value.split_first_chunk::<8>()?;
    let part = |at: usize| Some(u16::from_be_bytes([*head.get(at)?, *head.get(at + 1)?]));
    let (count, weight, sign) = (part(0)?, i32::from(part(2)?.cast_signed()), part(4)?);
    if sign != 0 && sign != 0x4000 {
        return None;
    }
    let mut total = 0_i128;
    let mut digits = rest.chunks_exact(2);
    for at in 0..i32::from(count) {
        let digit = digits.next()?;
        let digit = i128::from(u16::from_be_bytes([*digit.first()?, *digit.get(1)?]));
        // This digit stands for digit × 10^(4·(weight−at)); as unscaled value × 10^scale.
        let power = 4 * (weight - at) + i32::from(scale);
        let add = if power >= 0 {
            digit.checked_mul(10_i128.checked_pow(u32::try_from(power).ok()?)?)?
        } else {
            let by = 10_i128.checked_pow(u32::try_from(-power).ok()?)?;
            if digit % by != 0 {
                return None;
            }
            digit / by
        };
        total = total.checked_add(add)?;
    }
    Some(if sign == 0x4000 { -total } else { total })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::numeric;

    #[test]
    fn numerics_of_the_wire() {
        // 12345.678 = digits 1, 2345, 6780, weight 1, scale 3
        let wire = [0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1A, 0x7C];
        assert_eq!(numeric(&wire, 3), Some(12_345_678));
        assert_eq!(numeric(&wire, 2), None);
        assert_eq!(numeric(&[0, 0, 0, 0, 0xC0, 0, 0, 0], 2), None);
        assert_eq!(numeric(&[0, 0, 0, 0, 0, 0, 0, 2], 2), Some(0));
        // -0.05
        assert_eq!(numeric(&[0, 1, 0xFF, 0xFF, 0x40, 0, 0, 2, 0x01, 0xF4], 2), Some(-5));
    }
}
