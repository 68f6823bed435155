//! JSON and JSON lines.

use vocab::DataType;

use super::Options;
use crate::shape::{Cells, Shape, text};

/// Decimals with at most this many digits are JSON numbers: a double holds 15 decimal digits exactly.
pub const NUMBER_DIGITS: u8 = 15;

/// How rows of one shape are written as objects.
pub struct Object {
    names: Vec<Vec<u8>>, // `"name":`
    numbers: Vec<bool>,
    options: Options,
}

impl Object {
    pub fn new(shape: &Shape, options: Options) -> Self {
        let name = |it: &str| {
            let mut out = Vec::new();
            string(it, &mut out);
            out.push(b':');
            out
        };
        let number = |it| !matches!(it, DataType::Decimal { precision, .. } if precision > NUMBER_DIGITS);
        Self {
            names: shape.columns.iter().map(|it| name(&it.name)).collect(),
            numbers: shape.columns.iter().map(|it| number(it.data_type)).collect(),
            options,
        }
    }

    pub fn write(&self, cells: &[Cells], row: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, ((cells, name), number)) in cells.iter().zip(&self.names).zip(&self.numbers).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name);
            value(cells, row, *number, self.options, out);
        }
        out.push(b'}');
    }
}

pub struct Writer {
    object: Object,
    array: bool,
    first: bool,
}

impl Writer {
    pub fn new(shape: &Shape, array: bool, options: Options) -> Self {
        Self {
            object: Object::new(shape, options),
            array,
            first: true,
        }
    }

    pub fn begin(&self, out: &mut Vec<u8>) {
        if self.array {
            out.push(b'[');
        }
    }

    pub fn rows(&mut self, cells: &[Cells], rows: usize, out: &mut Vec<u8>) {
        for row in 0..rows {
            if self.array && !std::mem::take(&mut self.first) {
                out.extend_from_slice(b",\n");
            }
            self.object.write(cells, row, out);
            if !self.array {
                out.push(b'\n');
            }
        }
    }

    pub fn end(&self, out: &mut Vec<u8>) {
        if self.array {
            out.extend_from_slice(b"]\n");
        }
    }
}

fn value(cells: &Cells, row: usize, number: bool, options: Options, out: &mut Vec<u8>) {
    if cells.is_null(row) {
        out.extend_from_slice(b"null");
        return;
    }
    match cells {
        Cells::Text(it) => string(it.value(row), out),
        Cells::Json(it) if options.documents_as_text => string(it.value(row), out),
        Cells::Json(it) => document(it.value(row), out),
        Cells::Boolean(_) | Cells::Integer(_) => text::write(cells, row, "", out),
        Cells::Decimal(..) if number => text::write(cells, row, "", out),
        Cells::Double(it) if it.value(row).is_finite() => text::write(cells, row, "", out),
        Cells::Double(it) => {
            let it = it.value(row);
            let name: &[u8] = if it.is_nan() {
                b"\"NaN\""
            } else if it > 0.0 {
                b"\"Infinity\""
            } else {
                b"\"-Infinity\""
            };
            out.extend_from_slice(name);
        }
        Cells::DateTime(it) | Cells::Instant(it) => {
            out.push(b'"');
            text::write_date_time(it.value(row), b'T', out);
            out.extend_from_slice(if matches!(cells, Cells::Instant(_)) {
                b"Z\""
            } else {
                b"\""
            });
        }
        Cells::Decimal(..) | Cells::Date(_) | Cells::Bytes(_) => {
            out.push(b'"');
            text::write(cells, row, "", out);
            out.push(b'"');
        }
    }
}

/// A document as it is, its line ends (only blanks between tokens can hold one) as blanks; broken ones as a string.
fn document(it: &str, out: &mut Vec<u8>) {
    if serde_json::from_str::<serde::de::IgnoredAny>(it).is_err() {
        return string(it, out);
    }
    out.extend(it.bytes().map(|byte| {
        if matches!(byte, b'\n' | b'\r' | b'\t') {
            b' '
        } else {
            byte
        }
    }));
}

/// A string with the escapes JSON demands (RFC 8259 §7).
fn string(it: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = it.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        from = at + 1;
        if escape.is_empty() {
            out.extend_from_slice(b"\\u00");
            text::write_hex(&[byte], out);
        } else {
            out.extend_from_slice(escape);
        }
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out.push(b'"');
}
