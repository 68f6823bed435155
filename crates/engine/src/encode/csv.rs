//! Comma-separated values (RFC 4180).

use super::{Options, is_formula, is_text};
use crate::shape::{Cells, Shape, text};

pub struct Writer {
    options: Options,
}

impl Writer {
    pub const fn new(options: Options) -> Self {
        Self { options }
    }

    pub fn begin(&self, shape: &Shape, out: &mut Vec<u8>) {
        if self.options.bom {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        for (at, column) in shape.columns.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            quoted(column.name.as_bytes(), out);
        }
        out.extend_from_slice(b"\r\n");
    }

    pub fn rows(&self, cells: &[Cells], rows: usize, out: &mut Vec<u8>) {
        let mut field = Vec::new();
        for row in 0..rows {
            for (at, cells) in cells.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                if cells.is_null(row) {
                    continue;
                }
                if !is_text(cells) {
                    let before = out.len();
                    text::write(cells, row, "Z", out);
                    if out.len() == before {
                        out.extend_from_slice(b"\"\""); // no bytes are not NULL
                    }
                    continue;
                }
                field.clear();
                text::write(cells, row, "", &mut field);
                if self.options.guard_formulas && is_formula(&field) {
                    field.insert(0, b'\'');
                }
                quoted(&field, out);
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// A text field: quoted when it is empty (an empty field without quotes is NULL) or holds a comma, a quote, a line end
/// or a blank at an end.
fn quoted(field: &[u8], out: &mut Vec<u8>) {
    let blank = |it: Option<&u8>| it.is_some_and(u8::is_ascii_whitespace);
    let plain = !field.is_empty()
        && !blank(field.first())
        && !blank(field.last())
        && !field.iter().any(|it| matches!(it, b',' | b'"' | b'\n' | b'\r'))
        && !field.starts_with("\u{feff}".as_bytes());
    if plain {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for &byte in field {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
