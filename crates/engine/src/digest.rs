//! An order-free digest of rows: the same for the same multiset of rows, whatever the order, the batches, the lanes
//! and the database or file they were read from.
//!
//! Construction: MSet-Add-Hash (Clarke, Devadas, van Dijk, Gassend, Suh, *Incremental Multiset Hash Functions and Their
//! Application to Memory Integrity Checking*, ASIACRYPT 2003) with the hash of each row summed modulo 2^256, so digests
//! of parts add up to the digest of the whole.
//!
//! A row is written as one canonical text of bytes, column after column in order: NULL is `00`; a value is `01`, its
//! length in bytes as 32 bits big-endian, and the value. So NULL differs from `''`, and a value that moves to the next
//! column changes the row. Values: text and JSON documents UTF-8 as is; truth one byte; integers 64 bits, decimals 128
//! bits unscaled at the declared scale, dates 32 bits of days since 1970, date-times and instants 64 bits of
//! microseconds since 1970, all big-endian two's complement; doubles IEEE 754 bits with −0 as 0 and one NaN; bytes as is.
//!
//! What it proves: with SHA-256 or SM3 no error of a program or a line gives the same digest by accident. Without a secret the sum
//! is not proof against somebody who may invent tens of thousands of rows at will (generalised birthday, Wagner 2002);
//! [`RowDigest::salted`] fixes a salt that is drawn after the rows are fixed, and hides digests of small tables from
//! guessing. Receipts and reconciliation compare digests of rows that the provider's database already holds.

mod tuples;

use arrow::{array::RecordBatch, datatypes::Schema};
use seal::{Hasher, Suite};
use serde::{Deserialize, Serialize};

use crate::shape::{Cells, Misfit, Shape};
pub use tuples::{Malformed, TUPLES, TupleDigest};
pub(crate) use tuples::{Piece, Tuples, fields};

/// The digest's name in receipts: the construction and the row encoding of this file.
pub const ALGORITHM: &str = "sha256-mset-add/jutong-rows-1";

/// The sum of some rows: how many, how many canonical bytes, and the sum of their hashes modulo 2^256.
///
/// Stored as `{"rows": 3, "bytes": 120, "sum": "<64 hex>"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowSum {
    /// Rows.
    pub rows: u64,
    /// Bytes of their canonical texts.
    pub bytes: u64,
    /// Sum of their hashes.
    pub sum: Sum256,
}

impl RowSum {
    /// Rows of both.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.sum.add(&other.sum);
    }

    /// Without rows that it holds.
    pub fn take_away(&mut self, other: &Self) {
        self.rows = self.rows.saturating_sub(other.rows);
        self.bytes = self.bytes.saturating_sub(other.bytes);
        self.sum.sub(&other.sum);
    }

    /// The sum as 64 lower-case hex digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.sum.to_string()
    }
}

/// A number modulo 2^256; text form is 64 lower-case hex digits, most significant first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sum256([u64; 4]); // least significant first

impl Sum256 {
    /// From 32 bytes, big-endian.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut limbs = [0_u64; 4];
        for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.chunks_exact(8)) {
            *limb = chunk.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
        }
        Self(limbs)
    }

    /// Adds modulo 2^256.
    pub fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (limb, more) in self.0.iter_mut().zip(other.0) {
            let (sum, first) = limb.overflowing_add(more);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *limb = sum;
            carry = first || second;
        }
    }

    /// Subtracts modulo 2^256.
    pub fn sub(&mut self, other: &Self) {
        let mut borrow = false;
        for (limb, less) in self.0.iter_mut().zip(other.0) {
            let (rest, first) = limb.overflowing_sub(less);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            *limb = rest;
            borrow = first || second;
        }
    }

    /// Its words of 64 bits, least significant first.
    pub(crate) const fn words(&self) -> [u64; 4] {
        self.0
    }
}

impl std::fmt::Display for Sum256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{d:016x}{c:016x}{b:016x}{a:016x}")
    }
}

/// A digest's text was not 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row digest has 64 hex digits")]
pub struct SumError;

impl std::str::FromStr for Sum256 {
    type Err = SumError;
    fn from_str(text: &str) -> Result<Self, SumError> {
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| SumError)?;
        Ok(Self::from_bytes(&bytes))
    }
}

impl TryFrom<String> for Sum256 {
    type Error = SumError;
    fn try_from(text: String) -> Result<Self, SumError> {
        text.parse()
    }
}

impl From<Sum256> for String {
    fn from(sum: Sum256) -> String {
        sum.to_string()
    }
}

/// A digest being made from batches of one shape.
#[derive(Debug, Clone)]
pub struct RowDigest {
    shape: Result<Shape, String>,
    suite: Suite,
    salt: Vec<u8>,
    sum: RowSum,
}

impl RowDigest {
    /// Of no rows yet; SHA-256 without salt. The types are those of the schema (see [`Shape::of`]); a schema with a type
    /// the house does not carry makes [`RowDigest::update`] fail.
    #[must_use]
    pub fn new(schema: &Schema) -> Self {
        Self::start(Shape::of(schema, &[]).map_err(|it| it.to_string()))
    }

    /// Of no rows yet, under declared types.
    #[must_use]
    pub fn of(shape: Shape) -> Self {
        Self::start(Ok(shape))
    }

    const fn start(shape: Result<Shape, String>) -> Self {
        Self {
            shape,
            suite: Suite::International,
            salt: Vec::new(),
            sum: RowSum {
                rows: 0,
                bytes: 0,
                sum: Sum256([0; 4]),
            },
        }
    }

    /// With the hash of another suite: SM3 (GB/T 32905) for the national one.
    #[must_use]
    pub const fn with(mut self, suite: Suite) -> Self {
        self.suite = suite;
        self
    }

    /// With a salt before each row.
    #[must_use]
    pub fn salted(mut self, salt: &[u8]) -> Self {
        self.salt = salt.to_vec();
        self
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// [`Misfit`] when the batch does not hold what the shape declares.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), Misfit> {
        let shape = self.shape.as_ref().map_err(|_| Misfit::Columns {
            given: batch.num_columns(),
            declared: 0,
        })?;
        let cells = shape.cells(batch)?;
        self.update_cells(&cells, batch.num_rows());
        Ok(())
    }

    /// Adds rows from typed views of their columns.
    pub fn update_cells(&mut self, cells: &[Cells], rows: usize) {
        for hashed in self.hashes(cells, rows) {
            self.sum.merge(&hashed);
        }
    }

    /// The sum of each row alone, in order: for taking single rows out of a batch.
    pub fn hashes(&self, cells: &[Cells], rows: usize) -> Vec<RowSum> {
        let canonical = Canonical::of(cells, rows);
        let mut start = 0;
        canonical
            .ends
            .iter()
            .map(|&end| {
                let row = canonical.bytes.get(start..end).unwrap_or_default();
                start = end;
                let mut hasher = Hasher::new(self.suite);
                hasher.update(&self.salt);
                hasher.update(row);
                let sum = Sum256::from_bytes(&hasher.finish());
                RowSum {
                    rows: 1,
                    bytes: row.len() as u64,
                    sum,
                }
            })
            .collect()
    }

    /// Adds what another digest of the same shape has seen.
    pub fn merge(&mut self, other: &RowSum) {
        self.sum.merge(other);
    }

    /// What was seen so far.
    #[must_use]
    pub const fn sum(&self) -> RowSum {
        self.sum
    }

    /// The sum as 64 lower-case hex digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.sum.to_hex()
    }
}

/// The canonical texts of a batch's rows, one after another. Written column by column into one allocation.
struct Canonical {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Canonical {
    fn of(cells: &[Cells], rows: usize) -> Self {
        let mut ends = vec![0_usize; rows];
        for column in cells {
            for (row, length) in ends.iter_mut().enumerate() {
                *length += if column.is_null(row) { 1 } else { 5 + width(column, row) };
            }
        }
        let mut total = 0;
        let mut at: Vec<usize> = Vec::with_capacity(rows);
        for end in &mut ends {
            at.push(total);
            total += *end;
            *end = total;
        }
        let mut bytes = vec![0_u8; total];
        for column in cells {
            write_column(column, &mut at, &mut bytes);
        }
        Self { bytes, ends }
    }
}

fn width(cells: &Cells, row: usize) -> usize {
    match cells {
        Cells::Text(it) | Cells::Json(it) => it.value_length(row).unsigned_abs() as usize,
        Cells::Bytes(it) => it.value_length(row).unsigned_abs() as usize,
        Cells::Boolean(_) => 1,
        Cells::Date(_) => 4,
        Cells::Integer(_) | Cells::Double(_) | Cells::DateTime(_) | Cells::Instant(_) => 8,
        Cells::Decimal(..) => 16,
    }
}

fn write_column(cells: &Cells, at: &mut [usize], bytes: &mut [u8]) {
    macro_rules! every {
        ($array:expr, $value:ident => $bytes:expr) => {
            for (start, value) in at.iter_mut().zip($array.iter()) {
                match value {
                    None => *start += 1, // NULL: the byte is 0 already
                    Some($value) => put(bytes, start, $bytes),
                }
            }
        };
    }
    match cells {
        Cells::Text(it) | Cells::Json(it) => every!(it, value => value.as_bytes()),
        Cells::Bytes(it) => every!(it, value => value),
        Cells::Boolean(it) => every!(it, value => &[u8::from(value)]),
        Cells::Integer(it) => every!(it, value => &value.to_be_bytes()),
        Cells::Decimal(it, _) => every!(it, value => &value.to_be_bytes()),
        Cells::Double(it) => every!(it, value => &double(value).to_be_bytes()),
        Cells::Date(it) => every!(it, value => &value.to_be_bytes()),
        Cells::DateTime(it) | Cells::Instant(it) => every!(it, value => &value.to_be_bytes()),
    }
}

fn put(bytes: &mut [u8], start: &mut usize, value: &[u8]) {
    let Some(place) = bytes.get_mut(*start..*start + 5 + value.len()) else {
        return;
    };
    *start += 5 + value.len();
    let (head, body) = place.split_at_mut(5);
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes();
    head.copy_from_slice(&[1, length[0], length[1], length[2], length[3]]);
    body.copy_from_slice(value);
}

fn double(value: f64) -> u64 {
    if value == 0.0 {
        0
    } else if value.is_nan() {
        0x7ff8_0000_0000_0000
    } else {
        value.to_bits()
    }
}

#[cfg(test)]
mod tests;
