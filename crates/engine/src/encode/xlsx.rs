//! An Excel workbook with one sheet.
//!
//! Codes are text cells. Numbers that a cell's double cannot hold exactly (integers past 2^53, decimals of more than 15
//! digits), dates before March 1900, date-times, instants and bytes are written as their text. An empty text cannot be
//! told from an empty cell.

use rust_xlsxwriter::{Format as Style, Workbook};
use vocab::DataType;

use super::{Error, Format, Options, is_formula, is_text, json::NUMBER_DIGITS};
use crate::shape::{Cells, Shape, text};

/// Rows of a sheet, header included (Excel specifications and limits).
const MOST_ROWS: u32 = 1_048_576;
/// Characters of a cell (UTF-16 units).
pub const MOST_CHARACTERS: usize = 32_767;
/// Excel's day 0 is 1899-12-30 (its serial of 1970-01-01 is 25,569).
const EPOCH: i32 = 25_569;
/// 1900-03-01: before it Excel counts a day that never was (29 February 1900).
const FIRST_SOUND_DAY: i32 = 61 - EPOCH;

pub struct Writer {
    book: Workbook,
    day: Style,
    next: u32,
    options: Options,
}

fn broken(error: rust_xlsxwriter::XlsxError) -> Error {
    Error::Format(Box::new(error))
}

impl Writer {
    pub fn new(shape: &Shape, options: Options) -> Result<Self, Error> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet_with_constant_memory().map_err(broken)?;
        let head = Style::new().set_bold();
        for (at, column) in shape.columns.iter().enumerate() {
            sheet
                .write_string_with_format(0, place(at), column.name.as_str(), &head)
                .map_err(broken)?;
        }
        Ok(Self {
            book,
            day: Style::new().set_num_format("yyyy-mm-dd"),
            next: 1,
            options,
        })
    }

    pub fn rows(&mut self, shape: &Shape, cells: &[Cells], rows: usize) -> Result<(), Error> {
        let sheet = self.book.worksheet_from_index(0).map_err(broken)?;
        let mut field = Vec::new();
        for row in 0..rows {
            if self.next >= MOST_ROWS {
                return Err(Error::TooManyRows {
                    format: Format::Xlsx,
                    most: u64::from(MOST_ROWS) - 1,
                });
            }
            for (at, (cells, column)) in cells.iter().zip(&shape.columns).enumerate() {
                if cells.is_null(row) {
                    continue;
                }
                if let Cells::Boolean(it) = cells {
                    sheet
                        .write_boolean(self.next, place(at), it.value(row))
                        .map_err(broken)?;
                    continue;
                }
                if let Some((number, is_day)) = number(cells, column.data_type, row) {
                    if is_day {
                        sheet
                            .write_number_with_format(self.next, place(at), number, &self.day)
                            .map_err(broken)?;
                    } else {
                        sheet.write_number(self.next, place(at), number).map_err(broken)?;
                    }
                    continue;
                }
                field.clear();
                text::write(cells, row, "Z", &mut field);
                if self.options.guard_formulas && is_text(cells) && is_formula(&field) {
                    field.insert(0, b'\'');
                }
                let it = String::from_utf8_lossy(&field);
                if it.encode_utf16().count() > MOST_CHARACTERS {
                    return Err(Error::TooLong(column.name.clone()));
                }
                sheet.write_string(self.next, place(at), it).map_err(broken)?;
            }
            self.next += 1;
        }
        Ok(())
    }

    pub fn end(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.append(&mut self.book.save_to_buffer().map_err(broken)?);
        Ok(())
    }
}

fn place(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// The value as a cell's number, where that is exact; and whether it is a day.
#[allow(clippy::cast_precision_loss)]
fn number(cells: &Cells, data_type: DataType, row: usize) -> Option<(f64, bool)> {
    match (cells, data_type) {
        (Cells::Integer(it), _) if it.value(row).unsigned_abs() <= 1 << 53 => Some((it.value(row) as f64, false)),
        (Cells::Decimal(it, scale), DataType::Decimal { precision, .. }) if precision <= NUMBER_DIGITS => {
            let mut digits = Vec::new();
            text::write_decimal(it.value(row), *scale, &mut digits);
            Some((std::str::from_utf8(&digits).ok()?.parse().ok()?, false))
        }
        (Cells::Double(it), _) if it.value(row).is_finite() => Some((it.value(row), false)),
        (Cells::Date(it), _) if (FIRST_SOUND_DAY..=2_932_896).contains(&it.value(row)) => {
            Some((f64::from(it.value(row) + EPOCH), true))
        }
        _ => None,
    }
}
