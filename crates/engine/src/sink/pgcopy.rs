//! Tuples of PostgreSQL's `COPY … (FORMAT binary)`: big-endian fields, each with its length (manual, COPY, "Binary
//! Format").

use std::pin::pin;

use bytes::{BufMut, Bytes, BytesMut};
use futures::SinkExt;

use crate::shape::Cells;

/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's day 0.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Bytes of one CopyData message.
const FRAME: usize = 256 * 1024;

/// Runs one `COPY … FROM STDIN` with its bytes.
pub async fn send(client: &tokio_postgres::Client, sql: &str, bytes: Bytes) -> Result<(), tokio_postgres::Error> {
    let mut sink = pin!(client.copy_in::<_, Bytes>(sql).await?);
    let mut rest = bytes;
    while !rest.is_empty() {
        let frame = rest.split_to(rest.len().min(FRAME));
        if sink.send(frame).await.is_err() {
            break; // the server has refused something: `finish` tells what
        }
    }
    sink.finish().await.map(drop)
}

/// A whole copy of some rows, header and trailer included.
pub fn tuples(cells: &[Cells], rows: usize) -> Bytes {
    let mut out = BytesMut::with_capacity(64 + rows * cells.len() * 16);
    out.put_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    let columns = i16::try_from(cells.len()).unwrap_or(i16::MAX);
    for row in 0..rows {
        out.put_i16(columns);
        for cells in cells {
            field(cells, row, &mut out);
        }
    }
    out.put_i16(-1);
    out.freeze()
}

fn field(cells: &Cells, row: usize, out: &mut BytesMut) {
    if cells.is_null(row) {
        return out.put_i32(-1);
    }
    match cells {
        Cells::Text(it) | Cells::Json(it) => slice(it.value(row).as_bytes(), out),
        Cells::Bytes(it) => slice(it.value(row), out),
        Cells::Boolean(it) => slice(&[u8::from(it.value(row))], out),
        Cells::Integer(it) => slice(&it.value(row).to_be_bytes(), out),
        Cells::Double(it) => slice(&it.value(row).to_be_bytes(), out),
        Cells::Date(it) => slice(&it.value(row).saturating_sub(EPOCH_DAYS).to_be_bytes(), out),
        Cells::DateTime(it) | Cells::Instant(it) => {
            slice(&it.value(row).saturating_sub(EPOCH_MICROS).to_be_bytes(), out);
        }
        Cells::Decimal(it, scale) => numeric(it.value(row), *scale, out),
    }
}

fn slice(bytes: &[u8], out: &mut BytesMut) {
    out.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
    out.put_slice(bytes);
}

/// `numeric`: groups of four decimal digits around the point; groups that are zero at either end are left out.
fn numeric(value: i128, scale: u8, out: &mut BytesMut) {
    let after = usize::from(scale).div_ceil(4);
    let shift = 10_u128.pow(u32::try_from(after * 4).unwrap_or(0) - u32::from(scale));
    // Digits of the whole part and of the part after the point, apart: the product below cannot overflow.
    let one = 10_u128.saturating_pow(u32::from(scale));
    let digits = value.unsigned_abs();
    let (mut whole, mut part) = (digits / one, (digits % one) * shift);
    let mut groups: Vec<i16> = Vec::new(); // least significant first
    for _ in 0..after {
        groups.push(i16::try_from(part % 10_000).unwrap_or(0));
        part /= 10_000;
    }
    while whole > 0 {
        groups.push(i16::try_from(whole % 10_000).unwrap_or(0));
        whole /= 10_000;
    }
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let weight = i16::try_from(groups.len()).unwrap_or(0) - i16::try_from(after).unwrap_or(0) - 1;
    let zeros = groups.iter().take_while(|it| **it == 0).count();
    let count = groups.len() - zeros;
    out.put_i32(8 + 2 * i32::try_from(count).unwrap_or(0));
    out.put_i16(i16::try_from(count).unwrap_or(0));
    out.put_i16(if count == 0 { 0 } else { weight });
    out.put_u16(if value < 0 { 0x4000 } else { 0 });
    out.put_i16(i16::from(scale));
    for group in groups.iter().skip(zeros).rev() {
        out.put_i16(*group);
    }
}
