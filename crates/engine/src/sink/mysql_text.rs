//! Rows as MySQL reads them: lines of `LOAD DATA` and literals of `INSERT`.

use crate::shape::{Cells, text};

/// Tab-separated lines, `\N` for NULL, backslash escapes; bytes as hex (the statement unhexes them).
pub fn lines(cells: &[Cells], rows: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows * cells.len() * 12);
    let mut field = Vec::new();
    for row in 0..rows {
        for (at, cells) in cells.iter().enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            if cells.is_null(row) {
                out.extend_from_slice(b"\\N");
                continue;
            }
            match cells {
                Cells::Text(_) | Cells::Json(_) => {
                    field.clear();
                    text::write(cells, row, "", &mut field);
                    for &byte in &field {
                        match byte {
                            b'\\' => out.extend_from_slice(b"\\\\"),
                            b'\t' => out.extend_from_slice(b"\\t"),
                            b'\n' => out.extend_from_slice(b"\\n"),
                            0 => out.extend_from_slice(b"\\0"),
                            _ => out.push(byte),
                        }
                    }
                }
                Cells::Boolean(it) => out.push(if it.value(row) { b'1' } else { b'0' }),
                _ => text::write(cells, row, "", &mut out),
            }
        }
        out.push(b'\n');
    }
    out
}

/// `(…)` of an `INSERT`. Text and bytes as hex literals, so nothing in them is ever read as SQL.
pub fn literals(cells: &[Cells], row: usize, out: &mut Vec<u8>) {
    out.push(b'(');
    for (at, cells) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if cells.is_null(row) {
            out.extend_from_slice(b"NULL");
            continue;
        }
        match cells {
            Cells::Text(it) | Cells::Json(it) => {
                out.extend_from_slice(b"_utf8mb4 X'");
                text::write_hex(it.value(row).as_bytes(), out);
                out.push(b'\'');
            }
            Cells::Bytes(it) => {
                out.extend_from_slice(b"X'");
                text::write_hex(it.value(row), out);
                out.push(b'\'');
            }
            Cells::Boolean(it) => out.push(if it.value(row) { b'1' } else { b'0' }),
            Cells::Integer(_) | Cells::Decimal(..) | Cells::Double(_) => text::write(cells, row, "", out),
            Cells::Date(_) | Cells::DateTime(_) | Cells::Instant(_) => {
                out.push(b'\'');
                text::write(cells, row, "", out);
                out.push(b'\'');
            }
        }
    }
    out.push(b')');
}
